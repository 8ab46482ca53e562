"""Lines to JSON records where these are not the same: arrays, pretty-printed records, records with no newline between.

A record keeps the number of the line that it starts on, and the offset of its own first byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.batches import AZURE, Batch

SEVERAL: Final = r'^[\s\x00]*\[[\s\[]*\{|\}[\s]*,?[\s]*\{[\s]*"'  # an array of objects, or one object after another
# Strings never span lines in JSON, so a line's brackets can be counted once its strings are gone.
STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
PIECE: Final = (
    r'^\s*(?:[\[{]|[\]}]+\s*,?|[\]}]\s*,\s*[\[{]|"(?:[^"\\]|\\.)*"\s*:\s.*'
    r'|(?:"(?:[^"\\]|\\.)*"|[-\d.eE+]+|true|false|null),?'
    r'|\[(?:(?:"(?:[^"\\]|\\.)*"|[-\d.eE+]+|true|false|null),?\s*)+\],?)\s*$'  # a row of a table
)
_VALUE: Final = r"[^\s\[\]{},]"  # beside brackets, which other languages print, too
BETWEEN: Final = re.compile(r"[\s,]*[\[\],][\s,\[\]]*\Z")  # punctuation of an array around its records
LISTED: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*:\s*\[\s*\Z')  # where the list of a key begins
SAYS: Final = re.compile(r":\s*[^\s\[{]")  # a key with a value of its own
GAP: Final = re.compile(r"[\s,\x1e\[\]]*")  # lists within lists, too: Zipkin's traces are lists of spans
MOST: Final = 1 << 26  # characters of one record; more is no log record, and memory must stay bounded

Row = tuple[int, int, str]


def is_pretty(lines: pl.Series) -> bool:
    """Tell whether sampled `lines` are mostly pieces of JSON records that span lines."""
    filled = lines.filter(lines.str.contains(r"\S"))
    if not filled.str.contains(r"^\s*(?:\[\s*)?[\[{]\s*$|^\s*[\]}]\s*,?\s*[\[{]\s*$").any():
        return False
    pieces = filled.filter(filled.str.contains(PIECE))
    return len(pieces) * 2 > len(filled) and bool(pieces.str.contains(_VALUE).any())


def split(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of several records in one line."""
    braced = frame["raw"].str.contains("{", literal=True)  # ten times faster than the pattern
    if not braced.any():
        return frame
    several = frame["raw"].str.contains(SEVERAL)
    if not several.any():
        return frame
    rows: list[Row] = []
    for row, split_it in zip(frame.iter_rows(), several, strict=True):
        parts = list(_parts(row[2])) if split_it else []
        if len(parts) < 1 or (len(parts) == 1 and row[2].lstrip().startswith("{")):
            rows.append(row)
        else:
            rows += placed(row, ((start, row[2][start:end]) for start, end in parts))
    return pl.DataFrame(rows, schema=frame.schema, orient="row")


def placed(row: Row, found: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """Yield records found in a text, by ascending places where they begin, each with its own line and offset."""
    number, offset, text = row
    before = 0
    for start, record in found:
        number += text.count("\n", before, start)
        offset += len(text[before:start].encode())
        before = start
        yield number, offset, record


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Return the places of the objects of an array, or of objects one after another, as far as there are any."""
    from clerk_logscan.parsing import json_values

    at = json_values.SPACE.match(text).end()  # type: ignore[union-attr]
    if text.startswith("[", at):
        at += 1
    while True:
        at = GAP.match(text, at).end()  # type: ignore[union-attr]
        if not text.startswith("{", at):
            return
        end = json_values.end_of_object(text, at)
        yield at, end
        at = end


def first(sample: pl.DataFrame) -> pl.Series:
    """Return the documents at the beginning of sampled lines; the last is closed where those end that follow it."""
    assembler = Assembler(Batch("", 0))
    found = pl.concat([assembler.feed(sample.head(_hole(sample))), assembler.finish()])["raw"].to_list()
    return pl.Series([*found[:-1], *map(_closed, found[-1:])], dtype=pl.String)


def records(sample: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """Return the records of sampled lines, where `batch` lists them: those before the first hole, if one ends there.

    Behind a hole a line may be of the middle of a record, whose keys would be taken for those of another.
    """
    assembler = Assembler(batch)
    hole = _hole(sample)
    found = assembler.feed(sample.head(hole))
    if hole < sample.height and found["raw"].str.contains(r"^\{").any():
        return found
    return pl.concat([found, assembler.feed(sample.slice(hole)), assembler.finish()])


def _hole(sample: pl.DataFrame) -> int:
    """Return how many lines of a sample stand before the first that does not follow the one before."""
    jumps = sample["line_number"].diff().fill_null(1) != 1
    return (jumps.arg_max() or 0) if jumps.any() else sample.height


def _closed(text: str) -> str:
    """Return a document that was cut after one of its lines with the brackets closed that are open."""
    pairs = {"{": "}", "[": "]"}
    opened: list[str] = []
    for sign in re.findall(r"[{}\[\]]", STRINGS.sub("", text)):
        if sign in pairs:
            opened.append(pairs[sign])
        elif opened:
            opened.pop()
    return text.rstrip(" \t\r\n,") + "".join(reversed(opened))


class Assembler:
    """Joins the lines of pretty-printed records, across blocks; other lines pass as they are."""

    def __init__(self, batch: Batch = AZURE) -> None:
        self._batch = batch
        self._split = False  # whether the list of records was met
        self._open: list[Row] = []  # lines of the record that has begun
        self._depth = 0
        self._size = 0
        self._indent: str | None = None  # of the lines that begin a record

    def feed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the records that `frame` (line_number, byte_offset, raw) completes, and the lines that are none."""
        rows = [row for line in frame.iter_rows() for row in self._line(line)]
        return pl.DataFrame(rows, schema=frame.schema, orient="row")

    def finish(self) -> pl.DataFrame:
        """Return the record that the input ends within, or no row."""
        return pl.DataFrame(list(self._close()), schema=lines.SCHEMA, orient="row")

    def _line(self, row: Row) -> Iterator[Row]:
        text = row[2]
        if self._open and self._starts_anew(text):
            yield from self._close()
        if not self._open:
            if not text.lstrip(" \t\ufeff,[").startswith("{"):
                if not BETWEEN.match(text):
                    yield row
                return
            row = self._begin(row)
            text = row[2]
        if self._lists_records(text):
            head = "\n".join(line[2] for line in self._open)
            yield from self._close() if SAYS.search(head) else ()
            self._open, self._depth, self._size, self._indent, self._split = [], 0, 0, None, True
            return
        self._open.append(row)
        self._size += len(text)
        bare = STRINGS.sub("", text)
        self._depth += bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
        if self._depth <= 0 or self._size > MOST:
            yield from self._close()

    def _lists_records(self, text: str) -> bool:
        """Tell whether the list of records begins here: what stands around it is no record."""
        if self._depth > self._batch.depth or (self._depth < self._batch.depth and not self._split):
            return False
        key = LISTED.match(text)
        return key is not None and key[1].lower() == self._batch.key.lower()

    def _begin(self, row: Row) -> Row:
        """Drop the array's own bracket before a record's first line, and note how far such lines are indented."""
        number, offset, text = row
        brace = text.index("{")
        if self._indent is None:
            self._indent = text[:brace] if not text[:brace].strip() else None
        return number, offset + len(text[:brace].encode()), text[brace:]

    def _starts_anew(self, text: str) -> bool:
        """Tell whether a record starts here, though the one before has not ended: its brackets were miscounted."""
        return self._indent is not None and text.rstrip() == self._indent + "{"

    def _close(self) -> Iterator[Row]:
        lines, self._open, self._depth, self._size = self._open, [], 0, 0
        if lines:
            text = "\n".join(line[2] for line in lines).rstrip(" \t\r,")
            yield lines[0][0], lines[0][1], text
