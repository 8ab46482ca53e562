"""Guesses: the definitions that explain lines which no known format reads, with how sure that is.

A layout is used only where it explains nearly all of the lines that it is meant for. Several may explain a file
that several programs wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clerk_logscan.parsing.definitions import Definition, Guessed
from clerk_logscan.parsing.inference import both_ends, record_guesses
from clerk_logscan.parsing.inference.likely import HEADS, may_show
from clerk_logscan.parsing.inference.text_definition import definition as text_definition
from clerk_logscan.parsing.inference.text_layout import layouts
from clerk_logscan.parsing.inference.tokens import tokens

NEARLY_ALL: Final = 0.9
MOST_OF: Final = 0.65  # of the lines must fit strictly, where others are read from both ends
LINES: Final = 400  # that a layout is made from; more do not change it
LONG_LINES: Final = 20  # of long ones so many, or
CHARACTERS: Final = 256 << 10  # those that hold so many: each kind of layout looks at all of them
FEWEST: Final = 3  # lines of a further layout, or
LATER: Final = 0.25  # of all: fewer are hostile ones of the first
_NAMED: Final = 5  # columns that a header must fill to be believed before what only stands in equal places
_HEAD: Final = 120  # characters of a line that show how it begins
MOST: Final = 6  # layouts of one input


@dataclass(frozen=True)
class Guess:
    """A guessed definition; `explained` of `lines` lines are read by it; `reasons`: a sentence for each column.

    hostile    further lines that are read from both ends: raw quotes or delimiters in a text that a client sent
    how        the kind of layout, in words
    runner_up  the next best guess, in words, or ""
    """

    definition: Definition
    explained: int
    lines: int
    reasons: tuple[str, ...]
    how: str
    runner_up: str = ""
    hostile: int = 0

    def explains(self, lines: int) -> bool:
        """Tell whether it reads nearly all of as many lines, most of them strictly."""
        return self.explained >= MOST_OF * lines and self.explained + self.hostile >= NEARLY_ALL * lines

    def sentences(self) -> list[str]:
        """Return what is to be said of the guess, how sure it is first."""
        name = self.definition.name
        first = f"{name} is a guess: it reads {self.explained} of the {self.lines} lines that it was made from"
        return [
            first,
            f"{name}: its lines are {self.how}{self.runner_up}",
            *(f"{name}: {reason}" for reason in self.reasons),
        ]


def infer(texts: Sequence[str], number: int = 1) -> Iterator[Guess]:
    """Yield the guesses that explain `texts`, lines that no format reads; the first of them is guess `number`."""
    heads = [text for text in texts[:HEADS] if record_guesses.may_name(text)]
    texts = [text for text in texts if text.strip() and may_show(text)]
    left = texts
    for place in range(number, number + MOST):
        if not left:
            return
        some = _spread(left)
        guess = _best(some, f"guessed_{place}" if place > 1 else "guessed", heads)
        if guess is None or (place > number and guess.explained < min(FEWEST, LATER * len(texts))):
            return
        yield guess
        taken = record_guesses.reader(guess.definition)(left)
        if not any(taken):
            return
        left = _unread(guess.definition, left, taken)


def _unread(definition: Definition, lines: Sequence[str], taken: Sequence[bool]) -> list[str]:
    """Return the lines that a layout reads neither strictly (`taken`) nor as hostile ones of its own."""
    left = [line for line, is_taken in zip(lines, taken, strict=True) if not is_taken]
    if definition.grammar != "template" or not left:
        return left
    hostile = both_ends.cut(pl.Series(left, dtype=pl.String), definition)[0]
    return [line for line, is_taken in zip(left, hostile, strict=True) if not is_taken]


def _spread(texts: Sequence[str]) -> list[str]:
    """Return some of the lines, from all over them: of JSON records more, as one may have a key that others lack."""
    long = LINES if record_guesses.are_objects(texts) else CHARACTERS * len(texts) // max(1, sum(map(len, texts)))
    most = min(LINES, max(LONG_LINES, long))
    return list(texts[:: -(-len(texts) // most) or 1])


def _best(lines: Sequence[str], name: str, heads: Sequence[str]) -> Guess | None:
    """Return the guess that explains nearly all `lines`, or, where none does, nearly all of those of its own making."""
    found = list(_guesses(lines, name, heads))
    whole = [guess for guess in found if guess.explains(len(lines))]
    if not whole:
        for some in _alike(lines):
            found += [_over(guess, lines) for guess in _guesses(some, name, heads)]
    order = sorted(whole, key=_worth, reverse=True) or sorted(found, key=lambda one: one.explained, reverse=True)
    if not order or (not whole and order[0].explained < 2):
        return None
    return replace(order[0], runner_up=_second(order[1])) if len(order) > 1 else order[0]


def _alike(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield groups of lines that begin alike: several programs write into one file."""
    by_head: dict[str, list[str]] = {}
    for line in lines:
        by_head.setdefault(_head(line), []).append(line)
    groups = sorted(by_head.values(), key=len, reverse=True)
    yield from (group for group in groups[:MOST] if 1 < len(group) < len(lines))


def _head(line: str) -> str:
    """Return what kind of words a line begins with, and the signs between them."""
    words = [token.text for token in tokens(line[:_HEAD])[:2]]
    return " ".join(
        re.sub(r"[0-9]+|[A-Za-z]+", lambda found: "0" if found[0][0].isdigit() else "a", word) for word in words
    )


def _over(guess: Guess, lines: Sequence[str]) -> Guess:
    """Return a guess that was made from some lines, counted over all."""
    return _guess(guess.definition, guess.reasons, guess.how, lines)


def _second(guess: Guess) -> str:
    """Return what is to be said of a runner-up."""
    return f"; the runner-up, {guess.how}, reads {guess.explained} of {guess.lines} and fills {_telling(guess)} columns"


def _telling(guess: Guess) -> int:
    """Return how many columns a guess fills; a request line is three."""
    columns = guess.definition.columns
    return len(columns) + 2 * ("request" in columns)


def _worth(guess: Guess) -> tuple[bool, int, int]:
    """Return what makes a guess the better of two that read the same: a header, then how many columns it fills."""
    headed = guess.definition.grammar == "csv" and "column_1" not in guess.definition.order
    return headed and _telling(guess) >= _NAMED, _telling(guess), guess.explained


def _guesses(lines: Sequence[str], name: str, heads: Sequence[str]) -> Iterator[Guess]:
    """Yield the guesses of every kind of layout that reads nearly all of the lines that it was made from."""
    yield from (_guess(*found, lines) for found in record_guesses.guesses(lines, name, heads))
    for pieces, some, how in layouts(lines):
        made = text_definition(pieces, name, lines)
        if made is None:
            continue
        guess = _guess(made[0], tuple(made[1].reasons), how, lines)
        if guess.explains(len(some)):
            yield guess


def _guess(definition: Definition, reasons: tuple[str, ...], how: str, lines: Sequence[str]) -> Guess:
    taken = record_guesses.reader(definition)(lines)
    explained = sum(taken)
    hostile = len(lines) - explained - len(_unread(definition, lines, taken)) if explained < len(lines) else 0
    made = replace(definition, guessed=Guessed(explained, len(lines)))
    return Guess(made, explained, len(lines), reasons, how, hostile=hostile)
