"""The timeline: events, what the same clients did around them, outages, gaps and the times that the user gave."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from clerk_logscan.incident import lines as lines_of
from clerk_logscan.incident.coverage import Span
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import Log, Logs
from clerk_logscan.incident.outages import Outage
from clerk_logscan.incident.outcome import Windows
from clerk_logscan.incident.people import behind_hops
from clerk_logscan.incident.skew import TOLERANCE
from clerk_logscan.incident.times import MINUTE, between, length, said, text

COLUMNS = (
    "timestamp",
    "kind",
    "incident_id",
    "event_id",
    "client_ip",
    "method",
    "request_target",
    "status",
    "target_host",
    "outcome",
    "hops",
    "source",
    "line_number",
    "text",
)
Row = dict[str, Any]
_EMPTY: Row = dict.fromkeys(COLUMNS) | {"hops": []}
Timed = tuple[int | None, Row]
_ORDER = ("release", "gap", "outage", "context", "finding")


def in_time_order(rows: Iterable[Timed]) -> list[Row]:
    """Return the rows in the order of time, those without one last; rows of one time keep theirs, findings last."""
    keyed = [
        (time is None, time or 0, _ORDER.index(row["kind"]), number, row) for number, (time, row) in enumerate(rows)
    ]
    return [row for *_, row in sorted(keyed, key=lambda item: item[:4])]


def of_events(events: Iterable[Event]) -> list[Timed]:
    """Return a row an event; `hops` names the logs that saw it, the outermost first."""
    return [(event.time, _event_row(event)) for event in events]


def _event_row(event: Event) -> Row:
    line = event.trusted
    return _row(
        "finding",
        event.time,
        incident_id=event.incident_id,
        event_id=event.event_id,
        client_ip=event.client,
        method=line.method,
        request_target=event.gravest.target,
        status=event.outer.status,
        target_host=event.gravest.target_host,
        outcome=event.outcome,
        hops=list(dict.fromkeys(one.log.name for one in event.lines)),
        source=line.source,
        line_number=line.number,
        text=event.reason,
    )


def of_context(
    events: Sequence[Event], observed: pl.DataFrame, logs: Logs, ahead: Mapping[Log, int], own: set[str], window: int
) -> list[Timed]:
    """Return the other requests of the events' clients within `window` microseconds, each once over all logs.

    A row belongs to the incident of the nearest off-host event, else of the nearest event. Browsers that only show the
    known clerk-js bug have no context.
    """
    if window <= 0:
        return []
    times: dict[str, list[tuple[int, str]]] = defaultdict(list)
    graver: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in events:  # they are in the order of time
        if event.client is not None and event.time is not None and event.rules != {lines_of.CLIENT_BUG}:
            times[event.client].append((event.time, event.incident_id))
            if event.off_host:
                graver[event.client].append((event.time, event.incident_id))
    told = _Told(events)
    rows: list[Timed] = []
    for line in sorted(_nearby(observed, times, logs, window), key=lambda line: (line.log.depth, line.log.rank)):
        client, time = behind_hops(line, own, set()), _time(line, ahead)
        if client is None:
            continue
        near = _nearest(graver.get(client, ()), time, window) or _nearest(times.get(client, ()), time, window)
        if near is not None and told.new(line, client, time):
            rows.append((time, _context_row(line, client, near, time)))
    return sorted(rows, key=lambda row: row[0] or 0)


def _context_row(line: Line, client: str, incident_id: str, time: int) -> Row:
    return _row(
        "context",
        time,
        incident_id=incident_id,
        client_ip=client,
        method=line.method,
        request_target=line.target,
        status=line.status,
        hops=[line.log.name],
        source=line.source,
        line_number=line.number,
    )


def _time(line: Line, ahead: Mapping[Log, int]) -> int:
    """Return a line's time by the clock that is believed, where its own is far off."""
    offset = ahead.get(line.log, 0)
    return (line.time or 0) - (offset if abs(offset) > MINUTE else 0)


def _nearby(observed: pl.DataFrame, times: Mapping[str, Sequence[Any]], logs: Logs, window: int) -> list[Line]:
    """Return the observed lines that name one of the clients, within the time of all events."""
    if not times:
        return []
    moments = [moment for seen in times.values() for moment, _ in seen]
    stamp = pl.col("timestamp").dt.epoch("us")
    slack = window + 26 * 60 * MINUTE  # a clock may be a zone apart
    near = stamp.is_between(min(moments) - slack, max(moments) + slack)
    rows = observed.filter(pl.col("rule_id").is_null() & near)  # what a rule reports is an event of its own
    names = [name for name in times if name]
    mine = rows.filter(pl.col("client_ip").is_in(names) | pl.col("forwarded_for").is_not_null() | _spelled(names))
    found = lines_of.read(mine)
    for line in found:
        line.log = logs.of(line.source, line.log_format)
    return found


def _spelled(names: Sequence[str]) -> pl.Expr:
    """Return whether a client field could be one of `names` in another spelling (IPv6, a port)."""
    if not any(":" in name for name in names):
        return pl.lit(value=False)
    return pl.col("client_ip").str.contains(":", literal=True)


def _nearest(seen: Sequence[tuple[int, str]], time: int, window: int) -> str | None:
    """Return the incident of the event nearest to `time`, None where none is within `window`."""
    place = bisect_left(seen, (time, ""))
    near = [(abs(moment - time), name) for moment, name in seen[max(0, place - 1) : place + 1]]
    best = min(near, default=(window + 1, ""))
    return best[1] if best[0] <= window else None


_Key = tuple[str, str | None, str | None]  # client, method, target


class _Told:
    """Which requests the timeline has already: the events' own lines, and a request that an outer log showed."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._places = {
            (line.source, line.number, line.offset, line.target)
            for event in events
            for line in (*event.lines, *event.copies)
        }
        self._told: dict[_Key, dict[Log, list[int]]] = defaultdict(dict)
        self._left: dict[tuple[_Key, Log], list[int]] = {}  # what outer logs told and this one has not repeated yet

    def new(self, line: Line, client: str, time: int) -> bool:
        """Return whether the line is a request not told yet; it is told from then on."""
        place = (line.source, line.number, line.offset, line.target)
        if place in self._places:
            return False
        self._places.add(place)
        target = None if line.target is None else lines_of.plain(line.target)
        key = (client, line.method, target)
        if (key, line.log) not in self._left:  # outer logs come first, so what they told is complete
            outer = [times for log, times in self._told[key].items() if log.depth < line.log.depth]
            self._left[key, line.log] = sorted(moment for times in outer for moment in times)
        if _take(self._left[key, line.log], time):
            return False
        insort(self._told[key].setdefault(line.log, []), time)
        return True


def _take(times: list[int], time: int) -> bool:
    """Take the time nearest to `time` out of `times` (in order), if it is near enough to be the same request's."""
    place = bisect_left(times, time)
    near = min(range(max(0, place - 1), min(place + 1, len(times))), key=lambda at: abs(times[at] - time), default=None)
    if near is None or abs(times[near] - time) > TOLERANCE:
        return False
    del times[near]
    return True


def of_outages(outages: Iterable[Outage]) -> list[Timed]:
    """Return a row an outage."""
    rows: list[Timed] = []
    for outage in outages:
        crash = outage.crashes[0]
        row = _row(
            "outage",
            outage.start,
            incident_id=crash.incident_id,
            event_id=crash.event_id,
            client_ip=crash.client,
            source=crash.trusted.source,
            line_number=crash.trusted.number,
            text=outage.text,
        )
        rows.append((outage.start, row))
    return rows


def of_gaps(holes: Mapping[str, Sequence[Span]]) -> list[Timed]:
    """Return a row a gap; `holes` are an input's gaps by its name."""
    rows: list[Timed] = []
    for source, spans in holes.items():
        for start, end in spans:
            silent = f"No line for {length(end - start)}, {between(start, end)}"
            sentence = f"{silent}: of this time nothing is known from {source}."
            rows.append((start, _row("gap", start, source=source, text=sentence)))
    return rows


def of_windows(windows: Windows) -> list[Timed]:
    """Return a row for each time that the user gave."""
    told = (
        (windows.vulnerable_from, "The vulnerable version was deployed (as you gave it)."),
        (windows.vulnerable_until, "The hole was closed (as you gave it)."),
        (windows.key_rotated, "The secret key was rotated (as you gave it)."),
    )
    return [(time, _row("release", time, text=sentence)) for time, sentence in told if time is not None]


def spans(outages: Iterable[Outage], holes: Mapping[str, Sequence[Span]]) -> list[Row]:
    """Return the outages and gaps as spans, for the picture of the time."""
    found = [
        {"kind": "outage", "from": text(outage.start), "to": text(outage.end), "text": outage.text}
        for outage in outages
    ]
    for source, gaps in holes.items():
        for start, end in gaps:
            words = f"{source}: no line from {said(start)} to {said(end)}"
            found.append({"kind": "gap", "from": text(start), "to": text(end), "text": words})
    return sorted(found, key=lambda span: (str(span["from"]), span["kind"]))


def _row(kind: str, time: int | None, **fields: Any) -> Row:
    return {**_EMPTY, "timestamp": text(time), "kind": kind, **fields}
