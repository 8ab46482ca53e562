"""Which further lines must be read so that every silence of six minutes or more between sampled lines is exact.

A silence becomes a gap from an hour on, and at ten times what is usual in the log; so those under six minutes never
matter, and only where two read lines lie further apart do the lines between them decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from clerk_logscan.readers.blocks import SAMPLE, Block, Line

CLOSE: Final = timedelta(minutes=6)


@dataclass(frozen=True, slots=True)
class Point:
    """A line that was read: where it begins, its number, and its time where it has one."""

    offset: int
    number: int
    time: datetime | None


def undecided(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Return the neighbours of `points` (in order of offset) that lie six minutes or more apart."""
    timed = [point for point in points if point.time is not None]
    return [(a, b) for a, b in pairwise(timed) if a.time and b.time and abs(b.time - a.time) >= CLOSE]


def between(block: Block, points: Sequence[Point]) -> list[Line]:
    """Return the lines of `block` to read next: the middle line of each undecided pair, each once, in order.

    Where that one was read already and bears no time, all lines between the pair. Empty: everything is decided.
    """
    read = {point.offset for point in points}
    chosen: dict[int, Line] = {}
    for a, b in undecided(points):
        middle = _middle(block, a, b)
        wanted = [middle] if middle and middle.offset not in read else _all(block, a, b)
        chosen.update((line.offset, line) for line in wanted if line.offset not in read)
    return list(chosen.values())


def _middle(block: Block, a: Point, b: Point) -> Line | None:
    """Return the line strictly between `a` and `b` that is nearest to their middle; None where they are neighbours."""
    low, high = a.offset - block.offset, b.offset - block.offset
    first = block.data.find(b"\n", low) + 1
    if first == 0 or first >= high:
        return None
    start = block.data.rfind(b"\n", low, max(first, (low + high) // 2)) + 1
    return _line(block, start, a)


def _all(block: Block, a: Point, b: Point) -> Iterator[Line]:
    """Return every line strictly between `a` and `b`."""
    start = block.data.find(b"\n", a.offset - block.offset) + 1
    while 0 < start < b.offset - block.offset:
        yield _line(block, start, a)
        start = block.data.find(b"\n", start) + 1


def _line(block: Block, start: int, before: Point) -> Line:
    """Return the line that begins at `start` of the block's data, numbered from the point before it."""
    number = before.number + block.data.count(b"\n", before.offset - block.offset, start)
    return block.line(start + block.start, number, SAMPLE)
