"""Text encodings of a log: UTF-8 and its kin as they are, UTF-16 with a byte order mark as UTF-8.

The offset of a line in such an input is that of its UTF-16 text, not of what was made of it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from clerk_logscan.readers.compression import Held

_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
MARK_SIZE: Final = 2


def encoding_of(head: bytes) -> str | None:
    """Return the UTF-16 that the first bytes show; None where they show none. (FF FE 00 00 would be UTF-32.)"""
    return None if head.startswith(codecs.BOM_UTF32_LE) else _MARKS.get(head[:MARK_SIZE])


def as_utf8(chunks: Iterator[bytes]) -> tuple[Iterator[bytes], str | None]:
    """Return the chunks as UTF-8, or as they are, and the encoding that they had where it is UTF-16. The mark goes."""
    held = Held(chunks)
    encoding = encoding_of(held.peek(4))
    if encoding is None:
        return iter(held), None
    held.take(MARK_SIZE)
    return _transcoded(held, encoding), encoding


def _transcoded(held: Held, encoding: str) -> Iterator[bytes]:
    """Yield UTF-8. Surrogates without a partner keep their three bytes, so that each unit can be counted again."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    for chunk in held:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    with suppress(UnicodeDecodeError):  # half a unit at the end is no text
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def utf16_size(data: bytes) -> int:
    """Return how many bytes of UTF-16 `data`, UTF-8 made by `as_utf8`, was made of."""
    return len(data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass"))
