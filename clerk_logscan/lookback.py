"""Looking back: the bytes between two lines of an input that were searched a while ago.

A plain file is read once more at that place; of a stream the last blocks are held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from clerk_logscan.readers.blocks import Block
from clerk_logscan.readers.sources import Source


class Point(NamedTuple):
    """A line that was read: its number, where it begins, and its time where it has one."""

    number: int
    offset: int
    time: datetime | None


@dataclass
class Lookback:
    """Gives bytes of `source` again; `hold` takes each of its blocks, in order."""

    source: Source
    _held: list[_Held] = field(default_factory=list)
    _rereadable: bool = False

    def hold(self, block: Block) -> None:
        """Take a block whose lines may be asked for."""
        if block.stored:
            self._rereadable = True
        else:
            self._held.append(_Held(block))

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return sum(len(held.block) for held in self._held)

    def forget(self) -> None:
        """Let go of what is held but the last block, whose last lines may be asked for together with the next."""
        del self._held[:-1]

    def between(self, first: Point, last: Point) -> bytes:
        """Return the lines from `first` on and before `last`; nothing where they cannot be had any more."""
        parts = [held.lines(first.number, last.number) for held in self._held]
        if any(parts):
            return b"".join(parts)
        return self._read(first.offset, last.offset) if self._rereadable else b""

    def _read(self, start: int, end: int) -> bytes:
        """Return bytes of the plain file; fewer where it has shrunk meanwhile."""
        try:
            with self.source.open() as stored:
                stored.seek(start)
                return stored.read(max(0, end - start))
        except OSError:
            return b""


@dataclass
class _Held:
    """A block that stays, and where its lines begin."""

    block: Block

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(line) + 1 for line in self.block.data.split(b"\n")), initial=0))

    def lines(self, first: int, end: int) -> bytes:
        """Return the lines of the block from number `first` on and before number `end`."""
        first, end = max(0, first - self.block.first_line), end - self.block.first_line
        if end <= 0 or first >= len(self._starts):
            return b""
        return self.block.data[self._starts[first] : self._starts[min(end, len(self._starts) - 1)]]
