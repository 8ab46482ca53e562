"""Peel records printed in Ruby's notation: Logstash's rubydebug over several lines, Fluent Bit's standard output.

https://www.elastic.co/guide/en/logstash/current/plugins-codecs-rubydebug.html: texts are escaped as Ruby does.
https://docs.fluentbit.io/manual/pipeline/outputs/standard-output: `[0] tag: [[time, {}], {"log"=>"..."}]`, where texts
are not escaped at all, so a text ends where another key, or the record's end, follows; a key that comes twice was
planted. Each record becomes one of JSON, for what reads those. One that is neither stays as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.entries import Row
from clerk_logscan.parsing.envelopes.printed import Printed

NAME: Final = "ruby"
_FLUENT: Final = re.compile(
    r"\[[0-9]+\] .+?: \[(?:\[([0-9]+\.[0-9]+), \{[^{}]*\}\]|([0-9]+\.[0-9]+)), (\{.*)", re.DOTALL
)
_FIELD: Final = re.compile(r'\s+"?[@\w.\[\]-]+"? => \S.*')
_KEY: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*=>\s*')
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s*[,}\]\n]|\s*\Z)', re.DOTALL)
_NEXT: Final = r', "[^"]{1,80}"=>'
_RAW_TEXT: Final = re.compile(rf'"(.*?)"(?={_NEXT}|[}}\]]+(?:{_NEXT}|\Z))', re.DOTALL)
_RAW_ITEM: Final = re.compile(r'"(.*?)"(?=, |\])', re.DOTALL)
_BARE: Final = re.compile(r"[^\s,{}\[\]]+")
_INDEX: Final = re.compile(r"\s*(?:\[[0-9]+\] )?\s*")
_BETWEEN: Final = re.compile(r"[\s,]*")
_ESCAPE: Final = re.compile(r"\\(?:u\{?([0-9a-fA-F]{1,6})\}?|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WORDS: Final = {"nil": None, "true": True, "false": False, "null": None}
_DEEPEST: Final = 32


def is_ruby(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are such records: Fluent Bit's lines, or fields between braces at the margin."""
    fields = sum(1 for text in texts if _FIELD.fullmatch(text))
    braces = sum(1 for text in texts if text.rstrip() in ("{", "}"))
    fluent = sum(1 for text in texts if _FLUENT.fullmatch(text))
    return (fields > 1 and braces > 0 and (fields + braces) * 2 > len(texts)) or fluent * 2 > len(texts)


class Hashes(Printed):
    """The records of one input, across blocks; the row of a record is that of its first line."""

    name: Final = NAME

    def begins(self, text: str) -> bool:
        """Tell whether a record begins with this line, wherever the one before has ended."""
        return text.rstrip() == "{" or _FLUENT.fullmatch(text) is not None

    def ends(self, rows: list[Row]) -> bool:
        """Tell whether the last of `rows` ends the record."""
        text: str = rows[-1]["text"]
        return text.rstrip() == "}" if rows[0]["text"].rstrip() == "{" else text.endswith("}]")

    def record(self, rows: list[Row]) -> Iterator[Row]:
        """Return the record that `rows` are, as one row; themselves where they are none."""
        from clerk_logscan.parsing.envelopes.values import dump

        text = "\n".join(row["text"] for row in rows)
        fluent = _FLUENT.fullmatch(text)
        value = _Hash(fluent[3].removesuffix("]") if fluent else text, raw=fluent is not None).read()
        if value is None:
            yield from rows
            return
        time = times.iso(fluent[1] or fluent[2]) if fluent else None
        yield self.inner(rows[0], dump(value), envelope_time=time or rows[0]["envelope_time"])


class _Hash:
    """Reads one record; `raw`: its texts are not escaped."""

    def __init__(self, text: str, *, raw: bool) -> None:
        self._text, self._raw = text, raw
        self._at = 0

    def read(self) -> dict[str, Any] | None:
        """Return the record, or None where the text is not one to its end."""
        try:
            value = self._hash(0)
        except ValueError:
            return None
        return value if not self._text[self._at :].strip() else None

    def _hash(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._take("{")
        while key := _KEY.match(self._text, self._at):
            self._at = key.end()
            name = _unescape(key[1])
            if name in found:
                raise ValueError("a key comes twice")
            found[name] = self._value(depth)
        self._take("}")
        return found

    def _value(self, depth: int, *, item: bool = False) -> Any:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        opening = self._text[self._at : self._at + 1]
        if opening == '"':
            value: Any = self._quoted(item)
        elif opening == "{":
            value = self._hash(depth + 1)
        elif opening == "[":
            value = self._list(depth + 1)
        else:
            bare = self._match(_BARE)[0]
            value = _WORDS.get(bare, bare)
        self._match(_BETWEEN)
        return value

    def _list(self, depth: int) -> list[Any]:
        found = []
        self._take("[")
        self._match(_INDEX)
        while not self._text.startswith("]", self._at):
            found.append(self._value(depth, item=True))
            self._match(_INDEX)
        self._take("]")
        return found

    def _quoted(self, item: bool) -> str:
        if self._raw:
            return self._match(_RAW_ITEM if item else _RAW_TEXT)[1]
        return _unescape(self._match(_TEXT)[1])

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError("no record")
        self._at = match.end()
        return match

    def _take(self, sign: str) -> None:
        self._match(_BETWEEN)
        if not self._text.startswith(sign, self._at):
            raise ValueError(f"no {sign}")
        self._at += 1


def _unescape(text: str) -> str:
    """Undo the escapes of Ruby's String#inspect; a byte that is no character stays spelled."""
    return _ESCAPE.sub(_plain, text) if "\\" in text else text


def _plain(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
    if match[2]:
        return chr(int(match[2], 16)) if match[2] < "8" else match[0].upper().replace("\\X", "\\x")
    return _LETTERS.get(match[3], match[3])
