"""Picked lines or whole blocks of bytes become a frame of text lines, each with its number and offset.

Bytes that are not UTF-8 are spelled `\\xHH`, as nginx writes them, so that no byte is lost and polars never
sees an invalid string. A carriage return before the newline and a byte order mark at the start are not text.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, islice
from typing import Final, Protocol

import polars as pl
from polars.exceptions import ComputeError

SCHEMA: Final[dict[str, pl.DataType]] = {
    "line_number": pl.Int64(),  # from 1
    "byte_offset": pl.Int64(),  # from 0, of the decompressed input
    "raw": pl.String(),
}

# Of a line that no format reads, what its envelope held, pieces joined, where `raw` does not show that as one text.
UNREAD: Final[dict[str, pl.DataType]] = {**SCHEMA, "inner": pl.String()}

_SMALL: Final = 1 << 17  # bytes


class Block(Protocol):
    """Whole lines as bytes; `offset` and `first_line` say where they lie in the decompressed input."""

    @property
    def data(self) -> bytes | bytearray | memoryview: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def first_line(self) -> int: ...  # noqa: D102
    @property
    def utf16(self) -> int | None: ...  # noqa: D102


class Batch(Protocol):
    """The lines that the reader picked, in file order: a number and an offset each; `data` holds them as they stand."""

    @property
    def numbers(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def offsets(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def data(self) -> bytes: ...  # noqa: D102


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Spell the bytes that UTF-8 refuses as `\\xHH`; a codec error handler."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"\\x{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("spell-hex", _spell)


def decode(data: bytes) -> str:
    """Return `data` as text, bytes that are not UTF-8 as `\\xHH` in upper case."""
    return data.decode("utf-8", "spell-hex")


@cache
def empty() -> pl.DataFrame:
    """Return a frame of no lines."""
    return pl.DataFrame(schema=SCHEMA)


@cache
def none_unread() -> pl.DataFrame:
    """Return a frame of no unread lines."""
    return pl.DataFrame(schema=UNREAD)


def from_batch(batch: Batch) -> pl.DataFrame:
    """Return a row for each picked line of `batch`: line_number, byte_offset, raw. It may hold those of several inputs,
    of which each begins at offset 0.
    """
    raw, _ = _texts(batch.data)
    place = -1
    for _ in range(batch.offsets.count(0)):
        place = batch.offsets.index(0, place + 1)
        raw = _without_mark(raw, place)
    frame = pl.DataFrame({"line_number": batch.numbers, "byte_offset": batch.offsets, "raw": raw}, schema=SCHEMA)
    return without_nuls(frame) if b"\0" in batch.data else frame


def _texts(data: bytes) -> tuple[pl.Series, bool]:
    """Return the lines of `data` as text, and whether all are as they stand: UTF-8."""
    if len(data) < _SMALL:
        return _texts_of_few(data)
    try:
        return pl.read_lines(data).to_series(), True
    except ComputeError:  # only such data pays for the repair
        return pl.read_lines(decode(data).encode()).to_series(), False


def _texts_of_few(data: bytes) -> tuple[pl.Series, bool]:
    """Return what `read_lines` makes of little data, in a fraction of the time that it takes to begin."""
    try:
        text, as_it_stands = data.decode(), True
    except UnicodeDecodeError:
        text, as_it_stands = decode(data), False
    found = text.split("\n")
    if not found[-1]:  # behind the last newline
        found.pop()
    return pl.Series([line.removesuffix("\r") for line in found], dtype=pl.String), as_it_stands


def _without_mark(raw: pl.Series, place: int = 0) -> pl.Series:
    """Return the lines of an input, of which the first stands at `place`, without the byte order mark before it."""
    marked = len(raw) > place and raw[place].startswith("\ufeff")
    return raw.scatter(place, raw[place].removeprefix("\ufeff")) if marked else raw


def from_block(block: Block) -> pl.DataFrame:
    """Return a row for each line of `block`: line_number, byte_offset, raw.

    Lines end at the newline alone; a last line may lack it. Blank lines stay rows.
    """
    data = bytes(block.data)
    raw, as_it_stands = _texts(data)
    starts = _starts(data, raw) if as_it_stands else _starts_of_bytes(data, len(raw))
    if block.offset == 0:
        raw = _without_mark(raw)
    base = block.offset
    if block.utf16 is not None:
        nuls = raw.str.len_bytes()
        raw = raw.str.strip_chars_start("\0")
        nuls = (nuls - raw.str.len_bytes()).cast(pl.Int64)
        starts, base = _starts_in_utf16(data, len(raw)) + 2 * nuls, block.utf16
    numbers = pl.int_range(block.first_line, block.first_line + len(raw), dtype=pl.Int64, eager=True)
    return pl.DataFrame({"line_number": numbers, "byte_offset": starts + base, "raw": raw}, schema=SCHEMA)


def _starts_in_utf16(data: bytes, lines: int) -> pl.Series:
    """Return where each line starts in the UTF-16 of which `data` was made; lone surrogates are three bytes in it."""
    texts = data.decode("utf-8", "surrogatepass").split("\n")
    sizes = (2 * (len(text) + 1 + sum(char > "\uffff" for char in text)) for text in texts)
    return pl.Series(list(islice(accumulate(sizes, initial=0), lines)), dtype=pl.Int64)


def without_nuls(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (byte_offset, raw and others) without the NULs before lines that copytruncate leaves.

    The reader gives picked lines so; of whole blocks they stay until here, as a journal's export has lines of NULs.
    """
    if not frame["raw"].str.starts_with("\0").any():
        return frame
    line = pl.col("raw").str.strip_chars_start("\0")
    nuls = (pl.col("raw").str.len_bytes() - line.str.len_bytes()).cast(pl.Int64)
    return frame.with_columns(line, byte_offset=pl.col("byte_offset") + nuls)


def _starts(data: bytes, raw: pl.Series) -> pl.Series:
    """Return where each line starts in `data`: from the lengths where all lines, or none, had a carriage return."""
    lengths = raw.str.len_bytes().cast(pl.Int64)
    newlines = len(raw) - (not data.endswith(b"\n")) if data else 0
    returns = len(data) - int(lengths.sum()) - newlines
    if returns not in (0, len(raw)):
        return _starts_of_bytes(data, len(raw))
    return (lengths + (2 if returns else 1)).cum_sum().shift(1, fill_value=0)


def _starts_of_bytes(data: bytes, lines: int) -> pl.Series:
    """Return where each of the first `lines` lines starts in `data`, counted in the bytes as they stand."""
    starts = accumulate((len(part) + 1 for part in data.split(b"\n")), initial=0)
    return pl.Series(list(islice(starts, lines)), dtype=pl.Int64)
