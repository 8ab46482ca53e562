"""A plain file cut by byte ranges, so that its blocks are read and searched on every core.

Each range gives the lines that begin in it, so no worker needs to know what another found. Every thread reads into one
buffer of its own, again and again; the bytes of a block are read anew where somebody asks for them later.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from clerk_logscan.readers.blocks import BLOCK, LONGEST_LINE, Batch, Block
from clerk_logscan.readers.pick import Picked
from clerk_logscan.readers.workers import in_order

WORTH: Final = 2 * BLOCK  # bytes from which on a file is cut
_TOGETHER: Final = 4  # ranges that one thread takes at a time, but at the beginning, so that parsing can begin, too
_AHEAD: Final = 16  # results, small as they are, that wait while others are parsed
_SLACK: Final = 64 << 10  # bytes read beyond a range for the end of its last line
# Bytes. The kernel copies to addresses that are no multiple of 16 or 32 three times slower on some processors (AMD Zen
# 3), and allocators put large buffers 16 bytes behind one.
_ALIGNMENT: Final = 64
_MORE: Final = 1 << 20  # bytes at a time where that was not enough


class Shrunk(OSError):
    """The file became shorter while it was read."""

    strerror = "it became shorter while it was read"


@dataclass
class Ranges:
    """The first `size` bytes of the open `file`, cut; iterate once for what `pick` makes of each block and its index.

    Ends early, with `too_long` set to its offset, at a line longer than LONGEST_LINE, which must be read otherwise.
    The iteration raises OSError; `lost` is called where the bytes of a block are asked for and no longer there.
    `unread` tells of a range, by its index, how many newlines the block has that need not be read; None: it must be.
    """

    file: int
    size: int
    pick: Callable[[Block, int], Picked]
    lost: Callable[[], None]
    unread: Callable[[int], int | None] = lambda index: None
    too_long: int | None = None
    _local: threading.local = field(default_factory=threading.local)

    def __iter__(self) -> Iterator[Picked]:
        for several, too_long in in_order(self._several, self._spans(), _AHEAD):
            yield from several
            if too_long is not None:
                self.too_long = too_long
                return

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Yield where the ranges begin and end that one thread takes at a time."""
        at = 0
        while at < self.size:
            end = at + (BLOCK if at < _TOGETHER * BLOCK else _TOGETHER * BLOCK)
            yield at, min(end, self.size)
            at = end

    def _several(self, span: tuple[int, int]) -> tuple[list[Picked], int | None]:
        """Return what is picked of the blocks of some ranges, up to a line that is too long, and where it begins."""
        found: list[Picked] = []
        for at in range(*span, BLOCK):
            newlines = self.unread(at // BLOCK)
            if newlines is not None:
                found.append(Picked(Batch(block=_Stored(self, at, 0)), newlines, 0, open_line=False))
                continue
            block = self._block(at, self._buffer)
            if block is None:
                continue
            if len(block) > LONGEST_LINE + BLOCK:
                return found, block.offset
            picked = self.pick(block, at // BLOCK)
            picked.batch.block = _Stored(self, block.offset, len(block))
            found.append(picked)
        return found, None

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the file once more; fewer where it has shrunk meanwhile."""
        parts = []
        while size and (part := os.pread(self.file, size, offset)):
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        if size:
            self.lost()
        return b"".join(parts)

    @property
    def _buffer(self) -> bytearray:
        """The buffer of this thread."""
        if not hasattr(self._local, "buffer"):
            self._local.buffer = bytearray(2 * _ALIGNMENT + BLOCK + _SLACK)
        buffer: bytearray = self._local.buffer
        return buffer

    def _block(self, begin: int, buffer: bytearray) -> Block | None:
        """Read the lines that begin in a range; None where none does. One that is too long makes a block too long."""
        base = _aligned(buffer)
        lead = 1 if begin else 0  # a line begins where a newline stands before it
        size = lead + min(BLOCK + _SLACK, self.size - begin)
        filled = base - lead + self._fill(begin - lead, memoryview(buffer)[base - lead : base - lead + size])
        start = base
        if begin:
            start = buffer.find(b"\n", base - 1, min(base - 1 + BLOCK, filled)) + 1
        if not start or start == filled:
            return None
        end = buffer.find(b"\n", base + BLOCK - 1, filled) + 1
        while not end and begin + filled - base < self.size:
            if filled - start > LONGEST_LINE + BLOCK:
                break
            more = bytearray(min(_MORE, self.size - begin - filled + base))
            self._fill(begin + filled - base, memoryview(more))
            buffer = buffer[:filled] + more  # a buffer of its own: the shared one keeps its size
            end = buffer.find(b"\n", filled) + 1
            filled = len(buffer)
        return Block(buffer, start, end or filled, begin + start - base)

    def _fill(self, at: int, view: memoryview) -> int:
        """Read from `at` of the file until `view` is full; return its length."""
        done = 0
        while done < len(view):
            count = os.preadv(self.file, [view[done:]], at + done)
            if not count:
                raise Shrunk
            done += count
        return len(view)


def _aligned(buffer: bytearray) -> int:
    """Return the first place in `buffer`, not the very first, whose address is a multiple of _ALIGNMENT."""
    return 1 + -(ctypes.addressof(ctypes.c_char.from_buffer(buffer)) + 1) % _ALIGNMENT


class _Stored(Block):
    """A block whose bytes lie in the file, and are read again where they are asked for."""

    def __init__(self, ranges: Ranges, offset: int, size: int) -> None:
        super().__init__(b"", 0, size, offset, stored=True)
        self._ranges = ranges

    @cached_property
    def data(self) -> bytes:
        """The bytes of the block."""
        return self._ranges.bytes_at(self.offset, len(self))
