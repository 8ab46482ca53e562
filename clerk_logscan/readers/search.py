"""The candidate search: which lines could hold a request that a rule reports, in any log's escaping.

Two steps. The sieve looks for literals that every such line holds in some spelling; patterns then judge the blocks
where it finds one. A candidate holds the proxy path followed by two adjacent slashes, or after an authority that may be
invalid, or with the method TRACE (at both the proxy throws); or the proxy path disguised by escapes; or a record whose
text is spelled as numbers or base64. Lines with clerk-js' own marks but without the proxy path are picked too, for a
proxy path that was not given: at most 256 of a block, and of one block in eight where the given path is frequent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Final

from clerk_logscan.readers import spellings
from clerk_logscan.readers.blocks import CANDIDATE, HEADER, Block
from clerk_logscan.readers.patterns import Patterns
from clerk_logscan.readers.sieve import Sieve

# What a literal of the sieve means, as bits.
PATH, MARK, DISGUISE, LINE, FIELDS, TRACE = (1 << bit for bit in range(6))
_BITS: Final = [[1 << bit for bit in range(6) if kinds >> bit & 1] for kinds in range(1 << 6)]

_DEFAULT: Final = "__clerk"
_MARKS: Final = ("_clerk_js_version", "__clerk_api_version", "npm/@clerk/")
_FIELDS: Final = ("#Fields:", "#Version:")
# `new Request` throws at this method, which Node's parser lets pass (Fetch Standard, "forbidden method").
_TRACE: Final = ("TRACE",)
# JSON writers that code the percent sign itself.
_CODED_PERCENT: Final = (r"\u0025",)
# journald writes a message that is not printable as an array of bytes; Firehose, Lambda and CloudWatch base64 of gzip.
# No usual JSON writer codes letters; a line in which one did could hold anything.
_OPAQUE: Final = ('MESSAGE":[', 'MESSAGE" : [', '"rawData"', '"H4sI', r"\u006", r"\u007")
# Pieces of a line, by the marks of containerd and CRI-O, Docker's fluentd driver, Fluent Bit: the attack may be cut.
_PIECES: Final = (" stdout P ", " stderr P ", '"partial_message"', '"logtag":"P"', '"logtag": "P"')
_EPOCH: Final = 16  # blocks
_BUSY: Final = 400  # matches of a kind in a block from which on it is judged without asking the sieve
_MARKED_LINES: Final = 256  # marked lines of a block that are kept
_MARKED_BLOCKS: Final = 8  # where the proxy path is that frequent, marks are looked for in one block of so many


@dataclass(slots=True)
class Found:
    """What a search found in a block: line ends (positions after the newline) with their reasons, and path lines."""

    ends: dict[int, int] = field(default_factory=dict)
    hits: int = 0

    def add(self, end: int, why: int) -> None:
        """Take the line that ends at `end`."""
        self.ends[end] = self.ends.get(end, 0) | why


@dataclass(slots=True)
class Mood:
    """What a search has learnt about one input: which kinds are so frequent that asking the sieve is a waste.

    The first block of each _EPOCH is asked for all kinds, and decides for the epoch after its own: so it depends on the
    input alone what is found, and not on which thread was quicker.
    """

    busy_in: dict[int, int] = field(default_factory=dict)

    def busy(self, index: int) -> int:
        """Return the kinds that are taken as found in block `index` of the input."""
        return self.busy_in.get(index // _EPOCH - 1, 0) if index % _EPOCH else 0

    def learn(self, index: int, counts: dict[int, int]) -> None:
        """Take what the sieve found in block `index`: matches by kind."""
        if index % _EPOCH == 0:
            self.busy_in[index // _EPOCH] = sum(kind for kind in (PATH, DISGUISE) if counts.get(kind, 0) >= _BUSY)


class Search:
    """Finds candidate lines for `proxy_paths`, and any line that holds one of `extra_literals`. May be shared."""

    def __init__(self, proxy_paths: Sequence[str], extra_literals: Sequence[bytes] = ()) -> None:
        paths = [path.strip("/").encode().decode("latin-1") or _DEFAULT for path in proxy_paths]
        self._paths = list(dict.fromkeys(paths))
        self._names = list(dict.fromkeys(max(path.split("/"), key=len) for path in paths))
        self._plain_names = [name.encode("latin-1") for name in self._names]
        self._extra = list(dict.fromkeys(extra_literals))
        self._sieves: dict[int, Sieve] = {}

    def look(self, block: Block, mood: Mood, index: int = 0) -> Found:
        """Return what `block`, which must end with a newline and is number `index` of its input, holds of interest."""
        view = memoryview(block.buffer)[block.start : block.end]
        busy = mood.busy(index)
        places = self._sift(view, busy)
        mood.learn(index, {kind: len(positions) for kind, positions in places.items()})
        found = Found()
        self._spoken(block, places, found)
        if busy & PATH or places.keys() & {PATH, MARK}:
            self._judge_paths(view, found, marks=not busy & PATH or index % _MARKED_BLOCKS == 0)
        if busy & DISGUISE or DISGUISE in places:
            self._judge_disguises(block, view, places.get(DISGUISE), found)
        return found

    def _sift(self, view: memoryview, busy: int) -> dict[int, list[int]]:
        """Return positions by kind; kinds that are busy are not looked for."""
        sieve = self._sieves.get(busy)
        if sieve is None:
            sieve = self._sieves[busy] = Sieve(self._literals(busy))
        places: dict[int, list[int]] = {}
        for kinds, position in sieve.find(view):
            for kind in _BITS[kinds]:
                places.setdefault(kind, []).append(position)
        return places

    def _spoken(self, block: Block, places: dict[int, list[int]], found: Found) -> None:
        """Take the lines for which the literal alone decides."""
        for position in places.get(LINE, ()):
            found.add(_line(block, position)[1], CANDIDATE)
        for position in places.get(TRACE, ()):
            start, end = _line(block, position)
            if any(block.buffer.find(name, start, block.start + end) >= 0 for name in self._plain_names):
                found.add(end, CANDIDATE)
        for position in places.get(FIELDS, ()):
            start, end = _line(block, position)
            if not bytes(block.buffer[start : block.start + position]).strip(b"\0\xef\xbb\xbf"):
                found.add(end, HEADER)

    def _judge_paths(self, view: memoryview, found: Found, *, marks: bool) -> None:
        """Take the suspect lines with the proxy path, count those with the path, keep the marked ones without it."""
        count = len(self._names), len(self._paths)
        ends = (self._marked_paths if marks else self._plain_paths).line_ends(view)
        paths = ends[0] if count[1] == 1 else sorted(set().union(*ends[: count[1]]))
        suspect = set().union(*ends[count[1] : count[1] + 2 * count[0]])
        found.hits = len(suspect.union(paths)) if suspect else len(paths)
        with_path = set(paths) if marks and ends[-1] else set()
        marked = islice((end for end in ends[-1] if end not in with_path), _MARKED_LINES) if marks else ()
        for end in chain(suspect, marked):
            found.add(end, CANDIDATE)

    def _judge_disguises(self, block: Block, view: memoryview, places: list[int] | None, found: Found) -> None:
        """Take the lines with a disguised proxy path: line by line where they are few, else the block at once."""
        if places is None or len(places) >= _BUSY:
            for end in chain.from_iterable(self._disguises.line_ends(view)):
                found.add(end, CANDIDATE)
            return
        for start, end in dict.fromkeys(_line(block, position) for position in places):
            if self._disguise.search(block.buffer, start, block.start + end):
                found.add(end, CANDIDATE)

    def _literals(self, busy: int) -> dict[bytes, int]:
        """Return the literals of the sieve with their kinds, those of `busy` kinds left out.

        A literal that could cover the start of another has the kinds of both.
        """
        kinds: dict[str, int] = {}
        if self._paths:
            kinds |= (
                dict.fromkeys(_FIELDS, FIELDS)
                | dict.fromkeys((*_OPAQUE, *_PIECES), LINE)
                | dict.fromkeys(_TRACE, TRACE)
            )
        if self._paths and not busy & PATH:
            kinds |= dict.fromkeys(_MARKS, MARK)
        for name in self._names:
            # Where the path itself is not looked for, its window would be found in each: so all its escapes instead.
            window = _window(name) if not busy & PATH else name
            if not busy & DISGUISE:
                within = (spelling for char in window for spelling in spellings.escapes(char))
                kinds |= dict.fromkeys((*within, *_CODED_PERCENT), DISGUISE)
            if not busy & PATH:
                kinds[window] = PATH | (DISGUISE & ~busy)
                kinds[name] = PATH
        literals = {literal.encode("latin-1"): kind for literal, kind in kinds.items()}
        for extra in self._extra:
            literals[extra] = literals.get(extra, 0) | LINE
        return literals

    @cached_property
    def _plain_paths(self) -> Patterns:
        line_end = spellings.TO_LINE_END
        names = [rf"(?:[/\\:]|2[fF]|5[cC]){re.escape(name)}" for name in self._names]
        paths = ["/" + r"\\*/".join(map(re.escape, path.split("/"))) + line_end for path in self._paths]
        slashes = [name + spellings.two_slashes() + line_end for name in names]
        authorities = [spellings.no_authority() + name + line_end for name in names]
        return Patterns([*paths, *slashes, *authorities])

    @cached_property
    def _marked_paths(self) -> Patterns:
        marks = f"(?:{'|'.join(map(re.escape, _MARKS))}){spellings.TO_LINE_END}"
        return Patterns([*self._plain_paths.given, marks])

    @cached_property
    def _disguises(self) -> Patterns:
        return Patterns([spellings.disguised(name) + spellings.TO_LINE_END for name in self._names])

    @cached_property
    def _disguise(self) -> re.Pattern[bytes]:
        return re.compile("|".join(map(spellings.disguised, self._names)).encode("latin-1"))


def _line(block: Block, position: int) -> tuple[int, int]:
    """Return where the line at `position` of the block starts in the buffer, and where it ends in the block."""
    at = block.start + position
    return block.buffer.rfind(b"\n", block.start, at) + 1 or block.start, block.buffer.find(b"\n", at) + 1 - block.start


def _window(name: str) -> str:
    """Return the four adjacent characters of `name` with the fewest spellings: in a disguise of `name` they stand as
    they are, or one of them is escaped.
    """
    size = min(4, len(name))
    windows = [name[at : at + size] for at in range(len(name) - size + 1)]
    return min(windows, key=lambda window: len({spelling for char in window for spelling in spellings.digits(char)}))
