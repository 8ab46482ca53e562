"""Peel rows that are JSON lists, a line each, under a list of names: each becomes a record.

ClickHouse's JSONCompactEachRowWithNames (https://clickhouse.com/docs/interfaces/formats/JSONCompactEachRowWithNames);
a line of types, where one follows, has the names' keys and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from clerk_logscan.parsing.envelopes.entries import Entries, Row
from clerk_logscan.parsing.json_tables import names_of

NAME: Final = "json-rows"


def is_rows(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are lists of one length, the first of them a list of names."""
    if len(texts) < 2 or not all(text.startswith("[") for text in texts if text):
        return False
    from clerk_logscan.parsing.inference import names

    head = _list(texts[0])
    known = any(names.rank(name, "target") is not None for name in names_of(head))
    return known and all(len(_list(text) or head) == len(head) for text in texts[1:])


def _list(text: str) -> list[Any]:
    from clerk_logscan.parsing import json_values

    try:
        value = json_values.DECODER.decode(text.strip().rstrip(","))
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else []


class Rows(Entries):
    """The rows of one input; the first names the columns."""

    name: Final = NAME

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []

    def line(self, row: Row) -> Iterator[Row]:
        """Yield the record that a line is, the header and what is no row as they stand."""
        from clerk_logscan.parsing.envelopes.values import dump

        values = _list(row["text"])
        if self._names and len(values) == len(self._names):
            yield self.inner(row, dump(dict(zip(self._names, values, strict=True))))
            return
        self._names = self._names or names_of(values)
        yield row
