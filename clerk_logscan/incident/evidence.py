"""Absence as evidence: a request that an outer log has and an inner one lacks, under the contract's conditions only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.incident import outages
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.hops import Hop, Hops
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.outages import Outage

# A cache's answer proves that an equal request went on before, perhaps before the log begins (CloudFront's Hit).
SERVED_BEFORE: Final = "served-before"
_WENT_ON: Final = ("forwarded", SERVED_BEFORE)


class Evidence(NamedTuple):
    """What the logs tell together: who is behind whom, what each covers, and when the process was down."""

    logs: Sequence[Log]
    hops: Hops
    outages: Sequence[Outage]

    def missing_from(self, events: Events) -> pl.Series:
        """Return for each event the sentence that rules it out by its absence from a log behind, null where none does.

        A log behind counts if it would show the request, covers its time, holds other proxy-path requests that this
        hop saw within the hour, and nothing crashed then. Every replica beside it must cover the time as well: the
        request may have gone there.
        A line that shows that the request was forwarded is not contradicted by a log that lacks it.
        """
        found = pl.Series("missing", [], dtype=pl.String).extend_constant(None, events.table.height)
        behind = [(number, self._behind(log)) for number, log in enumerate(self.logs)]
        if not any(hops for _, hops in behind):
            return found
        time, log = events.at("telling", "time"), events.at("telling", "log")
        moment = events.table.select(pl.when(pl.col("time") != 0).then("time").otherwise(time)).to_series()
        went_on = events.at("telling", "_hint").is_in(_WENT_ON).fill_null(value=False)
        near = outages.near(self.outages, moment.fill_null(time))
        open_ = time.is_not_null() & ~went_on & ~near
        for number, hops in behind:
            mine = open_ & (log == number)
            if hops and mine.any():
                told = _absent(self.logs[number], hops, time.filter(mine))
                found = found.scatter(mine.arg_true(), told)
        return found

    def _behind(self, log: Log) -> list[Hop]:
        """Return the pairs with the logs behind one that show what passes, the nearest first."""
        behind = [hop for hop in self.hops.behind(log) if not hop.inner.filters]
        return sorted(behind, key=lambda hop: hop.inner.depth)


def _absent(log: Log, behind: Sequence[Hop], times: pl.Series) -> pl.Series:
    """Return for each time (of `log`) the sentence that a request was not seen behind, null where that says nothing."""
    shown = {hop: _would_show(hop, times) for hop in behind}
    cases = []
    for hop in behind:
        holds = hop.shares_near(times)
        for other in behind:
            if other.inner.kind == hop.inner.kind:
                holds = holds & shown[other]
        sentence = (
            f"it is absent from {hop.inner.name}, the log behind {log.name}, which covers this "
            "time and holds other proxy-path requests of the same hour"
        )
        cases.append(pl.when(holds).then(pl.lit(sentence)))
    return pl.select(pl.coalesce(cases)).to_series()


def _would_show(hop: Hop, times: pl.Series) -> pl.Series:
    """Return whether the inner log would show requests of the outer one's `times`."""
    covered = hop.inner.coverage.covers(times + hop.skew)
    return covered & (not hop.inner.hidden)
