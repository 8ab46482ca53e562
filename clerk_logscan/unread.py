"""Lines that no format reads: does one hold a target that the proxy would have sent to a foreign host, or to none?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from clerk_logscan import proxy

if TYPE_CHECKING:
    from clerk_logscan.options import Options

_MAX_TRIES: Final = 1024
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
_BACKSLASH: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{?([0-9A-Fa-f]{4})\}?|([\\/\"'ntrbfv]))")
_HASH: Final = re.compile(r"#([0-9A-Fa-f]{2})")
_CODED: Final = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_END: Final = re.compile(r"[^A-Za-z0-9._~/%?=&:@#-]")


def suspicious(raw: str, options: Options) -> bool:
    """Tell whether an unread line holds a target that resolves off-host or to no host.

    It is tried with every escaping that logs use (none, backslashes, HAProxy's `#`, percent, and any two of them),
    from each start and to each end that a target may have around the proxy path; the resolver decides. Where there
    are more than a thousand of these, the answer is yes.
    """
    tried: set[str] = set()
    for text in views(raw):
        for path in options.proxy_paths:
            for target in _targets(text, proxy.effective_path(path)):
                if len(tried) >= _MAX_TRIES:
                    return True
                if target not in tried and _leads_away(target, path, options):
                    return True
                tried.add(target)
    return False


def _leads_away(target: str, path: str, options: Options) -> bool:
    found = proxy.resolve(target, proxy_path=path, framework=options.framework, allow_hosts=options.allow_hosts)
    return found.off_host or found.unresolvable


def views(raw: str) -> list[str]:
    """Return the line as it stands, and with one or two levels of escaping undone; and what it holds in base64."""
    undo: list[Callable[[str], str]] = [_without_backslashes, _without_hashes, unquote]
    once = [step(raw) for step in undo]
    return list(dict.fromkeys([raw, *once, *(step(text) for text in once for step in undo), *_decoded(raw)]))


def _decoded(text: str) -> Iterator[str]:
    """Yield what the text holds in base64."""
    for found in _CODED.findall(text):
        from clerk_logscan.parsing.envelopes.values import open_base64

        opened = open_base64(found)
        if opened:
            yield opened[0]


def _without_backslashes(text: str) -> str:
    return _BACKSLASH.sub(
        lambda found: _ESCAPES.get(found[3], found[3]) if found[3] else chr(int(found[1] or found[2], 16)),
        text,
    )


def _without_hashes(text: str) -> str:
    return _HASH.sub(lambda found: chr(int(found[1], 16)), text)


def _targets(text: str, prefix: str) -> Iterator[str]:
    """Yield every stretch around the proxy path that may be a target: Node takes no blank and no other byte in one."""
    first = prefix.split("/")[1]
    for word in re.findall(r"[\x21-\x7e]+", text):
        if first not in word:
            continue
        for start in _starts(word, first):
            yield word[start:]
            yield from (word[start : end.start()] for end in _END.finditer(word, start + 1))


def _starts(word: str, first: str) -> Iterator[int]:
    """Yield where a target may begin: at a slash before the proxy path, or at a scheme.

    Slashes further left matter only where they name an authority of the target's own.
    """
    for found in re.finditer(rf"[/\\]{re.escape(first)}", word):
        yield found.start()
    last = word.rfind(first)
    for found in re.finditer(r"(?:[A-Za-z]+:)?/[/\\]", word[:last]):
        yield found.start()
