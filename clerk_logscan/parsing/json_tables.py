"""Tables in JSON: names once, rows as lists. Each row becomes a record of its own, at its own place.

ClickHouse's JSONCompact (`meta`, `data`), Azure's query API (`tables[].columns`, `rows`), Splunk's json_rows (`fields`,
`rows`), Elasticsearch's SQL (`columns`, `rows`), pandas' split (`columns`, `data`), BigQuery's API (`schema.fields`,
`rows[].f[].v`): whatever the keys, a list of names beside a list of lists of that length. Grafana's frames hold a list
for each column. Records of a map by their ids (`{"id": {...}, ...}`) are rows, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing.json_documents import Row, placed

_TABLE: Final = r'\[\s*\[|"f"\s*:\s*\['
_MAP: Final = r'^\s*\{\s*"[^"]*"\s*:\s*\{'
_BLANKS: Final = re.compile(r"[\s,]*")
_NAMED_BY: Final = ("name", "columnName", "column", "field", "text")
_FEW: Final = 8  # lines: of more, one is no whole document
_FEWEST: Final = 3  # columns
_DEEPEST: Final = 6

Table = tuple[list[str], str]  # names, and the key of the rows


def unfold(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of a table's; all other rows as they are."""
    raw = frame["raw"]
    if not raw.str.contains("{", literal=True).any():
        return frame
    like = raw.str.contains(r"^\s*\{") & raw.str.contains(_TABLE)
    printed = (
        raw.str.contains("\n", literal=True) if frame.height > _FEW else pl.Series([True]).new_from_index(0, len(raw))
    )
    like |= printed & raw.str.contains(_MAP)
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
    document = json_values.read_object(text)
    if document is None:
        return
    yield from placed(row, ((start, dump(value)) for start, value in _by_id(document, text)))
    for names, columns in _frames(document):
        for cells in zip(*columns, strict=True):
            yield number, offset, dump(dict(zip(names, cells, strict=True)))
    yield from placed(row, _of_tables(document, text))


def _of_tables(document: dict[str, Any], text: str) -> Iterator[tuple[int, str]]:
    """Yield where the rows of a document's tables begin, and each as a record; as it stands where it does not fit."""
    from clerk_logscan.parsing.envelopes.values import dump

    at = 0
    for names, key in _tables(document, 0):
        begins = re.compile(rf'"{re.escape(key)}"\s*:\s*\[').search(text, at)
        if begins is None:
            return
        at = begins.end()
        for start, at, row_value in _items(text, at):  # noqa: B020  the next table is behind
            values = _values(row_value)
            record = dump(dict(zip(names, values, strict=True))) if len(values) == len(names) else text[start:at]
            yield start, record


def _items(text: str, at: int) -> Iterator[tuple[int, int, Any]]:
    """Yield the lists or objects within a list from `at` on, each with its places."""
    from clerk_logscan.parsing import json_values

    while True:
        start = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if not text.startswith(("[", "{"), start):
            return
        try:
            value, at = json_values.DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield start, at, value


def _values(row: Any) -> list[Any]:
    """Return the values of a row: a list, or BigQuery's `{"f": [{"v": ...}, ...]}`; none where it is neither."""
    if isinstance(row, dict) and isinstance(row.get("f"), list) and len(row) == 1:
        return [cell.get("v") if isinstance(cell, dict) else None for cell in row["f"]]
    return row if isinstance(row, list) else []


def _by_id(document: dict[str, Any], text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records of a map by their ids, each with its place: objects of the same keys, which tell a request."""
    from clerk_logscan.parsing import json_values
    from clerk_logscan.parsing.inference import names

    records = list(document.values())
    if len(records) < 2 or not all(isinstance(one, dict) and one.keys() == records[0].keys() for one in records):
        return
    if not all(any(names.rank(key, role) is not None for key in records[0]) for role in ("target", "method", "status")):
        return
    at = 0
    for key in document:
        begins = re.compile(rf'"{re.escape(key)}"\s*:\s*').search(text, at)
        if begins is None:
            return
        value, at = json_values.DECODER.raw_decode(text, begins.end())
        yield begins.end(), value


def _frames(document: dict[str, Any]) -> Iterator[tuple[list[str], list[list[Any]]]]:
    """Yield Grafana's frames: the names of `schema.fields`, and `data.values`, a list for each of them."""
    schema, data = document.get("schema"), document.get("data")
    if not isinstance(schema, dict) or not isinstance(data, dict):
        return
    names, columns = names_of(schema.get("fields")), data.get("values") or []
    if names and _is_rows(columns) and len(columns) == len(names) and len({len(column) for column in columns}) == 1:
        yield names, columns


def _tables(value: dict[str, Any], depth: int) -> Iterator[Table]:
    """Yield the tables of a document in its order."""
    rows = {key: inner for key, inner in value.items() if _is_rows(inner)}
    for key, inner in rows.items():
        beside = [
            *value.values(),
            *(one for other in value.values() if isinstance(other, dict) for one in other.values()),
        ]
        names = next((found for other in beside if len(found := names_of(other)) == len(_values(inner[0]))), None)
        if names is not None:
            yield names, key
    if rows or depth > _DEEPEST:
        return
    for inner in value.values():
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, dict):
                yield from _tables(item, depth + 1)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_values(row) for row in value)


def names_of(value: Any) -> list[str]:
    """Return the names of columns that a list holds, as texts or as objects with a name; none where it does not."""
    if not isinstance(value, list) or len(value) < _FEWEST:
        return []
    found = [
        next((one[key] for key in _NAMED_BY if key in one), None) if isinstance(one, dict) else one for one in value
    ]
    names = [name for name in found if isinstance(name, str) and name]
    return names if len(set(names)) == len(value) else []
