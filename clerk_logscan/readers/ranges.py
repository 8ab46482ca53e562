"""A plain file cut by byte ranges, so that its blocks are read and searched on every core.

Each range gives the lines that begin in it, so no worker needs to know what another found. Buffers are used again: what
a block holds is valid until the next one is asked for.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, LifoQueue
from typing import Final, Generic, TypeVar

from clerk_logscan.readers.blocks import BLOCK, LONGEST_LINE, Block
from clerk_logscan.readers.workers import in_order

_Out = TypeVar("_Out")

WORTH: Final = 2 * BLOCK  # bytes from which on a file is cut
_SLACK: Final = 64 << 10  # bytes read beyond a range for the end of its last line
# Bytes. The kernel copies to addresses that are no multiple of 16 or 32 three times slower on some processors (AMD Zen
# 3), and allocators put large buffers 16 bytes behind one.
_ALIGNMENT: Final = 64
_MORE: Final = 1 << 20  # bytes at a time where that was not enough


class Shrunk(OSError):
    """The file became shorter while it was read."""

    strerror = "it became shorter while it was read"


@dataclass
class Ranges(Generic[_Out]):
    """The first `size` bytes of the open `file`, cut; iterate once for `work` of each block and its index, in order.

    Ends early, with `too_long` set to its offset, at a line longer than LONGEST_LINE, which must be read otherwise.
    The iteration raises OSError.
    """

    file: int
    size: int
    work: Callable[[Block, int], _Out]
    too_long: int | None = None
    _free: LifoQueue[bytearray] = field(default_factory=LifoQueue)

    def __iter__(self) -> Iterator[_Out]:
        for buffer, block, result in in_order(self._range, range(-(-self.size // BLOCK))):
            if block is not None and block.end > block.start + LONGEST_LINE + BLOCK:
                self.too_long = block.offset
                return
            if result is not None:
                yield result
            self._free.put(buffer)

    def _range(self, index: int) -> tuple[bytearray, Block | None, _Out | None]:
        """Return the block of the lines that begin in a range, and what `work` makes of it."""
        try:
            buffer = self._free.get_nowait()
        except Empty:
            buffer = bytearray(2 * _ALIGNMENT + BLOCK + _SLACK)
        block = self._block(index, buffer)
        return buffer, block, self.work(block, index) if block and len(block) <= LONGEST_LINE + BLOCK else None

    def _block(self, index: int, buffer: bytearray) -> Block | None:
        """Read the lines that begin in a range; None where none does. One that is too long makes a block too long."""
        begin, base = index * BLOCK, _aligned(buffer)
        view = memoryview(buffer)
        filled = base + self._fill(begin, view[base : base + min(BLOCK + _SLACK, self.size - begin)])
        start = base
        if index:  # a line begins where a newline stands before it
            self._fill(begin - 1, view[base - 1 : base])
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
