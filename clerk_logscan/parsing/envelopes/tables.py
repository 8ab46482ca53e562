"""Peel a CSV export: the header names the column that holds the line (Kibana, Logs Insights, Athena, Splunk)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing import inside
from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.declarations import Columns, Envelope
from clerk_logscan.parsing.envelopes.detection import HEADER_WITHIN, Readable
from clerk_logscan.parsing.envelopes.records import split
from clerk_logscan.parsing.envelopes.work import Taken
from clerk_logscan.parsing.pieces import MAX_TEXT, RUN

TRIED: Final = 60  # sampled lines
_REQUEST: Final = re.compile(r"(?i)\b(?:http_?)?request\b")  # a whole request, as AWS WAF's columns have
_DELIMITERS: Final = (",", ";", "\t")
Row = dict[str, Any]


class Table:
    """One CSV file. Found by its header, which a sample must hold; a quoted cell may span lines."""

    def __init__(self, envelope: Envelope, header: str, delimiter: str) -> None:
        assert envelope.table is not None
        self.name = envelope.name
        self._envelope = envelope
        self._header = header
        self._delimiter = delimiter
        self._cell = re.compile(rf'[ ]*(?:"((?:[^"]|"")*)"[ ]*|([^"{delimiter}][^{delimiter}]*|))(?:{delimiter}|\Z)')
        names = [cell.strip().lower() for cell in self.cells(header)]
        self._width = len(names)
        self._text = next((names.index(name) for name in envelope.table.text if name in names), None)
        self._time = next((names.index(name) for name in envelope.table.time if name in names), None)
        self._open: list[Row] = []  # lines of a row of which a quoted cell is not closed yet
        self.joined = 0
        self.cut = 0

    @classmethod
    def find(cls, envelope: Envelope, texts: Sequence[str], readable: Readable, depth: int) -> Table | None:
        """Return the table whose header stands in the first of `texts`, if lines are read in it; else None."""
        for header in texts[:HEADER_WITHIN]:
            for delimiter in _DELIMITERS:
                if delimiter not in header or readable.plain(header):
                    continue
                table = cls(envelope, header, delimiter)
                if table._text is not None and table._is_worth(texts, readable, depth):
                    return table
        return None

    @classmethod
    def tried(cls, known: Envelope, texts: Sequence[str], readable: Readable, depth: int) -> Table | None:
        """Return the table with a column of a name that is not `known` whose cells are lines, most of them; or None.

        Columns that a client fills are none, nor is one of a table that tells requests by its other columns.
        """
        assert known.table is not None
        for header in texts[:HEADER_WITHIN]:
            for delimiter in _DELIMITERS:
                if delimiter not in header or not inside.HEADER.fullmatch(header) or readable.plain(header):
                    continue
                names = cls(known, header, delimiter).cells(header)
                for name in names:
                    columns = Columns((name.strip().lower(),), known.table.time)
                    table = cls(Envelope(f"column:{name}", "found by trying", "", table=columns), header, delimiter)
                    if not inside.SENT.search(_REQUEST.sub("", name)) and table._is_of_lines(
                        names, texts, readable, depth
                    ):
                        return table
        return None

    def _is_of_lines(self, names: Sequence[str], texts: Sequence[str], readable: Readable, depth: int) -> bool:
        rows = [text for text in _whole_rows(texts[:TRIED]) if text != self._header and self.line(text) is not None]
        read = sum(readable.holds(split(self.line(text) or ""), depth - 1) for text in rows)
        return read * 2 > len(rows) and not inside.tell(names, [self.cells(text) for text in rows])

    def fresh(self) -> Table:
        """Return the same table with no row open."""
        return Table(self._envelope, self._header, self._delimiter)

    def _is_worth(self, texts: Sequence[str], readable: Readable, depth: int) -> bool:
        gain = 0
        for text in _whole_rows(texts[:TRIED]):
            line = self.line(text)
            if line is not None and text != self._header:
                gain += -1 if readable.plain(text) else readable.holds(split(line), depth - 1)
        return gain > 0

    def cells(self, text: str) -> list[str]:
        """Return the cells of one row, quotes undone; none where the row is no CSV."""
        found: list[str] = []
        at = 0
        while match := self._cell.match(text, at):
            found.append(match[1].replace('""', '"') if match[1] is not None else match[2])
            if match.end() == len(text):
                return [*found, ""] if match[0].endswith(self._delimiter) else found
            at = match.end()
        return []

    def line(self, text: str) -> str | None:
        """Return the line that the row `text` holds, or None."""
        cells = self.cells(text)
        return cells[self._text] if self._text is not None and len(cells) == self._width else None

    def take(self, frame: pl.DataFrame) -> Taken:
        """Peel the rows of `frame` (work.WORK) that are rows of the table; its header gives a blank line."""
        hits: list[Row] = []
        rest: list[Row] = []
        for row in frame.iter_rows(named=True):
            for whole in self._whole(row):
                found = list(self._read(whole))
                hits += found
                rest += [] if found else [whole]
        return pl.DataFrame(hits, schema=frame.schema), pl.DataFrame(rest, schema=frame.schema)

    def finish(self) -> list[Row]:
        """Return the row whose quoted cell was never closed, as it stands."""
        rows, self._open = self._open, []
        self.cut += bool(rows)
        return [self._together(rows)] if rows else []

    def _whole(self, row: Row) -> Iterator[Row]:
        """Return `row`, or the rows that it completes; none while a quoted cell is open."""
        if self._open and self._open[0][RUN] != row[RUN]:
            yield from self.finish()
        odd = row["text"].count('"') % 2
        if not self._open and not odd:
            yield row
            return
        self._open.append(row)
        if (odd and len(self._open) > 1) or sum(len(one["text"]) for one in self._open) > MAX_TEXT:
            rows, self._open = self._open, []
            self.joined += len(rows) - 1
            yield self._together(rows)

    @staticmethod
    def _together(rows: list[Row]) -> Row:
        return {**rows[0], "text": "\n".join(row["text"] for row in rows)}

    def _read(self, row: Row) -> Iterator[Row]:
        """Return the lines in one whole row."""
        outer = f"{row['envelopes']}>{self.name}" if row["envelopes"] else self.name
        if row["text"] == self._header:
            yield {**row, "text": "", "envelopes": outer}
            return
        cells = self.cells(row["text"])
        if len(cells) != self._width or self._text is None:
            return
        time = times.iso(cells[self._time]) if self._time is not None else None
        for line in split(cells[self._text]):
            yield {**row, "text": line, "envelopes": outer, "envelope_time": time or row["envelope_time"]}


def _whole_rows(texts: Sequence[str]) -> Iterator[str]:
    """Return the rows in `texts`: lines are joined until no quoted cell is open."""
    waiting = ""
    for text in texts:
        waiting = f"{waiting}\n{text}" if waiting else text
        if waiting.count('"') % 2 == 0:
            yield waiting
            waiting = ""
