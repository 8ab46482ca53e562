"""The timeline: events, outages, gaps and the times that the user gave (context.py: what the clients did besides)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clerk_logscan.incident.coverage import Span
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.outages import Outage
from clerk_logscan.incident.outcome import Windows
from clerk_logscan.incident.times import between, length, said, text, texts

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
_ORDER = {"release": 0, "gap": 1, "outage": 2, "context": 3, "finding": 4}


def in_time_order(rows: Iterable[Timed]) -> list[Row]:
    """Return the rows in the order of time, those without one last; rows of one time keep theirs, findings last."""
    keyed = [(time is None, time or 0, _ORDER[row["kind"]], number, row) for number, (time, row) in enumerate(rows)]
    keyed.sort()  # the number is each row's own, so rows are never compared
    return [row for *_, row in keyed]


def of_events(events: Sequence[Event]) -> list[Timed]:
    """Return a row an event; `hops` names the logs that saw it, the outermost first."""
    stamps = texts(event.time for event in events)
    return [(event.time, _event_row(event, stamp)) for event, stamp in zip(events, stamps, strict=True)]


def _event_row(event: Event, stamp: str | None) -> Row:
    line, gravest = event.trusted, event.gravest
    return {
        "timestamp": stamp,
        "kind": "finding",
        "incident_id": event.incident_id,
        "event_id": event.event_id,
        "client_ip": event.client,
        "method": line.method,
        "request_target": gravest.target,
        "status": event.outer.status,
        "target_host": gravest.target_host,
        "outcome": event.outcome,
        "hops": list(dict.fromkeys([line.log.name for line in event.lines])),
        "source": line.source,
        "line_number": line.number,
        "text": event.reason,
    }


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
