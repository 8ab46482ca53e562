"""Tables in JSON: names once, rows as lists. Each row becomes a record of its own, at its own place.

ClickHouse's JSONCompact (`meta`, `data`), Azure's query API (`tables[].columns`, `rows`), Splunk's json_rows (`fields`,
`rows`), Elasticsearch's SQL (`columns`, `rows`), pandas' split (`columns`, `data`): whatever the keys, a list of names
beside a list of lists of that length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

_MARKS: Final = ("[[", "[ [")
_PRETTY: Final = r"\[\s*\["
_BLANKS: Final = re.compile(r"[\s,]*")
_NAMED_BY: Final = ("name", "columnName", "column", "field", "text")
_FEWEST: Final = 3  # columns
_DEEPEST: Final = 6

Row = tuple[int, int, str]
Table = tuple[list[str], str]  # names, and the key of the rows


def unfold(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of a table's; all other rows as they are."""
    raw = frame["raw"]
    if not raw.str.contains("[", literal=True).any():
        return frame
    like = raw.str.contains_any(list(_MARKS)) | (raw.str.contains("\n", literal=True) & raw.str.contains(_PRETTY))
    like &= raw.str.contains(r"^\s*\{")
    if not like.any():
        return frame
    rows: list[Row] = []
    for row, may_be in zip(frame.iter_rows(), like, strict=True):
        rows += (list(_rows(row)) if may_be else []) or [row]
    return pl.DataFrame(rows, schema=frame.schema, orient="row")


def _rows(row: Row) -> Iterator[Row]:
    """Yield the rows of the tables in one document, each as a record."""
    from clerk_logscan.parsing import json_values
    from clerk_logscan.parsing.envelopes.values import dump

    number, offset, text = row
    document = next(json_values.read_objects(pl.Series([text])))
    at = 0
    for names, key in _tables(document or {}, 0):
        begins = re.compile(rf'"{re.escape(key)}"\s*:\s*\[').search(text, at)
        if begins is None:
            return
        at = begins.end()
        for start, at, values in _lists(text, at):  # noqa: B020  the next table is behind
            record = dump(dict(zip(names, values, strict=True))) if len(values) == len(names) else text[start:at]
            yield number + text.count("\n", 0, start), offset + len(text[:start].encode()), record


def _lists(text: str, at: int) -> Iterator[tuple[int, int, list[Any]]]:
    """Yield the lists within a list from `at` on, each with its places."""
    from clerk_logscan.parsing import json_values

    while True:
        start = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if not text.startswith("[", start):
            return
        try:
            value, at = json_values.DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield start, at, value


def _tables(value: dict[str, Any], depth: int) -> Iterator[Table]:
    """Yield the tables of a document in its order."""
    rows = {key: inner for key, inner in value.items() if _is_rows(inner)}
    for key, inner in rows.items():
        names = next((found for other in value.values() if len(found := names_of(other)) == len(inner[0])), None)
        if names is not None:
            yield names, key
    if rows or depth > _DEEPEST:
        return
    for inner in value.values():
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, dict):
                yield from _tables(item, depth + 1)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def names_of(value: Any) -> list[str]:
    """Return the names of columns that a list holds, as texts or as objects with a name; none where it does not."""
    if not isinstance(value, list) or len(value) < _FEWEST:
        return []
    found = [
        next((one[key] for key in _NAMED_BY if key in one), None) if isinstance(one, dict) else one for one in value
    ]
    names = [name for name in found if isinstance(name, str) and name]
    return names if len(set(names)) == len(value) else []
