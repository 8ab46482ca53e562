"""The sieve finds what a plain search finds, and its literals are dealt so that little text looks like one of them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.readers.buckets import dealt
from clerk_logscan.readers.search import Search
from clerk_logscan.readers.sieve import Sieve

SAMPLE_LOGS = Path(__file__).parent.parent.parent / "sample_logs"


def leftmost_longest(literals: list[bytes], text: bytes) -> list[tuple[int, bytes]]:
    """Return what is found of the literals in `text` by trying all at each position."""
    found, at = [], 0
    while at < len(text):
        here = max((literal for literal in literals if text.startswith(literal, at)), key=len, default=b"")
        if here:
            found.append((at, here))
        at += max(1, len(here))
    return found


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=70, unique=True), st.data())
def test_the_sieve_finds_what_a_plain_search_finds(literals: list[bytes], data: st.DataObject) -> None:
    """For any literals, few or more than Teddy takes at once, in a text made of them; the parts find the same each."""
    text = b"".join(data.draw(st.lists(st.sampled_from(literals) | st.binary(max_size=9), max_size=40)))
    kinds = {literal: 1 << index for index, literal in enumerate(literals)}
    found = sorted((at, kind) for kind, positions in Sieve(kinds).find(memoryview(text)) if kind for at in positions)
    parts = [literals[first : first + 60] for first in range(0, len(literals), 60)]
    assert found == sorted((at, kinds[literal]) for part in parts for at, literal in leftmost_longest(part, text))


@given(st.sets(st.binary(min_size=2, max_size=6), min_size=2, max_size=32))
def test_literals_are_all_dealt(literals: set[bytes]) -> None:
    """What is dealt are the literals, and fillers that occur in no log, no more than there is room for."""
    order = dealt(literals, 8)
    assert set(order) >= literals
    assert len(order) == len(set(order)) <= 32
    assert all(filler.startswith(b"\x01\x02") for filler in set(order) - literals)


def candidates(literals: list[bytes], buckets: int, text: bytes) -> int:
    """Return how many places Teddy compares in full: where each half of three bytes fits any literal of a bucket."""
    rows: list[list[bytes]] = [[] for _ in range(buckets)]
    seen: dict[bytes, int] = {}
    for literal in sorted(literals, key=len, reverse=True):
        bucket = seen.setdefault(bytes(byte & 15 for byte in literal[:3]), literals.index(literal) % buckets)
        rows[bucket].append(literal)
    count = 0
    for row in filter(None, rows):
        fits = [
            {low | high for low in {one[at] & 15 for one in row} for high in {one[at] & 240 for one in row}}
            for at in (0, 1, 2)
        ]
        count += sum(
            a in fits[0] and b in fits[1] and c in fits[2] for a, b, c in zip(text, text[1:], text[2:], strict=False)
        )
    return count


def test_little_text_of_logs_looks_like_a_literal() -> None:
    """Of the bytes of the sample logs, their attacks left out, fewer than one in 300 is compared in full."""
    lines = [line for path in sorted(SAMPLE_LOGS.glob("*.log")) for line in path.read_bytes().splitlines(keepends=True)]
    text = b"".join(line for line in lines if b"clerk" not in line)
    literals = list(Search(["/__clerk"])._literals(0))
    assert len(literals) <= 32
    good, bad = (candidates(order, 8, text) for order in (dealt(literals, 8), sorted(literals)))
    assert good < len(text) / 300
    assert 3 * good < bad
