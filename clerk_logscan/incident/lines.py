"""A line: one request as one log saw it, with what the incident needs to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

import polars as pl

from clerk_logscan.incident import addresses

if TYPE_CHECKING:
    from clerk_logscan.incident.logs import Log

# Column of the frame: attribute of a Line, in the order of its fields.
_COLUMNS: Final = {
    "source": "source",
    "line_number": "number",
    "byte_offset": "offset",
    "timestamp": "time",
    "client_ip": "client_ip",
    "forwarded_for": "forwarded_for",
    "method": "method",
    "request_target": "target",
    "host": "host",
    "status": "status",
    "bytes_sent": "size",
    "duration": "duration",
    "user_agent": "agent",
    "referer": "referer",
    "log_format": "log_format",
    "_ids": "ids",
    "_fetch_site": "fetch_site",
    "_hint": "hint",
    "_hint_reason": "hint_reason",
    "_non_ascii": "raw_bytes",
    "rule_id": "rule_id",
    "severity": "severity",
    "target_host": "target_host",
    "target_url": "target_url",
    "target_kind": "target_kind",
    "refused": "refused",
    "decoded_refused": "decoded_refused",
    "crashes": "crashes",
    "_row": "row",
}

OFF_HOST: Final = "off-host-target"
DECODED: Final = "off-host-after-decoding"
UNRESOLVABLE: Final = "unresolvable-target"
CLIENT_BUG: Final = "client-double-slash"
DOUBLE_SLASH: Final = "double-slash"


@dataclass(slots=True, eq=False)
class Line:
    """One request in one log. Times and durations in microseconds; addresses and hosts as logged."""

    source: str
    number: int | None
    offset: int | None
    time: int | None
    client_ip: str | None
    forwarded_for: str | None
    method: str | None
    target: str | None
    host: str | None
    status: int | None
    size: int | None
    duration: int | None
    agent: str | None
    referer: str | None
    log_format: str | None
    ids: list[str] | None
    fetch_site: str | None
    hint: str | None
    hint_reason: str | None
    raw_bytes: bool | None
    rule_id: str | None
    severity: str | None
    target_host: str | None
    target_url: str | None
    target_kind: str | None
    refused: bool | None
    decoded_refused: bool | None
    crashes: bool | None
    row: int | None
    log: Log = field(default=None, repr=False)  # type: ignore[assignment]  # set as soon as the logs are known

    @property
    def client(self) -> str | None:
        """Return the log's own client field in its one spelling."""
        return addresses.normal(self.client_ip)

    @property
    def forwards(self) -> tuple[str, ...]:
        """Return the addresses of `X-Forwarded-For`, the sender's claim first."""
        return addresses.entries(self.forwarded_for)

    @property
    def place(self) -> str:
        """Return where the line stands, as a person looks it up: `access.log:88213`."""
        return f"{self.source}:{self.number}" if self.number is not None else self.source


def read(frame: pl.DataFrame) -> list[Line]:
    """Return a Line a row of `frame`, in its order; columns that it lacks are null."""
    return list(_rows(frame))


def _rows(frame: pl.DataFrame) -> Iterator[Line]:
    columns = [pl.col(name) if name in frame.columns else pl.lit(None).alias(name) for name in _COLUMNS]
    plain = frame.select(columns).with_columns(
        pl.col("timestamp").cast(pl.Datetime("us")).dt.epoch("us"),
        pl.col("duration").cast(pl.Duration("us")).cast(pl.Int64),
    )
    row: tuple[Any, ...]
    for row in plain.iter_rows():
        yield Line(*row)


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
