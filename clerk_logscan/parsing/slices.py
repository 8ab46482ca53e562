"""Rows side by side: polars works on a column of text with one thread, so that a long one is better cut in slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import polars as pl

from clerk_logscan.readers.workers import cores, pool

_Rows = TypeVar("_Rows", pl.Series, pl.DataFrame)
_Out = TypeVar("_Out")

LEAST: Final = 4096  # rows of a slice; fewer are not worth a thread


def side_by_side(work: Callable[[_Rows], _Out], rows: _Rows) -> list[_Out]:
    """Return `work` of the slices of `rows`, in their order; polars releases Python's lock meanwhile."""
    parts = min(cores(), len(rows) // LEAST)
    if parts < 2:
        return [work(rows)]
    size = -(-len(rows) // parts)
    return list(pool("parse", cores()).map(work, [rows.slice(start, size) for start in range(0, len(rows), size)]))
