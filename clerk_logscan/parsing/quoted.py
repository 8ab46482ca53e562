"""Lines cut at their quotes: pieces with short patterns, or none, instead of one pattern for the whole line.

A line with as many quotes as its template has literal ones can be cut in one way only, so that each piece may be
matched by itself: the same fields in two thirds of the time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import polars as pl

_ESCAPED: Final = re.compile(r"\\(.)")


class Piece(NamedTuple):
    """What stands between two quotes: `text` where it is always the same, else `fields`.

    Without a pattern (`regex`) the one field, or none that is read, is all of it.
    """

    fields: tuple[str, ...] = ()
    regex: str | None = None
    text: str | None = None


def pieces(pattern: Sequence[str], names: Sequence[str], free: Collection[str]) -> tuple[Piece, ...]:
    """Return what a template's `pattern` (literal, field, literal ... literal) has between its quotes.

    `names` are those of its groups in order; `free` the patterns of fields that take all but quotes and backslashes.
    Nothing where no piece is a free field: then this is no faster.
    """
    parts: list[list[str]] = [[]]
    for place, text in enumerate(pattern):
        first, *others = [text] if place % 2 else text.split('"')
        parts[-1].append(first)
        parts += [[other] for other in others]
    left = list(names)
    found = [_piece(part, left, free) for part in parts]
    return tuple(found) if any(piece.text is None and piece.regex is None for piece in found) else ()


def _piece(part: Sequence[str], names: list[str], free: Collection[str]) -> Piece:
    """Return one piece; its fields are taken from the beginning of `names`."""
    groups = part[1::2]
    fields = tuple(names.pop(0) for group in groups if not group.startswith("(?:"))
    if not groups:
        return Piece(text=_ESCAPED.sub(r"\1", part[0]))
    if part[0] == part[-1] == "" and len(groups) == 1 and groups[0].removeprefix("(").removeprefix("?:")[:-1] in free:
        return Piece(fields)
    return Piece(fields, f"(?s)^{''.join(part)}$")


def cut(lines: pl.Series, pieces: Sequence[Piece]) -> tuple[pl.Series, pl.DataFrame]:
    """Return which `lines` (String) the pieces fit, never null, and the fields of all lines: String columns.

    A line that holds a backslash, or more quotes than the template, is not decided here.
    """
    parts = lines.str.splitn('"', len(pieces)).struct.unnest().get_columns()
    fits = ~lines.str.contains("\\", literal=True)
    if pieces[-1].text is None:
        fits &= ~parts[-1].str.contains('"', literal=True)
    columns: list[pl.Series] = []
    for piece, part in zip(pieces, parts, strict=True):
        if piece.text is not None:
            fits &= part == piece.text
        elif piece.regex is None:
            columns += [part.alias(name) for name in piece.fields]
        elif piece.fields:
            groups = part.str.extract_groups(piece.regex).struct.unnest().get_columns()
            fits &= groups[0].is_not_null()
            columns += [group.alias(name) for group, name in zip(groups, piece.fields, strict=True)]
        else:
            fits &= part.str.contains(piece.regex)
    return fits.fill_null(value=False), pl.DataFrame(columns)
