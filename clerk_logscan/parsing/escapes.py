"""A log's own escaping, undone once; what the client itself percent-encoded is left as it is.

A decoded byte that is no part of UTF-8 becomes chr(LONE + byte) until `spell` writes it as `\\xHH`: so it
is told from a client's own backslash. Code points up there are unassigned private use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import polars as pl

LONE: Final = 0x10FF00
_LONE_PATTERN: Final = r"[\x{10FF80}-\x{10FFFF}]"

_NGINX: Final = re.compile(r"\\x([0-9A-Fa-f]{2})()")
_C: Final = re.compile(r'\\(?:(?:x|u00)([0-9A-Fa-f]{2})|(["\\abfnrtv]))')
_C_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_QUOTE: Final = re.compile(r'\\(?:(?!)()|(["\\]))')
_HAPROXY: Final = re.compile(r"#([0-9A-Fa-f]{2})")
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")


def _bytes_decoded(pattern: re.Pattern[str], text: str) -> str:
    """Replace each escape by its byte (group 1, hexadecimal) or its letter (group 2), then read the whole as UTF-8."""

    def byte(found: re.Match[str]) -> str:
        if found[1]:
            return chr(0xDC00 + int(found[1], 16)) if int(found[1], 16) > 0x7F else chr(int(found[1], 16))
        return _C_LETTERS.get(found[2], found[2])

    marked = pattern.sub(byte, text)
    if marked.isascii():
        return marked
    return lone(marked.encode("utf-8", "surrogateescape"))


def lone(data: bytes) -> str:
    """Return bytes as text: UTF-8 where they are, every other byte as chr(LONE + byte)."""
    text = data.decode("utf-8", "surrogateescape")
    return "".join(chr(LONE + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)


def decode(text: str, escape: str) -> str:
    """Undo one level of the escaping `escape` (definitions.ESCAPES) in one text; `none` and `json` change nothing.

    nginx: `\\xHH`, nothing else. apache, c (lighttpd, nginx' escape=json): also `\\"`, `\\\\` and the letters of C; an
    unknown escape stays. quote: only `\\"` and `\\\\`, as newer morgan; a lone backslash, as it wrote before, is the
    client's. haproxy: `#HH`. percent-once: `%HH`, as CloudFront encodes what it logs.
    """
    undo = _UNDO.get(escape)
    return undo[1](text) if undo else text


_UNDO: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "nginx": ("\\", lambda text: _bytes_decoded(_NGINX, text)),
    "apache": ("\\", lambda text: _bytes_decoded(_C, text)),
    "c": ("\\", lambda text: _bytes_decoded(_C, text)),
    "quote": ("\\", lambda text: _bytes_decoded(_QUOTE, text)),
    "haproxy": ("#", lambda text: _bytes_decoded(_HAPROXY, text)),
    "percent-once": ("%", lambda text: _bytes_decoded(_PERCENT, text)),
}


def undo(texts: pl.Series, escape: str) -> pl.Series:
    """Undo one level of `escape` in a String series; only rows that hold its sign are decoded (the rest: 2 GB/s)."""
    if escape not in _UNDO:
        return texts
    sign, function = _UNDO[escape]
    return _on_rows(texts, texts.str.contains(sign, literal=True), function)


def any_in(texts: pl.Series, escape: str) -> bool:
    """Tell whether any text holds the sign of `escape`: one look at whole lines saves one at each of their fields."""
    return escape in _UNDO and bool(texts.str.contains(_UNDO[escape][0], literal=True).any())


def undo_frame(frame: pl.DataFrame, escape: str) -> pl.DataFrame:
    """Undo one level of `escape` in every String column."""
    if escape not in _UNDO or pl.String not in frame.dtypes:
        return frame
    signed = frame.select(pl.col(pl.String).str.contains(_UNDO[escape][0], literal=True).any())
    changed = [undo(frame[name], escape) for name, found in signed.row(0, named=True).items() if found]
    return frame.with_columns(changed) if changed else frame


_WIDE: Final = (pl.first().str.len_bytes() > pl.first().str.len_chars()).fill_null(False)


_ANY_WIDE: Final = (pl.col(pl.String).str.len_bytes() > pl.col(pl.String).str.len_chars()).any()


def any_wide(frame: pl.DataFrame) -> bool:
    """Tell whether any text of a frame is not ASCII; where none is, nothing is to be spelled."""
    return any(frame.select(_ANY_WIDE).row(0)) if frame.width else False


def spell(texts: pl.Series) -> pl.Series:
    """Write every lone byte as `\\xHH`, upper case, as nginx does: nothing is lost, and text stays text."""
    wide = texts.to_frame().select(_WIDE).to_series()  # ten times faster than the pattern
    if not wide.any():
        return texts
    places = wide.arg_true()
    some = texts.filter(wide)
    return texts.scatter(places, _on_rows(some, some.str.contains(_LONE_PATTERN), _spelled))


def _spelled(text: str) -> str:
    return "".join(f"\\x{ord(c) - LONE:02X}" if ord(c) >= LONE + 0x80 else c for c in text)


def _on_rows(texts: pl.Series, rows: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """Apply `function` to the texts of the marked rows, each distinct one once."""
    rows = rows.fill_null(False)
    if not rows.any():
        return texts
    picked = texts.filter(rows)
    done = {text: function(text) for text in picked.unique()}
    changed = pl.Series(texts.name, [done[text] for text in picked], dtype=pl.String)
    return texts.scatter(rows.arg_true(), changed)
