"""Picking: the lines of one block that are worth parsing, with their numbers within the block."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count, repeat
from typing import Final

from clerk_logscan.readers.blocks import DOCKER, Batch, Block
from clerk_logscan.readers.newlines import EVERY, Counts
from clerk_logscan.readers.search import Found, Mood, Search

_STEP: Final = 8  # stretches between two sampled lines: 60 KiB, with the rest of a line under 64 KiB
_LONG_LINES: Final = 16  # of a block, that are sampled
_FIRST_LINES: Final = 200  # of an input, all sampled, for detection
_FIRST_BYTES: Final = 1 << 20  # but not beyond these
# How lines begin that a container runtime cuts: Docker's json-file driver, and those of Kubernetes (CRI).
_DOCKER: Final = re.compile(rb"[\0\xef\xbb\xbf]*" + re.escape(DOCKER.encode()))
_CRI: Final = re.compile(rb"[0-9T:.Z+-]{20,40} std(?:out|err) ([PF])[ :]")
_MANY: Final = 1000  # candidates of a block that are sooner cut as columns


@dataclass(slots=True)
class Picked:
    """What was picked from a block. Line numbers count from 1 at its start until `place` moves them."""

    batch: Batch
    newlines: int
    hits: int
    open_line: bool  # the block ends inside a line

    def place(self, first_line: int) -> None:
        """Let the block's first line have the number `first_line` of its input."""
        self.batch.block.first_line = first_line
        self.batch.numbers = list(map((first_line - 1).__add__, self.batch.numbers))


def pick(
    block: Block,
    index: int,
    search: Search,
    mood: Mood,
    *,
    samples: bool = True,
    candidates: bool = True,
    newlines: int | None = None,
) -> Picked:
    """Return the lines to parse: `candidates`, and `samples`: first and last line of the block, one each EVERY bytes.

    Long lines are sampled too: where they are pieces, the parser must see one, as the attack may be cut. Where they are
    those of a container runtime, all are taken, and the lines behind them, so that it sees each whole. The first block
    of an input, `index` 0, gives its first lines as well. Lines with the proxy path are counted in any case, and
    newlines where it is not known how many there are.
    """
    buffer, first = block.buffer, block.start
    counts = Counts(buffer, first, block.end, newlines)
    found = _look(block, index, search, mood, counts)
    before: dict[int, int] = {}
    chosen: set[int] = set()
    long: Sequence[int] = ()
    if samples:
        before = _samples(block, counts)
        if index == 0:
            before.update(zip(_first_lines(block), count(), strict=False))
        long = _long_lines(block, counts)
        chosen = {*before, *long[:_LONG_LINES]}
    ends: set[int] = set()
    if candidates:
        ends = found.ends | _pieces(block, long if samples else _of_containers(block, found.ends))
    open_line = not buffer.endswith(b"\n", first, block.end)
    if len(ends) < _MANY:
        starts = sorted(chosen | _starts(block, ends))
        every = len(starts) == counts.total + open_line
        rows = range(len(starts)) if every else counts.before_each(starts, before)
        data = block.data if every and not open_line else _cut(block, starts)
    else:
        rows, starts, data = _cut_many(block, counts, chosen, ends)
    numbers, offsets = list(map((1).__add__, rows)), list(map((block.offset - first).__add__, starts))
    return Picked(Batch(numbers, offsets, data, block), counts.total, found.hits, open_line)


def _starts(block: Block, ends: set[int]) -> set[int]:
    """Return where the lines begin that end at `ends` of the block (after the newline)."""
    newlines = map((block.start - 1).__add__, ends)
    found = set(map((1).__add__, map(block.buffer.rfind, repeat(b"\n"), repeat(block.start), newlines)))
    if block.start and 0 in found:  # none stands before the first line
        found.remove(0)
        found.add(block.start)
    return found


def _cut(block: Block, starts: list[int]) -> bytes:
    """Return the lines of the block that begin at `starts`, each with a newline."""
    if not starts:
        return b""
    ends = list(map(block.buffer.find, repeat(b"\n"), starts, repeat(block.end)))
    if ends[-1] < 0:  # the line that ends the input
        ends[-1] = block.end
    return b"\n".join([*map(memoryview(block.buffer).__getitem__, map(slice, starts, ends)), b""])


def _cut_many(block: Block, counts: Counts, chosen: set[int], ends: set[int]) -> tuple[list[int], list[int], bytes]:
    """Return the lines that begin at `chosen`, and those that end at `ends`: their rows, starts and bytes (see _cut).

    Columns do that: one by one, thousands would take Python's lock for longer than their search takes.
    """
    import polars as pl

    within = chain(map((-block.start).__add__, chosen), map((-1).__add__, ends))
    rows, size = counts.rows(within), pl.Series([len(block)], dtype=pl.get_index_type())
    edges = pl.concat([size - len(block), counts.places + 1, size])  # where lines begin, and the last one ends
    starts, stops = ((edges.gather(rows + after) + block.start).to_list() for after in (0, 1))
    lines = map(memoryview(block.buffer).__getitem__, map(slice, starts, stops))
    last = b"" if block.buffer.endswith(b"\n", 0, stops[-1]) else b"\n"
    return rows.to_list(), starts, b"".join([*lines, last])


def _look(block: Block, index: int, search: Search, mood: Mood, counts: Counts) -> Found:
    """Search the block; a last line without its newline is given one, as the patterns end at it."""
    if not (block.buffer.endswith(b"\n", block.start, block.end) or not len(block)):
        data = block.data + b"\n"
        block = Block(data, 0, len(data), block.offset)
    return search.look(block, mood, index, counts)


def _pieces(block: Block, starts: Collection[int]) -> set[int]:
    """Return where those of the lines that begin at `starts` end that are pieces of one, and the lines behind them."""
    newlines = map(block.buffer.find, repeat(b"\n"), starts, repeat(block.end))
    pieces = (at for start, at in zip(starts, newlines, strict=True) if at >= 0 and _is_piece(block, start, at))
    return block.followed(map((1 - block.start).__add__, pieces))


def _is_piece(block: Block, start: int, end: int) -> bool:
    """Tell whether a line shows that another piece of it follows: Docker's only by its length."""
    if end - start > 2 * EVERY and _DOCKER.match(block.buffer, start):
        return True
    cri = _CRI.match(block.buffer, start)
    return cri is not None and cri[1] == b"P"


def _of_containers(block: Block, ends: set[int]) -> Collection[int]:
    """Return where the lines begin that end at `ends`, where a container runtime wrote those of the block."""
    first = _DOCKER.match(block.buffer, block.start) or _CRI.match(block.buffer, block.start)
    return _starts(block, ends) if first else ()


def _long_lines(block: Block, counts: Counts) -> Sequence[int]:
    """Return where lines begin that are twice as long as what is counted at once; a few shorter ones are among them."""
    starts = (block.buffer.rfind(b"\n", block.start, at) + 1 or block.start for at in counts.without)
    return list(dict.fromkeys(starts))


def _samples(block: Block, counts: Counts) -> dict[int, int]:
    """Return where the lines begin that are sampled, and how many newlines stand before each."""
    begin, end, step = block.start, block.end, _STEP * EVERY
    newlines = map(block.buffer.find, repeat(b"\n"), range(begin + step, end, step), repeat(end))
    starts = dict(zip(map((1).__add__, newlines), map((1).__add__, counts.each(_STEP)), strict=False))
    starts.pop(0, None)  # no newline was found
    starts[begin] = 0
    last = block.buffer.rfind(b"\n", begin, end - 1) + 1
    if last:
        starts[last] = counts.total - block.buffer.endswith(b"\n", begin, end)
    starts.pop(end, None)
    return starts


def _first_lines(block: Block) -> list[int]:
    """Return where the first lines of the block begin, in their order."""
    starts, at, end = [block.start], block.start, min(block.end, block.start + _FIRST_BYTES)
    for _ in range(_FIRST_LINES):
        at = block.buffer.find(b"\n", at, end) + 1
        if not at:
            break
        starts.append(at)
    if starts[-1] == block.end:
        starts.pop()
    return starts
