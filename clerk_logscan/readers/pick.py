"""Picking: the lines of one block that are worth parsing, with their numbers within the block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clerk_logscan.readers.blocks import SAMPLE, Block, Line
from clerk_logscan.readers.newlines import Counts
from clerk_logscan.readers.search import Found, Mood, Search

EVERY: Final = 60 << 10  # bytes between two sampled lines: with the rest of a line under 64 KiB
_LONG_LINES: Final = 16  # of a block, that are sampled
_FIRST_LINES: Final = 200  # of an input, all sampled, for detection
_FIRST_BYTES: Final = 1 << 20  # but not beyond these


@dataclass(slots=True)
class Picked:
    """What was picked from a block. Line numbers count from 1 at its start until `place` moves them."""

    block: Block
    lines: list[Line]
    newlines: int
    hits: int

    def place(self, first_line: int) -> None:
        """Let the block's first line have the number `first_line` of its input."""
        self.block.first_line = first_line
        for line in self.lines:
            line.number += first_line - 1


def pick(block: Block, index: int, search: Search, mood: Mood, *, whole: bool = False) -> Picked:
    """Return the lines to parse: candidates, and samples: first and last line of the block, one each EVERY bytes.

    Long lines are sampled too: where they are pieces (Docker's), the parser must see one, as the attack may be cut.
    The first block of an input, `index` 0, gives its first lines as well. With `whole` the samples alone are returned,
    as the block itself will be parsed; lines with the proxy path are counted in any case.
    """
    counts = Counts(block.buffer, block.start, block.end)
    found = _look(block, index, search, mood)
    starts = _samples(block, first=index == 0) | _long_lines(block, counts)
    reasons = dict.fromkeys(starts, SAMPLE)
    for end, why in {} if whole else found.ends.items():
        start = block.buffer.rfind(b"\n", block.start, block.start + end - 1) + 1 or block.start
        reasons[start] = reasons.get(start, 0) | why
    lines = [block.line(start, counts.before(start) + 1, why) for start, why in sorted(reasons.items())]
    return Picked(block, lines, counts.total, found.hits)


def _look(block: Block, index: int, search: Search, mood: Mood) -> Found:
    """Search the block; a last line without its newline is given one, as the patterns end at it."""
    if block.buffer.endswith(b"\n", block.start, block.end) or not len(block):
        return search.look(block, mood, index)
    data = block.data + b"\n"
    return search.look(Block(data, 0, len(data), block.offset), mood, index)


def _long_lines(block: Block, counts: Counts) -> set[int]:
    """Return where lines begin that are twice as long as what is counted at once; a few shorter ones are among them."""
    found: set[int] = set()
    for at in counts.without:
        found.add(block.buffer.rfind(b"\n", block.start, at) + 1 or block.start)
        if len(found) >= _LONG_LINES:
            break
    return found


def _samples(block: Block, *, first: bool) -> set[int]:
    """Return where the lines begin that are sampled."""
    buffer, end = block.buffer, block.end
    starts = {block.start, buffer.rfind(b"\n", block.start, end - 1) + 1 or block.start}
    starts.update(buffer.find(b"\n", at, end) + 1 or block.start for at in range(block.start + EVERY, end, EVERY))
    at = block.start
    for _ in range(_FIRST_LINES if first else 0):
        at = buffer.find(b"\n", at, min(end, block.start + _FIRST_BYTES)) + 1
        if not at:
            break
        starts.add(at)
    return {start for start in starts if start < end}
