"""Read one input once: every line searched, the picked ones parsed, the ledger kept.

A call of the parser costs as much as some thousands of lines, so picked lines are gathered over many blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from clerk_logscan import log_sets, schema, silences
from clerk_logscan.columns import firsts
from clerk_logscan.lookback import Lookback
from clerk_logscan.near import Places
from clerk_logscan.packed import Packed
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.parser import Parsed, Parser
from clerk_logscan.readers.blocks import Batch
from clerk_logscan.readers.scan import Scan
from clerk_logscan.readers.workers import in_order
from clerk_logscan.window import Window

Keep = Callable[[pl.DataFrame], pl.DataFrame]

TOGETHER: Final = 16_384  # picked lines that are parsed at once
HELD: Final = 64 << 20  # bytes of streams that are held meanwhile
TIMES: Final = 1 << 17  # times of an input that are held before those that no silence needs are dropped
LONG: Final = 16 << 20  # bytes from which on of an input it is worth to know which part of it is of which time


@dataclass
class Reading:
    """What one input held; `keep` chooses the parsed requests that stay in memory."""

    scan: Scan
    parser: Parser
    keep: Keep
    last: bool = False  # what cannot be read was told by an earlier look: it is counted, not held
    request_count: int = 0
    malformed: int = 0
    not_requests: int = 0
    picked_only: bool = False  # of some blocks only the picked or the named lines were parsed
    places: Places = field(default_factory=Places)
    _requests: Packed = field(default_factory=lambda: Packed(schema.empty()))
    _unread: Packed = field(default_factory=lambda: Packed(lines.empty()))
    _times: list[pl.Series] = field(default_factory=list)

    def add(self, parsed: Parsed) -> None:
        """Take what the parser made of some lines."""
        self.request_count += parsed.requests.height
        self.not_requests += parsed.not_requests
        self.malformed += parsed.malformed.height
        if not self.last:
            self._unread.add(parsed.malformed)
            if self.scan.bytes >= LONG:
                self.places.add(parsed.requests)
        if not (self.last or parsed.requests.is_empty()):
            self._times.append(parsed.requests["timestamp"])
            if sum(map(len, self._times)) > TIMES:
                self._times = [self.times]
        if not parsed.requests.is_empty():
            self._requests.add(self.keep(parsed.requests))

    @property
    def missed(self) -> bool:
        """Tell whether the input proved to be one that must be read whole, when some of it had been read otherwise."""
        return self.picked_only and self.parser.needs_all

    @property
    def requests(self) -> pl.DataFrame:
        """Return the requests that were kept (schema.FRAME), each line once, in the order of the input."""
        return self._requests.frame

    @property
    def unread(self) -> pl.DataFrame:
        """Return what looks like a request and no format reads: line_number, byte_offset, raw."""
        return self._unread.frame

    def _unsaid(self) -> str | None:
        """Return what else is wrong with the input, as a sentence; or None."""
        name = self.scan.source.name
        if self.missed:
            several = "holds requests in several lines, of which not all were read"
            return f"{name} {several}: give it as a file, or use --full"
        if self.parser.hidden:
            many = f"{self.parser.hidden:,} records" if self.parser.hidden > 1 else "a record"
            return f"{name} holds {many} whose text it does not show: too long for its writer, or packed too large"
        return None

    def _guessed(self) -> list[str]:
        """Return the names of the guessed layouts that read lines of this input."""
        names = (guess.definition.name for guess in self.parser.guesses)
        return [name for name in names if self.parser.log_formats[name]]

    @property
    def times(self) -> pl.Series:
        """Return the times of what was parsed that a silence of six minutes begins or ends with, and some; sorted."""
        empty = pl.Series("timestamp", dtype=schema.COLUMNS["timestamp"])
        return silences.telling(pl.concat([empty, *self._times]))

    def row(self) -> dict[str, Any]:
        """Return the input's row of the ledger by the contract's names; `_` keys are for the investigation."""
        scan, times = self.scan, self.times
        return {
            "source": scan.source.name,
            "sha256": scan.sha256,
            "bytes": scan.bytes,
            "lines": scan.lines,
            "searched": scan.lines,
            "examined": self.request_count + self.not_requests + self.malformed,
            "requests": self.request_count,
            "not_requests": self.not_requests,
            "malformed": self.malformed,
            "suspicious_malformed": 0,
            "log_formats": dict(self.parser.log_formats),
            "first_timestamp": times.first(),
            "last_timestamp": times.last(),
            "gaps": [],
            "complete": scan.complete and not self.missed,
            "error": scan.error or self._unsaid(),
            "_set": log_sets.name(scan.source.name),
            "_times": times.cast(pl.Int64).to_list(),
            "_requestlike": self.malformed,
            "_guessed": self._guessed(),
        }


def read(
    scan: Scan,
    parser: Parser,
    *,
    whole: bool,
    keep: Keep,
    naming: Sequence[str] = (),
    told: Callable[[Scan], None] = lambda scan: None,
    window: Window | None = None,
    last: bool = False,
) -> Reading:
    """Read one input to its end; `whole` parses every line, else what was picked, or where there are texts in `naming`,
    what holds one of them.

    `told` is called after each block; `window` holds the last ones of an input that cannot be read again. `last`: see
    Reading.

    Nothing is raised for bad input: what could not be read is said by `scan.complete` and `scan.error`.
    """
    reading = Reading(scan, parser, keep, last)
    gathered, hits = _Gathered(reading), 0
    for batch, named in _named(scan, parser, () if whole or parser.needs_all else naming):
        reading.places.count(batch.block.offset, scan.hits - hits)
        hits = scan.hits
        if not parser.settled:
            gathered.sample = batch, lines.from_batch(batch)
            parser.settle(gathered.sample[1])
        if whole or parser.needs_all:
            reading.add(parser.read(lines.from_block(batch.block)))
        else:
            reading.picked_only = True
            gathered.take(batch, named)
        if window is not None:
            window.hold(batch.block)
        told(scan)
    gathered.parse(end=True)
    reading.add(parser.finish())
    return reading


def _named(scan: Scan, parser: Parser, texts: Sequence[str]) -> Iterator[tuple[Batch, pl.DataFrame | None]]:
    """Yield the batches, each with the lines of its block that hold one of `texts` and that `parser` does not know.

    With None where there are no texts. They may be thousands: to look for them takes half as long as to read the lines,
    and is done on every core.
    """

    def look(batch: Batch) -> tuple[Batch, pl.DataFrame]:
        frame = parser.unknown(lines.from_block(batch.block))
        return batch, frame.filter(frame["raw"].str.contains_any(list(texts)))

    return in_order(look, _held(scan)) if texts else ((batch, None) for batch in scan)


def _held(scan: Scan) -> Iterator[Batch]:
    """Yield the batches, the bytes of their blocks at hand: once the scan is at its end, they cannot be read again."""
    for batch in scan:
        batch.block.data  # noqa: B018
        yield batch


class _Gathered:
    """Picked or named lines of the last blocks, which are parsed when they are enough."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lookback = Lookback(reading.scan.source)
        self._batches: list[Batch] = []
        self._named: list[pl.DataFrame] = []
        self._count = 0
        self._seen = 0  # batches of which the times were looked at
        self._last: pl.DataFrame | None = None  # the last timed line of those looked at, or parsed
        self.sample: tuple[Batch, pl.DataFrame] | None = None  # a batch, of which the lines were wanted before

    def take(self, batch: Batch, named: pl.DataFrame | None) -> None:
        """Take the `named` lines of a batch, else those picked; parse what was gathered where it is enough."""
        if named is None:
            self._batches.append(batch)
        else:
            self._named.append(named)
        self._count += len(batch.numbers) if named is None else named.height
        if not self._reading.last:
            self._lookback.hold(batch.block)
        held = self._lookback.size * self._reading.scan.beside >= HELD
        if self._count >= TOGETHER or (held and not self._let_go()):
            self.parse()

    def _let_go(self) -> bool:
        """Let go of the blocks held, unless a silence between the lines gathered may need them; tell whether it did.

        To see that takes a fraction of the time of parsing them, which can wait for more.
        """
        batch = Batch.joined(self._batches[self._seen :])
        frame = lines.from_batch(batch)
        times = None if self._named else self._reading.parser.times(frame)
        if times is None:
            return False
        timed = frame.select("line_number", "byte_offset").with_columns(timestamp=times)
        if silences.undecided(timed if self._last is None else pl.concat([self._last, timed])):
            return False
        self._batches[self._seen :] = [batch]  # without its blocks
        self._last, self._seen = timed.tail(1), len(self._batches)
        self._lookback.forget()
        return True

    def parse(self, *, end: bool = False) -> None:
        """Parse the lines, then those that decide the silences between them; an earlier look told these.

        At the `end` of a small input no line may be left that could.
        """
        frame = pl.concat([*self._named, self._picked()])
        self._batches, self._named, self._count, self._seen = [], [], 0, 0
        if self._reading.last or (end and frame.height == self._reading.scan.lines):
            self._reading.add(self._reading.parser.read(frame))
            return
        read = [] if self._last is None else [self._last]
        while not frame.is_empty():
            parsed = self._reading.parser.read(frame)
            self._reading.add(parsed)
            times = firsts(parsed.requests.select("line_number", "timestamp").drop_nulls("timestamp"), "line_number")
            read.append(frame.select("line_number", "byte_offset").join(times, on="line_number", how="left"))
            every = pl.concat(read)
            more = silences.between(self._lookback, every)
            frame = lines.from_batch(Batch.of(more)) if more else frame.clear()
            self._last = every.drop_nulls("timestamp").sort("line_number").tail(1)
        self._lookback.forget()

    def _picked(self) -> pl.DataFrame:
        """Return the picked lines of the batches."""
        batch, frame = self.sample or (None, pl.DataFrame())
        self.sample = None
        return frame if self._batches == [batch] else lines.from_batch(Batch.joined(self._batches))
