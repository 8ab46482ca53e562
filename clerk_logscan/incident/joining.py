"""Lines of several logs that are one request: nearest first, each line once, by the contract's section Event."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from clerk_logscan.incident.hops import Hop, Hops
from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.sightings import Group
from clerk_logscan.incident.skew import TOLERANCE

_SMALL = 64  # pairs of a group that are all compared
_NEAREST = 4  # neighbours on either side otherwise
_ROUNDS = 200

Cluster = dict[Log, Line]


class _Clusters:
    """Groups of lines that are one request: at most one line of a log in each."""

    def __init__(self, hops: Hops) -> None:
        self._hops = hops
        self._of: dict[int, Cluster] = {}

    def of(self, line: Line) -> Cluster:
        """Return the line's cluster, of itself alone until it was joined."""
        return self._of.setdefault(id(line), {line.log: line})

    def join(self, one: Line, other: Line, *, by_id: bool) -> bool:
        """Make two lines one request if no log would then have two lines of it; return whether they were joined."""
        first, second = self.of(one), self.of(other)
        if first is second or first.keys() & second.keys():
            return False
        if not by_id and any(self._hops.replicas(log, mine) for log in first for mine in second):
            return False
        keep, drop = (first, second) if len(first) >= len(second) else (second, first)
        for line in drop.values():
            self._of[id(line)] = keep
        keep.update(drop)
        return True


def join(lines: Sequence[Line], hops: Hops) -> list[list[Line]]:
    """Return the requests, each as its lines with the outermost first, in the order of their first line.

    `hops` learns from it what every pair shares.
    """
    if not hops.pairs and all(line.log.kind != "platform" for line in lines):
        return [[line] for line in lines]
    clusters = _Clusters(hops)
    for by_id in (True, False):
        for _ in range(_ROUNDS):
            pairs = sorted(_candidates(hops, clusters, by_id=by_id), key=lambda pair: pair[0])
            joined = [clusters.join(one, other, by_id=by_id) for _, one, other in pairs]
            if not any(joined):
                break
    requests = _repeats(lines, clusters)
    hops.learn(requests)
    return [sorted(members, key=lambda line: (line.log.depth, line.log.rank)) for members in requests]


Candidate = tuple[float, Line, Line]


def _candidates(hops: Hops, clusters: _Clusters, *, by_id: bool) -> Iterator[Candidate]:
    """Return the pairs of lines, not yet joined, that could be one request, with how far apart they are."""
    for hop in hops.pairs.values():
        for group in hop.common.by_id if by_id else hop.common.by_key:
            first, second = _free(group, clusters)
            if first and second:
                yield from _near(first, second, hop, by_id=by_id)


def _free(group: Group, clusters: _Clusters) -> Group:
    """Return the lines of a group that have no partner in the other log yet."""
    first, second = group
    ones = [line for line in first if second[0].log not in clusters.of(line)]
    return ones, [line for line in second if first[0].log not in clusters.of(line)]


def _near(first: list[Line], second: list[Line], hop: Hop, *, by_id: bool) -> Iterator[Candidate]:
    skew = hop.skew if first[0].log is hop.outer else -hop.skew
    for one, other in _paired(first, second, skew):
        if one.time is None or other.time is None:
            if by_id:
                yield float("inf"), one, other
            continue
        apart = abs(other.time - one.time - skew)
        if by_id or apart <= TOLERANCE + max(one.duration or 0, other.duration or 0):
            yield apart, one, other


def _paired(first: list[Line], second: list[Line], skew: int) -> Iterable[tuple[Line, Line]]:
    """Return the pairs to compare: all of them, or each line with its neighbours in time."""
    if len(first) * len(second) <= _SMALL:
        return ((one, other) for one in first for other in second)
    return _neighbours(first, second, skew)


def _neighbours(first: list[Line], second: list[Line], skew: int) -> Iterator[tuple[Line, Line]]:
    ordered = sorted(second, key=lambda line: line.time or 0)
    times = [line.time or 0 for line in ordered]
    last, shift = -1, 0
    for one in sorted(first, key=lambda line: line.time or 0):
        time = (one.time or 0) + skew
        place = bisect_left(times, time)
        # Equal times would all look at the same neighbours: each next one looks one further.
        shift = shift + 1 if time == last else 0
        last = time
        for other in ordered[max(0, place - _NEAREST) + shift : place + _NEAREST + shift]:
            yield one, other


def _repeats(lines: Sequence[Line], clusters: _Clusters) -> list[list[Line]]:
    """Return the requests; a platform's drain may repeat a line: same log, id, method and target are one request."""
    first: dict[tuple[Log, str, str | None, str | None], Cluster] = {}
    requests: dict[int, list[Line]] = {}
    for line in lines:
        cluster = clusters.of(line)
        if line.log.kind == "platform":
            for name in line.ids or ():
                cluster = first.setdefault((line.log, name, line.method, line.target), cluster)
        requests.setdefault(id(cluster), []).append(line)
    return list(requests.values())
