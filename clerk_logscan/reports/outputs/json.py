"""`.json`: the whole document, from which `clerk-logscan report` writes every other output again."""

from __future__ import annotations

from clerk_logscan.report import Report


def render(report: Report) -> bytes:
    """Return the document as indented UTF-8 JSON with a newline at the end."""
    return report.to_json() + b"\n"
