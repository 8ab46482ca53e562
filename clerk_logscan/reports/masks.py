"""Where secrets stand in text: queries, cookies, tokens, keyed fields; each is found by its shape and masked.

More is masked rather than less: a log line is copied into a report with whatever its writer's escaping made of it, so
the patterns accept the spellings of `=`, `&` and quotes that logs use (JSON's `\\u0026`, a quote escaped once or more).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import Final

Mask = Callable[[str], str]

# RFC 7519 and 7516: three or five parts of base64url, the first the JSON header `{"`; also a header without the rest.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}(?:(?:\.|%2[Ee])[A-Za-z0-9_-]*){0,4}")
# Keys of Clerk and of those who copied its (Stripe's) shape; handshake and development browser tokens.
_KEY_STARTS: Final = ("sk_", "rk_", "ak_", "mt_", "oat_", "whsec_", "dvb_")
_KEYS = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_KEY_STARTS)})[A-Za-z0-9+/_-]{{8,}}=*")
_SCHEME_NAMES: Final = ("bearer", "basic", "digest", "negotiate")
_SCHEMES = re.compile(rf"\b({'|'.join(_SCHEME_NAMES)})(\s+|%20|\+)([^\s\",\\]{{6,}})", re.IGNORECASE)
_MASKED = re.compile(r"REDACTED-\d+")

_EQUALS = r"=|%3[Dd]|\\u003[Dd]"
# Cookies that Clerk sets, wherever they stand.
_NAMED = re.compile(
    rf"(?<![\w-])(__(?:session|client|refresh|clerk|dev|Host-|Secure-)[\w.-]*|_clerk_[\w.-]*)({_EQUALS})([^\s;,\"&\\|]+)"
)
# A query: behind `?` up to a blank or a closing quote; a fragment only where it holds pairs.
_QUERY = re.compile(r"(\?)((?:(?!\\*\"(?:[\s,}\]:]|$))\\.|[^\s\"\\])+)")
_FRAGMENT = re.compile(r"(#)([A-Za-z_][\w.-]*=(?:\\.|[^\s\"\\])+)")
_ITEMS = re.compile(r"(&amp;|\\u0026|[&;])")
_PAIR = re.compile(rf"^([^=]*?)({_EQUALS})(.*)$", re.DOTALL)

_COOKIE_KEY = r"[\w.()$-]*cookies?[\w.()$-]*"
_SECRET_KEY = r"[\w.()$-]*(?:authorization|secret|password|passwd|api[_-]?key|token|session|jwt)[\w.()$-]*"
_QUERY_KEY = r"[\w.()$-]*(?:query(?:_?string)?|args|querystringparameters)"
_KEY = rf"(?P<cookie>{_COOKIE_KEY})|(?P<secret>{_SECRET_KEY})|(?P<query>{_QUERY_KEY})"
# No keyed field is without one of these.
_WORDS: Final = (
    "cookie", "authorization", "secret", "passw", "apikey", "api_key", "api-key", "token", "session", "jwt", "query",
    "args",
)  # fmt: skip
_STRING = r"\"(?P<value>(?:\\.|[^\"\\])*)\""
# `"cookie": "..."`, `"cookie": ["...", ...]`, and `"name": "Cookie", "value": "..."` or `["Cookie", "..."]`.
_JSON = re.compile(rf"(?P<before>\"(?:{_KEY})\"\s*:\s*\[?\s*){_STRING}", re.IGNORECASE)
_LIST = re.compile(rf"(\"{_COOKIE_KEY}\"\s*:\s*\[)([^\]]*)(\])", re.IGNORECASE)
_HEADER = re.compile(rf"(?P<before>\"(?:{_KEY})\"\s*,\s*(?:\"value\"\s*:\s*)?){_STRING}", re.IGNORECASE)
_NESTED = re.compile(
    rf"(?P<before>(?P<quote>\\+\")(?:{_KEY})(?P=quote)\s*:\s*\[?\s*(?P=quote))(?P<value>.*?)(?=\\+\"|$)", re.IGNORECASE
)
_LOGFMT = re.compile(rf"(?P<before>(?<![\w.$-])(?:{_KEY})=)(?:{_STRING}|(?P<bare>[^\s\"&;]+))", re.IGNORECASE)
_DUMP = re.compile(r"(?P<before>\bcookie:\s*)(?P<value>[^\"\n]+)", re.IGNORECASE)
# A field a line, in whatever notation a record is printed.
_FIELD = re.compile(
    rf"(?P<before>^[ \t]*[\[\"']?(?:{_KEY})[\"'\]]?[ \t]*(?:=>|[|=:])[ \t]*[\"']?)(?P<value>\S[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)

# A whole quoted or blank-bounded field made of pairs: a logged cookie header or query.
_TOKEN = r"[!#$%&'*+.^_`|~\w-]+"
_PAIRS = rf"{_TOKEN}=[^\s\";]*(?:(?:;|&)(?:\s|%20|\+)?{_TOKEN}=?[^\s\";]*)"
_QUOTED_PAIRS = re.compile(rf"(?<=\")(?!Root=|Self=|Parent=)({_PAIRS}*)(?=\")")
_BARE_PAIRS = re.compile(rf"(?<!\S)({_PAIRS}+)(?!\S)")
_ONE_PAIR = re.compile(rf"(?<!\S)(?!Root=|Self=)({_TOKEN}=[^\s\"]+)(?!\S)")
_CODED, _LISTED = r"[A-Za-z0-9+/]{48}", 24  # the least that may be a packed line: of base64, or bytes before others
_RUN = re.compile(_CODED)
_PACKED = re.compile(rf"{_CODED}[A-Za-z0-9+/]*={{0,2}}|(?:\d{{1,3}},\s*){{{_LISTED},}}\d{{1,3}}")


def in_text(text: str, mask: Mask) -> str:
    """Return a text of a report with its tokens, cookies and query values masked."""
    if "eyJ" in text:
        text = _JWT.sub(lambda m: mask(m[0]), text)
    if "_" in text and any(start in text for start in _KEY_STARTS):
        text = _KEYS.sub(lambda m: mask(m[0]), text)
    if "__" in text or "_clerk_" in text:
        text = _NAMED.sub(lambda m: m[1] + m[2] + _once(m[3], mask), text)
    if _may_hold(text, _SCHEME_NAMES):
        text = _SCHEMES.sub(lambda m: m[1] + m[2] + _once(m[3], mask), text)
    if "?" in text:
        text = _QUERY.sub(lambda m: m[1] + pairs(m[2], mask), text)
    return _FRAGMENT.sub(lambda m: m[1] + pairs(m[2], mask), text) if "#" in text else text


def in_line(line: str, mask: Mask, *, columns: bool) -> str:
    """Return a raw line masked; `columns` where its format has query and cookies as columns of their own (W3C)."""
    if _RUN.search(line) or line.count(",") >= _LISTED:
        line = _PACKED.sub(lambda m: mask(m[0]) if _is_packed(m[0]) else m[0], line)
    if _may_hold(line, _WORDS):
        for pattern in (_HEADER, _JSON, _NESTED, _LOGFMT, _DUMP, *((_FIELD,) if "\n" in line else ())):
            line = pattern.sub(lambda m: _keyed(m, mask), line)
        line = _LIST.sub(lambda m: m[1] + _listed(m[2], mask) + m[3], line)
    if "=" in line:
        for fields in (_QUOTED_PAIRS, _BARE_PAIRS, *((_ONE_PAIR,) if columns else ())):
            line = fields.sub(lambda m: pairs(m[1], mask), line)
    return in_text(line, mask)


def _may_hold(text: str, words: Iterable[str]) -> bool:
    """Tell whether a text may hold one of these lower-case words, in any case: sooner than a pattern would.

    What is not ASCII may have a case of its own.
    """
    lower = text.lower()
    return not text.isascii() or any(word in lower for word in words)


def pairs(text: str, mask: Mask) -> str:
    """Return `name=value` pairs with their values masked, the names as they are; what has no name is masked whole."""
    return "".join(piece if at % 2 else _pair(piece, mask) for at, piece in enumerate(_ITEMS.split(text)))


def _pair(text: str, mask: Mask) -> str:
    match = _PAIR.match(text)
    if match is None:
        return _once(text, mask) if text.strip() else text
    return match[1] + match[2] + _once(match[3], mask)


def _once(value: str, mask: Mask) -> str:
    """Mask a value, but for one that was masked before: what follows a mask in one word is no secret's rest."""
    return value if not value or _MASKED.match(value) else mask(value)


def _keyed(match: re.Match[str], mask: Mask) -> str:
    groups = match.groupdict()
    value = groups.get("bare") or groups["value"] or ""
    as_pairs = not groups.get("secret") and ("=" in value or "%3" in value)
    masked = pairs(value, mask) if as_pairs else _once(value, mask)
    whole, at = match[0], match[0].rfind(value) if value else len(match[0])
    return whole[:at] + masked + whole[at + len(value) :]


def _listed(text: str, mask: Mask) -> str:
    return re.sub(r"\"((?:\\.|[^\"\\])*)\"", lambda m: f'"{pairs(m[1], mask)}"', text)


def _is_packed(text: str) -> bool:
    """Tell whether a run of characters is a line in base64 or as a list of bytes: nothing in it could be masked."""
    if "," in text:
        return True
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return False
    readable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data)
    return data.startswith(b"\x1f\x8b") or readable > 0.9 * len(data)
