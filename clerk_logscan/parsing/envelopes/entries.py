"""Entries that stand over several lines: what all readers of such do, across blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from clerk_logscan.parsing.envelopes.work import Taken
from clerk_logscan.parsing.pieces import MAX_TEXT, RUN

Row = dict[str, Any]


class Entries(ABC):
    """The entries of one input. `joined`: lines that are no rows any more, as they are of an entry with others."""

    name: str

    def __init__(self) -> None:
        self.joined = 0

    @abstractmethod
    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line, a row of work.WORK, ends, or itself where it is of no entry."""

    def end(self) -> Iterator[Row]:
        """Yield the entry that is open, and have none open; nothing where each is a line."""
        return iter(())

    def take(self, frame: pl.DataFrame) -> Taken:
        """Return the entries that the rows of `frame` (work.WORK) end, and lines of none; no row is left over."""
        hits = [found for row in frame.iter_rows(named=True) for found in self.line(row)]
        self.joined += frame.height - len(hits)
        return pl.DataFrame(hits, schema=frame.schema), frame.clear()

    def finish(self) -> list[Row]:
        """Return the last entry."""
        found = list(self.end())
        self.joined -= len(found)
        return found

    def inner(self, row: Row, text: str, **columns: Any) -> Row:
        """Return `row` with the `text` of an entry, which this was the envelope of, and other `columns`."""
        outer = f"{row['envelopes']}>{self.name}" if row["envelopes"] else self.name
        return {**row, "text": text, "envelopes": outer, **columns}

    def inner_of(self, rows: Sequence[Row], text: str, **columns: Any) -> Row:
        """Return the same of an entry of several rows, in the place of the first, with all lines as they stand."""
        lines = {(row["line_number"], row["byte_offset"]): row["raw"] for row in rows}
        return self.inner(rows[0], text, raw="\n".join(lines.values()), **columns)


class Held(Entries):
    """Entries of which every line is held until the entry ends."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Row] = []
        self._size = 0

    def hold(self, row: Row) -> None:
        """Take a line of the entry that is open."""
        self.held.append(row)
        self._size += len(row["text"])

    def release(self) -> list[Row]:
        """Return the lines of the entry that is open, and hold none."""
        rows, self.held, self._size = self.held, [], 0
        return rows

    @property
    def is_full(self) -> bool:
        """Tell whether the entry that is open is too long to go on."""
        return self._size > MAX_TEXT

    def ends_before(self, row: Row) -> bool:
        """Tell whether an entry is open that does not go on in `row`: lines between are missing, or it is full."""
        return bool(self.held) and (self.held[-1][RUN] != row[RUN] or self.is_full)
