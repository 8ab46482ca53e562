"""A scan: one input read to its end, every byte searched, the lines of interest picked, and a ledger kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import BinaryIO

from clerk_logscan.readers.blocks import Batch, Block, Line, cut
from clerk_logscan.readers.compression import PIECE, Broken, Trailing, unpacked
from clerk_logscan.readers.encodings import MARK_SIZE, as_utf8, utf16_size
from clerk_logscan.readers.pick import Picked, pick
from clerk_logscan.readers.search import Mood, Search
from clerk_logscan.readers.sources import Source

__all__ = ["Batch", "Block", "Line", "Scan"]


class Scan:
    """Iterate once over its batches, one a block, in file order; afterwards, or meanwhile, read its ledger.

    read       stored bytes read so far
    bytes      decompressed bytes that were read and searched
    lines      lines, the last one counted with or without its newline
    hits       lines that hold a proxy path
    sha256     of the stored bytes, lower-case hexadecimal; None without `digest`
    complete   whether the input was read to its end
    error      a sentence about the input where something is wrong with it; may stand beside `complete`

    `search` may be replaced while iterating; blocks already under way keep the old one. `stop`, when set, ends the scan
    within a block. Nothing is raised for bad input.
    """

    def __init__(
        self,
        source: Source,
        search: Search | None,
        *,
        digest: bool = False,
        whole: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.source, self.search, self.whole = source, search or Search(()), whole
        self.read = self.bytes = self.lines = self.hits = 0
        self.sha256: str | None = None
        self.complete = False
        self.error: str | None = None
        self._stop = stop or threading.Event()
        self._hash = hashlib.sha256() if digest else None
        self._mood = Mood()
        self._open_line = False  # the last block ended inside a line

    def __iter__(self) -> Iterator[Batch]:
        try:
            with self.source.open() as stored:
                yield from self._batches(stored)
            self.complete = not self._stop.is_set()
        except Trailing as error:
            self.complete = True
            self._say(str(error))
        except Broken as error:
            self._say(str(error))
        except OSError as error:
            self._say(f"cannot be read: {(error.strerror or str(error)).lower()}")
        if self._stop.is_set() and not self.complete:
            self._say("was not read to its end: stopped")
        self.lines += self._open_line
        if self._hash:
            self.sha256 = self._hash.hexdigest()

    def _batches(self, stored: BinaryIO) -> Iterator[Batch]:
        failure: list[Broken] = []
        text, encoding = as_utf8(_until_broken(unpacked(self._chunks(stored)), failure))
        base = MARK_SIZE if encoding else 0
        for block in cut(text):
            if self._stop.is_set():
                return
            picked = pick(block, self.search, self._mood, first=self.lines == 0, whole=self.whole)
            if encoding:
                base = _in_utf16(picked, base)
            yield self._kept(picked)
        if failure:
            raise failure[0]

    def _chunks(self, stored: BinaryIO) -> Iterator[bytes]:
        """Yield the stored bytes, hashed on the way."""
        while not self._stop.is_set() and (chunk := stored.read(PIECE)):
            self.read += len(chunk)
            if self._hash:
                self._hash.update(chunk)
            yield chunk

    def _kept(self, picked: Picked) -> Batch:
        """Enter a block into the ledger and return its batch."""
        block = picked.block
        picked.place(self.lines + 1)
        self.bytes += len(block)
        self.lines += picked.newlines
        self.hits += picked.hits
        self._open_line = not block.buffer.endswith(b"\n", block.start, block.end)
        if block.in_pieces:
            self._say(f"holds a line (number {self.lines + 1}) of more than 16 MiB, which was read in pieces")
        return Batch(picked.lines, block)

    def _say(self, what: str) -> None:
        """Set the error, the first one that is met."""
        self.error = self.error or f"{self.source.name} {what}"


def _until_broken(chunks: Iterator[bytes], failure: list[Broken]) -> Iterator[bytes]:
    """Yield `chunks`; where they break, end them as if they were whole and keep the failure for later."""
    try:
        yield from chunks
    except Broken as error:
        failure.append(error)


def _in_utf16(picked: Picked, base: int) -> int:
    """Let the offsets of lines be those of the UTF-16 text, with the block at `base`; return where the next begins."""
    block, at = picked.block, picked.block.start
    offset, begins = base, block.offset - block.start
    for line in picked.lines:
        start = line.offset - begins
        offset += utf16_size(bytes(block.buffer[at:start]))
        at, line.offset = start, offset
    return offset + utf16_size(bytes(block.buffer[at : block.end]))
