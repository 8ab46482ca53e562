"""Guesses: the definitions that explain lines which no known format reads, with how sure that is.

A layout is used only where it explains nearly all of the lines that it is meant for. Several may explain a file
that several programs wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import Definition, Guessed
from clerk_logscan.parsing.inference import record_guesses
from clerk_logscan.parsing.inference.likely import may_tell
from clerk_logscan.parsing.inference.text_definition import definition as text_definition
from clerk_logscan.parsing.inference.text_layout import layouts

NEARLY_ALL: Final = 0.9
LINES: Final = 400  # that a layout is made from; more do not change it
MOST: Final = 6  # layouts of one input


@dataclass(frozen=True)
class Guess:
    """A guessed definition; `explained` of `lines` lines are read by it; `reasons`: a sentence for each column."""

    definition: Definition
    explained: int
    lines: int
    reasons: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Return what is to be said of the guess, how sure it is first."""
        name = self.definition.name
        first = f"{name} is a guess: it reads {self.explained} of the {self.lines} lines that it was made from"
        return [first, *(f"{name}: {reason}" for reason in self.reasons)]


def infer(texts: Sequence[str], number: int = 1) -> Iterator[Guess]:
    """Yield the guesses that explain `texts`, lines that no format reads; `number`: of the first of them in its input."""
    left = [text for text in texts if text.strip()]
    for place in range(number, number + MOST):
        like = [text for text in left if may_tell(text)]
        if not like:
            return
        some = _spread(like)
        guess = _best(some, f"guessed_{place}" if place > 1 else "guessed")
        if guess is None:
            return
        yield guess
        reads = record_guesses.reader(guess.definition)
        taken = reads(like)
        if not any(taken):
            return
        left = [text for text, is_taken in zip(like, taken, strict=True) if not is_taken]


def _spread(texts: Sequence[str]) -> list[str]:
    step = -(-len(texts) // LINES) or 1
    return list(texts[::step])


def _best(lines: Sequence[str], name: str) -> Guess | None:
    """Return the guess that explains nearly all `lines`, or, where none does, nearly all of those of its own making."""
    found = list(_guesses(lines, name))
    whole = [guess for guess in found if guess.explained >= NEARLY_ALL * len(lines)]
    if whole:
        return max(whole, key=_telling)
    best = max(found, key=lambda guess: guess.explained, default=None)
    return best if best is not None and best.explained > 1 else None


def _telling(guess: Guess) -> int:
    """Return how many columns a guess fills; a request line is three."""
    columns = guess.definition.columns
    return len(columns) + 2 * ("request" in columns)


def _guesses(lines: Sequence[str], name: str) -> Iterator[Guess]:
    """Yield the guesses of every kind of layout that reads nearly all of the lines that it was made from."""
    yield from (_guess(*found, lines) for found in record_guesses.guesses(lines, name))
    for pieces, some in layouts(lines):
        made = text_definition(pieces, name, lines)
        if made is None:
            continue
        guess = _guess(made[0], tuple(made[1].reasons), lines)
        if guess.explained >= NEARLY_ALL * len(some):
            yield guess


def _guess(definition: Definition, reasons: tuple[str, ...], lines: Sequence[str]) -> Guess:
    explained = sum(record_guesses.reader(definition)(lines))
    return Guess(replace(definition, guessed=Guessed(explained, len(lines))), explained, len(lines), reasons)
