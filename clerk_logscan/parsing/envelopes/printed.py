"""Records printed over several lines, within what wraps each of the lines: JSON here, other notations beside."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import polars as pl

from clerk_logscan.parsing import json_documents
from clerk_logscan.parsing.envelopes.entries import Entries, Row
from clerk_logscan.parsing.pieces import KEY, MAX_TEXT, RUN

NAME: Final = "printed-json"


class Printed(Entries):
    """The printed records of one input, across blocks; each stream has its own, as their lines come mixed."""

    name: str

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[str, list[Row]] = {}
        self._sizes: dict[str, int] = {}

    @abstractmethod
    def begins(self, text: str) -> bool:
        """Tell whether a record begins with this line, wherever the one before has ended."""

    @abstractmethod
    def ends(self, rows: list[Row]) -> bool:
        """Tell whether the last of `rows` ends the record."""

    @abstractmethod
    def record(self, rows: list[Row]) -> Iterator[Row]:
        """Return the record that `rows` are, as one row; themselves where they are none."""

    def end(self) -> Iterator[Row]:
        """Yield the lines of records that never ended."""
        opened, self._open = self._open, {}
        return chain.from_iterable(opened.values())

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        key = row[KEY]
        rows = self._open.get(key)
        begins = self.begins(row["text"])
        if rows and (begins or rows[-1][RUN] != row[RUN] or self._sizes[key] > MAX_TEXT):
            yield from self._open.pop(key)
            rows = None
        if rows is None:
            if not begins:
                yield row
                return
            rows, self._sizes[key] = self._open.setdefault(key, []), 0
        rows.append(row)
        self._sizes[key] += len(row["text"])
        if self.ends(rows):
            yield from self.record(self._open.pop(key))


def is_json(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are records of JSON over several lines, their brackets at the margin."""
    return any(text.rstrip() in ("{", "[") for text in texts) and json_documents.is_pretty(pl.Series(texts))


class Json(Printed):
    """Records of JSON; one that is read by no format stays one text, as where nothing wraps the lines."""

    name: Final = NAME

    def begins(self, text: str) -> bool:
        """Tell whether a record begins with this line, wherever the one before has ended."""
        return text.rstrip() in ("{", "[")

    def ends(self, rows: list[Row]) -> bool:
        """Tell whether the last of `rows` ends the record."""
        return rows[-1]["text"].rstrip(" \t,") in ("}", "]")

    def record(self, rows: list[Row]) -> Iterator[Row]:
        """Return the record that `rows` are, as one row."""
        yield self.inner_of(rows, "\n".join(row["text"] for row in rows).rstrip(" \t,"))
