"""Read one input once: every line searched, the picked ones parsed, the ledger kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from clerk_logscan import log_sets, schema, silences
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.parser import Parsed, Parser
from clerk_logscan.readers.blocks import Batch, Line
from clerk_logscan.readers.scan import Scan
from clerk_logscan.silences import Point

Keep = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass
class Reading:
    """What one input held; `keep` chooses the parsed requests that stay in memory."""

    scan: Scan
    parser: Parser
    keep: Keep
    request_count: int = 0
    not_requests: int = 0
    _requests: list[pl.DataFrame] = field(default_factory=list)
    _unread: list[pl.DataFrame] = field(default_factory=list)
    _times: list[pl.Series] = field(default_factory=list)

    def add(self, parsed: Parsed) -> None:
        """Take what the parser made of some lines."""
        self.request_count += parsed.requests.height
        self.not_requests += parsed.not_requests
        self._unread.append(parsed.malformed)
        self._times.append(parsed.requests["timestamp"].drop_nulls())
        self._requests.append(self.keep(parsed.requests))

    @property
    def requests(self) -> pl.DataFrame:
        """Return the requests that were kept (schema.FRAME), each line once, in the order of the input."""
        return pl.concat([schema.empty(), *self._requests])

    @property
    def unread(self) -> pl.DataFrame:
        """Return what looks like a request and no format reads: line_number, byte_offset, raw."""
        return pl.concat([pl.DataFrame(schema=lines.SCHEMA), *self._unread])

    @property
    def times(self) -> pl.Series:
        """Return the times of what was parsed, sorted, each once."""
        empty = pl.Series("timestamp", dtype=schema.COLUMNS["timestamp"])
        return pl.concat([empty, *self._times]).unique().sort()

    def row(self) -> dict[str, Any]:
        """Return the input's row of the ledger by the contract's names; `_` keys are for the investigation."""
        scan, times = self.scan, self.times.to_list()
        malformed = sum(part.height for part in self._unread)
        return {
            "source": scan.source.name,
            "sha256": scan.sha256,
            "bytes": scan.bytes,
            "lines": scan.lines,
            "searched": scan.lines,
            "examined": self.request_count + self.not_requests + malformed,
            "requests": self.request_count,
            "not_requests": self.not_requests,
            "malformed": malformed,
            "suspicious_malformed": 0,
            "log_formats": dict(self.parser.log_formats),
            "first_timestamp": times[0] if times else None,
            "last_timestamp": times[-1] if times else None,
            "gaps": [],
            "complete": scan.complete,
            "error": scan.error,
            "_set": log_sets.name(scan.source.name),
            "_times": times,
            "_requestlike": malformed,
        }


def read(scan: Scan, parser: Parser, *, whole: bool, keep: Keep) -> Reading:
    """Read one input to its end; `whole` parses every line, else what was picked.

    Nothing is raised for bad input: what could not be read is said by `scan.complete` and `scan.error`.
    """
    reading = Reading(scan, parser, keep)
    detected = False
    for batch in scan:
        picked = lines.from_batch(batch)
        if not detected:
            parser.detect(picked)
            detected = True
        if whole or parser.needs_all:
            reading.add(parser.read(lines.from_block(batch.block)))
        else:
            _read_picked(reading, batch, picked)
    reading.add(parser.finish())
    return reading


def _read_picked(reading: Reading, batch: Batch, picked: pl.DataFrame) -> None:
    """Parse the picked lines of a batch, then those that decide the silences between them."""
    points: list[Point] = []
    asked: Sequence[Line] = batch.lines
    while asked:
        parsed = reading.parser.read(picked)
        reading.add(parsed)
        times = dict(parsed.requests.select("byte_offset", "timestamp").iter_rows())
        points += (Point(line.offset, line.number, times.get(line.offset)) for line in asked)
        points.sort(key=lambda point: point.offset)
        asked = silences.between(batch.block, points)
        picked = lines.from_batch(Batch(list(asked), batch.block))
