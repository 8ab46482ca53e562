"""Key paths into JSON records: `request.headers.User-Agent`, `httpRequest.headers[User-Agent]`, and dotted keys.

A literal key that holds dots wins over the path (ECS writes either). A list stands for its first element;
`name[key]` finds the element `{name: key, value: …}` (or `{key: …, value: …}`) of a list, or the key of an object.
Header names are compared without case (RFC 9110, section 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson

TYPED: Final = ("stringValue", "intValue", "doubleValue", "boolValue", "string_value", "int_value")

Keys = tuple[str, ...]
INDEXED: Final = re.compile(r"(.+)\[([^\]]+)\]\Z")
NAMES: Final = ("name", "Name", "key", "Key", "label")
VALUES: Final = ("value", "Value", "val")


def text(value: Any) -> str | None:
    """Return a scalar as the text that the log wrote; a list's first element's; None for an object or null."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if value is None or kind is dict:
        return None
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        written = repr(value)
        return format(Decimal(written), "f") if "e" in written else written
    if kind is list:
        first = value[0] if value else None
        return None if type(first) is list else text(first)
    return str(value)


def joined(value: Any) -> str | None:
    """Return a list's elements as one comma list, as equal header lines are one (RFC 9110, section 5.2)."""
    if type(value) is list:
        return ", ".join(item for item in map(text, value) if item) or None
    return text(value)


def find(value: Any, path: str) -> Any:
    """Return what `path` names within `value` (an object, or a list that stands for its first element), or None."""
    value = opened(value)
    if type(value) is not dict:
        return None
    for key, rest in splits(path):
        if key in value:
            found = value[key] if rest is None else find(value[key], rest)
            if found is not None:
                return found
    return _indexed(value, path) if path.endswith("]") else None


def opened(value: Any) -> Any:
    """Return the object that a value holds: a list's first, or the one that a text writes as JSON."""
    if type(value) is list:
        value = value[0] if value else None
    if type(value) is str and value[:1] == "{":
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


@lru_cache(4096)
def splits(path: str) -> tuple[tuple[str, str | None], ...]:
    """Return the ways to read `path` as a key and the rest below it, the longest key first."""
    steps = path.split(".")
    cuts = [(".".join(steps[:n]), ".".join(steps[n:])) for n in range(len(steps) - 1, 0, -1)]
    return ((path, None), *cuts)


def _indexed(value: dict[str, Any], path: str) -> Any:
    """Return the element of a list of names and values, or an object's key, that `key[name]` means."""
    match = INDEXED.match(path)
    holder = value.get(match[1]) if match else None
    if match is None or holder is None:
        return None
    if type(holder) is dict:
        return header(holder, match[2])
    wanted = match[2].lower()
    for item in holder if type(holder) is list else ():
        name = next((item[key] for key in NAMES if key in item), None) if type(item) is dict else None
        if type(name) is str and name.lower() == wanted:
            return typed(next((item[key] for key in VALUES if key in item), None))
    return None


def typed(value: Any) -> Any:
    """Return a value that stands under the name of its type (OTLP's `{"stringValue": ...}`), or the value itself."""
    if type(value) is dict and len(value) == 1:
        name, inner = next(iter(value.items()))
        return inner if name in TYPED else value
    return value


def header(fields: dict[str, Any], name: str) -> Any:
    """Return the value of a header, whatever the case of its name."""
    if name in fields:
        return fields[name]
    actual = _spelled(tuple(fields), name.lower())
    return None if actual is None else fields[actual]


@lru_cache(4096)
def _spelled(keys: Keys, lowered: str) -> str | None:
    """Return the one of `keys` that is `lowered` without case; the same sets of headers come again and again."""
    return next((key for key in keys if key.lower() == lowered), None)


def getter(keys: Keys, path: str) -> Callable[[dict[str, Any]], Any] | None:
    """Return how to find `path` in a record with these top-level `keys`, or None where no key can hold it."""
    indexed = INDEXED.match(path)
    if path in keys:
        return lambda record: record[path]
    if any(key in keys for key, _ in splits(path)) or (indexed and indexed[1].split(".")[0] in keys):
        return lambda record: find(record, path)
    return None


Test = Callable[[dict[str, Any]], bool]


def presence(keys: Keys, required: Sequence[Keys]) -> list[Test] | None:
    """Return the tests that of each of `required` (alternative paths below the top level) one exists, or None.

    None: no record with these top-level `keys` can have them. Paths into one and the same object are one test.
    """
    tests: list[Test] = []
    simple: dict[str, list[Keys]] = {}
    for alternatives in required:
        heads = {path.partition(".")[0] for path in alternatives}
        rests = tuple(path.partition(".")[2] for path in alternatives)
        plain = all(rest and not re.search(r"[.\[\]]", rest) for rest in rests)
        if len(heads) == 1 and plain:
            simple.setdefault(heads.pop(), []).append(rests)
            continue
        takers = [taker for path in alternatives if (taker := getter(keys, path))]
        if not takers:
            return None
        tests.append(lambda record, takers=takers: any(taker(record) is not None for taker in takers))  # type: ignore[misc]
    if not all(head in keys for head in simple):
        return None
    return [_object_has(head, rests) for head, rests in simple.items()] + tests


def _object_has(head: str, required: list[Keys]) -> Test:
    """Return the test that the object under `head` has one key of each of `required`; its answers are remembered."""
    known: dict[Keys, bool] = {}

    def test(record: dict[str, Any]) -> bool:
        holder = opened(record[head])
        if type(holder) is not dict:
            return False
        keys = tuple(holder)
        answer = known.get(keys)
        if answer is None:
            if len(known) > 4096:
                known.clear()
            answer = known[keys] = all(any(name in keys for name in names) for names in required)
        return answer

    return test
