"""Stories for the incident's tests: logs line by line, with the columns that parsing and the proxy's rules would give.

Targets are resolved for plain forms alone (`/__clerk//host/...`, `%2f` for a slash): the resolver has tests of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import polars as pl

from clerk_logscan import rules, schema
from clerk_logscan.destinations import DESTINATION_COLUMNS
from clerk_logscan.incident import investigate
from clerk_logscan.incident.times import micros

DAY = datetime(2026, 3, 30, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 Safari/537.36"
CURL = "curl/8.5.0"
KEY = "/__clerk//collect.evil.example/x"
INTERNAL = {"169.254.169.254": "metadata", "localhost": "loopback", "v1": "single-label", "npm": "single-label"}

FACTS: dict[str, dict[str, Any]] = {
    "cloudfront": {"hop": "edge", "best_effort": True, "hidden_by": None, "tells_forwarded": True},
    "aws_waf": {"hop": "edge", "best_effort": False, "hidden_by": None, "tells_forwarded": True},
    "alb": {"hop": "balancer", "best_effort": True, "hidden_by": None, "tells_forwarded": True},
    "vercel": {"hop": "platform", "best_effort": False, "hidden_by": None, "tells_forwarded": False},
    "nginx": {"hop": "proxy", "best_effort": False, "hidden_by": None, "tells_forwarded": False},
    "nginx_uri": {"hop": "proxy", "best_effort": False, "hidden_by": "$uri", "tells_forwarded": False},
    "haproxy": {"hop": "balancer", "best_effort": False, "hidden_by": None, "tells_forwarded": True, "zoned": False},
    "fastify": {"hop": "application", "best_effort": False, "hidden_by": None, "tells_forwarded": False},
}


def at(clock: str | datetime | None) -> datetime | None:
    """A time of the story's day, from `04:12:07` (or `04:12:07.5`)."""
    if clock is None or isinstance(clock, datetime):
        return clock
    hours, minutes, seconds = clock.split(":")
    return DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


@dataclass
class LogFile:
    """One input of a story."""

    source: str
    log_format: str
    set: str | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    ledger: dict[str, Any] = field(default_factory=dict)
    extra_times: list[datetime] = field(default_factory=list)

    def line(
        self, clock: str | datetime | None, client: str | None, target: str, status: int | None = 200, **more: Any
    ) -> None:
        """Add a request; `more` are columns of the frame."""
        row = {
            "timestamp": at(clock),
            "client_ip": client,
            "method": "GET",
            "request_target": target,
            "status": status,
            "source": self.source,
            "log_format": self.log_format,
            "line_number": len(self.rows) + 1,
            "byte_offset": len(self.rows) * 100,
            **resolved(target),
            **more,
        }
        if "raw" not in row:
            row["raw"] = f"{row['timestamp']} {client} {target} {status} {sorted(more)}"
        if row.get("request_id") and not row.get("_ids"):
            row["_ids"] = [row["request_id"]]
        self.rows.append(row)

    def covers(self, start: str, end: str, every: timedelta = timedelta(minutes=5)) -> LogFile:
        """Let the input hold lines, unlike any proxy-path request, from `start` to `end`."""
        moment, last = at(start), at(end)
        assert moment is not None and last is not None
        while moment < last:
            self.extra_times.append(moment)
            moment += every
        self.extra_times.append(last)
        return self

    def row(self) -> dict[str, Any]:
        """The input's row of the ledger."""
        times = sorted([row["timestamp"] for row in self.rows if row["timestamp"]] + self.extra_times)
        lines = len(self.rows) + len(self.extra_times)
        return {
            "source": self.source,
            "sha256": None,
            "bytes": 100 * lines,
            "lines": lines,
            "searched": lines,
            "examined": lines,
            "requests": lines,
            "not_requests": 0,
            "malformed": 0,
            "suspicious_malformed": 0,
            "log_formats": {self.log_format: lines} if lines else {},
            "first_timestamp": times[0] if times else None,
            "last_timestamp": times[-1] if times else None,
            "gaps": [],
            "complete": True,
            "error": None,
            "_times": [micros(time) for time in times],
            "_set": self.set,
            **self.ledger,
        }


class Story:
    """Logs, and what comes of them."""

    def __init__(self) -> None:
        self.logs: list[LogFile] = []

    def log(self, source: str, log_format: str = "nginx", set: str | None = None, **ledger: Any) -> LogFile:
        """Add an input; `ledger` are keys of its row."""
        self.logs.append(LogFile(source, log_format, set, ledger=ledger))
        return self.logs[-1]

    def frame(self) -> pl.DataFrame:
        """Every parsed request of all inputs."""
        types = {**schema.FRAME, **DESTINATION_COLUMNS}
        rows = [row for log in self.logs for row in log.rows]
        return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types, orient="row")

    def told(self, **options: Any) -> dict[str, Any]:
        """The report document."""
        observed = self.frame()
        settings = {"context": timedelta(minutes=10), "since": None, "until": None}
        settings |= {"vulnerable_from": None, "vulnerable_until": None, "key_rotated": None}
        times = {name: at(value) if isinstance(value, str) else value for name, value in options.items()}
        inputs = [log.row() for log in self.logs]
        return investigate(rules.apply(observed), observed, inputs, FACTS, SimpleNamespace(**(settings | times)))


def resolved(target: str) -> dict[str, Any]:
    """Destination columns for the plain forms that the stories use."""
    sent, later = _sent(target), _sent(unquote(target.partition("?")[0]))
    found = dict(sent)
    if later != sent:
        found |= {
            "decoded_matched": later["matched"],
            "decoded_host": later["target_host"],
            "decoded_kind": later["target_kind"],
            "decoded_off_host": later["off_host"],
            "decoded_refused": later["refused"],
        }
    return found


def _sent(target: str) -> dict[str, Any]:
    path = target.partition("?")[0]
    matched = path == "/__clerk" or path.startswith("/__clerk/")
    rest = path.removeprefix("/__clerk")
    host = rest[2:].partition("/")[0] if matched and rest.startswith("//") else None
    name = host.rpartition("@")[2] if host else None
    off_host = bool(name) and "%" not in (name or "")
    unresolvable = host is not None and not off_host
    return {
        "matched": matched,
        "target_host": name if off_host else "frontend-api.clerk.dev" if matched and host is None else None,
        "target_kind": INTERNAL.get(name or "", "public") if off_host else None,
        "off_host": off_host,
        "refused": "@" in (host or ""),
        "unresolvable": unresolvable,
        "crashes": unresolvable,
        "slashes": matched and "//" in rest,
    }
