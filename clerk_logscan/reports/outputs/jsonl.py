"""`.jsonl`: a finding a line, with exactly the columns of a finding, exact when read back."""

from __future__ import annotations

from collections.abc import Iterator

from clerk_logscan.report import Report
from clerk_logscan.reports.inert import json_bytes
from clerk_logscan.schema import FINDING_COLUMNS


def render(report: Report) -> Iterator[bytes]:
    """Yield the findings as JSON objects, one a line; unknown values are null."""
    for row in report.data["findings"]:
        yield json_bytes({name: row.get(name) for name in FINDING_COLUMNS}) + b"\n"
