"""Lines to a frame and through a Parser, as the tests of the parsing room need it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.library import load_definitions
from clerk_logscan.parsing.parser import Parsed, Parser

LIBRARY = load_definitions()


def frame_of(texts: Sequence[str]) -> pl.DataFrame:
    """Return lines as the reader gives them, numbered from 1, with their offsets."""
    sizes = [len(text.encode()) + 1 for text in texts]
    rows = {"line_number": range(1, len(texts) + 1), "byte_offset": [sum(sizes[:i]) for i in range(len(texts))]}
    return pl.DataFrame({**rows, "raw": texts}, schema=lines.SCHEMA)


def parse(texts: Sequence[str], block: int = 1 << 20) -> tuple[Parsed, Parser]:
    """Return what a Parser with every shipped format makes of the lines, given in blocks, and that Parser."""
    parser = Parser(LIBRARY, "test.log")
    frame = frame_of(texts)
    parser.detect(frame)
    parts = [*(parser.read(some) for some in frame.iter_slices(block)), parser.finish()]
    requests = pl.concat([part.requests for part in parts])
    malformed = pl.concat([part.malformed for part in parts])
    return Parsed(requests, sum(part.not_requests for part in parts), malformed), parser


def targets(texts: Sequence[str], block: int = 1 << 20) -> list[str | None]:
    """Return the request targets that a Parser reads."""
    return parse(texts, block)[0].requests["request_target"].to_list()
