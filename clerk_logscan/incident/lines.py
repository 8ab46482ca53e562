"""Lines: the requests as single logs saw them, as a frame with what the incident needs to know; a Line for joining."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

import polars as pl

from clerk_logscan.incident import addresses

if TYPE_CHECKING:
    from clerk_logscan.incident.logs import Log, Logs

# Columns of the frame of lines. Times and durations in microseconds; addresses and hosts as logged.
COLUMNS: Final[dict[str, pl.DataType]] = {
    "source": pl.String(),
    "line_number": pl.Int64(),
    "byte_offset": pl.Int64(),
    "time": pl.Int64(),
    "client_ip": pl.String(),
    "forwarded_for": pl.String(),
    "method": pl.String(),
    "request_target": pl.String(),
    "host": pl.String(),
    "status": pl.Int64(),
    "bytes_sent": pl.Int64(),
    "duration": pl.Int64(),
    "user_agent": pl.String(),
    "referer": pl.String(),
    "log_format": pl.String(),
    "_ids": pl.List(pl.String()),
    "_fetch_site": pl.String(),
    "_hint": pl.String(),
    "_hint_reason": pl.String(),
    "_non_ascii": pl.Boolean(),
    "rule_id": pl.String(),
    "severity": pl.String(),
    "target_host": pl.String(),
    "target_kind": pl.String(),
    "refused": pl.Boolean(),
    "decoded_refused": pl.Boolean(),
    "crashes": pl.Boolean(),
    "_row": pl.Int64(),
}

OFF_HOST: Final = "off-host-target"
DECODED: Final = "off-host-after-decoding"
UNRESOLVABLE: Final = "unresolvable-target"
CLIENT_BUG: Final = "client-double-slash"


def table(frame: pl.DataFrame, logs: Logs) -> pl.DataFrame:
    """Return the lines of parsed requests in their order, and `log`, the place of each one's log in `logs.all`.

    Columns that `frame` lacks are null.
    """
    timed = frame.with_columns(
        pl.col("timestamp").cast(pl.Datetime("us")).dt.epoch("us").alias("time"),
        pl.col("duration").cast(pl.Duration("us")).cast(pl.Int64),
    )
    columns = (
        pl.col(name).cast(dtype) if name in timed.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in COLUMNS.items()
    )
    return timed.select(*columns, logs.numbers(timed).alias("log"))


def place() -> pl.Expr:
    """Return where a line stands, as a person looks it up: `access.log:88213`."""
    numbered = pl.concat_str("source", pl.lit(":"), pl.col("line_number").cast(pl.String))
    return pl.coalesce(numbered, "source")


def reported() -> pl.Expr:
    """Return whether a rule reports a line."""
    return pl.col("rule_id").is_not_null()


@dataclass(slots=True, eq=False)
class Line:
    """A line of several logs' lines, for finding out which of them are one request; `row` is its place in the frame."""

    row: int
    log: Log
    time: int | None
    client_ip: str | None
    forwarded_for: str | None
    method: str | None
    target: str | None
    duration: int | None
    ids: list[str] | None

    @property
    def client(self) -> str | None:
        """Return the log's own client field in its one spelling."""
        return addresses.normal(self.client_ip)

    @property
    def forwards(self) -> tuple[str, ...]:
        """Return the addresses of `X-Forwarded-For`, the sender's claim first."""
        return addresses.entries(self.forwarded_for)


def read(lines: pl.DataFrame, logs: Logs) -> list[Line]:
    """Return a Line a row of the frame `lines`, in its order."""
    columns = ("time", "client_ip", "forwarded_for", "method", "request_target", "duration", "_ids")
    rows = lines.select("log", *columns).iter_rows()
    return [Line(row, logs.all[log], *fields) for row, (log, *fields) in enumerate(rows)]


@lru_cache(maxsize=65536)
def plain(target: str) -> str:
    """Return a request target in origin form: an absolute one (an HTTP/2 front's) loses scheme and authority."""
    head, separator, rest = target.partition("://")
    if not separator or "/" in head or "?" in head or not head.isalpha():
        return target
    slash = rest.find("/")
    return rest[slash:] if slash >= 0 else "/"


@lru_cache(maxsize=65536)
def decoded(target: str) -> frozenset[str]:
    """Return `target` percent-decoded exactly once: its path alone (what proxies do), and the whole of it."""
    if "%" not in target:
        return frozenset()
    path, mark, query = target.partition("?")
    forms = {_unquote(path) + mark + query, _unquote(target)}
    return frozenset(forms - {target})


@lru_cache(maxsize=65536)
def normalised(target: str) -> str:
    """Return the path as a server normalises it (decoded, slashes merged, no query): all that a `$uri` field keeps."""
    path = _unquote(target.partition("?")[0])
    while "//" in path:
        path = path.replace("//", "/")
    return path


def _unquote(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "backslashreplace")
