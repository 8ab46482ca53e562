"""`.timesketch.jsonl`: a flat row a log line, and what else happened, for Timesketch; names as plaso gives them.

Mandatory fields: https://timesketch.org/guides/user/import-from-json-csv/. Names: plaso's `apache:access:line`.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from clerk_logscan.report import Report
from clerk_logscan.reports import words
from clerk_logscan.reports.inert import json_bytes
from clerk_logscan.rows import Row, lacking, ordered

if TYPE_CHECKING:
    import polars as pl

_LONGEST = 32_765  # bytes; OpenSearch refuses a keyword of 32,766 and more, and with it the whole event
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_NAMES = {
    "client_ip": "ip_address",
    "status": "http_response_code",
    "user_agent": "http_request_user_agent",
    "referer": "http_request_referer",
    "host": "server_name",
}
_AS_THEY_ARE = (
    "rule_id",
    "severity",
    "outcome",
    "target_host",
    "target_url",
    "target_kind",
    "request_id",
    "log_format",
    "source",
    "line_number",
    "byte_offset",
    "incident_id",
    "event_id",
    "raw",
)


def render(report: Report) -> Iterator[bytes]:
    """Yield a JSON object a line, flat but for `tag`, a list of texts; every value under 32,766 bytes.

    A row without a time stands at the epoch as `Not a time`, as plaso does it.
    """
    findings = map(_finding, _in_time_order(report.data["findings"]))
    moments = map(_moment, _in_time_order(lacking(report.data["timeline"], "kind", "finding")))
    for row in heapq.merge(findings, moments, key=lambda row: row["timestamp"]):
        yield json_bytes(_short(row)) + b"\n"


def _in_time_order(rows: Sequence[Row]) -> Sequence[Row]:
    """Return rows of the document in the order of time, those without one first."""
    return ordered(rows, lambda row: _micros(_time(row)), _stamp)


def _stamp() -> list[pl.Expr]:
    import polars as pl

    return [pl.col("timestamp").fill_null("")]


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    request = f"{row.get('method') or '-'} {row.get('request_target') or '-'}"
    host = f" to {row['target_host']}" if row.get("target_host") else ""
    said = f"{words.outcome(row.get('outcome'))}{host}: {request} from {row.get('client_ip') or '-'}"
    message = f"{said}, answered {row.get('status') or '-'} [{row.get('rule_id')}]"
    tags = ["clerk-logscan", row.get("rule_id"), row.get("severity"), row.get("outcome")]
    return _timed(row, message, "Recorded Time") | {"tag": [tag for tag in tags if tag]} | _fields(row)


def _moment(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row for another request of the same clients, or for an outage, a gap, a release."""
    kind = str(row.get("kind") or "")
    if kind == "context":
        request = f"{row.get('method') or '-'} {row.get('request_target') or '-'}"
        message = f"other request of this client: {request} from {row.get('client_ip') or '-'}"
    else:
        message = f"{kind}: {row.get('text') or ''}"
    description = "Recorded Time" if kind == "context" else kind.capitalize()
    return _timed(row, message, description) | {"tag": ["clerk-logscan", kind]} | _fields(row)


def _timed(row: dict[str, Any], message: str, description: str) -> dict[str, Any]:
    moment = _time(row)
    return {
        "message": message,
        "datetime": moment.isoformat(timespec="microseconds"),
        "timestamp": _micros(moment),
        "timestamp_desc": description if row.get("timestamp") else "Not a time",
        "data_type": "clerk:logscan:line",
    }


def _time(row: dict[str, Any]) -> dt.datetime:
    """Return a row's time, the epoch where it has none."""
    time = row.get("timestamp")
    return dt.datetime.fromisoformat(str(time).replace("Z", "+00:00")) if time else _EPOCH


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if row.get("request_target") is not None:
        fields["http_request"] = f"{row.get('method') or '-'} {row['request_target']}"
    fields |= {new: row.get(name) for name, new in _NAMES.items()} | {name: row.get(name) for name in _AS_THEY_ARE}
    return {name: value for name, value in fields.items() if value is not None}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _cut(value) if isinstance(value, str) else value for name, value in row.items()}


def _cut(text: str) -> str:
    data = text.encode()
    return text if len(data) <= _LONGEST else data[: _LONGEST - 3].decode(errors="ignore") + "…"
