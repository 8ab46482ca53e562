"""How far the clocks of two logs are apart: the offset on which most of the requests that they share agree."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.sightings import Group
from clerk_logscan.incident.times import HOUR, MINUTE, SECOND

TOLERANCE = 5 * SECOND
FARTHEST = 26 * HOUR  # the widest error of a zone, from UTC-12 to UTC+14
_MOST = 400  # pairs of one group that vote; more of the same request say no more


class Estimate(NamedTuple):
    """An offset (the second clock minus the first, microseconds), and how well it is supported.

    `first` and `second` are the lines of each log that have a partner at this offset; `spread` is the median distance
    from it.
    """

    skew: int
    spread: int
    requests: int
    first: frozenset[int]
    second: frozenset[int]

    @property
    def lines(self) -> int:
        """Return how many requests are shared at most."""
        return min(len(self.first), len(self.second))

    @property
    def close(self) -> bool:
        """Return whether the clocks agree well enough that one shared request proves something."""
        return abs(self.skew) <= MINUTE


def estimate(groups: Iterable[Group]) -> Estimate | None:
    """Return the offset that most groups support, None where none has times; the smaller offset wins a tie."""
    votes = sorted(_votes(groups), key=lambda vote: vote[0])
    if not votes:
        return None
    best = _densest(votes)
    offsets = [vote[0] for vote in best]
    skew = int(median(offsets))
    return Estimate(
        skew=skew,
        spread=int(median(abs(offset - skew) for offset in offsets)),
        requests=len({vote[4] for vote in best}),
        first=frozenset(vote[2] for vote in best),
        second=frozenset(vote[3] for vote in best),
    )


Vote = tuple[int, float, int, int, int]  # offset, weight, line of the first log, line of the second, group


def _votes(groups: Iterable[Group]) -> list[Vote]:
    votes = []
    seen: set[tuple[int, int]] = set()
    for number, (first, second) in enumerate(groups):
        ones, others = _timed(first), _timed(second)
        weight = 1 / max(len(ones), len(others), 1)
        for one, other in _paired(ones, others):
            assert one.time is not None and other.time is not None
            offset, pair = other.time - one.time, (id(one), id(other))
            if abs(offset) <= FARTHEST and pair not in seen:
                seen.add(pair)
                votes.append((offset, weight, *pair, number))
    return votes


def _timed(lines: list[Line]) -> list[Line]:
    return sorted((line for line in lines if line.time is not None), key=lambda line: line.time or 0)


def _paired(ones: list[Line], others: list[Line]) -> Iterable[tuple[Line, Line]]:
    """Return the pairs that vote: all of them, or those of equal rank where they are too many."""
    if len(ones) * len(others) <= _MOST:
        return ((one, other) for one in ones for other in others)
    return zip(ones, others, strict=False)


def _densest(votes: list[Vote]) -> list[Vote]:
    """Return the votes within the tolerance of one offset that weigh most."""
    best, best_key, start, weight = (0, 0), (-1.0, 0), 0, 0.0
    for end, vote in enumerate(votes):
        weight += vote[1]
        while vote[0] - votes[start][0] > 2 * TOLERANCE:
            weight -= votes[start][1]
            start += 1
        key = (round(weight, 6), -abs(votes[start][0] + vote[0]))
        if key > best_key:
            best, best_key = (start, end + 1), key
    return votes[best[0] : best[1]]
