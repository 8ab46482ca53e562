"""Lines that name their values, other than JSON: CSV under a header, `key=value` (logfmt), LTSV; each line a record.

Values are what a client sent, in part. Where a line can be read in more than one way, it is read in none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from clerk_logscan.parsing.cells import split_around
from clerk_logscan.parsing.definitions import Definition

Record = dict[str, str | None]
Reader = Callable[[str], Record | None]

_DECISIVE: Final = ("request", "request_target", "url", "path", "query", "method", "status")
_ESCAPE: Final = re.compile(r'\\(?:(["\\])|x([0-7][0-9A-Fa-f])|u(00[0-7][0-9A-Fa-f]))')
_QUOTED: Final = re.compile(r'(?<==)"(?:[^"\\]|\\.)*"(?=\W|$)')
_TIME: Final = re.compile(
    r"\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9:.,]+(?: ?(?:Z|[+-][0-9:]{4,6}))?\]?(?=\s)"
    r"|\[[^\]]*\](?=\s)"
)


def reader(definition: Definition) -> Reader:
    """Return what reads one line of a definition of the grammar csv or pairs."""
    return _Csv(definition).read if definition.grammar == "csv" else _Pairs(definition).read


def csv_cells(definition: Definition, line: str) -> list[str]:
    """Return the cells of a line with the definition's delimiter, their quotes undone."""
    return _Csv(definition).cells(line)


class _Csv:
    """Rows of cells (RFC 4180), in the order of the definition's columns; the header itself is no record."""

    def __init__(self, definition: Definition) -> None:
        self.order, self.delimiter = definition.order, definition.delimiter
        sign = re.escape(self.delimiter)
        self._cell = re.compile(
            rf'[ ]*(?:"((?:[^"]|"")*)"[ ]*(?={sign}|\Z)|"(.*?)"[ ]*(?={sign}|\Z)|((?:(?!{sign}).)*))', re.DOTALL
        )
        self._shapes = {self.order.index(n): re.compile(s) for n, s in definition.shapes.items() if n in self.order}
        decisive = {f for role in _DECISIVE for one in definition.columns.get(role, ()) for f in one.fields}
        self._decisive = [place for place, name in enumerate(self.order) if name in decisive]

    def read(self, line: str) -> Record | None:
        """Return the cells by the columns' names; None for the header, and for a line of other columns."""
        found = self.cells(line)
        if len(found) > len(self.order):
            joined = self._joined(found)
            return dict(zip(self.order, joined, strict=True)) if joined else None
        if len(found) < len(self.order) or tuple(found) == self.order or not self._fits(found):
            return None
        return dict(zip(self.order, found, strict=True))

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line, their quotes undone."""
        found: list[str] = []
        at, step = 0, len(self.delimiter)
        while True:
            match = self._cell.match(line, at)
            assert match is not None  # the second way matches anything
            raw = match[2] if match[2] is not None else match[3] and match[3].strip(" ")
            found.append(match[1].replace('""', '"') if match[1] is not None else raw or "")
            if match.end() >= len(line):
                return found
            at = match.end() + step

    def _fits(self, found: list[str]) -> bool:
        return all(shape.fullmatch(found[place]) for place, shape in self._shapes.items())

    def _joined(self, found: list[str]) -> list[str | None] | None:
        """Return the cells of a line in which one text holds the delimiter; what that leaves undecided is missing."""
        more = len(found) - len(self.order)
        ways = []
        for place in range(len(self.order)):
            if place not in self._shapes or place in self._decisive:
                middle = self.delimiter.join(found[place : place + more + 1])
                way = [*found[:place], middle, *found[place + more + 1 :]]
                ways += [way] if self._fits(way) else []
        if not ways or any(way[place] != ways[0][place] for way in ways for place in self._decisive):
            return None
        return [values[0] if len(set(values)) == 1 else None for values in zip(*ways, strict=True)]


class _Pairs:
    """`key=value` with blanks between, a value quoted where it holds some; or `key:value` with tabs between (LTSV).

    Words before the first key are the keys `1`, `2` and so on, a time among them one word. A key that comes twice was
    planted, before or after the real one: such a line is not read.
    """

    def __init__(self, definition: Definition) -> None:
        self.delimiter, self.separator = definition.delimiter, definition.separator
        self._required = [names for one in definition.requires if (names := _names(one))]
        self._unquoted = str if definition.escape == "nginx" else _unquoted
        sign = re.escape(self.separator)
        between = re.escape(self.delimiter.strip()) or r"\s"
        self._key = re.compile(rf"(?:^|(?<=[\s{between}]))([A-Za-z_@][\w.@/-]*){sign}")
        self._quoted = re.compile(rf'"((?:[^"\\]|\\.)*)"(?=[\s{between}]|$)', re.DOTALL)

    def read(self, line: str) -> Record | None:
        """Return the values by their keys; None where there is none, one twice, or one is missing that is required."""
        if not all(any(name in line for name in names) for names in self._required):
            return None  # sooner seen than the line is cut: most logs hold `=` in a query
        if not self.delimiter.isspace() or self.delimiter == "\t":
            return self._cells(line)
        first = self._key.search(line)
        if first is None:
            return None
        record = _words(line[: first.start()])
        at = first.start()
        while key := self._key.match(line, at):
            value, at = self._value(line, key.end())
            if key[1] in record:
                return None
            record[key[1]] = value
            following = self._key.search(line, at)
            at = following.start() if following else len(line)
        return record

    def _value(self, line: str, at: int) -> tuple[str, int]:
        """Return the value that begins at `at` and the place behind it; without quotes it ends before the next key."""
        quoted = self._quoted.match(line, at)
        if quoted:
            return self._unquoted(quoted[1]), quoted.end()
        following = self._key.search(line, at)
        end = following.start() if following else len(line)
        text = line[at:end].rstrip()
        if len(text) > 1 and text[0] == text[-1] == '"':  # quotes within, which the log does not escape
            return text[1:-1], end
        strict = self.delimiter.strip()
        return (text.removesuffix(strict).rstrip() if strict else text), end

    def _cells(self, line: str) -> Record | None:
        record: Record = {}
        for place, cell in enumerate(labelled_cells(line, self.delimiter)):
            key, separator, value = cell.strip(" ").partition(self.separator)
            key, value = key.strip(), value.strip(" ")
            if not place and self.delimiter != "\t":  # words may stand before the first key
                before, _, key = key.rpartition(" ")
                record = _words(before)
            if not separator or not key or key in record:
                return None
            quoted = self._quoted.fullmatch(value)
            record[key] = self._unquoted(quoted[1]) if quoted else value
        return record


def _names(required: str) -> list[str]:
    """Return what a line must hold one of that has one of the `required` keys; nothing where words may be one."""
    names = [re.split(r"[.\[]", path)[0] for path in required.split("|")]
    return [] if any(name.isdigit() for name in names) else names


def labelled_cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line of labelled ones; in `key="a, b"` the delimiter is the value's, but a tab never."""
    if delimiter == "\t" or '="' not in line:
        return line.split(delimiter)
    return split_around(line, delimiter, _QUOTED)


def _unquoted(text: str) -> str:
    """Undo what a quoted value needs escaped, and bytes; a letter behind a backslash may be the client's own host."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: found[1] or chr(int(found[2] or found[3], 16)), text)


def _words(text: str) -> Record:
    """Return the words before the first key, numbered from 1."""
    found: Record = {}
    rest = text.strip()
    while rest:
        time = _TIME.match(rest + " ")
        word = time[0] if time else rest.split(None, 1)[0]
        found[str(len(found) + 1)] = word.strip("[]")
        rest = rest[len(word) :].lstrip()
    return found
