"""The one frame: a row is a request as one log saw it; columns, types and meanings.

Public columns are what `convert` and `scan_logs` give. Internal columns begin with `_`, travel
beside them from parsing to the incident, and never leave the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import polars as pl

COLUMNS: Final[dict[str, pl.DataType]] = {
    "timestamp": pl.Datetime("us", "UTC"),  # when the server logged the request
    "client_ip": pl.String(),  # the log's own client field, no port, no brackets
    "forwarded_for": pl.String(),  # X-Forwarded-For as logged; its left entries are the sender's claim
    "method": pl.String(),
    "request_target": pl.String(),  # RFC 9112 request-target as the client sent it, nothing percent-decoded
    "protocol": pl.String(),
    "host": pl.String(),  # Host header or its nearest kin in that log
    "status": pl.Int32(),
    "upstream_status": pl.Int32(),  # of the last try
    "forwarded": pl.Boolean(),  # does the log show that the request went on: yes, no, or not told
    "bytes_sent": pl.Int64(),  # bytes, body where the log names both
    "duration": pl.Duration("us"),
    "user_agent": pl.String(),
    "referer": pl.String(),
    "request_id": pl.String(),
    "log_format": pl.String(),
    "source": pl.String(),  # the input as the user would name it
    "line_number": pl.Int64(),  # from 1
    "byte_offset": pl.Int64(),  # from 0, of the decompressed input
    "raw": pl.String(),  # the line as it stands; bytes that are no UTF-8 as \xHH
}

INTERNAL: Final[dict[str, pl.DataType]] = {
    "_ids": pl.List(pl.String()),  # every request or trace id of the line, request_id included
    "_fetch_site": pl.String(),  # Sec-Fetch-Site, where logged
    "_hint": pl.String(),  # what the log shows: one of definitions.SHOWS, or null
    "_hint_reason": pl.String(),  # the words of the definition's evidence, with the field's value
    "_non_ascii": pl.Boolean(),  # the target was sent with bytes above 0x7e or below 0x21: Node answers 400
    "_other_targets": pl.String(),  # what else the line may have meant, apart by blanks; the gravest counts
}

FRAME: Final[dict[str, pl.DataType]] = {**COLUMNS, **INTERNAL}

FINDING_COLUMNS: Final[tuple[str, ...]] = (
    "rule_id",
    "severity",
    "outcome",
    "timestamp",
    "client_ip",
    "method",
    "request_target",
    "host",
    "status",
    "target_host",
    "target_url",
    "target_kind",
    "user_agent",
    "referer",
    "request_id",
    "log_format",
    "source",
    "line_number",
    "byte_offset",
    "incident_id",
    "event_id",
    "raw",
)

# An input's row of the ledger, in the contract's order.
INPUT_COLUMNS: Final = (
    "source",
    "sha256",
    "bytes",
    "lines",
    "searched",
    "examined",
    "requests",
    "not_requests",
    "malformed",
    "suspicious_malformed",
    "log_formats",
    "first_timestamp",
    "last_timestamp",
    "gaps",
    "complete",
    "error",
)

# From the gravest down, the order in which users expect to see them.
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


@cache
def empty() -> pl.DataFrame:
    """Return a frame of no rows with every public and internal column."""
    return pl.DataFrame(schema=FRAME)


def conform(frame: pl.DataFrame, types: Mapping[str, pl.DataType] = FRAME) -> pl.DataFrame:
    """Return `frame` with every column of `types` in its order and type; absent ones are null.

    A text that does not fit its column's type becomes null: a field is right or missing, never wrong.
    """
    present = frame.schema
    absent = [_null(name, dtype) for name, dtype in types.items() if name not in present]
    other = [pl.col(n).cast(t, strict=False) for n, t in types.items() if n in present and present[n] != t]
    known = frame.with_columns(other) if other else frame
    return known.hstack([null.new_from_index(0, frame.height) for null in absent])[list(types)]


@cache
def _null(name: str, dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, [None], dtype=dtype)
