"""Patterns over whole blocks of bytes by Hyperscan: linear in time whatever the bytes, and outside Python's lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

_DOTALL: Final = 2  # hyperscan's HS_FLAG_DOTALL; the module is loaded only where something is to be searched


@lru_cache(maxsize=16)
def shared(*patterns: str) -> Patterns:
    """Return these patterns, the same ones each time: to compile them takes tens of milliseconds."""
    return Patterns(patterns)


class Patterns:
    """Some patterns, compiled when first used. Each must end with the newline of its line, to match once a line, or be
    a literal without one: the engine, Vectorscan 5.4.12, overlooks matches of others whose last two bytes end the
    buffer (https://github.com/VectorCamp/vectorscan/issues/382).
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.given = tuple(patterns)
        self._lock = threading.Lock()
        self._local = threading.local()

    def compile(self) -> None:
        """Compile the patterns now, where another thread has time for it."""
        _ = self._database

    def line_ends(self, view: memoryview | bytes) -> list[int]:
        """Return where the lines end (after the newline) that a pattern matches, once for each that does."""
        ends: list[int] = []

        def note(_pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.append(end)

        self._scan(view, note)
        return ends

    def few_ends(self, view: memoryview | bytes, most: int) -> list[int] | None:
        """Return where the matches end; None, found out soon, where they are more than `most`."""
        ends: list[int] = []

        def note(_pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            ends.append(end)
            return len(ends) > most

        return ends if self._scan(view, note) else None

    def _scan(self, view: memoryview | bytes, note: Callable[[int, int, int, int, object], bool | None]) -> bool:
        """Call `note` at each match, until it is true for one; tell whether the end was reached."""
        import hyperscan

        try:
            self._database.scan(view, match_event_handler=note, scratch=self._scratch())
        except hyperscan.ScanTerminated:
            return False
        return True

    @cached_property
    def _compiled(self) -> Any:
        import hyperscan

        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        numbers = list(range(len(self.given)))
        expressions = [pattern.encode("latin-1") for pattern in self.given]
        database.compile(expressions=expressions, ids=numbers, flags=[_DOTALL] * len(numbers))
        return database

    @property
    def _database(self) -> Any:
        with self._lock:
            return self._compiled

    def _scratch(self) -> Any:
        """Return the working memory of this thread: Hyperscan refuses to share it."""
        if not hasattr(self._local, "scratch"):
            import hyperscan

            self._local.scratch = hyperscan.Scratch(self._database)
        return self._local.scratch
