"""Newlines are counted exactly, by both ways of counting."""

from __future__ import annotations

import random

import numkong
import pytest

from clerk_logscan.readers import newlines
from clerk_logscan.readers.newlines import EVERY, Counts


@pytest.mark.parametrize("kind", [bytes, bytearray])
@pytest.mark.parametrize("small", [0, 1 << 40])
def test_counts_agree_with_python(kind: type[bytes], small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Total, and the count before any position in any order, for ranges that do and do not end at a count."""
    monkeypatch.setattr(newlines, "_SMALL", small)
    chance = random.Random(1)
    data = kind(bytes(chance.choices(b"\nabcdefgh", k=5 * EVERY + 321)))
    for start, end in ((0, len(data)), (17, 4 * EVERY + 17), (5, EVERY), (EVERY, 2 * EVERY), (9, 9), (0, 3)):
        counts = Counts(data, start, end)
        assert counts.total == data.count(b"\n", start, end)
        for position in chance.choices(range(start, end + 1), k=50):
            assert counts.before(position) == data.count(b"\n", start, position)


def test_a_buffer_that_polars_looked_at_can_be_used_again() -> None:
    """The counts follow what the buffer holds now."""
    buffer = bytearray(2 << 20)
    assert Counts(buffer, 0, len(buffer)).total == 0
    buffer[: 1 << 20] = b"\n" * (1 << 20)
    assert Counts(buffer, 0, len(buffer)).total == 1 << 20


def test_the_counts_are_the_same_on_lesser_processors() -> None:
    """One extension of the processor after another is left out, down to none."""
    chance = random.Random(2)
    data = bytes(chance.choices(b"\nabc\0\x0b\x8a\xff", k=40 * EVERY + 77))
    extensions = [name for name, has in numkong.get_capabilities().items() if has and name != "serial"]
    try:
        for name in (None, *reversed(extensions)):
            if name:
                numkong.disable_capability(name)
            counts = Counts(data, 0, len(data))
            assert counts.total == data.count(b"\n")
            assert counts.each(1) == [data.count(b"\n", 0, end) for end in range(EVERY, len(data), EVERY)]
    finally:
        for name in extensions:
            numkong.enable_capability(name)
