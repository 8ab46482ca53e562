"""Values by their shape: what a single text of a log looks like, each told by one pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

# RFC 9110 section 9, RFC 4918, RFC 5789, and what caches take.
METHODS: Final = frozenset(
    [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "CONNECT",
        "TRACE",
        "PURGE",
        "SEARCH",
        "REPORT",
        "PROPFIND",
        "PROPPATCH",
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "QUERY",
    ]
)
_V4: Final = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
# Two colons together, or seven: a time of day is no address.
_V6: Final = r"(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})[0-9A-Fa-f:]{2,}(?:(?:\.[0-9]{1,3}){3})?(?:%[A-Za-z0-9]+)?"
ADDRESS: Final = rf"(?:{_V4}(?::[0-9]{{1,5}})?|\[{_V6}\](?::[0-9]{{1,5}})?|\[{_V4}\]:[0-9]{{1,5}}|{_V6})"
ADDRESSES: Final = rf"{ADDRESS}(?:,\s*{ADDRESS})*"
PROTOCOL: Final = r"(?:HTTP|http|h|H)/?[0-9](?:\.[0-9])?c?"
TARGET: Final = r"(?:/|\\|\*$)(?s:.*)"
ABSOLUTE: Final = r"(?i:https?|wss?)://[^/?#\\]*(?s:.*)"
_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
# A blank in the target is only told from what follows by a protocol at the end.
REQUEST: Final = (
    rf"(?:{'|'.join(sorted(METHODS))}) +(?:/|\\|\*|(?i:https?|wss?):|[A-Za-z0-9.-]+:[0-9]+)"
    r"(?:[^ ]*|(?s:.*) HTTP/[0-9](?:\.[0-9])?)$"
)
ABSOLUTE_REQUEST: Final = rf"(?:{'|'.join(sorted(METHODS))}) +(?i:https?|wss?)://(?s:.*)"
PLAIN_REQUEST: Final = rf"(?:{'|'.join(sorted(METHODS))}) +[^ ]+(?: +[A-Z]+/[0-9](?:\.[0-9])?)?"
WHOLE_REQUEST: Final = rf"(?={REQUEST})(?s:.*) HTTP/[0-9](?:\.[0-9])?"
# Products of RFC 9110 section 10.1.5: `curl/8.5.0`, `Mozilla/5.0 (...)`; and names that come without a version.
AGENT: Final = (
    r"(?s:[A-Za-z][A-Za-z0-9 !#$%&'*+.^_`|~-]{0,60}/v?[0-9].*|Mozilla.*|python-.*|Go-http-client.*|Wget.*"
    r"|.*(?:[bB]ot|Crawler|crawler|Spider|spider)\b.*|node(?:-fetch)?|undici|axios.*|okhttp.*|PostmanRuntime.*)"
)
URL: Final = r"(?i:https?|android-app|file|about)://?(?s:.*)"
HOST: Final = (
    r"(?=[^:]*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\.[A-Za-z][A-Za-z0-9-]+\.?(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?"
)
STATUS: Final = r"(?:[1-5][0-9]{2}|0{1,3}|-1)"
NUMBER: Final = r"[0-9]+"
DECIMAL: Final = r"[0-9]+\.[0-9]+"
WITH_UNIT: Final = r"(?:[0-9]+(?:\.[0-9]+)? ?(?:ns|us|µs|μs|ms|s|m|h))+"
SIZE: Final = r"[0-9]+(?: ?[bB](?:ytes)?)?|[0-9]{1,3}(?:,[0-9]{3})+"
ID: Final = (
    r"[0-9a-f]{16,64}|[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|[0-9A-HJKMNP-TV-Z]{26}"
    r"|(?:Root=)?1-[0-9a-f]{8}-[0-9a-f]{24}.*"
)
QUERY: Final = r"\??[^\s?/=&]+(?:=[^\s&]*)?(?:&[^\s&]*)*"
# What routers write for all requests of a kind: `/users/{id}`, `/users/:id`, `GET /x/{proxy+}`, `/[slug]`, `/<int:id>`.
ROUTE: Final = r"(?s).*(?:/\{[^{}/]+\}|/:[A-Za-z_]\w*|/\[[^\]/]+\]|/<[^>/]+>|\$default|/\*\*?$).*"
PRIVATE: Final = (
    r"(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\."
    r"|::1|f[cd][0-9a-f]{2}:|fe80:).*"
)
# Statuses that are registered, or that servers log of their own (nginx 444 and 494-499, Cloudflare 520-530).
KNOWN_STATUSES: Final = frozenset(
    [
        *range(100, 104),
        *range(200, 209),
        226,
        *range(300, 309),
        *range(400, 419),
        *range(421, 427),
        428,
        429,
        431,
        440,
        444,
        449,
        450,
        451,
        460,
        463,
        464,
        *range(494, 500),
        *range(500, 512),
        *range(520, 531),
        561,
        599,
        0,
        -1,
    ]
)
_WORDS: Final = (
    "N/A",
    "<useragent unknown>",
    "<no referer>",
    "<hostname unknown>",
    "null",
    "NULL",
    "None",
    "nil",
    "undefined",
    "(null)",
    "<null>",
    "<nil>",
    "\\N",
    "ᴺᵁᴸᴸ",
)
MISSING: Final = frozenset(("-", "", " - ", '""', *_WORDS))

Values = Sequence[str | None]
_compiled: dict[str, re.Pattern[str]] = {}


def whole(pattern: str) -> re.Pattern[str]:
    """Return `pattern` compiled; it is used with fullmatch."""
    if pattern not in _compiled:
        _compiled[pattern] = re.compile(pattern)
    return _compiled[pattern]


def share(values: Values, pattern: str) -> float:
    """Return which part of the values that are there match `pattern` wholly; 0 where none is there."""
    return share_of(values, lambda text: whole(pattern).fullmatch(text) is not None)


def share_of(values: Values, test: Callable[[str], bool]) -> float:
    """Return for which part of the values that are there `test` holds; 0 where none is there."""
    known = present(values)
    return sum(map(test, known)) / len(known) if known else 0.0


def present(values: Values) -> list[str]:
    """Return the values that are there, less what only stands for nothing."""
    return [value for value in values if value is not None and value not in MISSING]


def is_status(text: str) -> bool:
    """Tell whether a text is a status that some server would log."""
    return bool(whole(STATUS).fullmatch(text)) and int(text) in KNOWN_STATUSES


def is_target(text: str) -> bool:
    """Tell whether a text could be a request target in origin or absolute form, and is no request line."""
    return bool(whole(TARGET).fullmatch(text) or whole(ABSOLUTE).fullmatch(text))
