"""Whether what a definition reads of a line is the request that the line tells of."""

from __future__ import annotations

from functools import reduce
from operator import and_

import polars as pl

from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import TARGETS
from clerk_logscan.parsing.fields import typed
from clerk_logscan.parsing.requestlike import doubled_before, looks_like_request


def told(cut: Cut, texts: pl.Series, *, guessed: bool = False) -> tuple[Cut, pl.Series]:
    """Return a cut less the rows of which no request was read though they show one, and these rows. `guessed`: its
    definition is a guess that is just made.

    A template for lines that were cut short has no request; a line that holds one all the same is of another layout.
    So is one that names no target by a guess, or one behind what may be the right one: a guess from what a few clients
    sent may take their words for the log's.
    """
    definition = cut.definition
    guessed = guessed or definition.guessed is not None
    none = cut.rows.clear()
    if not definition.requests or not (definition.grammar == "template" or guessed) or definition.join:
        return cut, none
    fields = _target_fields(cut)
    untold = typed(cut.raw, definition, "UTC")["request_target"].is_null() if guessed else _all_null(fields, cut)
    if untold.any():
        untold &= looks_like_request(texts[cut.rows])
    if guessed and definition.grammar == "template":  # others name their values
        untold |= doubled_before(texts[cut.rows], fields)
    if not untold.any():
        return cut, none
    return Cut(definition, cut.rows.filter(~untold), cut.raw.filter(~untold)), cut.rows.filter(untold)


def _target_fields(cut: Cut) -> list[pl.Series]:
    """Return the fields of a cut of which its definition takes the target."""
    columns = cut.definition.columns
    names = [name for role in TARGETS for source in columns.get(role, ()) for name in source.fields]
    return [cut.raw[name] for name in names if name in cut.raw.columns]


def _all_null(fields: list[pl.Series], cut: Cut) -> pl.Series:
    """Tell of which rows all of these fields are null."""
    return reduce(and_, (one.is_null() for one in fields), pl.Series([True]).new_from_index(0, len(cut.rows)))
