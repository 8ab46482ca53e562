"""What hops in front of the application that percent-decode the path make of a request target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes


def readings(target: str, raw_bytes: bool = False) -> Iterator[str]:
    """Yield what hops that percent-decode the path exactly once make of a target.

    All write bytes that may not stand in a request line as `%XX` again. nginx (`proxy_pass` with a URI) so writes
    `%`, `?` and `#` too; simple decoders do not. Dot segments and slashes are left to the resolver: a hop that
    merges slashes makes less of a target, never more.
    """
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    if "%" not in path and not raw_bytes:
        yield target
        return
    rest = target[len(path) :]
    if raw_bytes:
        path = re.sub(r"\\x([0-9A-Fa-f]{2})", r"%\1", path)
    data = unquote_to_bytes(path)
    query = _written(rest.encode(), _SIMPLE)
    yield _written(data, _SIMPLE) + query
    yield _written(data, _NGINX) + query


def _written(data: bytes, spelled: Sequence[str]) -> str:
    return "".join(map(spelled.__getitem__, data))


def _spelled(escaped: bytes) -> Sequence[str]:
    """Return how each byte is written: as it is, or as `%XX` where it is one of `escaped` or no visible ASCII."""
    return [chr(byte) if 0x20 < byte < 0x7F and byte not in escaped else f"%{byte:02X}" for byte in range(256)]


_SIMPLE: Final = _spelled(b"")
_NGINX: Final = _spelled(b"%?#")
