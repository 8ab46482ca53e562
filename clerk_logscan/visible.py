"""Text that others wrote, made visible: nothing in it steers a terminal, hides, or reads otherwise than it stands."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Printable by Unicode's categories, yet drawn as nothing: fillers, joiners, variation selectors, blank braille.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(c) for c in range(0xFE00, 0xFE10)}
_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MARKS = re.compile(r"[^\x00-\u02ff]+")


@lru_cache(maxsize=4096)
def steers(char: str) -> bool:
    """Tell whether a character commands a terminal, hides, or changes the order of what stands beside it."""
    return unicodedata.category(char) in _STEERING or char in _INVISIBLE or 0xE0100 <= ord(char) <= 0xE01EF


@lru_cache(maxsize=4096)
def _shown(char: str) -> str:
    if char == " ":
        return char
    category = unicodedata.category(char)
    if steers(char) or category in ("Zs", "Me") or unicodedata.bidirectional(char) in _RIGHT_TO_LEFT:
        return spelled(char)
    return char


def spelled(char: str) -> str:
    """Return a character as an escape: `\\n`, `\\x1B`, `\\u202E`."""
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\u{{{code:X}}}"


def visible(text: object) -> str:
    """Return the text on one line in the order of its characters: what cannot be seen is spelled out.

    Control characters become `\\xHH`; bidi marks, zero-width and private characters, and letters written from right to
    left, become `\\uHHHH` (Unicode TR 36 and TR 55 on source code). None is an empty text.
    """
    string = "" if text is None else str(text)
    if string.isascii() and string.isprintable():
        return string
    return _unstacked("".join(map(_shown, string)))


def _unstacked(text: str) -> str:
    """Spell out marks stacked upon others: they would paint over the lines around."""

    def spell(match: re.Match[str]) -> str:
        out, before = [], False
        for char in match[0]:
            mark = unicodedata.category(char) == "Mn"
            out.append(spelled(char) if mark and before else char)
            before = mark
        return "".join(out)

    return text if text.isascii() else _MARKS.sub(spell, text)
