"""`.json`: the whole document, from which `clerk-logscan report` writes every other output again."""

from __future__ import annotations

from collections.abc import Iterator

from clerk_logscan.report import Report


def render(report: Report) -> Iterator[bytes]:
    """Yield the document as indented UTF-8 JSON with a newline at the end, in pieces."""
    yield from report.json_pieces()
    yield b"\n"
