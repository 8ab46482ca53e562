"""What inside of unread records and rows may be a line, or a record: looked at where no format reads the outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing.definitions import Definition

MOST: Final = 1000  # unread lines that are looked at
HEADER: Final = re.compile(r"""["\w @.;,\t()-]+""")
JSON: Final = r"^\s*\{"
MESSAGE: Final = r'^[A-Za-z_][\w.]*=.* (?:msg|message)="((?:[^"\\]|\\.)*)"(?: |$)'  # of a logfmt record
_ESCAPED: Final = re.compile(r'\\(["\\])')
_DEEPEST: Final = 4
# What a client sends: the line that stands there is no server's.
SENT: Final = re.compile(
    r"agent|refer|header|cookie|quer|ur[il]|path|arg|param|body|payload_?sent|request", re.IGNORECASE
)

Found = tuple[str, str]  # the place within the record or row, the same for alike ones, and the text there


def texts(left: pl.Series) -> Iterator[Found]:
    """Yield what lies inside of unread lines; nothing of a record or table whose own fields tell a request."""
    yield from _in_records(left)
    yield from _in_rows(left)
    for text in left.filter(left.str.contains(MESSAGE)).head(MOST):
        yield "msg", _ESCAPED.sub(r"\1", re.search(MESSAGE, text)[1])  # type: ignore[index]


def _in_records(left: pl.Series) -> Iterator[Found]:
    from clerk_logscan.parsing import json_values
    from clerk_logscan.parsing.inference.record_guesses import tells_request

    for text in left.filter(left.str.contains(JSON)).head(MOST):
        record = json_values.read_object(text)
        if record and not tells_request(text):
            yield from _below(record, "", 0)


def _below(record: dict[str, Any], path: str, depth: int) -> Iterator[Found]:
    """Yield the texts within a record that hold blanks or braces, and the objects of its lists."""
    from clerk_logscan.parsing.envelopes.values import dump

    for key, value in record.items():
        here = f"{path}.{key}"
        if isinstance(value, str):
            if (" " in value or value.startswith("{")) and not SENT.search(key):
                yield here, value
        elif isinstance(value, dict) and depth < _DEEPEST:
            yield from _below(value, here, depth + 1)
        elif isinstance(value, list) and not _is_named(value):
            for item in (one for one in _flat(value) if isinstance(one, dict)):
                yield f"{here}[]", dump(item)
                if depth < _DEEPEST:
                    yield from _below(item, f"{here}[]", depth + 1)


def _flat(items: list[Any]) -> Iterator[Any]:
    """Yield the items of a list, and of lists within it (Zipkin's traces are lists of spans)."""
    for item in items:
        yield from _flat(item) if isinstance(item, list) else (item,)


def _is_named(items: list[Any]) -> bool:
    """Tell whether a list is one of names and values: header lines, tags."""
    from clerk_logscan.parsing import json_paths

    first = items[0] if items else None
    return isinstance(first, dict) and any(key in first for key in json_paths.NAMES) and len(first) <= 4


def _in_rows(left: pl.Series) -> Iterator[Found]:
    """Yield the cells of CSV rows by their column, where the first line could be a header."""
    from clerk_logscan.parsing.record_readers import csv_cells

    header = left[0] if len(left) else ""
    for delimiter in ",;\t":
        if delimiter not in header or not HEADER.fullmatch(header):
            continue
        layout = Definition("", "", "", "csv", delimiter=delimiter)
        names = csv_cells(layout, header)
        rows = [csv_cells(layout, text) for text in left[1:MOST]]
        rows = [row for row in rows if len(row) == len(names)]
        if not tell(names, rows):
            yield from _cells(names, rows)


def _cells(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Found]:
    for row in rows:
        for name, cell in zip(names, row, strict=True):
            if (" " in cell or cell.startswith("{")) and not SENT.search(name):
                yield name, cell


def tell(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the columns of a table are those of a request."""
    from clerk_logscan.parsing.inference.record_guesses import tell_request

    return bool(rows) and tell_request([dict(zip(names, row, strict=True)) for row in rows])
