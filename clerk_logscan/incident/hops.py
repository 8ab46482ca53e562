"""Which logs are hops of one another, in which order, and how far their clocks are apart: decided once for all."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

import polars as pl

from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import UNKNOWN, Log
from clerk_logscan.incident.sightings import Common, addresses_of
from clerk_logscan.incident.skew import TOLERANCE, Estimate, estimate
from clerk_logscan.incident.times import HOUR, SECOND

_QUARTER = HOUR // 4
_NEVER = 2**63 - 1


@dataclass(eq=False)
class Hop:
    """Two logs that saw the same requests: `inner` stands behind `outer`; `skew` is its clock minus the outer one's.

    `shared` holds the outer log's times (sorted, microseconds) of the proxy-path requests that both saw.
    """

    outer: Log
    inner: Log
    skew: int
    common: Common
    shared: list[int] = field(default_factory=list)

    def shares_near(self, times: pl.Series) -> pl.Series:
        """Return whether both logs saw a proxy-path request within the hour around each of `times` (the outer clock).

        `times` are microseconds, none of them null.
        """
        shared = pl.Series([*self.shared, _NEVER], dtype=pl.Int64)
        next_ = shared.gather(shared.search_sorted(times - HOUR, side="left").clip(0, len(self.shared)))
        return next_ <= times + HOUR


class Hops:
    """All pairs of logs that are hops of one another."""

    def __init__(self, lines: Sequence[Line], commons: dict[tuple[Log, Log], Common]) -> None:
        times = _times(lines)
        self.pairs: dict[tuple[Log, Log], Hop] = {}
        for (first, second), common in commons.items():
            hop = _hop(first, second, common, times)
            if hop is not None:
                self.pairs[hop.outer, hop.inner] = hop
        self._deepen()

    def between(self, one: Log, other: Log) -> Hop | None:
        """Return the pair that two logs make, in whichever order, None where they are no hops of each other."""
        return self.pairs.get((one, other)) or self.pairs.get((other, one))

    def behind(self, log: Log) -> list[Hop]:
        """Return the pairs of which `log` is the outer one."""
        return [hop for hop in self.pairs.values() if hop.outer is log]

    def replicas(self, one: Log, other: Log) -> bool:
        """Return whether two logs are of the same kind of hop, side by side."""
        return one is not other and one.kind == other.kind and self.between(one, other) is None

    def learn(self, requests: Iterable[Sequence[Line]]) -> None:
        """Note what the joined requests show: what each pair shares, and pairs that only a third log connects."""
        found: dict[tuple[Log, Log], list[tuple[Line, Line]]] = defaultdict(list)
        for lines in requests:
            for one, other in combinations(lines, 2):
                if one.log is not other.log and one.time is not None and other.time is not None:
                    found[one.log, other.log].append((one, other))
        for (first, second), pairs in found.items():
            hop = self.between(first, second)
            if hop is None:
                outer, inner = (
                    (first, second) if (first.depth, first.rank) <= (second.depth, second.rank) else (second, first)
                )
                hop = self.pairs[outer, inner] = Hop(outer, inner, _median_skew(pairs, outer), Common())
            hop.shared += [(one if one.log is hop.outer else other).time or 0 for one, other in pairs]
        for hop in self.pairs.values():
            hop.shared.sort()
        self._deepen()

    def _deepen(self) -> None:
        """Give every log its depth: behind all logs that it stands behind."""
        for _ in self.pairs:
            for outer, inner in self.pairs:
                inner.depth = max(inner.depth, outer.depth + 1)
            if all(inner.depth > outer.depth for outer, inner in self.pairs):
                return


def _times(lines: Iterable[Line]) -> dict[Log, list[int]]:
    times: dict[Log, list[int]] = defaultdict(list)
    for line in lines:
        if line.time is not None:
            times[line.log].append(line.time)
    return {log: sorted(members) for log, members in times.items()}


def _hop(first: Log, second: Log, common: Common, times: dict[Log, list[int]]) -> Hop | None:
    by_id, by_key = estimate(common.by_id), estimate(common.by_key)
    found = by_id or by_key
    if not common.by_id and (by_key is None or not _convincing(first, second, common, by_key, times)):
        return None
    skew = found.skew if found else 0
    if _outer_first(first, second, common, times):
        return Hop(first, second, skew, common)
    return Hop(second, first, -skew, common)


def _median_skew(pairs: Iterable[tuple[Line, Line]], outer: Log) -> int:
    offsets = [(other.time or 0) - (one.time or 0) for one, other in pairs if one.log is outer]
    offsets += [(one.time or 0) - (other.time or 0) for one, other in pairs if one.log is not outer]
    return int(median(offsets))


def _convincing(first: Log, second: Log, common: Common, found: Estimate, times: dict[Log, list[int]]) -> bool:
    """Return whether what two logs share without ids makes them hops, and not neighbours that met one client.

    Hops of different kinds with clocks that agree, or are a zone apart, need little; a clock that is far off, or two
    logs of one kind (replicas behind one balancer share clients, targets and seconds), need most of
    what they hold to agree.
    """
    share = found.lines / max(1, _comparable(times.get(first, []), times.get(second, []), found.skew))
    if first.kind == second.kind:
        if _crossed(first, second, common) != 0:
            return share >= 0.3
        return found.requests >= 3 and share >= 0.8 and found.spread <= SECOND and abs(found.skew) <= 2 * SECOND
    if found.close:
        return share >= 0.3
    if _of_a_zone(found.skew):
        return share >= 0.5
    return share >= 0.5 and (found.lines >= 3 or found.requests >= 2)


def _of_a_zone(skew: int) -> bool:
    """Return whether two clocks are apart as two zones are: by quarters of an hour, to the tolerance."""
    return abs(skew - round(skew / _QUARTER) * _QUARTER) <= TOLERANCE


def _comparable(first: list[int], second: list[int], skew: int) -> int:
    """Return how many proxy-path requests the smaller log holds in the time that both logs cover."""
    if not first or not second:
        return max(len(first), len(second))
    start = max(first[0] + skew, second[0]) - TOLERANCE
    end = min(first[-1] + skew, second[-1]) + TOLERANCE
    ones = bisect_left(first, end - skew + 1) - bisect_left(first, start - skew)
    others = bisect_left(second, end + 1) - bisect_left(second, start)
    return min(ones, others)


def _outer_first(first: Log, second: Log, common: Common, times: dict[Log, list[int]]) -> bool:
    """Return whether `first` stands in front of `second`.

    The application's own log is innermost; else the log whose client is in the other's `X-Forwarded-For` is in front;
    else the kind of hop decides, then who names fewer addresses, then who saw more. A filter stands within its hop.
    """
    if first.innermost != second.innermost:
        return second.innermost
    crossed = _crossed(first, second, common)
    if crossed:
        return crossed > 0
    if first.rank != second.rank and UNKNOWN not in {first.kind, second.kind}:
        return first.rank < second.rank
    if first.filters != second.filters:
        return second.filters
    ones, others = (_named(common, 0), -len(times.get(first, []))), (_named(common, 1), -len(times.get(second, [])))
    return ones <= others


def _crossed(first: Log, second: Log, common: Common) -> int:
    """Return how many more shared requests show `first` in front of `second` than the other way round, by addresses."""
    votes = 0
    for ones, others in (*common.by_id, *common.by_key):
        for one, other in zip(ones, others, strict=False):
            if one.client != other.client:
                votes += (one.client in other.forwards) - (other.client in one.forwards)
    return votes


def _named(common: Common, side: int) -> float:
    groups = [*common.by_id, *common.by_key]
    named = [len(addresses_of(line)) for group in groups for line in group[side]]
    return sum(named) / max(1, len(named))
