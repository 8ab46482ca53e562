"""Blocks of whole lines, the lines picked out of them, and the cutting of a stream of bytes into blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, repeat
from typing import Final

BLOCK: Final = 4 << 20  # bytes; small enough that a few blocks stay in the processor's cache
# How Docker's json-file driver begins a line; one of its long lines is a piece of one.
DOCKER: Final = '{"log":"'
# How a syslog message begins that is told by its length in octets (RFC 6587, section 3.4.1), with no newline between.
FRAME: Final = re.compile(rb"([0-9]{1,7}) (?=<[0-9]{1,3}>)")
_BEHIND: Final = 16  # lines behind a piece of a line that are taken with it, so that the next piece is among them
# Bytes. A longer line is handed on in pieces, cut between two messages or JSON objects where that can be, and said.
LONGEST_LINE: Final = 16 << 20


@dataclass(slots=True)
class Line:
    """A line: `number` from 1, `offset` in bytes of the decompressed input, `data` without newline and CR."""

    number: int
    offset: int
    data: bytes


@dataclass
class Block:
    """Whole lines of an input, the last one perhaps without its newline.

    `buffer[start:end]` holds them; `offset` is that of the first byte in the decompressed input, `first_line` its
    line's number. `in_pieces` says that these bytes are a piece of a line longer than LONGEST_LINE. `utf16`: where the
    block begins in an input of that encoding, of which these bytes were made. `stored`: not held but read from their
    file where `data` is asked for, while the scan goes on.
    """

    buffer: bytes | bytearray
    start: int
    end: int
    offset: int
    first_line: int = 1
    in_pieces: bool = False
    utf16: int | None = None
    stored: bool = False

    def __len__(self) -> int:
        return self.end - self.start

    @cached_property
    def data(self) -> bytes:
        """The bytes of the block."""
        if type(self.buffer) is bytes and len(self.buffer) == len(self):
            return self.buffer
        return bytes(memoryview(self.buffer)[self.start : self.end])

    def followed(self, ends: Iterable[int], count: int = _BEHIND) -> set[int]:
        """Return where these lines end (after the newline, from the block's start), and `count` lines behind each."""
        found = last = set(ends)
        for _ in range(count):
            newlines = map(self.buffer.find, repeat(b"\n"), map(self.start.__add__, last), repeat(self.end))
            last = {at + 1 - self.start for at in newlines if at >= 0} - found
            found = found | last
        return found

    def line(self, start: int, number: int) -> Line:
        """Return the line that begins at `start` of the buffer; NUL bytes before it (copytruncate) are not text."""
        end = self.buffer.find(b"\n", start, self.end)
        data = bytes(self.buffer[start : self.end if end < 0 else end]).removesuffix(b"\r")
        text = data.lstrip(b"\0")
        return Line(number, self.offset + start - self.start + len(data) - len(text), text)


@dataclass
class Batch:
    """Lines picked out of an input, in its order: a number, from 1, and an offset, in bytes of the decompressed input,
    each; `data` holds them as they stand, each with a newline. `block`: the one that they are of, if any.
    """

    numbers: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    data: bytes = b""
    block: Block = field(default_factory=lambda: Block(b"", 0, 0, 0))

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Batch:
        """Return a batch of these lines."""
        held = list(lines)
        data = b"".join(line.data + b"\n" for line in held)
        return cls([line.number for line in held], [line.offset for line in held], data)

    @classmethod
    def joined(cls, batches: Iterable[Batch]) -> Batch:
        """Return one batch of the lines of all."""
        held = list(batches)
        numbers = chain.from_iterable(batch.numbers for batch in held)
        offsets = chain.from_iterable(batch.offsets for batch in held)
        return cls(list(numbers), list(offsets), b"".join(batch.data for batch in held))


def cut(chunks: Iterable[bytes], size: int = BLOCK, longest: int = LONGEST_LINE, offset: int = 0) -> Iterator[Block]:
    """Join `chunks` to blocks of about `size` bytes that end with a newline; the input's last line may lack it.

    A line longer than `longest` bytes comes in pieces (`in_pieces`). Runs of NUL bytes before a line are dropped
    without being held. Line numbers are left to the reader.
    """
    held: list[bytes] = []
    length, newlines = 0, False
    for chunk in chunks:
        head = chunk.find(b"\n") + 1 if len(chunk) >= size // 2 else 0
        if head:  # a large chunk is not copied: its first line ends what was held, the others are a block
            if length:
                seam = b"".join([*held, chunk[:head]])
                yield Block(seam, 0, len(seam), offset)
                offset += len(seam)
            start, end = head if length else 0, chunk.rfind(b"\n") + 1
            if start < end:
                yield Block(chunk, start, end, offset)
                offset += end - start
            held, length, newlines = [chunk[end:]], len(chunk) - end, False
            continue
        held.append(chunk)
        length += len(chunk)
        newlines = newlines or b"\n" in chunk
        if length < (size if newlines else longest):
            continue
        data = b"".join(held)
        end = data.rfind(b"\n") + 1
        if end:
            yield Block(data, 0, end, offset)
        elif data.strip(b"\0"):
            end = _piece(data)
            yield Block(data, 0, end, offset, in_pieces=True)
        else:
            end = len(data)
        offset += end
        held, length, newlines = [data[end:]], len(data) - end, b"\n" in data[end:]
    data = b"".join(held)
    end = data.rfind(b"\n") + 1
    if end:
        yield Block(data, 0, end, offset)
    if end < len(data):
        yield Block(data, end, len(data), offset + end)


def _piece(data: bytes) -> int:
    """Return where to cut a line that is too long: after the last whole message or JSON object, else at a blank, else
    anywhere.
    """
    half, end = len(data) // 2, _messages(data)
    if end > half:
        return end
    for mark, after in ((b"},{", 2), (b"}{", 1), (b" ", 1)):
        at = data.rfind(mark, half)
        if at >= 0:
            return at + after
    return len(data)


def _messages(data: bytes) -> int:
    """Return where the last whole message ends of those that are told by their lengths from the start on."""
    end = 0
    while (match := FRAME.match(data, end)) and match.end() + int(match[1]) <= len(data):
        end = match.end() + int(match[1])
    return end
