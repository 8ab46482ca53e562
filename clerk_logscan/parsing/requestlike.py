"""What looks like a request though no format reads it; servers' error logs and vendors' test files hold none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from clerk_logscan.readers.spellings import coded

_METHODS: Final = (
    "GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|CONNECT|TRACE|PURGE|SEARCH|REPORT"
    "|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK"
)
# A method before a target, in whatever columns: `GET /x`, `"GET","/x"`, GET<tab>host<tab>/x.
_LINE: Final = (
    rf"""(?:^|[\s"'=|\[({{,;:])(?:{_METHODS})["']?(?:[\s"',;|]+[^\s"',;|]*){{0,2}}"""
    r"""[\s"',;|]+["']?(?:\\?/|https?:|\*(?:\s|$))"""
)
_PROTOCOL: Final = r"\S+ \S+ HTTP/[0-9](?:\.[0-9])?(?:[\"'\s]|$)"
_JSON_TARGET: Final = (
    r'(?i)"[^"]*(?:ur[il]|path|target|request)[^"]*"\s*:\s*"(?:[A-Z]+ )?(?:\\?/|https?:|\\u002f|\\x5c)'
)
# A member of a record that is printed over lines, in JSON or YAML, where its lines were not put together.
_MEMBER: Final = (
    r'(?i)^\s*"?[\w.-]*(?:ur[il]|path|target|request)[\w.-]*"?:\s+"?(?:[A-Z]+ )?(?:\\?/|https?://[^/\s]+/|\\u002f)'
)
_JSON_METHOD: Final = rf'(?i)"[^"]*(?:method|verb)[^"]*"\s*:\s*"|"(?:{_METHODS}) '
_JSON_LINE: Final = rf'"(?:{_METHODS}) (?:\\?/|https?:)[^" ]* HTTP/[0-9]'
# Two slashes together that are no scheme's: what is looked for is not passed over for its layout.
_DOUBLED: Final = r"(?i)[\w.~-](?:/|\\|%2f|%5c|u002f|x5c){2}"
_DOUBLED_BEFORE: Final = re.compile(_DOUBLED)
# The usual proxy path in base64: no format that opens it read the line.
_CODED: Final = "|".join(coded("/__clerk"))
# nginx `2026/11/24 14:51:35 [error] 12#12:`, Apache `[Tue Nov 24 14:51:35.1 2026] [core:error] [pid 1`,
# lighttpd `2026-11-24 14:51:35: (mod_x.c.1)`, HAProxy's and AWS' own notices.
_ERROR_LOG: Final = (
    r"^(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
    r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d[.\d]* \d{4}\] \[[\w:-]*\] "
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: \([\w./]+\.\d+\) "
    r"|\[(?:NOTICE|WARNING|ALERT)\]"
    r"|Enable AccessLog for ELB)"
)


def looks_like_request(texts: pl.Series) -> pl.Series:
    """Return a Boolean series: which texts (lines without their envelope) seem to tell of a request."""
    if texts.is_empty():
        return pl.Series(texts.name, [], dtype=pl.Boolean)
    text = pl.first().str
    is_json = text.contains(r"^\s*\{")
    line = text.contains(_LINE) | text.contains(_PROTOCOL)
    record = (text.contains(_JSON_TARGET) & text.contains(_JSON_METHOD)) | text.contains(_JSON_LINE)
    error = text.contains(_ERROR_LOG)
    member = text.contains(_MEMBER)
    shown = (is_json & record) | (~is_json & (line | member) & ~error) | text.contains(_CODED)
    like = texts.to_frame().select(shown).to_series()
    return like | holds_doubled(texts, ~like)


def holds_doubled(texts: pl.Series, which: pl.Series) -> pl.Series:
    """Tell which of the texts that are in question hold two slashes together and may be a request's."""
    text = pl.first().str
    doubled = texts.to_frame().select(text.contains(_DOUBLED) & ~text.contains(_ERROR_LOG)).to_series() & which
    return _may_tell(texts, doubled) if doubled.any() else doubled


def doubled_before(texts: pl.Series, targets: Sequence[pl.Series]) -> pl.Series:
    """Tell which of the texts hold two slashes together before what was read as their target, or as parts of it.

    A text in which a client imitates a request stands behind what it asked for.
    """
    doubled = texts.str.contains(_DOUBLED)
    held = ((row, texts[row]) for row in doubled.arg_true())
    within = [row for row, text in held if not _DOUBLED_BEFORE.search(text, 0, _begin(text, row, targets))]
    return doubled.scatter(within, values=False)


def _begin(text: str, row: int, targets: Sequence[pl.Series]) -> int:
    """Return where the first of the targets' values stands in the text; 0 where it is spelled in another way."""
    places = [text.find(value) for target in targets if (value := target[row])]
    return min((place for place in places if place >= 0), default=0)


def _may_tell(texts: pl.Series, which: pl.Series) -> pl.Series:
    """Tell `which` of the texts may be a request's in whatever layout: a target beside a method or a status."""
    from clerk_logscan.parsing.inference.likely import may_tell

    found = [bool(one) and may_tell(text) for text, one in zip(texts, which, strict=True)]
    return pl.Series(texts.name, found, dtype=pl.Boolean)
