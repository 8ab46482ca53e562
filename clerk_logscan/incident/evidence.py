"""Absence as evidence: a request that an outer log has and an inner one lacks, under the contract's conditions only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clerk_logscan.incident import outages
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.hops import Hop, Hops
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.outages import Outage

# A cache's answer proves that an equal request went on before, perhaps before the log begins (CloudFront's Hit).
SERVED_BEFORE: Final = "served-before"
_WENT_ON: Final = frozenset({"forwarded", SERVED_BEFORE})


@dataclass(frozen=True)
class Evidence:
    """What the logs tell together: who is behind whom, what each covers, and when the process was down."""

    logs: Sequence[Log]
    hops: Hops
    outages: Sequence[Outage]

    def missing_from(self, event: Event) -> str | None:
        """Return the sentence that rules a request out by its absence from a log behind, None where nothing does.

        A log behind counts if it would show the request, covers its time, holds other proxy-path requests that this
        hop saw within the hour, and nothing crashed then. Every replica beside it must cover the time as well: the
        request may have gone there.
        A line that shows that the request was forwarded is not contradicted by a log that lacks it.
        """
        line = event.telling
        if line.time is None or line.hint in _WENT_ON or outages.near(self.outages, event.time or line.time):
            return None
        behind = [hop for hop in self.hops.behind(line.log) if not hop.inner.filters]
        for hop in sorted(behind, key=lambda hop: hop.inner.depth):
            beside = [other for other in behind if other.inner.kind == hop.inner.kind]
            if hop.shares_near(line.time) and all(_would_show(other, line.time) for other in beside):
                return (
                    f"it is absent from {hop.inner.name}, the log behind {line.log.name}, which covers this "
                    "time and holds other proxy-path requests of the same hour"
                )
        return None


def _would_show(hop: Hop, time: int) -> bool:
    """Return whether the inner log would show a request of the outer one's `time`."""
    return not hop.inner.hidden and hop.inner.coverage.covers(time + hop.skew)
