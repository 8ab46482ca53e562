"""Read inputs once: every line searched, the picked ones parsed, the ledger kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any, Final

import polars as pl

from clerk_logscan import log_sets, schema, silences
from clerk_logscan.near import Places
from clerk_logscan.packed import Packed
from clerk_logscan.parsing import lines, together
from clerk_logscan.parsing.parser import Parsed, Parser
from clerk_logscan.readers.blocks import Batch
from clerk_logscan.readers.scan import Scan
from clerk_logscan.waiting import Waiting
from clerk_logscan.window import Window

Keep = Callable[[pl.DataFrame], pl.DataFrame]

TOGETHER: Final = 8 << 20  # bytes of the blocks of small inputs that are parsed at once
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
    picked_only: bool = False  # of some blocks only the picked lines were parsed
    places: Places = field(default_factory=Places)
    held: Packed = field(default_factory=lambda: Packed(schema.empty()))  # what was kept
    _unread: Packed = field(default_factory=lambda: Packed(lines.none_unread()))
    _times: list[pl.Series] = field(default_factory=list)

    def add(self, parsed: Parsed) -> None:
        """Take what the parser made of some lines."""
        self.request_count += parsed.requests.height
        self.not_requests += parsed.not_requests
        self.malformed += parsed.malformed.height
        if not self.last:
            self._unread.add(parsed.malformed, among=parsed.malformed.height + parsed.requests.height)
            if self.scan.bytes >= LONG:
                self.places.add(parsed.requests)
        if not self.last and len(times := parsed.times["timestamp"]):
            self._times.append(times)
            if sum(map(len, self._times)) > TIMES:
                self._times = [self.times]
        if not parsed.requests.is_empty():
            self.held.add(self.keep(parsed.requests), among=parsed.requests.height)

    @property
    def needs_all(self) -> bool:
        """Whether every line must be parsed. What cannot be read again cannot be searched for the other lines of a
        request.
        """
        return self.parser.needs_all or (self.parser.settling.spans_lines and not self.scan.source.rereadable)

    @property
    def missed(self) -> bool:
        """Tell whether the input proved to be one that must be read whole, when some of it had been read otherwise."""
        return self.picked_only and self.needs_all

    @property
    def requests(self) -> pl.DataFrame:
        """Return the requests that were kept (schema.FRAME), each line once, in the order of the input."""
        return self.held.frame

    @property
    def unread(self) -> pl.DataFrame:
        """Return what looks like a request and no format reads (lines.UNREAD)."""
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


@dataclass
class Input:
    """An input to be read, of which `reading` takes what it held: `whole` parses every line, else what was picked, of
    which `apart` tells whether it may be one of two records of a request without the other.

    `told` is called after each block; `window` holds the last ones of an input that cannot be read again.
    """

    reading: Reading
    whole: bool = False
    apart: bool = False
    told: Callable[[Scan], None] = lambda scan: None
    window: Window | None = None


def read(one: Input) -> Reading:
    """Read one input to its end.

    Nothing is raised for bad input: what could not be read is said by `scan.complete` and `scan.error`.
    """
    [reading] = read_each([one])
    return reading


def read_each(inputs: Iterable[Input]) -> Iterator[Reading]:
    """Yield the same of each of some inputs; those of one small block that follow each other are parsed at once."""
    begun: list[_Pass] = []
    size = 0
    for one in inputs:
        begun.append(_Pass(one))
        size += begun[-1].size
        if size >= TOGETHER:
            yield from _ended(begun)
            begun, size = [], 0
    yield from _ended(begun)


def _ended(begun: Sequence[_Pass]) -> Iterator[Reading]:
    """Yield what the inputs hold of which the first blocks were read."""
    _settle([one for one in begun if not one.parser.settled])
    left = [(one, frame) for one in begun if (frame := one.rest()).height]
    for (one, frame), parsed in zip(left, together.read([(one.parser, frame) for one, frame in left]), strict=True):
        one.waiting.parsed(frame, parsed, end=True)
    for one in begun:
        one.reading.add(one.parser.finish())
        yield one.reading


def _settle(begun: Sequence[_Pass]) -> None:
    """Settle the parsers of inputs by the lines that were picked from the first block of each."""
    some = [(one, batch) for one in begun for batch in one.first]
    joined = lines.from_batch(Batch.joined(batch for _, batch in some))
    sizes = [len(batch.numbers) for _, batch in some]
    samples = [joined.slice(start, size) for start, size in zip(accumulate(sizes, initial=0), sizes, strict=False)]
    together.settle([(one.parser, sample) for (one, _), sample in zip(some, samples, strict=True)])
    for (one, batch), sample in zip(some, samples, strict=True):
        one.waiting.sample = batch, sample


class _Pass:
    """An input of which the `first` block, if there is one, is read."""

    def __init__(self, one: Input) -> None:
        self._input, self.reading, self.parser = one, one.reading, one.reading.parser
        self.parser.apart = one.apart
        self.waiting = Waiting(self.reading)
        self._batches = iter(self.reading.scan)
        self.first = list(islice(self._batches, 1))
        self.size = sum(len(batch.block) for batch in self.first)  # bytes
        self._hits = 0  # lines with the proxy path in the blocks taken

    def rest(self) -> pl.DataFrame:
        """Read to the end; return the lines of an only block that wait to be parsed: line_number, byte_offset, raw."""
        for batch in self.first:
            self._take(batch)
        self.first, several = [], False
        for batch in self._batches:
            self._take(batch)
            several = True
        if several:
            self.waiting.parse(end=True)
        return self.waiting.lines()

    def _take(self, batch: Batch) -> None:
        """Take what was picked of a block, or all of it."""
        one, scan = self._input, self.reading.scan
        self.reading.places.count(batch.block.offset, scan.hits - self._hits)
        self._hits = scan.hits
        if one.whole or self.reading.needs_all:
            self.reading.add(self.parser.read(lines.from_block(batch.block)))
        else:
            self.reading.picked_only = True
            self.waiting.take(batch)
        if one.window is not None:
            one.window.hold(batch.block)
        one.told(scan)
