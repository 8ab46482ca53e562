"""`.csv`: the findings for a spreadsheet; cells that it could run as formulas are guarded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from clerk_logscan.report import Report
from clerk_logscan.reports.inert import csv_cell
from clerk_logscan.schema import FINDING_COLUMNS

_ENDS_A_CELL = re.compile(r"[,\"\r\n]")


def render(report: Report) -> Iterator[bytes]:
    """Yield the findings as UTF-8 CSV (quoted as in RFC 4180, lines end in LF); unknown values are empty."""
    yield _line(FINDING_COLUMNS)
    for row in report.data["findings"]:
        yield _line(csv_cell(row.get(name)) for name in FINDING_COLUMNS)


def _line(cells: Iterable[object]) -> bytes:
    return (",".join(map(_quoted, cells)) + "\n").encode()


def _quoted(value: object) -> str:
    """Quote where a reader needs it; Python's csv leaves a lone CR bare, at which others end the row."""
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if _ENDS_A_CELL.search(text) else text
