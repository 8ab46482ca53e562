"""Hostile lines of a guessed layout, read from both ends: what stands fixed in only one way is read, the rest is not.

A text may hold the delimiter, a quote, or a whole line that imitates the log. The open fields are made as short as they
can be, then as long as they can be: where both readings agree, the line has one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import polars as pl

from clerk_logscan.parsing import escapes, template
from clerk_logscan.parsing.definitions import Definition

# Columns without which a line is not read: what was asked, and what tells which of the fields that is.
_DECISIVE: Final = ("request", "request_target", "url", "path", "query", "method", "status")


@lru_cache(maxsize=64)
def _readings(definition: Definition) -> tuple[template.Pattern, template.Pattern]:
    """Return the patterns with every open field as short, and as long, as it can be."""
    names = [name for one in definition.templates for name in template.variables_of(one)]
    closed = {name for name, shape in definition.shapes.items() if not shape.startswith(("[^", ".*"))}
    found = []
    for shape in (".*?", ".*"):
        loose = {name: shape for name in names if name not in closed}
        variant = replace(definition, shapes={**definition.shapes, **loose})
        found.append(template.compile_template(definition.templates[0], variant))
    return found[0], found[1]


def cut(lines: pl.Series, definition: Definition) -> tuple[pl.Series, pl.DataFrame]:
    """Cut the lines that have one reading: as template.cut, fields of the undecided kind are null."""
    short, long = (_fields(lines, pattern) for pattern in _readings(definition))
    decisive = {field for role in _DECISIVE for one in definition.columns.get(role, ()) for field in one.fields}
    names = short.columns
    same = {name: short[name].eq_missing(long[name]) for name in names}
    matched = short[names[0]].is_not_null() & long[names[0]].is_not_null()
    for name in decisive & set(names):
        matched &= same[name]
    kept = short.with_columns(pl.when(same[name]).then(name).alias(name) for name in names).filter(matched)
    return matched, escapes.undo_frame(kept, definition.escape)


def _fields(lines: pl.Series, pattern: template.Pattern) -> pl.DataFrame:
    frame = lines.str.extract_groups(pattern.regex).struct.unnest()
    frame.columns = list(pattern.fields)
    return frame
