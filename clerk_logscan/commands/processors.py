"""Which processors this process uses; for the command line alone, as a library must leave it to its user."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Final

from clerk_logscan.readers.sources import InputError, expanded

_SMALL: Final = 64 << 10  # stored bytes of an input, as they are on average
_LOOKED_AT: Final = 1000  # files, of folders that may hold millions


def stored_sizes(inputs: Sequence[str]) -> list[int | None]:
    """Return the bytes of the first files of `inputs` and of their folders; None for what may be anything."""
    return list(islice((size for name in inputs for size in _sizes(name)), _LOOKED_AT))


@contextmanager
def one_for_small(sizes: Sequence[int | None]) -> Iterator[None]:
    """Stay on the processor that runs this where inputs of these `sizes` are small, until the end, and threads with it.

    Polars hands each step to a thread of its own. For some hundred lines the step takes less time than to wake another
    processor for it: one alone is a sixth faster. Where the system cannot do that, nothing is done.
    """
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") and _are_small(sizes) else set()
    if len(before) < 2:
        yield
        return
    with suppress(OSError):
        os.sched_setaffinity(0, {_current()} & before or before)
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, before)


def _are_small(sizes: Sequence[int | None]) -> bool:
    known = [size for size in sizes if size is not None]
    return len(known) == len(sizes) > 0 and sum(known) <= _SMALL * len(known)


def _sizes(name: str) -> Iterator[int | None]:
    """Yield the sizes of a file, or of those in a folder; None for what has none, or may be anything."""
    if not os.path.lexists(name):  # a pattern, which may mean a whole disk, is looked at once only
        yield None
        return
    missing: list[InputError] = []
    try:
        yield from (source.size for source in expanded(name, missing))
    except OSError:
        yield None
    yield from (None for _ in missing)


def _current() -> int:
    """Return the number of the processor that runs this; -1 where the C library cannot tell."""
    import ctypes

    tell = getattr(ctypes.CDLL(None), "sched_getcpu", None)
    return int(tell()) if tell is not None else -1
