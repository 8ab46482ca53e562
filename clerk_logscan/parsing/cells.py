"""Cells of a line between delimiters, some of which are no delimiters but part of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence


def split_around(line: str, delimiter: str, whole: re.Pattern[str]) -> list[str]:
    """Return the cells of a line; a delimiter inside of what `whole` matches is none."""
    masked = whole.sub(lambda found: "\x00" * len(found[0]), line)
    found, at = [], 0
    while (end := masked.find(delimiter, at)) >= 0:
        found.append(line[at:end])
        at = end + len(delimiter)
    return [*found, line[at:]]


def may_have(fewest: int, lines: Sequence[str], delimiter: str, share: float) -> bool:
    """Tell whether such a share of the lines may have so many cells: a text may hold some of the delimiters."""
    return sum(line.count(delimiter) >= fewest - 1 for line in lines) >= share * len(lines)
