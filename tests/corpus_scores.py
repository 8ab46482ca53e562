"""Compare what the tool reads of a folder of tests/corpus with its expected.jsonl, field by field."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clerk_logscan as cl

Row = dict[str, Any]
Place = tuple[str, int]  # the file's name, and the line from 1
# What expected.jsonl calls a column, and the schema.
FIELDS = {
    "timestamp": "timestamp",
    "client_ip": "client_ip",
    "method": "method",
    "target": "request_target",
    "host": "host",
    "status": "status",
    "bytes_sent": "bytes_sent",
    "user_agent": "user_agent",
}
NO_EVENT = ("response", "continuation", "duplicate", "other", "header")
OWN = ("ABOUT.md", "expected.jsonl")


@dataclass
class Score:
    """Fields compared, and a sentence for each that is wrong."""

    fields: int = 0
    wrong: list[str] = field(default_factory=list)

    def compare(self, what: str, wanted: object, found: object, good: bool) -> None:
        """Count one field."""
        self.fields += 1
        if not good:
            self.wrong.append(f"{what}: {str(found)[:200]!r}, not {str(wanted)[:200]!r}")


def score(folder: Path, scratch: Path, **options: Any) -> Score:
    """Score one folder: the raw files are copied to `scratch`, which is then read with `options`, by default none."""
    shutil.copytree(folder, scratch, ignore=shutil.ignore_patterns(*OWN))
    expected = [json.loads(line) for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
    only = min((path.name for path in scratch.rglob("*") if path.is_file()), default="")
    rows = _by_place(cl.scan_logs(str(scratch), **options).collect().to_dicts())
    found = _by_place(cl.analyze(str(scratch), **options).findings.to_dicts())
    result = Score()
    indexes: dict[Place, list[int]] = defaultdict(list)
    for row in filter(_is_event, expected):
        indexes[_place(row, only)].append(row.get("index") or 0)
    for row in expected:
        place = _place(row, only)
        ahead = sum(index < (row.get("index") or 0) for index in indexes[place])
        read = rows[place][ahead:] if _is_event(row) or not indexes[place] else []
        _one(row, read[0] if read else None, found[place], f"{place[0]}:{place[1]}", result)
    return result


def _by_place(rows: list[Row]) -> defaultdict[Place, list[Row]]:
    found: defaultdict[Place, list[Row]] = defaultdict(list)
    for row in rows:
        found[Path(row["source"]).name, row["line_number"]].append(row)
    return found


def _place(row: Row, only: str) -> Place:
    return Path(row.get("file", only)).name, row["line"]


def _is_event(row: Row) -> bool:
    return bool(row["parsed"]) and row.get("role") not in NO_EVENT


def _one(row: Row, read: Row | None, findings: list[Row], place: str, result: Score) -> None:
    """Compare one expected row."""
    event, loose = _is_event(row), set(row.get("loose", ()))
    if event or "parsed" not in loose:
        result.compare(f"{place} read", event, read is not None, (read is not None) == event)
    if not event or read is None:
        return
    for name, column in FIELDS.items():
        if name not in loose:
            wanted = list(_wanted(row, name))
            result.compare(f"{place} {name}", wanted[0], read[column], _plain(name, read[column]) in wanted)
    if not row.get("ambiguous"):
        off_host = any(
            finding["rule_id"] == "off-host-target" and finding["request_target"] == read["request_target"]
            for finding in findings
        )
        result.compare(f"{place} finding", row["finding"], off_host, off_host == row["finding"])


def _wanted(row: Row, name: str) -> Iterator[object]:
    """Yield what a column may hold."""
    yield _plain(name, row.get(name))
    if row.get(f"{name}_alt") is not None:
        yield _plain(name, row[f"{name}_alt"])


def _plain(name: str, value: object) -> object:
    """Return a value as it is compared: times in UTC, hosts without case and port, nothing for nothing."""
    if value in (None, "", "-"):
        return None
    if name == "timestamp":
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        assert isinstance(moment, datetime)
        return moment.astimezone(UTC)
    return re.sub(r":\d+$", "", str(value).lower()) if name == "host" else value
