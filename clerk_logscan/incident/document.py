"""The report document: the parts of an investigation as plain rows, times as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from clerk_logscan import __version__
from clerk_logscan.columns import gathered, held, ordered
from clerk_logscan.incident.coverage import Span
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.logs import Input, Log
from clerk_logscan.incident.times import as_micros, length, text, texts
from clerk_logscan.schema import FINDING_COLUMNS, INPUT_COLUMNS

ADVISORY: Final = "CVE-2026-34076 (GHSA-gjxx-92w9-8v8f)"
Row = dict[str, Any]


def finding_rows(findings: pl.DataFrame, events: Events) -> pl.DataFrame:
    """Return the findings of `events` as rows with the columns of a finding, in the order of time.

    `findings` is the frame with a column `_row`, the row's number, which the lines of `events` have, too.
    """
    if events.table.is_empty():
        texts_ = ("timestamp", "outcome", "incident_id", "event_id")
        types = {**findings.schema, **dict.fromkeys(texts_, pl.String())}
        return pl.DataFrame(schema={name: types[name] for name in FINDING_COLUMNS})
    told = events.told.select("event", "_row", "rule_id", "severity")
    mine = held(told, told["rule_id"].is_not_null())
    settled = mine.hstack(events.of_events(mine, "outcome", "incident_id", "event_id"))
    severity = settled.select(events.severity(pl.col("outcome")).alias("severity"))
    told = gathered(findings, settled["_row"]).with_columns(*settled.drop("rule_id", "severity", "_row"), *severity)
    rows = ordered(told, "timestamp", nulls_last=True)
    return rows.with_columns(texts(rows["timestamp"].dt.epoch("us")).alias("timestamp")).select(FINDING_COLUMNS)


def input_rows(inputs: Sequence[Input], holes: Mapping[str, Sequence[Span]]) -> list[Row]:
    """Return the ledger: a row an input, without the keys that only the investigation needs."""
    return [_input_row(row, holes.get(row["source"], ())) for row in inputs]


def _input_row(row: Input, holes: Sequence[Span]) -> Row:
    found = {name: row.get(name) for name in INPUT_COLUMNS}
    found["gaps"] = [{"from": text(start), "to": text(end)} for start, end in holes]
    for name in ("first_timestamp", "last_timestamp"):
        found[name] = text(as_micros(row.get(name)))
    return found


def lured_rows(lured: pl.DataFrame) -> list[Row]:
    """Return the lured users with the page that lured them."""
    return lured.select(
        pl.col("client").alias("client_ip"),
        pl.col("page").alias("referer"),
        texts(lured["time"]).alias("first_seen"),
        "target_host",
        "incident_id",
    ).to_dicts()


def hop_rows(logs: Sequence[Log], hops: Hops, ahead: Mapping[Log, int]) -> list[Row]:
    """Return the logs that saw the same requests, the outermost first, and how far their clocks are apart."""
    paired = {log for pair in hops.pairs for log in pair}
    ordered = sorted((log for log in logs if log in paired), key=lambda log: (log.depth, log.rank))
    return [
        {
            "name": log.name,
            "role": log.kind,
            "sources": log.sources,
            "skew_seconds": round(ahead.get(log, 0) / 1_000_000, 3),
            "text": _clock(ahead.get(log, 0)),
        }
        for log in ordered
    ]


def _clock(ahead: int) -> str:
    if abs(ahead) < 1_000_000:
        return "its clock agrees with the others"
    return f"its clock is {length(ahead)} {'ahead of' if ahead > 0 else 'behind'} the one that most logs agree on"


def tool(options: Any) -> Row:
    """Return which program wrote the report, for which advisory, and with which options; no time of the run."""
    stated = options.stated() if hasattr(options, "stated") else {}
    return {"name": "clerk-logscan", "version": __version__, "advisory": ADVISORY, "options": stated}
