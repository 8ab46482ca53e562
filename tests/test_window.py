"""Standard input cannot be read again: what a rolling window still holds of it gives the context of the findings."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import polars as pl

from clerk_logscan import window
from clerk_logscan.readers.blocks import Block
from clerk_logscan.window import Window

LINE = '203.0.113.77 - - [30/Mar/2026:04:{:02}:{:02} +0000] "GET {} HTTP/1.1" 200 5 "-" "curl/8"\n'


def test_context_comes_from_standard_input_as_from_a_file(
    process: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    text = (
        LINE.format(11, 40, "/robots.txt")
        + LINE.format(12, 7, "/__clerk//evil.example/x")
        + LINE.format(12, 9, "/after")
    )
    process("analyze", "-", "-o", "report.json", "-q", stdin=text)
    saved = process("report", "report.json", "-o", "-")
    assert saved.returncode == 0, saved.stderr
    result = process("analyze", "-", stdin=text)
    assert "/robots.txt" in result.stdout and "/after" in result.stdout


def test_a_window_holds_the_last_lines_at_their_own_numbers_and_offsets() -> None:
    held = Window("-")
    text = b"x" * 1023 + b"\n"
    blocks = 3 * window.SIZE // (1024 * 1024)
    for number in range(blocks):
        held.hold(Block(text * 1024, 0, 1024 * 1024, number * 1024 * 1024, number * 1024 + 1))
    assert window.SIZE <= held.size < window.SIZE + 1024 * 1024
    assert len(held.open().read()) == held.size
    first = blocks * 1024 - held.size // 1024
    frame = held.placed(pl.DataFrame({"line_number": [1], "byte_offset": [0]}))
    assert frame.row(0) == (first + 1, first * 1024)
