"""A scan: one input read to its end, every byte searched, the lines of interest picked, and a ledger kept."""

from __future__ import annotations

import hashlib
import os
import select
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Final

from clerk_logscan.readers.blocks import BLOCK, Batch, Block, Line, cut
from clerk_logscan.readers.compression import (
    FINE,
    FINEST_PIECE,
    OUTPUT,
    PIECE,
    Broken,
    Damaged,
    Trailing,
    kind_of,
    unpacked,
)
from clerk_logscan.readers.encodings import MARK_SIZE, as_utf8, encoding_of, utf16_size
from clerk_logscan.readers.pick import Picked, pick
from clerk_logscan.readers.ranges import WORTH, Ranges, Shrunk
from clerk_logscan.readers.search import Mood, Search
from clerk_logscan.readers.sources import Source
from clerk_logscan.readers.workers import ahead, in_order

__all__ = ["Batch", "Block", "Line", "Scan", "everything"]

STOPPED: Final = "stopped"  # how the error of an input ends that the user stopped
_TELLING: Final = 64 << 10  # bytes from which on a block shows what is frequent in its input
_LARGE: Final = 1 << 20  # stored bytes from which on a thread pays that inflates while others parse
_AHEAD: Final = 16  # blocks of such a stream that wait to be parsed
_POLL: Final = 0.2  # seconds between two looks at `stop` while a pipe gives nothing


def everything(offset: int, size: int) -> bool:
    """Want the lines that begin in so many bytes from an offset on, whichever these are."""
    return True


class Scan:
    """Iterate once over its batches, one a block, in file order; afterwards, or meanwhile, read its ledger.

    read       stored bytes that were read so far
    bytes      decompressed bytes that were searched
    lines      lines, the last one counted with or without its newline
    hits       lines that hold a proxy path
    sha256     of the stored bytes, lower-case hexadecimal; None without `digest`, and until the end
    complete   whether the input was read to its end
    error      a sentence about the input where something is wrong with it; may stand beside `complete`

    Candidates are picked and samples, unless told otherwise. `search` may be replaced while iterating; blocks already
    under way keep the old one. `stop`, when set, ends the scan within a block. `beside`: how many inputs are read at a
    time, which share what may be held. `earlier`: a scan of the same input, whose newlines are not counted anew while
    the file is as it was. `wanted`: whether the lines that begin in so many bytes from an offset on are; where not, and
    their number is known, they are not even read. Nothing is raised for bad input.
    """

    def __init__(
        self,
        source: Source,
        search: Search | None,
        *,
        digest: bool = False,
        samples: bool = True,
        candidates: bool = True,
        stop: threading.Event | None = None,
        beside: int = 1,
        earlier: Scan | None = None,
        wanted: Callable[[int, int], bool] = everything,
    ) -> None:
        self.source, self.search, self.beside = source, search or Search(()), beside
        self.read = self.bytes = self.lines = self.hits = 0
        self.sha256: str | None = None
        self.complete = False
        self.error: str | None = None
        self._stop = stop or threading.Event()
        self._hash = hashlib.sha256() if digest else None
        self._samples, self._candidates, self._earlier, self._wanted = samples, candidates, earlier, wanted
        self._newlines: dict[int, int] = {}  # of the blocks of a file that is cut, by their indices
        self._file: tuple[int, int] | None = None  # its size, and when it was written last
        self._mood = Mood()
        self._shrunk = False
        self._open_line = False  # the last block ended inside a line

    def __iter__(self) -> Iterator[Batch]:
        try:
            with self.source.open() as stored:
                yield from self._ranges(stored) if self._can_be_cut(stored) else self._stream(stored)
            self.complete = not self._stop.is_set() and not self._shrunk
        except Trailing as error:
            self.complete = True
            self._say(str(error))
        except Broken as error:
            self._say(str(error))
        except OSError as error:
            self._say(f"cannot be read: {(error.strerror or str(error)).lower()}")
        if self._stop.is_set() and not self.complete:
            self._say(f"was not read to its end: {STOPPED}")
        self.lines += self._open_line
        if self._hash and self.complete:
            self.sha256 = self._hash.hexdigest()

    def _can_be_cut(self, stored: BinaryIO) -> bool:
        """Whether this is a plain file in UTF-8 of a size that is worth it."""
        if self.source.path is None or not hasattr(os, "preadv") or os.fstat(stored.fileno()).st_size < WORTH:
            return False
        head = os.pread(stored.fileno(), 16, 0)
        return kind_of(head) is None and encoding_of(head) is None

    def _ranges(self, stored: BinaryIO) -> Iterator[Batch]:
        """Yield the batches of a file that is cut; where a line is too long for that, go on without."""
        told = os.fstat(stored.fileno())
        size, self._file = told.st_size, (told.st_size, told.st_mtime_ns)
        if self._earlier is not None and self._earlier._file == self._file:
            self._newlines = self._earlier._newlines
        hashing = threading.Thread(target=self._digest, daemon=True)
        hashing.start()
        ranges = Ranges(stored.fileno(), size, self._pick_of_range, self._lost, self._unread)
        for picked in ranges:
            if self._stop.is_set():
                return
            self.read = picked.batch.block.offset + len(picked.batch.block)
            yield self._entered(picked)
        if ranges.too_long is not None:
            stored.seek(ranges.too_long)
            for picked in self._picked(cut(self._chunks(stored, hashed=True), offset=ranges.too_long)):
                yield self._entered(picked)
        hashing.join()

    def _stream(self, stored: BinaryIO) -> Iterator[Batch]:
        """Yield the batches of what can be read from its start only."""
        failure: list[Broken] = []
        text, encoding = as_utf8(_until_broken(self._unpacked(stored), failure))
        if encoding:  # where a line begins is not where it did before
            self._wanted = everything
        base = MARK_SIZE
        found = self._picked(cut(text))
        large = self.source.size is None or self.source.size >= _LARGE
        for picked in ahead(found, -(-_AHEAD // self.beside)) if large else found:
            if self._stop.is_set() and self.source.rereadable:  # what a pipe gave is nowhere else
                return
            if encoding:
                base = _in_utf16(picked.batch, base)
            yield self._entered(picked)
        if failure and not self._stop.is_set():
            raise failure[0]

    def _pick(self, block: Block, index: int, newlines: int | None = None) -> Picked:
        candidates = self._candidates and self._wanted(block.offset, len(block))
        return pick(
            block, index, self.search, self._mood, samples=self._samples, candidates=candidates, newlines=newlines
        )

    def _pick_of_range(self, block: Block, index: int) -> Picked:
        picked = self._pick(block, index, self._newlines.get(index))
        self._newlines[index] = picked.newlines
        return picked

    def _unread(self, index: int) -> int | None:
        """Return how many newlines a range has that nobody wants, where they are known."""
        return None if self._wanted(index * BLOCK, BLOCK) else self._newlines.get(index)

    def _picked(self, blocks: Iterator[Block]) -> Iterator[Picked]:
        """Yield what is picked of `blocks`, searched beside their reading."""
        return in_order(lambda numbered: self._pick(*numbered), _numbered(blocks))

    def _unpacked(self, stored: BinaryIO) -> Iterator[bytes]:
        """Yield the inflated bytes. Where they are damaged, inflate once more and finely, for what that call lost."""
        given = 0
        try:
            for chunk in unpacked(self._chunks(stored), OUTPUT if self.source.rereadable else FINE):
                given += len(chunk)
                yield chunk
        except Damaged:
            if self.source.rereadable:
                with self.source.open() as again:
                    yield from _behind(given, unpacked(iter(partial(again.read, FINEST_PIECE), b""), FINE))
            raise

    def _chunks(self, stored: BinaryIO, *, hashed: bool = False) -> Iterator[bytes]:
        """Yield the stored bytes, counted on the way, and hashed unless they are already."""
        pipe = self.source.path is None and hasattr(select, "poll")
        while not self._stop.is_set():
            if pipe and not select.select([stored], [], [], _POLL)[0]:
                continue
            chunk = stored.read(PIECE)
            if not chunk:
                return
            self.read += len(chunk)
            if self._hash and not hashed:
                self._hash.update(chunk)
            yield chunk

    def _digest(self) -> None:
        """Hash the whole file beside its search."""
        if self._hash is None:
            return
        with self.source.open() as stored:
            for chunk in iter(partial(stored.read, 1 << 20), b""):
                if self._stop.is_set():
                    return
                self._hash.update(chunk)

    def _entered(self, picked: Picked) -> Batch:
        """Enter a block into the ledger and return its batch."""
        block = picked.batch.block
        picked.place(self.lines + 1)
        self.bytes += len(block)
        self.lines += picked.newlines
        self.hits += picked.hits
        self._open_line = picked.open_line
        if block.in_pieces:
            self._say(f"holds a line (number {self.lines + 1}) of more than 16 MiB, which was read in pieces")
        return picked.batch

    def _lost(self) -> None:
        """Know that bytes that were searched are no longer there to be parsed."""
        self._shrunk = True
        self._say(f"cannot be read: {Shrunk.strerror}")

    def _say(self, what: str) -> None:
        """Set the error, the first one that is met."""
        self.error = self.error or f"{self.source.name} {what}"


def _numbered(blocks: Iterator[Block]) -> Iterator[tuple[Block, int]]:
    """Yield each block and its index; small ones, which show nothing of what is frequent, have -1 behind the first."""
    index = 0
    for block in blocks:
        counts = len(block) >= _TELLING or index == 0
        yield block, index if counts else -1
        index += counts


def _behind(skipped: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield `chunks` without their first bytes."""
    for chunk in chunks:
        if skipped < len(chunk):
            yield chunk[skipped:]
        skipped = max(0, skipped - len(chunk))


def _until_broken(chunks: Iterator[bytes], failure: list[Broken]) -> Iterator[bytes]:
    """Yield `chunks`; where they break, end them as if they were whole and keep the failure for later."""
    try:
        yield from chunks
    except Broken as error:
        failure.append(error)


def _in_utf16(batch: Batch, base: int) -> int:
    """Let the offsets of lines be those of the UTF-16 text, with the block at `base`; return where the next begins."""
    block, at = batch.block, batch.block.start
    block.utf16 = base
    offset, begins = base, block.offset - block.start
    for index, start in enumerate(batch.offsets):
        offset += utf16_size(bytes(block.buffer[at : start - begins]))
        at = start - begins
        line = bytes(block.buffer[at : block.buffer.find(b"\n", at) + 1 or block.end])
        # Who drops the NULs before a line counts them as a byte each; here they were two.
        batch.offsets[index] = offset + len(line) - len(line.lstrip(b"\0"))
    return offset + utf16_size(bytes(block.buffer[at : block.end]))
