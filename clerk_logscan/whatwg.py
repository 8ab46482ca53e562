"""URLs as the Node of the vulnerable time parses them: ada-url, and the few hosts on which it decides otherwise.

Compared host by host with Node 20.20 (ada 2.9.2, Unicode 15.1); ada-url 4.0 differs in three ways:
it keeps ASCII labels that are invalid Punycode (Node refuses them: mended here), it refuses right-to-left
labels that begin with a digit or a left-to-right letter (Node takes them: mended here), and it knows letters of
Unicode 16 and 17 (so do newer Nodes: left as it is, for the key then goes there).
Two more differences lie in the path. ada 2.9 looks at the first `/.` alone to see whether a plain path has dot
segments (ada-url/ada issue 935, mended in 2025), so `/a/.x/../y` stays as it is; and it does not percent-encode `^`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

# Schemes whose hosts are domains (URL Standard, "special"); other schemes have opaque hosts.
_SPECIAL: Final = ("http:", "https:", "ws:", "wss:", "ftp:", "file:")
_DOTS: Final = re.compile("[.\u3002\uff0e\uff61]")  # UTS 46 maps all four to a full stop
# What precedes the path: special schemes and references to them skip any number of slashes, of either kind.
_BEFORE_PATH: Final = re.compile(
    r"(?:(?:https?|wss?|ftp):)?[/\\]{2,}[^/\\?#]*|file:[/\\]{2}[^/\\?#]*|[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE
)
_AUTHORITY: Final = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2,})([^/\\?#]*)(.*)$", re.DOTALL)
# The parts of an http URL as the Standard writes it: the path, userinfo in it, host, port, path and query.
_HTTP: Final = re.compile(
    r"(https?://(?:([^/]*)@)?((\[[^/]*\]|[^/:]*)(?::([0-9]+))?))(/[^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL
)
_PATH_END: Final = re.compile(r"[?#]")
_PORT: Final = re.compile(r":[0-9]*\Z")
_RTL_KINDS: Final = ("R", "AL", "AN")
_RTL_LETTER: Final = "\u05d0"  # before a label it makes condition 1 of the Bidi rule hold


class Url(NamedTuple):
    """A parsed URL; names and contents are those of the URL class of the URL Standard."""

    href: str
    host: str  # with the port where it is not the scheme's default
    hostname: str
    port: str  # empty for the scheme's default
    pathname: str
    search: str  # with the `?`, or nothing
    has_credentials: bool  # it has userinfo: `new Request` refuses such a URL


@lru_cache(maxsize=256)  # the frameworks ask for the same URLs
def parse(reference: str, base: str | None = None, *, search: str | None = None, newer: bool = False) -> Url | None:
    """Return `reference` parsed against `base` as `new URL(reference, base)` does in Node, None where that throws.

    `search`, taken from another Url, is assigned afterwards, as `url.search = search` does to one of http or https.
    `newer` reads paths by the Standard, as the ada of newer Nodes does.
    """
    if base and "xn--" in base and _href(base, None) is None:
        return None
    href = _href(reference, base)
    if href is None:
        return None
    found = _HTTP.fullmatch(href)
    if found is None:
        return _other(href, reference, base, newer)
    before, userinfo, host, hostname, port, path, query, after = found.groups("")
    path = path if newer else _path(path, reference, base)
    if search is not None:
        query = search.replace("'", "%27")  # all that may still be unencoded, where its own scheme is no special one
    href = f"{before}{path}{query}{after}"
    return Url(href, host, hostname, port, path, query if query != "?" else "", bool(userinfo))


@cache
def _ada() -> Any:
    """Return ada-url, imported for the first URL: most logs hold none that it must read."""
    import ada_url

    return ada_url


def _other(href: str, reference: str, base: str | None, newer: bool) -> Url:
    """Return the Url of another scheme than http and https."""
    url = _ada().URL(href)
    path = url.pathname if newer else _path(url.pathname, reference, base)
    href = href if path == url.pathname else href.replace(url.pathname, path, 1)
    return Url(href, url.host, url.hostname, url.port, path, url.search, bool(url.username or url.password))


def keeps_dots(reference: str) -> bool:
    """Tell whether ada 2.9 takes a path with dot segments for one without, as it does behind a name like `/.x`."""
    if "/." not in reference:
        return False
    path = _split(reference)[1]
    if not _is_plain(path):
        return False
    path = path.removeprefix("/")
    first = path.find("/.")
    return first >= 0 and path[0] != "." and path[first + 2 : first + 3] not in ("", ".", "/")


def _is_plain(path: str) -> bool:
    return not re.search(r"[^\x21-\x7e]|[\"#%<>?\\`{}]", path)


def _split(reference: str) -> tuple[str, str, str]:
    """Cut a URL reference, not the path alone of one, into what precedes its path, the path, and what follows it."""
    found = _BEFORE_PATH.match(reference)
    start = found.end() if found else 0
    end = _PATH_END.search(reference, start)
    stop = end.start() if end else len(reference)
    return reference[:start], reference[start:stop], reference[stop:]


def _href(reference: str, base: str | None) -> str | None:
    """Return the URL as ada writes it, None where Node refuses it."""
    try:
        href: str = _ada().join_url(base, reference) if base else _ada().normalize_url(reference)
    except ValueError:
        mended = _encode_authority(reference)
        return _href(mended, base) if mended else None
    return None if "xn--" in href and not _has_valid_domain(href) else href


def _has_valid_domain(href: str) -> bool:
    url = _ada().URL(href)
    return url.protocol not in _SPECIAL or _valid_domain(url.hostname)


def _path(path: str, reference: str, base: str | None) -> str:
    """Return `path` as ada 2.9 writes it: marks stand in the place of what it leaves alone, and are undone."""
    kept = "^" * ("%5E" in path) + "." * keeps_dots(reference)
    if not kept:
        return path
    before, within, after = _split(reference)
    if not any(letter in within for letter in kept):
        return path
    free = next(f"~{number}" for number in range(len(reference)) if f"~{number}" not in reference)
    marks = {letter: f"{free}{ord(letter):x}" for letter in kept}
    for letter, mark in marks.items():
        within = within.replace(letter, mark)
    marked = _href(before + within + after, base)
    path = _ada().URL(marked).pathname if marked else path
    for letter, mark in marks.items():
        path = path.replace(mark, letter)
    return path


def _valid_domain(domain: str) -> bool:
    """Tell whether every `xn--` label of an ASCII domain is valid Punycode of a label that IDNA allows."""
    return all(_valid_label(label) for label in domain.split(".") if label.startswith("xn--"))


@lru_cache(maxsize=4096)
def _valid_label(label: str) -> bool:
    try:
        text = label[4:].encode("ascii").decode("punycode")
        # Neither a label of ASCII alone nor another spelling than the shortest is refused, but an empty one is.
        return bool(text) if text.isascii() else _encode_label(text) == "xn--" + text.encode("punycode").decode()
    except (UnicodeError, ValueError, OverflowError):
        return False


def _encode_label(text: str) -> str | None:
    """Return a non-ASCII label as ASCII by UTS 46 with the Bidi rule of ada 2.9, None where it is invalid."""
    plain = _mapped("q", text)
    if plain is not None and plain.isascii():
        return plain  # not by itself: a number would be read as an address
    host = _ascii_host(text)
    if host or not text or unicodedata.category(text[0]).startswith("M"):
        return host
    mapped = _mapped_rtl(text)
    if not mapped or mapped.startswith("xn--"):
        return None
    return "xn--" + mapped.encode("punycode").decode("ascii")


def _mapped_rtl(text: str) -> str | None:
    """Map a label that the Bidi rule (RFC 5893, section 2) refuses and ada 2.9 takes.

    It does not ask for condition 1 (the first letter), nor in left-to-right labels for the last letter's kind.
    """
    text = "".join(letter for letter in text if _mapped("q", letter) != "")  # without what mapping drops
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    if not any(kind in _RTL_KINDS for kind in kinds):
        return None
    last = max((place for place, kind in enumerate(kinds) if kind != "NSM"), default=0)
    cut = last if kinds[0] == "L" else 0
    if cut and kinds[last] not in _RTL_KINDS:
        return None
    head, tail = _mapped("q", text[:cut]), _mapped(_RTL_LETTER, text[cut:])
    return None if head is None or tail is None else head + tail


def _mapped(letter: str, text: str) -> str | None:
    """Map `text` by UTS 46 as it is mapped behind `letter`, None where it is invalid."""
    host = _ascii_host(letter + text)
    if not host:
        return None
    return (host[4:].encode("ascii").decode("punycode") if host.startswith("xn--") else host)[1:]


def _ascii_host(text: str) -> str | None:
    try:
        host: str = _ada().URL(f"https://{quote(text, safe='')}").hostname
        return host
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
        text = unquote(host, errors="strict")
        if text.isascii():
            return None
        labels = _DOTS.split(text)
        encoded = [label if label.isascii() else _encode_label(label) for label in labels]
    except (UnicodeError, ValueError):
        return None
    if any(label is None for label in encoded):
        return None
    domain = ".".join(quote(label, safe="") for label in encoded if label is not None)
    if not domain:
        return None
    return f"{found[1]}{userinfo}{at}{domain}{port[0] if port else ''}{found[3]}"
