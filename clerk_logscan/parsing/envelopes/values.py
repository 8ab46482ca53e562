"""What the value of a record says as text: a string, an array of bytes, base64 or gzip, or an object again."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from typing import Any, Final

import orjson

from clerk_logscan.parsing import json_values
from clerk_logscan.parsing.envelopes.declarations import Path_
from clerk_logscan.parsing.lines import decode

# Bytes that one base64 value may inflate to; services cut far below (CloudWatch at 1 MiB, Firehose at 4).
MAX_INFLATED: Final = 64 << 20
MAX_LAYERS: Final = 3  # of gzip in gzip
_GZIP: Final = b"\x1f\x8b"
_NOTHING: Final = object()
_DECODER: Final = json.JSONDecoder(strict=False)
_BETWEEN: Final = re.compile(r"[\s,]*")
# A byte that lines.py spelled breaks JSON: `\x` is no escape of it. Even runs of backslashes are escapes already.
_SPELLED: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\x(?=[89A-F][0-9A-F])")


def records(text: str) -> list[tuple[Any, str]]:
    """Return the JSON values in `text`, each with its own text: one, an array's elements, or several back to back.

    Bytes that are not UTF-8 stay spelled `\\xHH` in strings. A broken or cut object gives what it still says;
    a text that is no JSON gives nothing.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _records_of_broken(text)
    return _elements(value, text)


def _elements(value: Any, text: str) -> list[tuple[Any, str]]:
    if isinstance(value, dict):
        return [(value, text)]
    if not isinstance(value, list):
        return []
    flat = [one for item in value for one in (item if isinstance(item, list) else [item])]
    return [(item, dump(item)) for item in flat if isinstance(item, dict)]


def _records_of_broken(text: str) -> list[tuple[Any, str]]:
    """Read what orjson refuses: bytes that lines.py spelled, several objects, an object broken or cut short."""
    try:
        return _elements(orjson.loads(_SPELLED.sub(r"\1\\\\x", text)), text)
    except orjson.JSONDecodeError:
        pass
    several = _back_to_back(text)
    if several:
        return several
    broken = json_values.read_object(text)
    return [(broken, text)] if broken else []


def _back_to_back(text: str) -> list[tuple[Any, str]]:
    """Split objects that follow one another with nothing, or blanks or commas, between (Firehose); else nothing."""
    found: list[tuple[Any, str]] = []
    at = 0
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if not isinstance(value, dict):
            break
        found.append((value, text[at:end]))
        at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty text
    if at < len(text) and len(found) > 0:
        found += _last_cut(text[at:]) if found else []
    return found if len(found) > 1 else []


def _last_cut(rest: str) -> list[tuple[Any, str]]:
    """Return the last of several objects, cut short, as far as it can be read."""
    broken = json_values.read_object(rest)
    return [(broken or {}, rest)]


def dump(value: Any) -> str:
    """Return `value` as compact JSON with its keys in order."""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def get(value: Any, path: Path_) -> Any:
    """Return what lies at `path` in `value`, or None; a dotted key itself is found too (`"event.original"`)."""
    found = _find(value, path)
    return None if found is _NOTHING else found


def has(value: Any, path: Path_) -> bool:
    """Tell whether `path` is there; a null counts, as journald writes one for a message that was too long."""
    return _find(value, path) is not _NOTHING


def _find(value: Any, path: Path_) -> Any:
    for at, key in enumerate(path):
        if isinstance(value, dict):
            if key not in value:
                return value.get(".".join(path[at:]), _NOTHING)
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _NOTHING
    return value


def each(value: Any, path: Path_) -> list[Any]:
    """Return every value at `path`, where the key `[]` stands for each element of an array."""
    if "[]" not in path:
        found = get(value, path)
        return [] if found is None else [_object(found)]
    at = path.index("[]")
    items = get(value, path[:at])
    if not isinstance(items, list):
        return []
    return [found for item in items for found in each(item, path[at + 1 :])]


def _object(item: Any) -> Any:
    """Return a list of field and value (Logs Insights) as an object, anything else as it is."""
    if isinstance(item, list) and item and all(isinstance(one, dict) and "field" in one for one in item):
        return {str(one["field"]): one.get("value") for one in item}
    return item


def text_of(value: Any) -> str | None:
    """Return the text that `value` stands for, or None where it stands for none (a number, a truth value)."""
    if isinstance(value, str):
        return _sound(value)
    if value is None:
        return ""
    if isinstance(value, dict):
        return dump(value)
    if isinstance(value, list):
        return _bytes_or_lines(value)
    return None


def _sound(text: str) -> str:
    """Return `text` with half surrogate pairs (only a lax reader lets them in) spelled, so that polars takes it."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def _bytes_or_lines(items: list[Any]) -> str | None:
    """Read an array: of byte values (journald), or of texts, of which a field with several values has several."""
    if items and all(isinstance(item, int) and 0 <= item < 256 for item in items):
        return decode(bytes(items))
    texts = [text_of(item) for item in items]
    if texts and all(text is not None for text in texts):
        return "\n".join(text or "" for text in texts)
    return None


def open_base64(text: str) -> tuple[str, bool] | None:
    """Return what `text` holds in base64, gzip in it opened too, and whether that is all; None where it is none."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    data, whole = inflate(data)
    return decode(data), whole


def inflate(data: bytes) -> tuple[bytes, bool]:
    """Return `data` with its layers of gzip taken off, as far as they can be read, and whether that is to their end."""
    whole = True
    for _ in range(MAX_LAYERS):
        if not data.startswith(_GZIP):
            return data, whole
        found, complete = _members(data)
        if not found:
            return data, whole
        data, whole = found, whole and complete
    return data, whole and not data.startswith(_GZIP)


def _members(data: bytes) -> tuple[bytes, bool]:
    """Return what all members of a gzip hold, MAX_INFLATED bytes at most, and whether they were read to their end."""
    found: list[bytes] = []
    left = MAX_INFLATED
    while data.startswith(_GZIP) and left > 0:
        reader = zlib.decompressobj(wbits=31)
        try:
            found.append(reader.decompress(data, left))
        except zlib.error:
            break
        if not reader.eof:
            break
        data, left = reader.unused_data, left - len(found[-1])
    return b"".join(found), not data.startswith(_GZIP)
