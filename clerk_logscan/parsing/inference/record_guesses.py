"""Guesses of layouts that name their values: JSON records, `key=value` and LTSV lines, CSV with a header or without."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing import json_paths, json_values, record_readers
from clerk_logscan.parsing.cells import may_have
from clerk_logscan.parsing.definitions import TARGETS, Definition
from clerk_logscan.parsing.inference import shapes
from clerk_logscan.parsing.inference.columns import Column, Roles
from clerk_logscan.parsing.inference.likely import LONGEST
from clerk_logscan.parsing.inference.roles import assign
from clerk_logscan.parsing.inference.text_definition import escape_of
from clerk_logscan.parsing.inference.tokens import MOST_WORDS
from clerk_logscan.parsing.record_lines import read_by
from clerk_logscan.parsing.told import told

Found = tuple[Definition, tuple[str, ...], str]
Record = dict[str, Any]

_DEEPEST: Final = 5
_MOSTLY: Final = 0.8
_KEYED: Final = re.compile(r"(?:^|\s)[A-Za-z_@][\w.@/-]*=\S?")
_LABEL: Final = re.compile(r"[A-Za-z_@][\w.@-]*")
_NAME: Final = re.compile(r"[A-Za-z_@#(%][\w .()\[\]/:@%\-#]*")
_DELIMITERS: Final = (",", ";", "\t", "|")
_FEWEST: Final = 3
_FIELDS: Final = "#Fields:"  # W3C's header, of names that no format has
_HOW: Final = {
    "json": "JSON records",
    "csv": "cells between {delimiter!r}",
    "pairs": "keys and values with {separator!r} between",
}
# A cell of these must be what its column is, or the line is another.
_SHAPES: Final = {
    "status": r"-?[0-9]{1,3}(?:[ ,]+[0-9-]+)*|-|",
    "request_target": r"(?s)[/\\*].*|(?i:https?|wss?)://.*|-|",
    "path": r"(?s)[/\\*].*|-|",
    "method": r"[A-Za-z_-]*(?: .*)?",
}


def reader(definition: Definition) -> Callable[[Sequence[str]], list[bool]]:
    """Return what tells which of some lines a definition, alone, reads."""

    def reads(lines: Sequence[str]) -> list[bool]:
        texts = pl.Series(lines, dtype=pl.String)
        taken = {row for cut in read_by(definition, texts) for row in told(cut, texts, guessed=True)[0].rows}
        return [row in taken for row in range(len(texts))]

    return reads


def guesses(lines: Sequence[str], name: str, heads: Sequence[str] = ()) -> Iterator[Found]:
    """Yield the definitions that the lines suggest, the likelier first, each with the reasons for its columns.

    `heads`: lines before them, of which one may name the columns.
    """
    if are_objects(lines):
        yield from _json([line for line in lines if _is_object(line)], name)
        return
    yield from _csv(lines, name, heads)
    for make in (_pairs, _logfmt):
        yield from make(lines, name)


def are_objects(lines: Sequence[str]) -> bool:
    """Tell whether most of the lines look like JSON records."""
    return sum(map(_is_object, lines)) > len(lines) / 2


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{")


def _json(lines: Sequence[str], name: str) -> Iterator[Found]:
    records = [record for record in json_values.read_objects(pl.Series(lines)) if record]
    found = _named([flat(record) for record in records])
    if found:
        yield _definition(name, "json", found[0], found[1])


def tells_request(text: str) -> bool:
    """Tell whether one JSON record, by itself, is a request: so it is no envelope of a line within."""
    record = json_values.read_object(text) if len(text) <= LONGEST else None
    return record is not None and _named([flat(record)]) is not None


def tell_request(records: Sequence[dict[str, str]]) -> bool:
    """Tell whether records of texts by their names are requests."""
    return _named(records) is not None


def flat(value: Record, path: str = "", depth: int = 0) -> dict[str, str]:
    """Return the texts of a record by their paths, as json_paths reads them; lists of names and values, too.

    A list of other objects is a batch of records: one of them does not speak for all.
    """
    found: dict[str, str] = {}
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(inner, dict) and depth < _DEEPEST:
            found |= flat(inner, here, depth + 1)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            found |= _listed(inner, here)
        elif (text := json_paths.text(inner)) is not None:
            found[here] = text
    return found


def _listed(items: Sequence[Any], path: str) -> dict[str, str]:
    """Return the values of a list of names and values (`[{"name": ..., "value": ...}]`) by `path[name]`."""
    found: dict[str, str] = {}
    for item in items:
        name = next((item[key] for key in json_paths.NAMES if key in item), None) if isinstance(item, dict) else None
        value = next((item[key] for key in json_paths.VALUES if key in item), None) if isinstance(item, dict) else None
        if isinstance(name, str) and (text := json_paths.text(json_paths.typed(value))) is not None:
            found[f"{path}[{name}]"] = text
    return found


def _pairs(lines: Sequence[str], name: str) -> Iterator[Found]:
    """Yield LTSV and its kin: every cell has a label."""
    for delimiter in ("\t", " | ", "|", "; ", ";", ", ", ","):
        if not may_have(_FEWEST, lines, delimiter, _MOSTLY):
            continue
        rows = [record_readers.labelled_cells(line, delimiter) for line in lines]
        for separator in ("=", ":"):
            if sum(_is_labelled(row, separator) for row in rows) < _MOSTLY * len(lines):
                continue
            layout = Definition(name, "", "", "pairs", delimiter=delimiter, separator=separator)
            if found := _read(layout, lines):
                yield _definition(name, "pairs", *found, delimiter=delimiter, separator=separator)


def _is_labelled(cells: Sequence[str], separator: str) -> bool:
    labels = [cell.partition(separator)[0].strip() for cell in cells]
    labels[0] = labels[0].rpartition(" ")[2]
    return len(cells) >= _FEWEST and all(map(_LABEL.fullmatch, labels)) and len(set(labels)) == len(labels)


def _logfmt(lines: Sequence[str], name: str) -> Iterator[Found]:
    """Yield `key=value` with blanks between."""
    keyed = [line for line in lines if len(_KEYED.findall(line)) >= _FEWEST]
    if len(keyed) < _MOSTLY * len(lines):
        return
    layout = Definition(name, "", "", "pairs", delimiter=" ")
    if found := _read(layout, lines):
        yield _definition(name, "pairs", *found, delimiter=" ", separator="=")


def _read(layout: Definition, lines: Sequence[str]) -> tuple[list[Column], Roles] | None:
    if escape_of(lines) == "nginx":
        layout = replace(layout, escape="nginx")  # so the reader leaves bytes to be undone with all others
    read = record_readers.reader(layout)
    records = [record for line in lines if (record := read(line)) is not None]
    return _named([{key: value or "" for key, value in record.items()} for record in records])


def _named(records: Sequence[dict[str, str]]) -> tuple[list[Column], Roles] | None:
    """Return the columns of records that name their values, with their roles; None where they hold no request."""
    keys: dict[str, None] = {}
    for record in records:
        keys |= dict.fromkeys(record)
    columns = [
        Column(key, tuple(record.get(key) for record in records), None if key.isdigit() else key, place)
        for place, key in enumerate(keys)
    ]
    roles = assign(columns)
    if roles is None:
        return None
    return columns, roles


def _csv(lines: Sequence[str], name: str, heads: Sequence[str]) -> Iterator[Found]:
    for delimiter in (*_DELIMITERS, *([" "] if any(head.startswith(_FIELDS) for head in heads) else [])):
        if not may_have(_FEWEST + 1, lines, delimiter, _MOSTLY):
            continue
        cells = partial(record_readers.csv_cells, _layout(delimiter))
        rows = [cells(line) for line in lines]
        width, agreed = Counter(map(len, rows)).most_common(1)[0]
        if not _FEWEST < width <= MOST_WORDS or agreed < _MOSTLY * len(rows):
            continue
        named = [_boxed(row) for row in map(_head, map(cells, heads)) if len(row) == width and _is_header(row)]
        rows = [*named[:1], *(row for row in rows if len(row) == width)]
        yield from _table(name, delimiter, rows, _quotes_as_needed(lines, delimiter))


def _quotes_as_needed(lines: Sequence[str], delimiter: str) -> bool:
    """Tell whether cells are quoted as RFC 4180 wants it: each quote at a cell's edge, or doubled."""
    inner = re.compile(rf'(?:^|{re.escape(delimiter)}) *"(?:[^"]|"")*" *(?=$|{re.escape(delimiter)})')
    quoted = [line for line in lines if '"' in line]
    return bool(quoted) and all('"' not in inner.sub("", line) for line in quoted)


def _table(name: str, delimiter: str, rows: list[list[str]], quoted: bool) -> Iterator[Found]:
    """Yield the definition of a table: its columns are named by the header, where there is one."""
    header = rows[0] if _is_header(rows[0]) else None
    if header is None and not quoted:
        return
    order = header or [f"column_{place}" for place in range(1, len(rows[0]) + 1)]
    body = rows[1:] if header else rows
    columns = [
        Column(key, tuple(row[place] for row in body), key if header else None, place, quoted=True)
        for place, key in enumerate(order)
    ]
    roles = assign(columns) if body else None
    if roles is not None:
        yield _definition(name, "csv", columns, roles, delimiter=delimiter, order=tuple(order))


def may_name(text: str) -> bool:
    """Tell whether a line may be the header of a table, whatever stands between its columns."""
    signs = (*_DELIMITERS, " ") if text.startswith(_FIELDS) else _DELIMITERS
    return any(sign in text and _is_header(record_readers.csv_cells(_layout(sign), text)) for sign in signs)


def _layout(delimiter: str) -> Definition:
    return Definition("", "", "", "csv", delimiter=delimiter, order=())


def _head(row: list[str]) -> list[str]:
    """Return a header without the word that says that it is one (Zeek's `#fields`, W3C's `#Fields:`)."""
    word, *first = row[0].split(" ", 1)
    return [*first, *row[1:]] if word.lower().rstrip(":") == "#fields" else row


def _boxed(row: list[str]) -> list[str]:
    """Return a header with names for the empty cells at both ends, where each row is in a box (`| a | b |`)."""
    return ["left", *row[1:-1], "right"] if row[0] == row[-1] == "" else row


def _is_header(row: Sequence[str]) -> bool:
    row = row[1:-1] if len(row) > 2 and row[0] == row[-1] == "" else row
    return len(set(row)) == len(row) and all(_NAME.fullmatch(cell) and not shapes.is_target(cell) for cell in row)


def _escape(grammar: str, columns: Sequence[Column]) -> str:
    """Return the escaping that stands within the values; what a writer of records escapes, their readers undo.

    nginx' `\\xHH` in pairs; `quote` where every quote in a JSON value has a backslash, as of a logger whose tokens are
    escaped before they become JSON (morgan).
    """
    values = [value for column in columns for value in column.values if value]
    if grammar == "pairs" and escape_of(values) == "nginx":
        return "nginx"
    quotes = [before for value in values for before in re.findall(r'(\\?)"', value)] if grammar == "json" else []
    return "quote" if quotes and all(quotes) else "json"


def _definition(name: str, grammar: str, columns: list[Column], roles: Roles, **layout: Any) -> Found:
    """Return the definition of a layout of named values; it requires the target, and what stood in every record."""
    fields = {role: {field for one in given for field in one.fields} for role, given in roles.sources.items()}
    targets = set().union(*(fields.get(role, ()) for role in TARGETS))
    always = [one.field for one in columns if all(value is not None for value in one.values)]
    some = [one.field for one in columns if one.field in targets]
    what = [field for field in some if field in always] or ["|".join(some)]
    required = [field for field in always if field in targets or field in set().union(*fields.values())]
    definition = Definition(
        name=name,
        title="a layout that was guessed from its lines",
        vendor="",
        grammar=grammar,
        hop="platform",
        escape=_escape(grammar, columns),
        requires=tuple(dict.fromkeys([*what, *required])),
        shapes={field: _SHAPES[role] for role, names in fields.items() if role in _SHAPES for field in names}
        if grammar == "csv"
        else {},
        missing=tuple(sorted(shapes.MISSING)),
        columns=roles.sources,
        **layout,
    )
    return definition, tuple(roles.reasons), _HOW[grammar].format(**layout)
