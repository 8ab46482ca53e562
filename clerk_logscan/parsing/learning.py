"""When unknown lines are worth a guess: enough of them, and not again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from clerk_logscan.parsing.definitions import Definition

if TYPE_CHECKING:
    from clerk_logscan.parsing.inference import Guess

SAMPLED: Final = 1000  # unread lines that are looked at
FEWEST: Final = 3  # lines, beside others that a format reads: fewer may be hostile ones of that format
SHARE: Final = 0.1  # of the lines
WHOLE: Final = 0.9  # of the lines, where a layout shall come before known formats
TRIES: Final = 4  # that found nothing, then no more
MOST: Final = 6  # layouts of one input
_DEEPEST: Final = 3
JSON: Final = r"^\s*\{"
HEADER: Final = re.compile(r"""["\w @.;,\t()-]+""")


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
        from clerk_logscan.parsing.inference.likely import may_tell

        like = [text for text in _some(left) if may_tell(text)]
        if len(like) < enough:
            return []
        found = list(infer(like, len(self.guesses) + 1))
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
        from clerk_logscan.parsing.inference.likely import may_tell

        like = [text for text in _some(texts) if may_tell(text)]
        if sum(map(may_tell, _some(left))) * 2 < len(like):
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
        from clerk_logscan.parsing.inference import infer
        from clerk_logscan.parsing.inference.likely import may_tell
        from clerk_logscan.parsing.inference.shapes import REQUEST, whole

        by_path: dict[str, list[str]] = {}
        for path, text in (*_in_records(left), *_in_rows(left)):
            if may_tell(text) and not whole(REQUEST).fullmatch(text):
                by_path.setdefault(path, []).append(text)
        if not by_path:
            return []
        found = list(infer(max(by_path.values(), key=len), len(self.guesses) + 1))
        self.guesses += found
        return found


def _in_records(left: pl.Series) -> Iterator[tuple[str, str]]:
    from clerk_logscan.parsing import json_values

    for record in json_values.read_objects(left.filter(left.str.contains(JSON)).head(SAMPLED)):
        yield from _texts(record or {}, "")


def _in_rows(left: pl.Series) -> Iterator[tuple[str, str]]:
    """Yield the cells of CSV rows by their column, where the first line could be a header."""
    header = left[0] if len(left) else ""
    for delimiter in ",;\t":
        names = header.count(delimiter)
        if names and HEADER.fullmatch(header):
            from clerk_logscan.parsing.record_readers import csv_cells

            layout = Definition("", "", "", "csv", delimiter=delimiter)
            for text in left[1:SAMPLED]:
                cells = csv_cells(layout, text)
                yield from ((f"{place}{delimiter}", cell) for place, cell in enumerate(cells) if " " in cell)


def _some(left: pl.Series) -> Sequence[str]:
    step = -(-len(left) // SAMPLED) or 1
    return left.gather_every(step).to_list()


def _texts(record: dict[str, Any], path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        if isinstance(value, str) and (" " in value or value.startswith("{")):
            yield f"{path}.{key}", value
        elif isinstance(value, dict) and depth < _DEEPEST:
            yield from _texts(value, f"{path}.{key}", depth + 1)
