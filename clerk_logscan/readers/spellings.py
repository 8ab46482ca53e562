"""How a character of a request target may be spelled in a log, as patterns that contain every spelling.

Only the sieve of candidates is built from these: what they let through is parsed and resolved, and that decides. So
each pattern holds more than it must, never less. The syntax is what PCRE and Hyperscan share, over bytes.
"""

from __future__ import annotations

import base64
import re
from typing import Final

# What stands before the two hexadecimal digits of an escape: `%` as the client sent it, `%25` where CloudFront encoded
# that once more; `\x` of nginx and Apache, `\u00` of JSON, either inside further JSON strings; `#` of HAProxy. Or
# `%` itself so escaped.
ESCAPE: Final = r"(?:%|\\{1,8}(?:x|u00)|#)(?:25)?"

# WHATWG URL, "basic URL parser": `\` is a slash in special schemes. The tabs and line ends that it removes never come
# that far: Node's parser refuses them, and hops that decode `%09` write it again as `%09`.
SLASH: Final = rf"(?:[/\\]|{ESCAPE}(?:2[fF]|5[cC]))"

# A target's path ends at `?` or at a blank. Not at `#`, which is HAProxy's escape; not at a quote, as some servers log
# it as it came.
PATH: Final = r"[^? \t\n]"
TO_LINE_END: Final = r"[^\n]*\n"  # so that a line gives one match, whatever it holds


_TOLD: Final = 8  # characters of base64


def digits(char: str) -> list[str]:
    """Return the spellings of the two hexadecimal digits of `char` (a byte as Latin-1) in either case."""
    high, low = list(f"{ord(char):02x}")
    return sorted({a + b for a in (high, high.upper()) for b in (low, low.upper())})


def escapes(char: str) -> list[str]:
    """Return texts of which every escape of `char` that a client or a log writer makes holds one."""
    return list(dict.fromkeys(_short(before + code) for before in signs(char) for code in digits(char)))


def signs(char: str) -> list[str]:
    """Return what stands before the two digits of an escape of `char`, by whoever makes it.

    A client may percent-encode anything. Servers and JSON writers leave letters and digits alone, servers the other
    unreserved characters of RFC 3986 too.
    """
    befores = ["%", "%25"]
    if not char.isalnum():
        befores.append(r"\u00")
        if char not in "-._~":
            befores += [r"\x", "#"]
    return befores


def _short(escape: str) -> str:
    """Return a long escape without its last digit where that comes in two cases: fewer texts are sooner found.

    Not where others are frequent: those of signs.
    """
    return escape[:-1] if len(escape) > len("%25") and escape[-1].isalpha() and escape[-2] > "3" else escape


def escaped(char: str) -> str:
    """Return a pattern of every escape of `char`, itself not included."""
    return f"{ESCAPE}(?:{'|'.join(digits(char))})"


def spelled(char: str) -> str:
    """Return a pattern of every spelling of `char`, itself included."""
    return f"(?:{re.escape(char)}|{escaped(char)})"


def coded(text: str) -> list[str]:
    """Return texts of which the base64 (RFC 4648) of whatever holds `text` holds one.

    Three bytes are four characters; so there are three ways in which the text may lie among them, and at its ends some
    characters are of its neighbours, too. None for a text that is too short to be told from chance.
    """
    data = text.encode("latin-1")
    found = []
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        code = base64.b64encode(bytes(before) + data).decode()
        found.append(code[shared : (before + len(data)) * 8 // 6])
    return found if min(map(len, found)) >= _TOLD else []


def disguised(text: str) -> str:
    """Return a pattern of `text` with at least one character escaped."""
    kinds = [
        re.escape(text[:index]) + escaped(char) + "".join(map(spelled, text[index + 1 :]))
        for index, char in enumerate(text)
    ]
    return f"(?:{'|'.join(kinds)})"


def two_slashes() -> str:
    """Return a pattern of what follows the proxy path when two slashes adjoin anywhere in the path after it."""
    return f"{PATH}*{SLASH}{SLASH}"


def no_authority() -> str:
    """Return a pattern of two slashes and an authority that may be invalid, or hold user information.

    Plain labels and a port up to 59999 are valid, and so left out; a last label that begins with a digit makes an IPv4
    address of the host, which may be none (WHATWG URL, "host parsing" and "ends in a number").
    """
    host = r"[^/\\?# \t\n]*"
    invalid = (
        rf"{host}[\[\]^|<>%@#\\\x00-\x08\x0b-\x1f\x7f-\xff]{PATH}*",
        rf"{host}:(?:[0-9]*[^0-9/\\ \t\n]|[6-9][0-9]{{4}}|[0-9]{{6}}){PATH}*",
        rf"{host}[xX][nN]--{PATH}*",
        rf":{PATH}*",
        rf"(?:{host}\.)?[0-9][^./\\?# \t\n]*\.?(?:{SLASH}{PATH}*)?",
    )
    return rf"{SLASH}{SLASH}+(?:{'|'.join(invalid)})"
