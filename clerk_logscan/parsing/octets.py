"""Split syslog messages that stand in one line, each behind its length in octets (RFC 6587, section 3.4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import polars as pl

from clerk_logscan.parsing.lines import decode
from clerk_logscan.readers.blocks import FRAME

STARTS: Final = "^[0-9]{1,7} <[0-9]{1,3}>"
_SPELLED: Final = re.compile(rb"\\x[89A-F][0-9A-F]")  # how `decode` spells a byte that is no UTF-8
_CUT: Final = re.compile(rb"[0-9]{1,7}(?: (?:<[0-9]{0,3})?)?\Z")
_LONGER: Final = 3  # characters, than the byte
_NEWLINE: Final = 2  # bytes at most, which the last message lost as the line was cut there

Row = tuple[int, int, str]


def messages(text: str) -> list[str]:
    """Return the messages of `text` if it is nothing else, each of the length stated; else nothing.

    A message may end in a newline, which the last one lost as the line was cut there. What follows several of them and
    is none, or not whole, is the last.
    """
    return [message for _, message in _messages(text)]


def split(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of several messages in one line."""
    counted = frame["raw"].str.contains(STARTS)
    if not counted.any():
        return frame
    rows: list[Row] = []
    for row, like in zip(frame.iter_rows(), counted, strict=True):
        number, offset, raw = row
        found = _messages(raw) if like else []
        # A line that is one message is told as it stands.
        rows += [(number, offset + before, text) for before, text in found] if len(found) > 1 else [row]
    return pl.DataFrame(rows, schema=frame.schema, orient="row")


def split_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with a row for each message of a `text`, its other columns repeated."""
    counted = frame["text"].str.contains(STARTS)
    if not counted.any():
        return frame
    found = [messages(text) or [text] if like else [text] for text, like in zip(frame["text"], counted, strict=True)]
    return frame.with_columns(pl.Series("text", found, dtype=pl.List(pl.String))).explode("text")


def _messages(text: str) -> list[tuple[int, str]]:
    """Return the messages of `text` with the bytes before each; nothing where it is not made of them."""
    data = text.encode() if text[:1].isdigit() else b""
    found, at, before = [], 0, 0
    for start, end, size in _spans(data):
        found.append((before + start - at, decode(data[start:end]).rstrip("\r\n")))
        before += start - at + size
        at = end
    if at >= len(data):
        return found
    return [*found, (before, decode(data[at:]))] if len(found) > 1 else []


def _spans(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where the messages of `data` begin and end, as far as each is followed by another or by nothing, and their
    lengths as stated.
    """
    at = 0
    while match := FRAME.match(data, at):
        start, size = match.end(), int(match[1])
        at = _end(data, start, size)
        if not at:
            return
        yield start, at, size


def _end(data: bytes, start: int, size: int) -> int:
    """Return where a message of `size` bytes ends, behind which a whole one begins, or nothing stands, or else the
    beginning of one that was cut off; 0 where none of that is so.
    """
    length, cut_off = len(data) + _NEWLINE, 0
    for end in _ends(data, start, size):
        header = FRAME.match(data, end)
        if header.end() + int(header[1]) <= length if header else len(data) <= end <= length:
            return end
        if not cut_off and (header or _CUT.match(data, end)):
            cut_off = end
    return cut_off


def _ends(data: bytes, start: int, size: int) -> Iterator[int]:
    """Yield where a message of `size` bytes may end: what spells a byte that is no UTF-8 may be text, or that byte."""
    end = start + size
    yield end
    for spelled in _SPELLED.finditer(data, start, end + (_LONGER + 1) * size):
        if spelled.start() >= end:
            break
        end += _LONGER
    if end > start + size:
        yield end
