"""Split syslog messages that stand in one line, each behind its length in octets (RFC 6587, section 3.4.1)."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

STARTS: Final = "^[0-9]{1,7} <[0-9]{1,3}>"
_FRAME: Final = re.compile(rb"(\d{1,7}) (?=<\d{1,3}>)")
_SPELLED: Final = re.compile(rb"\\x([89A-F][0-9A-F])")


def messages(text: str) -> list[str]:
    """Return the messages of `text` if it is nothing else, each of the length stated; else nothing.

    A message may end in a newline, which the last one lost as the line was cut there.
    """
    if not text[:1].isdigit():
        return []
    data = text.encode()
    if not _FRAME.match(data):
        return []
    return _frames(data) or _frames(_SPELLED.sub(lambda match: bytes.fromhex(match[1].decode()), data))


def _frames(data: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(data):
        match = _FRAME.match(data, at)
        end = match.end() + int(match[1]) if match else 0
        if not match or end > len(data) + 2:
            return []
        found.append(data[match.end() : end].decode("utf-8", "spell-hex").rstrip("\r\n"))
        at = end
    return found


def split(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (work.WORK) with a row for each message of a line; most lines only pay for the test."""
    counted = frame["text"].str.contains(STARTS)
    if not counted.any():
        return frame
    found = [messages(text) or [text] if like else [text] for text, like in zip(frame["text"], counted, strict=True)]
    return frame.with_columns(pl.Series("text", found, dtype=pl.List(pl.String))).explode("text")
