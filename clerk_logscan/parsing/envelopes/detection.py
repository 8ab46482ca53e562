"""Which envelopes a file wears: those whose inner lines a format reads, where the line around it is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.prefixes import Prefix
from clerk_logscan.parsing.envelopes.records import Records

MAX_LINES: Final = 200  # sampled lines that are tried; more do not change the answer
Engine = Prefix | Records


def engines(envelopes: Sequence[Envelope]) -> list[Engine]:
    """Return an engine for each of `envelopes`, apart from one another."""
    return [Prefix(one) if one.prefix is not None else Records([one]) for one in envelopes]


class Readable:
    """Tells whether a format reads a text, as it stands or with envelopes peeled; remembers its answers."""

    def __init__(self, envelopes: Sequence[Envelope], reads: Callable[[str], bool] | None) -> None:
        self._engines = engines(envelopes)
        self._reads = reads or (lambda _: False)
        self._plain: dict[str, bool] = {}
        self._deep: dict[tuple[str, int], bool] = {}

    def plain(self, text: str) -> bool:
        """Tell whether a format reads `text` as it stands."""
        if text not in self._plain:
            self._plain[text] = bool(text) and self._reads(text)
        return self._plain[text]

    def deep(self, text: str, depth: int) -> bool:
        """Tell whether a format reads `text`, or what lies within at most `depth` envelopes."""
        if self.plain(text):
            return True
        if depth == 0 or not text:
            return False
        if (text, depth) not in self._deep:
            self._deep[text, depth] = any(
                self.deep(inner, depth - 1)
                for engine in self._engines
                for inner in engine.one(text)[:MAX_LINES]
                if len(inner) < len(text)
            )
        return self._deep[text, depth]


def worth(engine: Engine, texts: Sequence[str], readable: Readable, depth: int) -> int:
    """Return for how many of `texts` peeling `engine` gives a line that is read, less those read as they stand.

    A text that a format reads is no envelope, whatever its values look like: an agent may hold a whole line.
    """
    gain = 0
    for text in texts[:MAX_LINES]:
        inner = engine.one(text)
        if inner:
            gain += -1 if readable.plain(text) else any(readable.deep(line, depth - 1) for line in inner[:8])
    return gain
