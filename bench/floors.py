"""The least that each goal takes here with these libraries: the steps that nothing can leave out, and nothing else.

To start is to import polars, and to search is to read every byte, count its newlines and look for one literal, on two
threads; of gzip to inflate it. What a goal owes below this cannot be had by work on the program.
"""

from __future__ import annotations

import ctypes
import os
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

_In = TypeVar("_In")

_BLOCK: Final = 4 << 20
_THREADS: Final = 2
_ALIGNMENT: Final = 64
_LITERAL: Final = b"/__clerk//"


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

    from clerk_logscan.readers.newlines import Counts

    literal = BytesAhoCorasick([_LITERAL])
    size = log.stat().st_size
    with log.open("rb", buffering=0) as file:

        def part(thread: int) -> int:
            buffer = bytearray(_ALIGNMENT + _BLOCK)
            start = -ctypes.addressof(ctypes.c_char.from_buffer(buffer)) % _ALIGNMENT
            lines = 0
            for at in range(thread * _BLOCK, size, _THREADS * _BLOCK):
                view = memoryview(buffer)[start : start + min(_BLOCK, size - at)]
                os.preadv(file.fileno(), [view], at)
                literal.find_matches_as_indexes(view)
                lines += Counts(buffer, start, start + len(view)).total
            return lines

        return sum(_side_by_side(part, range(_THREADS)))


def inflate(*logs: Path) -> int:
    """Inflate gzip files, as many at a time as there are threads; return how many bytes they hold."""
    from clerk_logscan.readers.compression import OUTPUT, PIECE, unpacked

    def one(log: Path) -> int:
        with log.open("rb") as file:
            return sum(map(len, unpacked(iter(partial(file.read, PIECE), b""), OUTPUT)))

    return sum(_side_by_side(one, logs))


def _side_by_side(work: Callable[[_In], int], items: Iterable[_In]) -> list[int]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))
