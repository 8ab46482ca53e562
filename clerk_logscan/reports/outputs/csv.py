"""`.csv`: the findings for a spreadsheet; cells that it could run as formulas are guarded."""

from __future__ import annotations

from clerk_logscan.report import Report
from clerk_logscan.reports.inert import csv_cell
from clerk_logscan.schema import FINDING_COLUMNS


def render(report: Report) -> bytes:
    """Return the findings as UTF-8 CSV (quoted as in RFC 4180, lines end in LF); unknown values are empty."""
    rows = ([csv_cell(row.get(name)) for name in FINDING_COLUMNS] for row in report.data["findings"])
    return "".join(",".join(map(_quoted, row)) + "\n" for row in (FINDING_COLUMNS, *rows)).encode()


def _quoted(value: object) -> str:
    """Quote where a reader needs it; Python's csv leaves a lone CR bare, at which others end the row."""
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"\r\n') else text
