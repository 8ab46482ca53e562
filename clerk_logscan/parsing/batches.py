"""The list of records in a printed JSON document (`{"events": [{...}, ...]}`): each of them is one, on its own lines.

Whoever exports logs prints them as one object around a list: `aws logs`, Elasticsearch's search, HAR, traces. Where
the list is, its records tell: a format reads them, or what they wrap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

TRIED: Final = 8  # records of a list
_DOCUMENTS: Final = 3
_DEEPEST: Final = 8  # keys and lists down to it


Reads = Callable[[str], bool]


class Batch(NamedTuple):
    """The `key` whose value is the list, and how many brackets are open where it stands."""

    key: str
    depth: int


AZURE: Final = Batch("records", 1)  # its blobs: known without a record to read


def find(documents: Sequence[str], is_record: Reads, reads: Reads) -> Batch:
    """Return where the first of `documents` (each may be cut short) list their records; Azure's way where none does.

    `is_record` tells whether a text is a request by itself, `reads` whether it is one or wraps one. A request may have
    such a list of its own; the one document of a file, with several in it, is no request.
    """
    from clerk_logscan.parsing import json_values

    for text in documents[:_DOCUMENTS]:
        value = json_values.read_object(text)
        if value is None:
            continue
        fewest = 1 if not is_record(text) else 2 if len(documents) == 1 else 0
        for batch, items in _lists(value, 1) if fewest else ():
            if sum(reads(_dump(item)) for item in items[:TRIED]) >= fewest:
                return batch
    return AZURE


def _lists(value: dict[str, Any], depth: int) -> Iterator[tuple[Batch, list[dict[str, Any]]]]:
    """Yield the lists of objects below `value`, the outer ones first; `depth` brackets are open within it."""
    if depth > _DEEPEST:
        return
    for key, inner in value.items():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield Batch(key, depth), [item for item in inner if isinstance(item, dict)]
    for inner in value.values():
        if isinstance(inner, dict):
            yield from _lists(inner, depth + 1)
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield from _lists(inner[0], depth + 2)


def _dump(item: dict[str, Any]) -> str:
    from clerk_logscan.parsing.envelopes.values import dump

    return dump(item)
