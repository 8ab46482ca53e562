"""The least that each goal takes here with these libraries: the steps that nothing can leave out, and nothing else.

To start is to import polars, and to search is to read every byte, count its newlines and look for one literal, on every
core; of gzip to inflate it. What a goal owes below this cannot be had by work on the program.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import peers


def median(step: Callable[[], object], runs: int) -> float:
    """Return the median time of a step in seconds, after one run to warm up."""
    step()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        step()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def search(log: Path) -> int:
    """Read, count and search a plain log; return how many lines it has."""
    from ahocorasick_rs import BytesAhoCorasick

    from clerk_logscan.readers.blocks import Batch, Block
    from clerk_logscan.readers.newlines import Counts
    from clerk_logscan.readers.pick import Picked
    from clerk_logscan.readers.ranges import Ranges

    literal = BytesAhoCorasick([peers.NEEDLE.encode()])

    def look(block: Block, index: int) -> Picked:
        literal.find_matches_as_indexes(memoryview(block.buffer)[block.start : block.end])
        return Picked(Batch(), Counts(block.buffer, block.start, block.end).total, 0, open_line=False)

    with log.open("rb") as file:
        ranges = Ranges(file.fileno(), log.stat().st_size, look, lambda: None)
        return sum(picked.newlines for picked in ranges)


def inflate(*logs: Path) -> int:
    """Inflate gzip files, as many at a time as there are cores; return how many bytes they hold."""
    from clerk_logscan.readers.compression import OUTPUT, PIECE, unpacked
    from clerk_logscan.readers.workers import side_by_side

    def one(log: Path) -> int:
        with log.open("rb") as file:
            return sum(map(len, unpacked(iter(partial(file.read, PIECE), b""), OUTPUT)))

    return sum(side_by_side(one, logs))
