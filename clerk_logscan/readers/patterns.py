"""Patterns over whole blocks of bytes by Hyperscan: linear in time whatever the bytes, and outside Python's lock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

_DOTALL: Final = 2  # hyperscan's HS_FLAG_DOTALL; the module is loaded only where something is to be searched


class Patterns:
    """Some patterns, each with a kind (bits); compiled when first used. Each must end with the newline of its line."""

    def __init__(self, patterns: Sequence[tuple[str, int]]) -> None:
        self.given = list(patterns)
        self._patterns = [pattern.encode("latin-1") for pattern, _ in patterns]
        self._kinds = [kind for _, kind in patterns]
        self._lock = threading.Lock()
        self._local = threading.local()

    def lines(self, view: memoryview) -> dict[int, int]:
        """Return where the lines with a match end (after the newline) and the kinds of their matches."""
        found: dict[int, int] = {}
        kinds = self._kinds

        def note(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found[end] = found.get(end, 0) | kinds[pattern]

        self._database.scan(view, match_event_handler=note, scratch=self._scratch())
        return found

    @cached_property
    def _compiled(self) -> Any:
        import hyperscan

        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        numbers = list(range(len(self._patterns)))
        database.compile(expressions=self._patterns, ids=numbers, flags=[_DOTALL] * len(numbers))
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
