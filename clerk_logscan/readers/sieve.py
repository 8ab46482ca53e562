"""The sieve: one pass over a block for some dozens of literals at once, at about 10 GB/s.

Aho-Corasick behind the packed SIMD search "Teddy" of the Rust crate aho-corasick. Hyperscan is as fast for up to four
literals, and falls to 2 GB/s for the many ways to spell a proxy path (measured on AMD Zen 3, hyperscan 0.9).
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from itertools import compress
from operator import itemgetter
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from clerk_logscan.readers.buckets import dealt

# How many literals Teddy takes at its quickest, and at all, which needs AVX2; and how many buckets it has for each.
_SLIM, _FAT = (32, 8), (60, 16)
_MOST: Final = _FAT[0] if platform.machine().lower() in ("x86_64", "amd64") else _SLIM[0]
# With few literals, of three or fewer distinct first or rare bytes, the crate prefers a slower memchr to Teddy: these,
# which never occur, make more of them. Beyond one literal alone, which it finds fastest of all.
_FEW: Final = range(2, 17)
_FILLERS: Final = (b"\x01\x02\x03", b"\x02\x03\x01", b"\x03\x01\x02", b"\x04\x05\x06")

_WHICH, _START = itemgetter(0), itemgetter(1)  # of a match: the literal's number, and where it stands


class Sieve:
    """Finds literals; `kinds` says for each what its finding means, as bits."""

    def __init__(self, kinds: Mapping[bytes, int]) -> None:
        literals = list(kinds)
        self._parts: list[tuple[BytesAhoCorasick, list[int]]] = []
        for first in range(0, len(literals), _MOST):
            part = literals[first : first + _MOST]
            if len(part) > 1:
                part = dealt(part, (_SLIM if len(part) <= _SLIM[0] else _FAT)[1])
            if len(part) in _FEW:
                part += _FILLERS
            automaton = BytesAhoCorasick(part, matchkind=MatchKind.LeftmostLongest)
            self._parts.append((automaton, [kinds.get(literal, 0) for literal in part]))

    def find(self, view: memoryview) -> Iterator[tuple[int, list[int]]]:
        """Yield what a finding means and the positions of its literals, in order, a group of literals after another.

        Literals that overlap one found before in their group are not found.
        """
        for automaton, kinds in self._parts:
            matches = automaton.find_matches_as_indexes(view)
            different = set(map(kinds.__getitem__, set(map(_WHICH, matches))))
            starts = list(map(_START, matches))  # no loop of Python's: there may be thousands
            if len(different) == 1:
                yield different.pop(), starts
                continue
            meanings = list(map(kinds.__getitem__, map(_WHICH, matches)))
            for kind in different:
                yield kind, list(compress(starts, map(kind.__eq__, meanings)))
