"""When unknown lines are worth a guess: enough of them, and not again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from clerk_logscan.parsing.inference import Guess

SAMPLED: Final = 1000  # unread lines that are looked at
FEWEST: Final = 3  # lines, beside others that a format reads: fewer may be hostile ones of that format
SHARE: Final = 0.1  # of the lines
WHOLE: Final = 0.9  # of the lines, where a layout shall come before known formats
TRIES: Final = 4  # that found nothing, then no more
MOST: Final = 6  # layouts of one input


class Learning:
    """The guesses of one input. `open`: whether layouts may be guessed at all, or the user named the formats."""

    def __init__(self, *, open: bool) -> None:
        self.guesses: list[Guess] = []
        self.open = open
        self._tries = TRIES if open else 0

    def learn(self, left: pl.Series, lines: int, *, known: bool) -> list[Guess]:
        """Return the guesses that explain unread lines, `left` of `lines`; `known`: formats read others."""
        if self._tries <= 0 or len(self.guesses) >= MOST or not len(left):
            return []
        enough = max(FEWEST, SHARE * min(lines, SAMPLED)) if known else 1
        if len(left) < enough:
            return []
        from clerk_logscan.parsing.inference import infer
        from clerk_logscan.parsing.inference.likely import HEADS, may_show, may_tell

        like = [text for text in _some(left) if may_show(text)]
        heads = [text for text in left.head(HEADS) if not may_tell(text)]
        if len(like) < enough:
            return []
        found = list(infer([*heads, *like], len(self.guesses) + 1))
        self.guesses += found
        self._tries -= not found
        return found

    def whole(self, texts: pl.Series, left: pl.Series) -> list[Guess]:
        """Return the one layout that reads nearly all of `texts`, where formats leave most of them (`left`), if any.

        A format may read a line of another layout whose fields are missing; what reads all lines is what wrote them.
        """
        if self._tries <= 0 or len(self.guesses) >= MOST:
            return []
        from clerk_logscan.parsing.inference import infer
        from clerk_logscan.parsing.inference.likely import may_show

        like = [text for text in _some(texts) if may_show(text)]
        if sum(map(may_show, _some(left))) * 2 < len(like):
            return []
        guess = next(infer(like, len(self.guesses) + 1), None)
        if guess is None or guess.definition.grammar != "template" or guess.explained < WHOLE * len(like):
            return []
        self.guesses.append(guess)
        return [guess]

    def inside(self, left: pl.Series) -> list[Guess]:
        """Return the guesses that explain lines inside of unread JSON records or CSV rows, each a text of one key."""
        if self._tries <= 0:
            return []
        from clerk_logscan.parsing import inside
        from clerk_logscan.parsing.inference import infer
        from clerk_logscan.parsing.inference.likely import may_show
        from clerk_logscan.parsing.inference.shapes import PLAIN_REQUEST, whole

        by_place: dict[str, list[str]] = {}
        for place, text in inside.texts(left):
            if may_show(text) and not whole(PLAIN_REQUEST).fullmatch(text):
                by_place.setdefault(place, []).append(text)
        for texts in sorted(by_place.values(), key=len, reverse=True)[:TRIES]:
            if found := list(infer(texts, len(self.guesses) + 1)):
                self.guesses += found
                return found
        return []


def _some(left: pl.Series) -> Sequence[str]:
    step = -(-len(left) // SAMPLED) or 1
    return left.gather_every(step).to_list()
