"""Picked lines that wait to be parsed: a call of the parser costs as much as some thousands of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan import silences
from clerk_logscan.columns import firsts
from clerk_logscan.lookback import Lookback
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.parser import Parsed
from clerk_logscan.readers.blocks import Batch

if TYPE_CHECKING:
    from clerk_logscan.reading import Reading

TOGETHER: Final = 4 << 20  # bytes of picked lines that are parsed at once
HELD: Final = 64 << 20  # bytes of streams that are held meanwhile


class Waiting:
    """Picked lines of the last blocks of one input, which are parsed when they are enough."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lookback = Lookback(reading.scan.source)
        self._batches: list[Batch] = []
        self._size = 0  # bytes of their lines
        self._seen = 0  # batches of which the times were looked at
        self._last: pl.DataFrame | None = None  # the last timed line of those looked at, or parsed
        self.sample: tuple[Batch, pl.DataFrame] | None = None  # a batch, of which the lines were wanted before

    def take(self, batch: Batch) -> None:
        """Take the lines of a batch; parse what was gathered where it is enough."""
        self._batches.append(batch)
        self._size += len(batch.data)
        if not self._reading.last:
            self._lookback.hold(batch.block)
        held = self._lookback.size * self._reading.scan.beside >= HELD
        if self._size >= TOGETHER or (held and not self._let_go()):
            self.parse()

    def _let_go(self) -> bool:
        """Let go of the blocks held, unless a silence between the lines gathered may need them; tell whether it did.

        To see that takes a fraction of the time of parsing them, which can wait for more.
        """
        batch = Batch.joined(self._batches[self._seen :])
        frame = lines.from_batch(batch)
        times = self._reading.parser.times(frame)
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
        """Parse the lines that wait; at the `end` of the input these are its last."""
        frame = self.lines()
        if frame.is_empty():
            self._lookback.forget()
        else:
            self.parsed(frame, self._reading.parser.read(frame), end=end)

    def lines(self) -> pl.DataFrame:
        """Return the lines that wait, which then do so no longer: line_number, byte_offset, raw."""
        frame = self._picked()
        self._batches, self._size, self._seen = [], 0, 0
        return frame

    def parsed(self, frame: pl.DataFrame, parsed: Parsed, *, end: bool = False) -> None:
        """Take what the parser read of the lines `frame`, then what it reads of those that decide the silences between
        them; an earlier look told these.

        At the `end` of a small input no line may be left that could, or all be of the same minutes.
        """
        reading = self._reading
        reading.add(parsed)
        if reading.last or (end and frame.height == reading.scan.lines):
            return
        read, timed = [] if self._last is None else [self._last], parsed.times
        close = silences.are_close(pl.concat(one["timestamp"] for one in (*read, timed)))
        if close and end:
            return
        if close and (last := _last(frame, timed)).height:
            self._last = last
            self._lookback.forget()
            return
        while True:
            times = firsts(timed.drop_nulls("timestamp"), "line_number")
            read.append(frame.select("line_number", "byte_offset").join(times, on="line_number", how="left"))
            every = pl.concat(read)
            self._last = every.drop_nulls("timestamp").sort("line_number").tail(1)
            more = silences.between(self._lookback, every)
            if not more:
                break
            frame = lines.from_batch(Batch.of(more))
            parsed = reading.parser.read(frame)
            reading.add(parsed)
            timed = parsed.times
        self._lookback.forget()

    def _picked(self) -> pl.DataFrame:
        """Return the picked lines of the batches."""
        batch, frame = self.sample or (None, pl.DataFrame())
        self.sample = None
        return frame if self._batches == [batch] else lines.from_batch(Batch.joined(self._batches))


def _last(frame: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """Return the last of the lines `frame` of which `times` has one: line_number, byte_offset, timestamp."""
    timed = times.drop_nulls("timestamp")
    last = timed.filter(pl.col("line_number") == pl.col("line_number").max()).head(1)
    return frame.select("line_number", "byte_offset").join(last, on="line_number")
