"""Which further lines must be read so that every silence of six minutes or more between sampled lines is exact.

A silence becomes a gap from an hour on, and at ten times what is usual in the log; so those under six minutes never
matter, and only where two read lines lie further apart do the lines between them decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import polars as pl

from clerk_logscan.lookback import Lookback, Point
from clerk_logscan.readers.blocks import Block, Line

CLOSE: Final = timedelta(minutes=6)
_BUCKET: Final = CLOSE / 2


def are_close(times: pl.Series) -> bool:
    """Tell whether no silence of six minutes can be between `times` (Datetime), in whatever order, nulls among them."""
    first, last = times.min(), times.max()
    return first is None or last - first < CLOSE  # type: ignore[operator]  # datetimes


def undecided(read: pl.DataFrame) -> list[tuple[Point, Point]]:
    """Return the neighbours among the timed lines of `read` that lie six minutes or more apart.

    `read` has line_number, byte_offset and timestamp of every line that was read.
    """
    timed = read[["line_number", "byte_offset", "timestamp"]].drop_nulls("timestamp").sort("line_number")
    silent = timed.select(pl.col("timestamp").diff().abs() >= CLOSE).to_series()
    if not silent.any():
        return []
    later = silent.arg_true()
    pairs = zip(timed[later - 1].iter_rows(), timed[later].iter_rows(), strict=True)
    return [(Point(*before), Point(*after)) for before, after in pairs]


def between(lookback: Lookback, read: pl.DataFrame) -> list[Line]:
    """Return the lines to read next: the middle line of each undecided pair, each once, in order.

    Where that one was read already and bears no time, all lines between the pair. Empty: everything is decided.
    """
    pairs = undecided(read)
    known = set(read["line_number"]) if pairs else set()
    chosen: dict[int, Line] = {}
    for before, after in pairs:
        text = lookback.between(before, after)
        middle = _middle(text, before)
        wanted = [middle] if middle and middle.number not in known else _all(text, before)
        chosen.update((line.number, line) for line in wanted if line.number not in known)
    return [line for _, line in sorted(chosen.items())]


def telling(times: pl.Series) -> pl.Series:
    """Return the times (Datetime), sorted, less those that no silence of six minutes or more begins or ends with.

    The first and the last of every three minutes stay; so those that are dropped were closer to one of them.
    """
    ordered = times.sort(nulls_last=True)
    ordered = ordered.head(len(ordered) - ordered.null_count())
    if len(ordered) and ordered[-1] - ordered[0] < _BUCKET:
        return ordered.head(1).append(ordered.tail(ordered[-1] > ordered[0]))
    each = ordered.unique(maintain_order=True)
    bucket = pl.first().dt.truncate(_BUCKET)
    is_edge = (bucket != bucket.shift(1)) | (bucket != bucket.shift(-1))
    return each.filter(each.to_frame().select(is_edge.fill_null(value=True)).to_series())


def _middle(text: bytes, before: Point) -> Line | None:
    """Return the line of `text`, after its first one, that is nearest to its middle; None where it has one line."""
    first = text.find(b"\n") + 1
    if first == 0 or first >= len(text):
        return None
    return _line(text, text.rfind(b"\n", 0, max(first, len(text) // 2)) + 1, before)


def _all(text: bytes, before: Point) -> Iterator[Line]:
    """Return every line of `text` after its first one."""
    start = text.find(b"\n") + 1
    while 0 < start < len(text):
        yield _line(text, start, before)
        start = text.find(b"\n", start) + 1


def _line(text: bytes, start: int, before: Point) -> Line:
    """Return the line that begins at `start` of `text`, which itself begins with the line `before`."""
    block = Block(text, 0, len(text), before.offset)
    return block.line(start, before.number + text.count(b"\n", 0, start))
