"""What hops in front of the application that percent-decode the path make of a request target."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    yield _written(data, b"") + _written(rest.encode(), b"")
    yield _written(data, b"%?#") + _written(rest.encode(), b"")


def _written(data: bytes, escaped: bytes) -> str:
    return "".join(chr(byte) if 0x20 < byte < 0x7F and byte not in escaped else f"%{byte:02X}" for byte in data)
