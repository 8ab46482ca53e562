"""The timeline: events, outages, gaps and the times that the user gave (context.py: what the clients did besides)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import polars as pl

from clerk_logscan.columns import ordered
from clerk_logscan.incident.coverage import Span
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.outages import Outage
from clerk_logscan.incident.outcome import Windows
from clerk_logscan.incident.times import between, length, said, text, texts

_TEXT, _TIME = pl.String(), pl.Int64()
# Of a row of the timeline as the document has it; `_time`, microseconds, is its place in the order.
TYPES: Final[dict[str, pl.DataType]] = {
    "timestamp": _TEXT,
    "kind": _TEXT,
    "incident_id": _TEXT,
    "event_id": _TEXT,
    "client_ip": _TEXT,
    "method": _TEXT,
    "request_target": _TEXT,
    "status": pl.Int64(),
    "target_host": _TEXT,
    "outcome": _TEXT,
    "hops": pl.List(pl.String()),
    "source": _TEXT,
    "line_number": pl.Int64(),
    "text": _TEXT,
}
Row = dict[str, Any]
_ORDER: Final = {"release": 0, "gap": 1, "outage": 2, "context": 3, "finding": 4}


NONE: Final = pl.DataFrame(schema={"_time": _TIME, **TYPES})


def rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of the timeline of `frame`, and `_time`, which it must have; others that it lacks are null."""
    if frame.is_empty():
        return NONE
    told = frame.with_columns(texts(frame["_time"]).alias("timestamp"))
    return told.select(
        pl.col("_time").cast(_TIME),
        *(
            pl.col(name).cast(dtype) if name in told.columns else pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in TYPES.items()
        ),
    )


def in_time_order(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the rows in the order of time, those without one last; rows of one time keep theirs, findings last."""
    order = pl.col("kind").replace_strict(_ORDER, return_dtype=pl.Int64).alias("_order")
    told = pl.concat(parts).with_columns(order)
    return ordered(told, "_time", "_order", nulls_last=True).drop("_time", "_order")


def of_events(events: Events, logs: Sequence[Log]) -> pl.DataFrame:
    """Return a row an event; `hops` names the logs that saw it, the outermost first."""
    if events.table.is_empty():
        return NONE
    names = pl.Series("hops", [log.name for log in logs], dtype=pl.String)
    seen = events.own.select("event", names.gather(events.own["log"]))
    if seen.height > events.table.height:
        seen = seen.group_by("event", maintain_order=True).agg(pl.col("hops").unique(maintain_order=True))
    else:
        seen = seen.select("event", pl.concat_list("hops"))
    table = events.table.with_columns(
        seen["hops"],
        pl.col("time").alias("_time"),
        pl.lit("finding").alias("kind"),
        pl.col("client").alias("client_ip"),
        pl.col("reason").alias("text"),
        events.at("gravest", "request_target"),
        events.at("outer", "status"),
        *(events.at("trusted", name) for name in ("method", "source", "line_number")),
    )
    return rows(table)


def of_outages(outages: Sequence[Outage], events: Events) -> pl.DataFrame:
    """Return a row an outage."""
    if not outages:
        return NONE
    crashes = events.table.with_columns(
        pl.col("client").alias("client_ip"), *(events.at("trusted", name) for name in ("source", "line_number"))
    ).select("event", "incident_id", "event_id", "client_ip", "source", "line_number")
    told = pl.DataFrame(
        [(outage.start, outage.crash, outage.text) for outage in outages],
        schema={"_time": _TIME, "event": crashes.schema["event"], "text": _TEXT},
        orient="row",
    )
    told = told.join(crashes, on="event", how="left", maintain_order="left")
    return rows(told.with_columns(pl.lit("outage").alias("kind"), pl.lit([], dtype=TYPES["hops"]).alias("hops")))


def of_gaps(holes: Mapping[str, Sequence[Span]]) -> pl.DataFrame:
    """Return a row a gap; `holes` are an input's gaps by its name."""
    told = []
    for source, spans in holes.items():
        for start, end in spans:
            silent = f"No line for {length(end - start)}, {between(start, end)}"
            told.append((start, source, f"{silent}: of this time nothing is known from {source}."))
    return _told("gap", told)


def of_windows(windows: Windows) -> pl.DataFrame:
    """Return a row for each time that the user gave."""
    told = (
        (windows.vulnerable_from, None, "The vulnerable version was deployed (as you gave it)."),
        (windows.vulnerable_until, None, "The hole was closed (as you gave it)."),
        (windows.key_rotated, None, "The secret key was rotated (as you gave it)."),
    )
    return _told("release", [row for row in told if row[0] is not None])


def _told(kind: str, told: Sequence[tuple[int | None, str | None, str]]) -> pl.DataFrame:
    """Return rows of a time, a source and a sentence."""
    if not told:
        return NONE
    frame = pl.DataFrame(list(told), schema={"_time": _TIME, "source": _TEXT, "text": _TEXT}, orient="row")
    return rows(frame.with_columns(pl.lit(kind).alias("kind"), pl.lit([], dtype=TYPES["hops"]).alias("hops")))


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
