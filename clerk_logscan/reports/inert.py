"""Log text made inert: attackers write it, and a report shows it as data, never as an instruction.

`prose` is for what we say of it, `evidence` for what must stay exact, the rest for one kind of output each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from clerk_logscan.rows import Rows
from clerk_logscan.visible import spelled, steers, visible

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,30}):((?:\\*/){2})([^\s/?#\"'<>\\`]*)")
_SCHEMES = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "HTTP": "HXXP", "HTTPS": "HXXPS"}
_BROKEN = frozenset(_SCHEMES.values())


def defang(text: str) -> str:
    """Return the text with its URLs broken for eyes and link finders: `hxxps://evil[.]example/x`."""
    return _URL.sub(_defanged, text) if ":" in text else text


def _defanged(match: re.Match[str]) -> str:
    scheme, slashes, authority = match.groups()
    if scheme in _BROKEN:
        return match[0]
    known = _SCHEMES.get(scheme)
    return f"{known or scheme}{':' if known else '[:]'}{slashes}{authority.replace('.', '[.]')}"


_PUNYCODE = re.compile(r"(?<![\w.-])(?:[\w-]+\.)*xn--[\w-]+(?:\.[\w-]+)*", re.ASCII | re.IGNORECASE)


def unicode_host(host: str) -> str | None:
    """Return the Unicode form of a host with punycode labels, made visible; None where it has none."""
    labels = [_label(label) for label in host.split(".")]
    shown = visible(".".join(labels))
    return None if shown == host else shown


def _label(label: str) -> str:
    if not label.lower().startswith("xn--") or len(label) > 63:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def host(name: object) -> str:
    """Return a host by itself: plain, and a look-alike's Unicode form beside its punycode."""
    shown = visible(name)
    return _PUNYCODE.sub(_beside, shown) if "xn--" in shown.lower() else shown


def _beside(match: re.Match[str]) -> str:
    other = unicode_host(match[0])
    return f"{match[0]} ({other})" if other else match[0]


def prose(text: object) -> str:
    """Return a sentence for people: visible, its URLs defanged, look-alike hosts shown both ways."""
    return host(defang(visible(text)))


def evidence(text: object) -> str:
    """Return a text of a log as it stands, but visible and its URLs defanged."""
    return defang(visible(text))


_SPAN = re.compile(r"(?<![^\s(])`([^`]{1,200})`(?![^\s).,:;])")


def spans(text: object) -> list[str]:
    """Return a sentence's prose in pieces: words at even places, commands that it quotes in backticks at odd ones."""
    return _SPAN.split(prose(text))


_FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")  # OWASP "CSV Injection"; the last four are full-width forms


def csv_cell(value: object) -> object:
    """Return a cell that no spreadsheet runs: a text that could be a formula gets a leading apostrophe.

    Control and invisible characters are spelled out, but for tab, CR and LF, which CSV can hold.
    """
    if not isinstance(value, str):
        return value
    if not (value.isascii() and value.isprintable()):
        value = "".join(spelled(c) if steers(c) and c not in "\n\r\t" else c for c in value)
    return f"'{value}" if value.startswith(_FORMULA) else value


_NOT_PLAIN = re.compile("[^\x00-\x7e]")  # as a range up to the last character it takes 4 ms to compile


def json_bytes(value: Any, *, indent: bool = False) -> bytes:
    """Return UTF-8 JSON, exact when read back, in which steering characters are spelled `\\uXXXX` (RFC 8259, 7)."""
    import orjson  # costs 15 ms, which a report on the screen need not pay

    out = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None)
    if out.isascii() and b"\x7f" not in out:
        return out
    return _NOT_PLAIN.sub(lambda match: _json_char(match[0]), out.decode()).encode()


def json_pieces(document: dict[str, Any]) -> Iterator[bytes]:
    """Yield a report's document as `json_bytes` writes it, indented: a value at a time, and of Rows a slice."""
    start = b"{"
    for key, value in document.items():
        yield start + b"\n  " + json_bytes(key) + b": "
        if isinstance(value, Rows) and len(value):
            yield from _rows_pieces(value)
        else:
            yield _deeper(json_bytes([] if isinstance(value, Rows) else value, indent=True))
        start = b","
    yield b"\n}" if document else b"{}"


def _rows_pieces(rows: Rows) -> Iterator[bytes]:
    start = b"["
    for part in rows.slices():
        yield start + b"\n  " + _deeper(json_bytes(part, indent=True)[2:-2])
        start = b","
    yield b"\n  ]"


def _deeper(text: bytes) -> bytes:
    """Return indented JSON two columns further in; no text in it holds a line feed as it stands."""
    return text.replace(b"\n", b"\n  ")


@lru_cache(maxsize=4096)
def _json_char(char: str) -> str:
    if not steers(char):
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
