"""Read one record in the notation in which a programming language prints it: keys and values between brackets.

Ruby `{"k" => "v"}`, Python `{'k': 'v'}`, Node `{ k: 'v' }`, Elixir `%{k: "v"}`, Java and Athena's structs
`Name{k=v, l=w}`, data classes `Name(k='v')`, Go `map[k:v l:w]`. A text without quotes ends where
the next key, or the record's end, follows. A key that comes twice was planted: then, as where
anything is unclear, there is no record.
"""

from __future__ import annotations

import re
from typing import Any, Final

Value = dict[str, Any]

_NAME: Final = r"[A-Za-z_@$][\w@.$/-]*"
_OPEN: Final = re.compile(r"(?:%|[A-Za-z_][\w.:]*\s?|\[[A-Z]\w*: null prototype\] )?\{|[A-Z][\w.]*\(")
_CLOSE: Final = {"{": "}", "(": ")"}
_KEY: Final = re.compile(rf"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|:?({_NAME}))\s*(=>|:(?!//)|=)\s*""")
_TEXT: Final = re.compile(
    r"""(?:[bu]|~[sc])?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)(?=\s*[,}\])\n]|\s*\Z)""",
    re.DOTALL,
)
_NEXT: Final = r', "[^"]{1,80}"=>'
_RAW_TEXT: Final = re.compile(rf'"(.*?)"(?={_NEXT}|[}}\]]+(?:{_NEXT}|\Z))', re.DOTALL)
_RAW_ITEM: Final = re.compile(r'"(.*?)"(?=, |\])', re.DOTALL)
_BARE: Final = {
    sign: re.compile(rf"""(.*?)(?=,\s*(?:"[^"]*"|'[^']*'|:?{_NAME})\s*(?:=>|[:=])|,?\s*{end}\s*(?:[,}}\])\n]|\Z))""")
    for sign, end in (("{", r"\}"), ("(", r"\)"))
}
_BARE_ITEM: Final = re.compile(r"[^,\]]*")
_INDEX: Final = re.compile(r"\s*(?:\[[0-9]+\] )?\s*")
_BETWEEN: Final = re.compile(r"[\s,]*")
_ESCAPE: Final = re.compile(r"\\(?:u\{?([0-9a-fA-F]{1,6})\}?|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WORDS: Final = {
    "nil": None,
    "<nil>": None,
    "null": None,
    "None": None,
    "undefined": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}
_PYTHON_TIME: Final = re.compile(
    r"datetime\.datetime\((\d+), (\d+), (\d+), (\d+), (\d+)(?:, (\d+))?(?:, (\d+))?(, tzinfo=.*utc.*)?\)", re.IGNORECASE
)
_SIGIL: Final = re.compile(r"~[UND]\[([^\]]*)\]")  # Elixir's times
_GO: Final = "map["
_GO_KEY: Final = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.-]*):(?!//)")
_DEEPEST: Final = 32


def read(text: str, *, raw: bool = False) -> Value | None:
    """Return the record that `text` is to its end, or None. `raw`: its texts are not escaped (Fluent Bit)."""
    if text.startswith(_GO) and text.endswith("]"):
        return _go_map(text[len(_GO) : -1])
    try:
        return _Reader(text, raw=raw).read()
    except ValueError:
        return None


def _go_map(text: str) -> Value | None:
    """Return what Go prints as `map[k:v l:w]`: its keys are sorted, what breaks the order is none."""
    keys: list[re.Match[str]] = []
    for key in _GO_KEY.finditer(text):
        if not keys or key[1] > keys[-1][1]:
            keys.append(key)
    ends = [key.start() for key in keys[1:]] + [len(text)]
    found = {key[1]: _bare(text[key.end() : end].strip()) for key, end in zip(keys, ends, strict=True)}
    return found or None


class _Reader:
    def __init__(self, text: str, *, raw: bool) -> None:
        self._text, self._raw = text, raw
        self._at = 0

    def read(self) -> Value:
        value = self._map(0)
        if self._text[self._at :].strip():
            raise ValueError("more follows")
        return value

    def _map(self, depth: int) -> Value:
        found: Value = {}
        self._match(_BETWEEN)
        sign = self._match(_OPEN)[0][-1]
        while key := _KEY.match(self._text, self._at):
            self._at = key.end()
            name = _unescape(next(part for part in key.groups() if part is not None))
            if name in found:
                raise ValueError("a key comes twice")
            found[name] = self._value(depth, sign)
        self._match(_BETWEEN)
        self._take(_CLOSE[sign])
        return found

    def _value(self, depth: int, within: str) -> Any:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if self._raw and self._text.startswith('"', self._at):
            value: Any = self._match(_RAW_ITEM if within == "[" else _RAW_TEXT)[1]
        elif text := _TEXT.match(self._text, self._at):
            self._at = text.end()
            value = _unescape(next(part for part in text.groups() if part is not None))
        elif self._text.startswith("[", self._at) and not self._text.startswith("[Object:", self._at):
            value = self._list(depth + 1)
        elif (opening := _OPEN.match(self._text, self._at)) and _KEY.match(self._text, opening.end()):
            value = self._map(depth + 1)
        else:
            value = _bare(self._match(_BARE_ITEM if within == "[" else _BARE[within])[0].strip())
        self._match(_BETWEEN)
        return value

    def _list(self, depth: int) -> list[Any]:
        found = []
        self._take("[")
        self._match(_INDEX)
        while not self._text.startswith("]", self._at):
            before = self._at
            found.append(self._value(depth, "["))
            self._match(_INDEX)
            if self._at == before:
                raise ValueError("no item")
        self._take("]")
        return found

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError("no record")
        self._at = match.end()
        return match

    def _take(self, sign: str) -> None:
        if not self._text.startswith(sign, self._at):
            raise ValueError(f"no {sign}")
        self._at += 1


def _bare(text: str) -> Any:
    """Return what a value without quotes is: a word's meaning, a time in its usual form, or the text."""
    if time := _PYTHON_TIME.fullmatch(text):
        year, month, day, hour, minute, second, micro = (int(part or 0) for part in time.groups()[:7])
        zone = "Z" if time[8] else ""
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micro:06}{zone}"
    if sigil := _SIGIL.fullmatch(text):
        return sigil[1]
    return _WORDS.get(text, text)


def _unescape(text: str) -> str:
    """Undo the escapes of strings in source; a byte that is no character stays spelled."""
    return _ESCAPE.sub(_plain, text) if "\\" in text else text


def _plain(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
    if match[2]:
        return chr(int(match[2], 16)) if match[2] < "8" else match[0].upper().replace("\\X", "\\x")
    return _LETTERS.get(match[3], match[3])
