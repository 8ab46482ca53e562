"""URLs as the Node of the vulnerable time parses them: ada-url, and the few hosts on which it decides otherwise.

Compared host by host with Node 20.20 (ada 2.9.2, Unicode 15.1); ada-url 4.0 differs in three ways:
it keeps ASCII labels that are invalid Punycode (Node refuses them: mended here), it refuses right-to-left
labels that begin with a digit or a left-to-right letter (Node takes them: mended here), and it knows letters of
Unicode 16 and 17 (so do newer Nodes: left as it is, for the key then goes there).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

import ada_url

# Schemes whose hosts are domains (URL Standard, "special"); other schemes have opaque hosts.
_SPECIAL: Final = ("http:", "https:", "ws:", "wss:", "ftp:")
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")  # UTS 46 maps all four to a full stop
_AUTHORITY: Final = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2,})([^/\\?#]*)(.*)$", re.DOTALL)
_PORT: Final = re.compile(r":[0-9]*\Z")
_RTL: Final = "\u05d0"  # a letter that makes any label right-to-left


def parse(reference: str, base: str | None = None) -> ada_url.URL | None:
    """Return `reference` parsed against `base` as `new URL(reference, base)` does in Node, None where that throws."""
    try:
        url = ada_url.URL(reference, base)
    except ValueError:
        mended = _encode_authority(reference)
        return parse(mended, base) if mended else None
    if "xn--" in url.hostname and url.protocol in _SPECIAL and not _valid_domain(url.hostname):
        return None
    return url


def _valid_domain(domain: str) -> bool:
    """Tell whether every `xn--` label of an ASCII domain is valid Punycode of a label that IDNA allows."""
    return all(_valid_label(label) for label in domain.split(".") if label.startswith("xn--"))


@lru_cache(maxsize=4096)
def _valid_label(label: str) -> bool:
    try:
        text = label[4:].encode("ascii").decode("punycode")
        return not text.isascii() and _encode_label(text) == label
    except (UnicodeError, ValueError, OverflowError):
        return False


def _encode_label(text: str) -> str | None:
    """Return a non-ASCII label as ASCII by UTS 46, without the Bidi rule's first condition, None where invalid."""
    host = _ascii_host(text)
    if host or not text or unicodedata.category(text[0]).startswith("M"):
        return host
    if not any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text):
        return None
    # A right-to-left letter before it satisfies the first condition; the others are still checked.
    prefixed = _ascii_host(_RTL + text)
    if not prefixed:
        return None
    mapped = prefixed[4:].encode("ascii").decode("punycode")[1:]
    return "xn--" + mapped.encode("punycode").decode("ascii")


def _ascii_host(text: str) -> str | None:
    try:
        return ada_url.URL(f"https://{quote(text, safe='')}").hostname
    except ValueError:
        return None


def _encode_authority(reference: str) -> str | None:
    """Return `reference` with its right-to-left host labels in Punycode, None where there are none."""
    found = _AUTHORITY.match(reference)
    if not found or "%" not in found[2]:
        return None
    userinfo, at, host = found[2].rpartition("@")
    port = _PORT.search(host)
    host = host[: port.start()] if port else host
    try:
        labels = _DOTS.split(unquote(host, errors="strict"))
        if all(label.isascii() for label in labels):
            return None
        encoded = [label if label.isascii() else _encode_label(label) for label in labels]
    except (UnicodeError, ValueError):
        return None
    if any(label is None for label in encoded):
        return None
    domain = ".".join(quote(label, safe="") for label in encoded if label is not None)
    return f"{found[1]}{userinfo}{at}{domain}{port[0] if port else ''}{found[3]}"
