"""The document's tables as polars frames: a fixed type a column, whatever the rows hold.

Times become `Datetime(us, UTC)`; a text that does not fit its column's type becomes null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from clerk_logscan.rows import Row, Rows
from clerk_logscan.schema import FINDING_COLUMNS, INPUT_COLUMNS, SEVERITIES

_TEXT, _TIME, _COUNT, _STATUS, _TEXTS = (
    pl.String(),
    pl.Datetime("us", "UTC"),
    pl.Int64(),
    pl.Int32(),
    pl.List(pl.String()),
)
_TIMES = {
    "timestamp": _TIME,
    "first_seen": _TIME,
    "last_seen": _TIME,
    "first_timestamp": _TIME,
    "last_timestamp": _TIME,
}
# Enums sort by what they mean, and compare so: `pl.col("severity") >= "high"`.
_SEVERITY = pl.Enum(SEVERITIES[::-1])
_OUTCOME = pl.Enum(["none", "not-vulnerable", "refused", "not-forwarded", "undetermined", "presumed-sent"])
_RANKS = {"severity": _SEVERITY, "outcome": _OUTCOME}
_NUMBERS = {"status": _STATUS, "line_number": _COUNT, "byte_offset": _COUNT}

_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"  # as docs/report.md writes times

_INCIDENT_COLUMNS = [
    "incident_id",
    "severity",
    "outcome",
    "first_seen",
    "last_seen",
    "events",
    "target_hosts",
    "target_kinds",
    "rule_ids",
    "attacker_clients",
    "lured_clients",
    "summary",
]
_TIMELINE_COLUMNS = [
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
]


def _types(columns: list[str] | tuple[str, ...], **special: pl.DataType) -> dict[str, pl.DataType]:
    known = _TIMES | _NUMBERS | _RANKS | special
    return {name: known.get(name, _TEXT) for name in columns}


_COUNTS = dict.fromkeys(
    ["bytes", "lines", "searched", "examined", "requests", "not_requests", "malformed", "suspicious_malformed"], _COUNT
)
_GAPS = pl.List(pl.Struct({"from": _TIME, "to": _TIME}))

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "findings": _types(FINDING_COLUMNS),
    "incidents": _types(
        _INCIDENT_COLUMNS,
        events=_COUNT,
        **dict.fromkeys(["target_hosts", "target_kinds", "rule_ids", "attacker_clients", "lured_clients"], _TEXTS),
    ),
    "timeline": _types(_TIMELINE_COLUMNS, hops=_TEXTS),
    "inputs": _types(INPUT_COLUMNS, complete=pl.Boolean(), gaps=_GAPS, **_COUNTS),
}


def frame(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    """Return the table `name` of the document as a frame of fixed columns and types.

    `log_formats` is a struct with a field a format that occurs in any input, null where it does not occur.
    """
    schema = dict(SCHEMAS[name])
    if name == "inputs":
        schema["log_formats"] = _format_counts(rows)
    if isinstance(rows, Rows):
        return rows.frame.select(_typed(column, dtype) for column, dtype in schema.items())
    return pl.DataFrame({column: _column(column, rows, dtype) for column, dtype in schema.items()})


def texts(rows: Sequence[Row], *names: str) -> pl.DataFrame:
    """Return these fields of the rows as text."""
    if isinstance(rows, Rows):
        return rows.frame.select(pl.col(name).cast(pl.String) for name in names)
    return pl.DataFrame([_column(name, rows, _TEXT).alias(name) for name in names])


def _typed(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column of the document's rows as a frame, in its type."""
    column = pl.col(name)
    if dtype == _TIME:
        return column.str.to_datetime(_FORMAT, time_unit="us", time_zone="UTC", strict=False)
    return column.cast(dtype, strict=False)


def _column(name: str, rows: Sequence[Row], dtype: pl.DataType) -> pl.Series:
    values = [row.get(name) for row in rows]
    if dtype == _TIME:
        return _times(values).alias(name)
    if dtype == _GAPS:
        return _gaps(values).alias(name)
    if dtype == _TEXT:
        values = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return pl.Series(name, values, dtype=dtype, strict=False)


def _times(values: list[Any]) -> pl.Series:
    texts = pl.Series(values, dtype=pl.String(), strict=False)
    return texts.str.to_datetime(_FORMAT, time_unit="us", time_zone="UTC", strict=False)


def _gaps(values: list[Any]) -> pl.Series:
    """Return a list of `{from, to}` a row, the texts made times."""
    texts = pl.List(pl.Struct({"from": pl.String(), "to": pl.String()}))
    lists = pl.Series("gaps", [value or [] for value in values], dtype=texts, strict=False)
    to_time = [
        pl.element().struct.field(key).str.to_datetime(_FORMAT, time_unit="us", time_zone="UTC")
        for key in ("from", "to")
    ]
    return pl.DataFrame({"gaps": lists}).select(pl.col("gaps").list.eval(pl.struct(to_time)).cast(_GAPS))["gaps"]


def _format_counts(rows: Sequence[Row]) -> pl.Struct:
    names = dict.fromkeys(name for row in rows for name in row.get("log_formats") or {})
    return pl.Struct(dict.fromkeys(names, _COUNT))
