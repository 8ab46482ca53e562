"""What Node does with a request before any framework sees it, and what its `fetch` refuses to send.

Read in llhttp 9 (src/llhttp/url.ts), Node 20's legacy `url.parse`, undici 6 and the Fetch Standard.
"""

from __future__ import annotations

import re
from typing import Final

from clerk_logscan import whatwg

# Fetch Standard, "port blocking" (https://fetch.spec.whatwg.org/#port-blocking); undici's list is the same.
_PORTS = """
1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135
137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719
1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
"""
BLOCKED_PORTS: Final = frozenset(int(port) for port in _PORTS.split())
# Fetch Standard, "forbidden method": `fetch` and `new Request` throw.
FORBIDDEN_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
# llhttp's HTTP methods, as Node 20 lists them in `http.METHODS`.
_METHODS = """
ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS
PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK
UNSUBSCRIBE
"""
METHODS: Final = frozenset(_METHODS.split())

# llhttp's url.ts: an authority of user information characters and brackets, no two `@` side by side.
_AUTHORITY: Final = r"(?:@?[A-Za-z0-9\-_.!~*'()%;:&=+$,\[\]])*@?(?:[/?][\x21-\x7e]*)?"
_TARGET: Final = re.compile(rf"[/*][\x21-\x7e]*|[A-Za-z]+://{_AUTHORITY}")
_CONNECT_TARGET: Final = re.compile(_AUTHORITY)
_NOT_ASCII: Final = re.compile(r"%(?![0-7][0-9A-Fa-f])")  # what else than an escape of ASCII begins with `%`
_DECODE_URI: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.DOTALL)
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def parser_status(method: str, target: str) -> int | None:
    """Return the status with which Node's parser answers this request line by itself, None where it lets it pass.

    0 stands for no answer: CONNECT closes the connection. The 431 for 16 KiB of headers is left out: that limit is an
    option of the command line (`--max-http-header-size`), so a long target clears nobody.
    """
    if method not in METHODS:
        return 400
    if method == "CONNECT":
        return 0 if _CONNECT_TARGET.fullmatch(target) else 400
    return None if _TARGET.fullmatch(target) else 400


def decode_uri_fails(text: str) -> bool:
    """Tell whether ECMAScript's `decodeURI` throws: a lone `%`, or escapes that are not UTF-8."""
    if not _NOT_ASCII.search(text):
        return False
    if not _DECODE_URI.fullmatch(text):
        return True
    try:
        for run in _ENCODED.findall(text):
            bytes.fromhex(run.replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def legacy_path_missing(target: str) -> bool:
    """Tell whether Express 4 finds no path in the target and so answers 404 before any middleware.

    Its router asks `parseurl`, which takes the legacy `url.parse` for what holds a `#` or begins without `/`.
    Only targets that Node's parser lets pass are asked for.
    """
    if target.startswith("/") and "#" not in target:
        return False
    head, mark, tail = _split(target)
    rest = head.replace("\\", "/") + mark + tail
    scheme = re.match(r"[a-z0-9.+-]+:", rest, re.IGNORECASE)
    lower = scheme[0].lower() if scheme else ""
    rest = rest[len(lower) :]
    if lower == "javascript:":
        return not re.match(r"[^?#]", rest)
    slashes = rest.startswith("//") and (bool(scheme) or bool(re.match(r"//[^@/]+@[^@/]+", rest)))
    if not slashes:
        return not re.match(r"[^?#]", rest)
    return _legacy_host_fails(rest[2:], lower)


def _split(target: str) -> tuple[str, str, str]:
    """Cut a target at its first `?` or `#`."""
    found = re.search(r"[?#]", target)
    return (target[: found.start()], found[0], target[found.end() :]) if found else (target, "", "")


def _legacy_host_fails(rest: str, scheme: str) -> bool:
    """Tell whether `url.parse` throws on the host that `rest` begins with, or finds no path behind it."""
    end = re.search(r"[#/?]", rest)
    area = rest[: end.start()] if end else rest
    at = area.rfind("@")
    if at >= 0 and decode_uri_fails(area[:at]):
        return True
    stop = re.search(r"[ \"%';<>\\^`{|}]", area[at + 1 :])
    host_end = at + 1 + stop.start() if stop else len(area)
    host = re.sub(r":[0-9]*\Z", "", area[at + 1 : host_end])
    after = rest[host_end:]
    bracketed = host.startswith("[") and host.endswith("]")
    if not bracketed and ":" in host:
        host, _, port = host.partition(":")
        after = f"/:{port}{after}"
    if len(host) > 255:
        host = ""
    if host and not bracketed and (re.search(r"[#%/:<>?@\[\\\]^|]", host) or not _ascii_domain(host)):
        return True
    if bracketed and not after.startswith("/"):
        after = "/" + after
    if scheme in ("http:", "https:", "ftp:", "gopher:", "file:", "ws:", "wss:") and host:
        return False
    return not re.match(r"[^?#]", after)


def _ascii_domain(host: str) -> bool:
    """Tell whether Node's `toASCII` keeps this ASCII host: only invalid Punycode makes it empty."""
    return "xn--" not in host.lower() or whatwg.parse(f"https://{host.lower()}.a/") is not None
