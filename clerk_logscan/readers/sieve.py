"""The sieve: one pass over a block for some dozens of literals at once, at about 10 GB/s.

Aho-Corasick behind the packed SIMD search "Teddy" of the Rust crate aho-corasick. Hyperscan is as fast for up to four
literals, and falls to 2 GB/s for the many ways to spell a proxy path (measured on AMD Zen 3, hyperscan 0.9).
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from itertools import compress
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, MatchKind

# How many literals Teddy takes: 64 with AVX2, 32 with SSSE3 and NEON.
_TOGETHER: Final = 60 if platform.machine().lower() in ("x86_64", "amd64") else 28
# With few literals, of three or fewer distinct first or rare bytes, the crate prefers a slower memchr to Teddy: these,
# which never occur, make more of them. Beyond one literal alone, which it finds fastest of all.
_FEW: Final = range(2, 17)
_FILLERS: Final = (b"\x01\x02\x03", b"\x02\x03\x01", b"\x03\x01\x02", b"\x04\x05\x06")


class Sieve:
    """Finds literals; `kinds` says for each what its finding means, as bits."""

    def __init__(self, kinds: Mapping[bytes, int]) -> None:
        literals = list(kinds)
        self._parts: list[tuple[BytesAhoCorasick, list[int]]] = []
        for first in range(0, len(literals), _TOGETHER):
            part = literals[first : first + _TOGETHER]
            fillers = _FILLERS if len(part) in _FEW else ()
            automaton = BytesAhoCorasick([*part, *fillers], matchkind=MatchKind.LeftmostLongest)
            self._parts.append((automaton, [*(kinds[literal] for literal in part), *(0 for _ in _FILLERS)]))

    def find(self, view: memoryview) -> Iterator[tuple[int, list[int]]]:
        """Yield what a finding means and the positions of its literals, in order, a group of literals after another.

        Literals that overlap one found before in their group are not found.
        """
        for automaton, kinds in self._parts:
            matches = automaton.find_matches_as_indexes(view)
            if not matches:
                continue
            which, starts, _ = zip(*matches, strict=True)  # no loop of Python's: there may be thousands
            meanings = list(map(kinds.__getitem__, which))
            for kind in set(meanings):
                yield kind, list(compress(starts, map(kind.__eq__, meanings)))
