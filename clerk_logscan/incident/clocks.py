"""Whose clock is believed, where logs of the same requests differ: that of most of them."""

from __future__ import annotations

from collections.abc import Sequence

from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.times import MINUTE


def offsets(logs: Sequence[Log], hops: Hops) -> dict[Log, int]:
    """Return by how many microseconds each log's clock is ahead of the one that is believed; 0 where nothing tells.

    Within logs that are hops of one another, the clock of most of them (to the minute) is believed; among equals that
    of an edge or a balancer, as a cloud's keep UTC, then one that counts seconds since 1970, as no wrong zone can shift
    it; one whose lines state no zone comes last.
    """
    found: dict[Log, int] = {}
    for start in sorted(logs, key=lambda log: (log.depth, log.rank)):
        if start not in found:
            family = _family(start, hops)
            base = _believed(family)
            found.update({log: offset - base for log, offset in family.items()})
    return found


def _family(start: Log, hops: Hops) -> dict[Log, int]:
    """Return the logs that are hops of `start`, directly or not, with how far they are ahead of it."""
    family, waiting = {start: 0}, [start]
    while waiting:
        log = waiting.pop(0)
        for outer, inner in hops.pairs:
            skew = hops.pairs[outer, inner].skew
            for here, there, ahead in ((outer, inner, skew), (inner, outer, -skew)):
                if here is log and there not in family:
                    family[there] = family[log] + ahead
                    waiting.append(there)
    return family


def _believed(family: dict[Log, int]) -> int:
    def agreeing(offset: int) -> int:
        return sum(abs(other - offset) <= MINUTE for other in family.values())

    ordered = sorted(family.items(), key=lambda item: (_doubt(item[0]), item[0].depth, item[0].rank))
    return max((offset for _, offset in ordered), key=agreeing)


def _doubt(log: Log) -> int:
    """Return how little a log's clock is believed by its kind alone."""
    if not log.zoned:
        return 3
    return 0 if log.kind in {"edge", "balancer", "platform"} else 1 if log.epoch else 2
