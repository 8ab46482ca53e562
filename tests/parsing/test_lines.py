from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.parsing import lines


def block(data: bytes, offset: int = 0, first_line: int = 1) -> SimpleNamespace:
    return SimpleNamespace(data=data, offset=offset, first_line=first_line, utf16=None)


def naive(data: bytes, offset: int, first_line: int) -> list[tuple[int, int, str]]:
    """Say byte by byte what `from_block` must say of a whole block."""
    rows = []
    parts = data.split(b"\n")
    for number, part in enumerate(parts[:-1] if parts[-1] == b"" else parts):
        text = part.removesuffix(b"\r")
        if offset == 0:
            text = text.removeprefix(b"\xef\xbb\xbf")
        rows.append((first_line + number, offset, text.decode("utf-8", "spell-hex")))
        offset += len(part) + 1
    return rows


BOM = b"\xef\xbb\xbf"
TRICKY = (
    b"a",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"\xe2\x80\xa8",
    "é".encode(),
    b"\xc3",
    b"\x0b",
    b"\xef\xbb\xbf",
    b'"',
)
hostile = st.lists(st.sampled_from(TRICKY)).map(b"".join)


@given(hostile, st.sampled_from([0, 3, 10**12]))
def test_a_block_gives_every_line_with_its_number_and_the_offset_of_its_own_bytes(data: bytes, offset: int) -> None:
    found = lines.from_block(block(data, offset, 7))
    assert found.rows() == naive(data, offset, 7)
    assert found.schema == pl.Schema(lines.SCHEMA)


@given(hostile)
def test_picked_lines_and_whole_blocks_give_the_same_rows(data: bytes) -> None:
    whole = lines.from_block(block(data))
    numbers, offsets, _ = (list(column) for column in zip(*whole.rows(), strict=True)) if whole.height else ([], [], [])
    batch = SimpleNamespace(numbers=numbers, offsets=offsets, data=data)
    assert lines.from_batch(batch).equals(lines.without_nuls(whole))


@given(hostile)
def test_few_lines_are_told_apart_as_many_are(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_SMALL", 0)
        texts, as_they_stand = lines._texts(data)
    few, so = lines._texts(data)
    assert few.to_list() == texts.to_list() and so == as_they_stand


@given(hostile, st.integers(0, 50))
def test_blocks_cut_after_any_newline_give_the_rows_of_the_whole(data: bytes, at: int) -> None:
    cut = data.find(b"\n", at) + 1
    whole = lines.from_block(block(data))
    first = lines.from_block(block(data[:cut]))
    second = lines.from_block(block(data[cut:], cut, first.height + 1))
    # A mark is dropped at the start of the file alone, so the cut must not be there.
    if cut:
        assert pl.concat([first, second]).equals(whole)


def test_bytes_that_are_no_utf8_are_spelled_in_upper_case_and_the_good_ones_beside_them_stay() -> None:
    assert lines.decode(b"a\xffb\xc3\xa9\xe2\x82") == "a\\xFFbé\\xE2\\x82"


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\r", b"\xef\xbb\xbf"])
def test_the_smallest_blocks(data: bytes) -> None:
    assert lines.from_block(block(data)).rows() == naive(data, 0, 1)


def test_lines_of_utf16_begin_where_they_do_in_the_file() -> None:
    text = "aé\n\0\0😀b\n\nc"
    whole = block(text.encode())
    whole.utf16 = 2
    found = lines.from_block(whole)
    stored = text.encode("utf-16-le")
    assert found["raw"].to_list() == ["aé", "😀b", "", "c"]
    for _, offset, raw in found.rows():
        assert stored[offset - 2 :].startswith(raw.encode("utf-16-le"))
