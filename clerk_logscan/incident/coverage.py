"""Which times the logs cover, and where they are silent for too long to be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import polars as pl

from clerk_logscan.incident.times import HOUR

Span = tuple[int, int]
_NEVER_BEGUN: Final = -(2**63)


def gaps(times: Sequence[int], count: int | None = None) -> list[Span]:
    """Return the gaps of one set of logs: silences of at least an hour and ten times what is usual there.

    `times` are the set's times in order, in microseconds; every silence of six minutes or more must be exact in them.
    `count` is how many times the set has in all, where only a sample is given (a 99.9th percentile by rank counts all).
    Usual is the shorter of the 99.9th percentile and the fourth-longest silence.
    """
    silences = sorted((later - earlier for earlier, later in pairwise(times)), reverse=True)
    if not silences:
        return []
    total = max(len(silences), (count or 0) - 1)
    above = total - math.ceil(0.999 * total)  # how many silences are longer than the percentile's
    usual = silences[above] if above < len(silences) else 0
    if len(silences) >= 4:
        usual = min(usual, silences[3])
    least = max(HOUR, 10 * usual)
    return [(start, end) for start, end in pairwise(times) if end - start >= least]


@dataclass
class Coverage:
    """The time that one set of logs covers: from its first line to its last, without its gaps."""

    first: int | None = None
    last: int | None = None
    holes: list[Span] = field(default_factory=list)

    def covers(self, times: pl.Series) -> pl.Series:
        """Return whether requests at `times` (microseconds, none null) would stand in these logs."""
        if self.first is None or self.last is None:
            return pl.select(pl.repeat(value=False, n=len(times))).to_series()
        starts = pl.Series([_NEVER_BEGUN, *(start for start, _ in self.holes)], dtype=pl.Int64)
        ends = pl.Series([_NEVER_BEGUN, *(end for _, end in self.holes)], dtype=pl.Int64)
        hole = starts.search_sorted(times, side="left") - 1  # the last one that begins before the time
        return times.is_between(self.first, self.last) & (times >= ends.gather(hole))

    def spans(self) -> list[Span]:
        """Return the covered spans in order."""
        if self.first is None or self.last is None:
            return []
        edges = [self.first, *(edge for hole in self.holes for edge in hole), self.last]
        return list(zip(edges[::2], edges[1::2], strict=True))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the spans that several cover together, in order, touching ones joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def uncovered(window: Span, spans: Sequence[Span]) -> list[Span]:
    """Return what of `window` none of `spans` (joined, in order) covers."""
    missing, at = [], window[0]
    for start, end in spans:
        if start > at:
            missing.append((at, min(start, window[1])))
        at = max(at, end)
        if at >= window[1]:
            break
    if at < window[1]:
        missing.append((at, window[1]))
    return [(start, end) for start, end in missing if start < window[1] and end > start]
