"""Fields to columns: the text that a grammar cut becomes the schema's types, by the kinds that a definition names."""

from __future__ import annotations

import polars as pl

from clerk_logscan.parsing.definitions import Condition, Definition


def typed(raw: pl.DataFrame, definition: Definition, zone: str) -> pl.DataFrame:
    """Return the schema columns and internals of `raw`'s rows, in its order and height.

    `raw`: String columns, named as the definition's fields, the log's own escaping undone; fields that the log does
    not have may be absent. A byte that is no UTF-8 is U+10FF00 + byte in it (escapes.LONE), and becomes `\\xHH` here.
    `zone`: the zone of times that state none: an IANA name or an offset such as +05:30.
    Result: every column of schema.FRAME but `log_format`, `source`, `line_number`, `byte_offset`, `raw`. Missing, and
    what does not fit its column, is null.
    """
    raise NotImplementedError


def holds(conditions: tuple[Condition, ...]) -> pl.Expr:
    """Return a Boolean expression over raw fields, never null: do all the conditions hold?"""
    raise NotImplementedError
