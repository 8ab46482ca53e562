"""Context: what the clients of the events asked besides, around them, each request once over all logs."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import polars as pl

from clerk_logscan.incident import lines as lines_of
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.logs import Log, Logs
from clerk_logscan.incident.people import Clients
from clerk_logscan.incident.skew import TOLERANCE
from clerk_logscan.incident.timeline import rows
from clerk_logscan.incident.times import HOUR, MINUTE

_ZONES: Final = 26 * HOUR  # a clock may be a zone apart
_PLACE: Final = ("source", "line_number", "byte_offset", "request_target")
_WHO: Final = ("source", "client_ip", "forwarded_for")
_LOG: Final = ("source", "log_format")


def of(
    events: Events, observed: pl.DataFrame, logs: Logs, ahead: Mapping[Log, int], clients: Clients, window: int
) -> pl.DataFrame:
    """Return the other requests of the events' clients within `window` microseconds, as rows of the timeline.

    A row belongs to the incident of the nearest off-host event, else of the nearest event. Browsers that only show the
    known clerk-js bug have no context. `observed` are the requests with `rule_id` where a rule reports them.
    """
    whose = pl.col("client").is_not_null() & pl.col("time").is_not_null() & ~pl.col("noise")
    asked = events.table.filter(whose & (window > 0))
    if asked.is_empty():
        return rows(asked.select(pl.col("time").alias("_time")))
    mine = _of_clients(observed, asked, clients, window + _ZONES)
    near = _near(_clocked(mine, logs, ahead), asked, window)
    return _rows(_once(_unlike(near, events), logs), logs)


def _of_clients(observed: pl.DataFrame, asked: pl.DataFrame, clients: Clients, slack: int) -> pl.DataFrame:
    """Return the requests of the clients that no rule reports (those are events of their own), with their client."""
    stamp = pl.col("timestamp").dt.epoch("us")
    first, last = pl.lit(asked["time"].min()), pl.lit(asked["time"].max())
    near = stamp.is_between(first - slack, last + slack)
    calm = observed.filter(pl.col("rule_id").is_null() & near)
    people = calm.select(_WHO).unique(maintain_order=True)
    named = pl.Series("_client", [clients.behind_hops(*who) for who in people.iter_rows()], dtype=pl.String)
    theirs = people.with_columns(named).filter(named.is_in(asked["client"].unique().implode()))
    return calm.join(theirs, on=_WHO, how="inner", nulls_equal=True, maintain_order="left")


def _clocked(found: pl.DataFrame, logs: Logs, ahead: Mapping[Log, int]) -> pl.DataFrame:
    """Return the rows with their log's number, the outer ones lower, and their time by the clock that is believed."""
    order = sorted(logs.all, key=lambda log: (log.depth, log.rank))
    places = found.select(_LOG).unique(maintain_order=True)
    of = [logs.of(*place) for place in places.iter_rows()]
    far = [offset if abs(offset) > MINUTE else 0 for offset in (ahead.get(log, 0) for log in of)]
    known = places.with_columns(
        pl.Series("_log", [order.index(log) for log in of], dtype=pl.Int64),
        pl.Series("_ahead", far, dtype=pl.Int64),
    )
    joined = found.join(known, on=_LOG, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns((pl.col("timestamp").dt.epoch("us") - pl.col("_ahead")).alias("_time"))


def _near(found: pl.DataFrame, asked: pl.DataFrame, window: int) -> pl.DataFrame:
    """Return the rows within `window` of an event of their client, with its incident."""
    found = found.sort("_time", maintain_order=True)
    theirs = pl.col("client").is_in(found["_client"].unique().implode())
    asked = asked.select("client", "time", "incident_id", "off_host").filter(theirs)
    for name, some in (("_graver", asked.filter("off_host")), ("_other", asked)):
        incidents = some.select(
            pl.col("client").alias("_client"), pl.col("time").alias("_near"), pl.col("incident_id").alias(name)
        )
        found = found.join_asof(
            incidents,
            left_on="_time",
            right_on="_near",
            by="_client",
            strategy="nearest",
            tolerance=window,
            check_sortedness=False,
        ).drop("_near", strict=False)
    return found.with_columns(pl.coalesce("_graver", "_other").alias("incident_id")).filter(
        pl.col("incident_id").is_not_null()
    )


def _unlike(found: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Return the rows that are no line of an event (a log behind may show its harmless form), each place once."""
    own = events.told.filter(pl.col("rule_id").is_null())
    return found.unique(_PLACE, keep="first", maintain_order=True).join(
        own, on=_PLACE, how="anti", nulls_equal=True, maintain_order="left"
    )


def _once(found: pl.DataFrame, logs: Logs) -> pl.DataFrame:
    """Return the rows without those that repeat what an outer log told of the same request."""
    if found["_log"].n_unique() < 2:
        return found
    told = _Told()
    ordered = found.sort("_log", "_time", maintain_order=True)
    columns = ("_client", "method", "request_target", "_log", "_time")
    depths = [log.depth for log in sorted(logs.all, key=lambda log: (log.depth, log.rank))]
    new = [
        told.new((client, method, lines_of.plain(target or "")), log, depths[log], time)
        for client, method, target, log, time in ordered.select(columns).iter_rows()
    ]
    return ordered.filter(pl.Series(new, dtype=pl.Boolean)).sort("_time", maintain_order=True)


_Key = tuple[str, str | None, str]  # client, method, target


class _Told:
    """Which requests the timeline has already; those of outer logs must be asked first."""

    def __init__(self) -> None:
        self._told: dict[_Key, dict[int, list[tuple[int, int]]]] = defaultdict(dict)  # by log: depth, time
        self._left: dict[tuple[_Key, int], list[int]] = {}  # what outer logs told and this one has not repeated yet

    def new(self, key: _Key, log: int, depth: int, time: int) -> bool:
        """Return whether this is a request not told yet; it is told from then on."""
        seen = self._told[key]
        if (key, log) not in self._left:
            outer = [moment for times in seen.values() for deep, moment in times if deep < depth]
            self._left[key, log] = sorted(outer)
        if _take(self._left[key, log], time):
            return False
        seen.setdefault(log, []).append((depth, time))
        return True


def _take(times: list[int], time: int) -> bool:
    """Take the time nearest to `time` out of `times` (in order), if it is near enough to be the same request's."""
    place = bisect_left(times, time)
    near = min(range(max(0, place - 1), min(place + 1, len(times))), key=lambda at: abs(times[at] - time), default=None)
    if near is None or abs(times[near] - time) > TOLERANCE:
        return False
    del times[near]
    return True


def _rows(found: pl.DataFrame, logs: Logs) -> pl.DataFrame:
    """Return the requests as rows of the timeline."""
    names = pl.Series([log.name for log in sorted(logs.all, key=lambda log: (log.depth, log.rank))], dtype=pl.String)
    told = found.with_columns(
        pl.lit("context").alias("kind"),
        pl.col("_client").alias("client_ip"),
        pl.concat_list(names.gather(found["_log"])).alias("hops"),
    )
    return rows(told.drop("target_host", "outcome", "event_id", "text", strict=False))
