"""One JSON object to its values, the first of equal keys, and what a broken one still says plainly.

Three readers, each for what the one before refuses or would read wrongly:

1. orjson, a microsecond an object; but it keeps the last of equal keys and refuses 1e400, NaN, lone surrogates;
2. the standard library's decoder with a hook that keeps the first key: a server wrote its own keys before
   any that an agent with a raw quote could plant (nginx `escape=none`);
3. a tolerant scanner for lines that are no JSON: an unescaped quote, `"upstream_status":,` or `-` or
   `502, 200` without quotes, a lone backslash (HAProxy), a line cut short.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson
import polars as pl

from clerk_logscan.parsing import escapes

Value = Any  # a JSON value: dict, list, str, number, bool or None

_SPACED: Final = r'"[ \t\r\n]+:'


def read_objects(texts: pl.Series) -> Iterator[dict[str, Value] | None]:
    """Return the object that each of `texts` (one record each) holds, the first of equal keys counting; or None."""
    pairs = texts.str.count_matches('":', literal=True).to_list()
    spaced = texts.str.contains(_SPACED).to_list()
    return map(_read, texts.to_list(), pairs, spaced)


def read_object(text: str) -> dict[str, Value] | None:
    """Return what `read_objects` does of one text, for which a frame would cost a hundred times as much."""
    return _read(text, text.count('":'), re.search(_SPACED, text) is not None)


def _read(text: str, pairs: int, spaced: bool) -> dict[str, Value] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _fallback(text)
    if type(value) is not dict:
        return None
    return value if _keys_are_unique(text, value, pairs, spaced) else _fallback(text)


def _keys_are_unique(text: str, value: dict[str, Value], pairs: int, spaced: bool) -> bool:
    """Tell whether no key was dropped for an equal one: as many were kept as `text` has quote-colon `pairs`.

    A wrong False only costs time. `spaced`: blanks stand between a quote and a colon somewhere. Escaped quotes before a
    colon are no keys, where no escaped backslash makes that doubtful.
    """
    if spaced:
        return False
    try:
        kept = len(value) if pairs == len(value) else _count_keys(value)
    except RecursionError:
        return False
    return pairs == kept or ("\\\\" not in text and pairs - text.count('\\":') == kept)


def read_raw(text: str) -> dict[str, Value] | None:
    """Return the object of a record in whose strings a backslash is just one (HAProxy, nginx `escape=none`)."""
    return _tolerant(text, raw_strings=True)


def _fallback(text: str) -> dict[str, Value] | None:
    """Read what orjson refuses or what may hold equal keys; half a surrogate pair needs the scanner's spelling."""
    if "\\ud" in text or "\\uD" in text:
        return _tolerant(text)
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError):
        return _tolerant(text)
    return value if type(value) is dict else None


def _count_keys(value: dict[str, Value]) -> int:
    """Count the keys of an object and of all objects within it."""
    count = len(value)
    for inner in value.values():
        kind = type(inner)
        if kind is dict:
            count += _count_keys(inner)
        elif kind is list:
            count += _count_in_list(inner)
    return count


def _count_in_list(items: list[Value]) -> int:
    count = 0
    for inner in items:
        kind = type(inner)
        if kind is dict:
            count += _count_keys(inner)
        elif kind is list:
            count += _count_in_list(inner)
    return count


def _first_keys(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    """Return an object in which the first of equal keys counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in reversed(pairs):
            found[key] = value
    return found


# Numbers stay the text that was written: 1e400 and NaN are no reason to lose a line.
DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_first_keys, parse_float=str, parse_constant=str, parse_int=str, strict=False
)

SPACE: Final = re.compile(r"[ \t\r\n]*")
STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
RAW_STRING: Final = re.compile(r'"([^"]*)"')
# A key counts as one only with its colon.
KEY: Final = re.compile(r'[ \t\r\n]*"((?:[^"\\]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_NEXT_KEY = r',[ \t\r\n]*(?="(?:[^"\\]|\\.)*"[ \t\r\n]*:)'
_CLOSED = r"(?=\}[ \t\r\n]*(?:[,}\]{]|\Z))"


class _Place:
    """What may follow a value: in an object the next key or the end, in an array the next item or the end."""

    def __init__(self, following: str) -> None:
        self.after = re.compile(rf"[ \t\r\n]*(?:{following})", re.DOTALL)
        self.quote = re.compile(rf'"(?=[ \t\r\n]*(?:{following}))', re.DOTALL)
        self.bare = re.compile(rf"(?:{following})|\Z", re.DOTALL)


NUMBER: Final = re.compile(r"-?[0-9][0-9.eE+-]*(?=,)")
# The end of a record that was cut in its next key, or before it.
CUT_KEY: Final = re.compile(r'[ \t\r\n]*(?:,[ \t\r\n]*(?:"(?:[^"\\]|\\.)*(?:"[ \t\r\n]*:?[ \t\r\n]*)?)?)?\Z', re.DOTALL)

IN_OBJECT: Final = _Place(f"{_NEXT_KEY}|{_CLOSED}")
IN_ARRAY: Final = _Place(r",|(?=\])")
ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
LETTERS: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
LONE_HALF: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
WORDS: Final[dict[str, Value]] = {"": None, "-": None, "null": None, "true": True, "false": False}
DEPTH: Final = 64  # no access log nests deeper; a hostile line must not exhaust the stack


def unescape(text: str) -> str:
    """Undo JSON's escapes; nginx' `\\xHH` too, and a backslash before any other character stays as it is.

    Bytes that `\\xHH` names are read as UTF-8; one that is none becomes U+10FF00 + byte (escapes.LONE).
    """
    if "\\" not in text:
        return text
    decoded = ESCAPE.sub(_escape, text)
    return _settle(decoded) if max(decoded) >= "\ud800" else decoded


def _escape(match: re.Match[str]) -> str:
    """Return the characters that one escape stands for; a high byte as its surrogate (PEP 383)."""
    code = match[1]
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    if code[0] == "x" and len(code) == 3:
        byte = int(code[1:], 16)
        return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
    return LETTERS.get(code, match[0])


def _settle(text: str) -> str:
    """Return `text` without surrogates: pairs are one character, bytes UTF-8 or U+10FF00 + byte, others `\\uHHHH`."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    plain = LONE_HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", joined)
    return escapes.lone(plain.encode("utf-8", "surrogateescape"))


def end_of_object(text: str, start: int) -> int:
    """Return the place after the object that begins at `start`, broken or not."""
    try:
        return DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return _Scanner(text, raw_strings=False).object(start, 0)[1]


class _Cut(Exception):
    """The line ended within a value: what was whole before it still counts."""


def _tolerant(text: str, *, raw_strings: bool = False) -> dict[str, Value] | None:
    """Read an object that is no JSON, key by key, as far as it can be read plainly.

    Nothing where another record stands behind it: that must not go unread in silence.
    """
    start = SPACE.match(text).end()  # type: ignore[union-attr]
    if not text.startswith("{", start):
        return None
    found, end = _Scanner(text, raw_strings).object(start, 0)
    return None if '{"' in text[end:] else found or None


class _Scanner:
    """Reads one broken record; positions are indices into `text`."""

    def __init__(self, text: str, raw_strings: bool) -> None:
        self.text = text
        self.string = RAW_STRING if raw_strings else STRING
        self.unescape = (lambda value: value) if raw_strings else unescape

    def object(self, at: int, depth: int) -> tuple[dict[str, Value], int]:
        """Read the object whose brace is at `at`; return it and the place after it."""
        found: dict[str, Value] = {}
        at += 1
        while key := KEY.match(self.text, at):
            try:
                value, at = self.value(key.end(), depth, IN_OBJECT)
            except _Cut:
                return found, len(self.text)
            found.setdefault(self.unescape(key[1]), value)
            after = IN_OBJECT.after.match(self.text, at)
            if after is None:
                break
            at = after.end()
        closing = self.text.find("}", at)
        return found, len(self.text) if closing < 0 else closing + 1

    def value(self, at: int, depth: int, place: _Place) -> tuple[Value, int]:
        """Read the value that begins at `at`; return it and the place after it."""
        opening = self.text[at : at + 1]
        if opening == '"':
            return self.quoted(at, place)
        if opening == "{" and depth < DEPTH:
            return self.object(at, depth + 1)
        if opening == "[" and depth < DEPTH:
            return self.array(at, depth + 1)
        return self.bare(at, place)

    def quoted(self, at: int, place: _Place) -> tuple[str, int]:
        """Read a string; where a quote closes it too early, up to the quote that a next key or the end follows."""
        strict = self.string.match(self.text, at)
        if strict and (place.after.match(self.text, strict.end()) or CUT_KEY.match(self.text, strict.end())):
            return self.unescape(strict[1]), strict.end()
        end = place.quote.search(self.text, at + 1)
        if end is None:
            raise _Cut
        return self.unescape(self.text[at + 1 : end.start()]), end.end()

    def array(self, at: int, depth: int) -> tuple[list[Value], int]:
        """Read the items of an array."""
        found: list[Value] = []
        at = SPACE.match(self.text, at + 1).end()  # type: ignore[union-attr]
        while not self.text.startswith("]", at):
            value, at = self.value(at, depth, IN_ARRAY)
            found.append(value)
            after = IN_ARRAY.after.match(self.text, at)
            if after is None:
                raise _Cut
            at = SPACE.match(self.text, after.end()).end()  # type: ignore[union-attr]
        return found, at + 1

    def bare(self, at: int, place: _Place) -> tuple[Value, int]:
        """Read a value without quotes: a number, a word, nothing, `-`, or several as in `502, 200`."""
        number = NUMBER.match(self.text, at)
        if number and CUT_KEY.match(self.text, number.end()):
            return number[0], number.end()
        end = place.bare.search(self.text, at)
        stop = end.start() if end else len(self.text)
        word = self.text[at:stop].strip()
        if stop == len(self.text):
            raise _Cut
        return WORDS.get(word, word), stop
