"""The candidate search: which lines could hold a request that a rule reports, in any log's escaping.

Two steps. The sieve looks for literals that every such line holds in some spelling; patterns then judge the blocks
where it finds one. A candidate holds the proxy path followed by two adjacent slashes, any of it escaped; or the proxy
path disguised by escapes; or a target whose own authority is invalid, at which the proxy throws; or a record whose
text is spelled as numbers or base64. Lines with clerk-js' own marks but without the proxy path are picked too, for a
proxy path that was not given: all of the first thousands of an input, then those of one block in eight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from clerk_logscan.readers import spellings
from clerk_logscan.readers.blocks import CANDIDATE, HEADER, Block
from clerk_logscan.readers.patterns import Patterns
from clerk_logscan.readers.sieve import Sieve

# What a literal of the sieve, or a match of a pattern, means.
PATH, MARK, DISGUISE, AUTHORITY, LINE, FIELDS, SLASHES = (1 << bit for bit in range(7))
_JUDGED: Final = PATH | DISGUISE | AUTHORITY  # by patterns; the others speak for themselves

_DEFAULT: Final = "__clerk"
_MARKS: Final = ("_clerk_js_version", "__clerk_api_version", "npm/@clerk/")
_FIELDS: Final = ("#Fields:", "#Version:")
# journald writes a message that is not printable as an array of bytes; Firehose, Lambda and CloudWatch base64 of gzip.
_OPAQUE: Final = ('MESSAGE":[', 'MESSAGE" : [', '"rawData"', '"H4sI')
# What a target that begins with two slashes stands after. Not looked for: such a target made absolute (ALB), or begun
# with a backslash in a text log. Without the proxy path it can crash the process, and no key leaves by it; and each
# further literal with slashes costs the sieve half its speed.
_TARGET_STARTS: Final = (" //", '"//', "=//", "\t//", '"\\/\\/', '"/\\')

_BUSY: Final = 400  # matches of a kind in one block from which on the sieve no longer asks for it
_REST: Final = 16  # blocks until it is asked again
_MARKED_LINES: Final = 4096  # of an input, all kept; then those of every _MARKED_BLOCKS-th block
_MARKED_BLOCKS: Final = 8


@dataclass(slots=True)
class Found:
    """What a search found in a block: line ends (positions after the newline) with their reasons, and path lines."""

    ends: dict[int, int] = field(default_factory=dict)
    hits: int = 0


@dataclass(slots=True)
class Mood:
    """What a search has learnt about one input: which kinds are so frequent that asking the sieve is a waste."""

    rests: dict[int, int] = field(default_factory=dict)
    marked: int = 0
    blocks: int = 0

    def busy(self) -> int:
        """Return the kinds that are taken as found in the next block."""
        self.blocks += 1
        self.rests = {kind: left - 1 for kind, left in self.rests.items() if left > 0}
        return sum(self.rests)

    def wants_marks(self) -> bool:
        """Whether marked lines of this block are kept."""
        return self.marked < _MARKED_LINES or self.blocks % _MARKED_BLOCKS == 0


class Search:
    """Finds candidate lines for `proxy_paths`, and any line that holds one of `extra_literals`. May be shared."""

    def __init__(self, proxy_paths: Sequence[str], extra_literals: Sequence[bytes] = ()) -> None:
        paths = [path.strip("/").encode().decode("latin-1") or _DEFAULT for path in proxy_paths]
        self._paths = list(dict.fromkeys(paths))
        self._names = list(dict.fromkeys(max(path.split("/"), key=len) for path in paths))
        self._extra = list(dict.fromkeys(extra_literals))
        self._sieves: dict[int, Sieve] = {}

    def look(self, block: Block, mood: Mood) -> Found:
        """Return what `block`, which must end with a newline, holds of interest."""
        view = memoryview(block.buffer)[block.start : block.end]
        busy = mood.busy()
        places = self._sift(view, busy)
        for kind in (PATH, DISGUISE, AUTHORITY):
            if len(places.get(kind, ())) >= _BUSY:
                mood.rests[kind] = _REST
        found = Found()
        self._spoken(block, places, found)
        if busy & PATH or places.keys() & {PATH, MARK}:
            self._judge_paths(view, mood, found)
        if busy & DISGUISE or DISGUISE in places:
            self._judge_disguises(block, view, places.get(DISGUISE), found)
        if busy & AUTHORITY or AUTHORITY in places:
            self._add(found, dict.fromkeys(self._authorities.lines(view), CANDIDATE))
        return found

    def _sift(self, view: memoryview, busy: int) -> dict[int, list[int]]:
        """Return positions by kind; kinds that are busy are not looked for."""
        sieve = self._sieves.get(busy)
        if sieve is None:
            wanted = {literal: kinds & ~busy for literal, kinds in self._literals.items() if kinds & ~busy}
            if busy & PATH:
                wanted = {literal: kinds for literal, kinds in wanted.items() if kinds != MARK}
            sieve = self._sieves[busy] = Sieve(wanted)
        places: dict[int, list[int]] = {}
        for kinds, position in sieve.find(view):
            while kinds:
                kind = kinds & -kinds
                kinds ^= kind
                places.setdefault(kind, []).append(position)
        return places

    def _spoken(self, block: Block, places: dict[int, list[int]], found: Found) -> None:
        """Take the lines for which the literal alone decides."""
        for position in places.get(LINE, ()):
            self._add(found, {self._line_end(block, position): CANDIDATE})
        for position in places.get(FIELDS, ()):
            start = block.buffer.rfind(b"\n", block.start, block.start + position) + 1 or block.start
            if not bytes(block.buffer[start : block.start + position]).strip(b"\0\xef\xbb\xbf"):
                self._add(found, {self._line_end(block, position): HEADER})

    def _judge_paths(self, view: memoryview, mood: Mood, found: Found) -> None:
        """Take the lines with two slashes after the proxy path, count those with the path, keep the marked others."""
        keep = mood.wants_marks()
        for end, kinds in (self._marked_paths if keep else self._plain_paths).lines(view).items():
            found.hits += bool(kinds & (PATH | SLASHES))
            marked = not kinds & PATH and bool(kinds & MARK)
            mood.marked += marked
            if marked or kinds & SLASHES:
                found.ends[end] = found.ends.get(end, 0) | CANDIDATE

    def _judge_disguises(self, block: Block, view: memoryview, places: list[int] | None, found: Found) -> None:
        """Take the lines with a disguised proxy path: line by line where they are few, else the block at once."""
        if places is None or len(places) >= _BUSY:
            self._add(found, dict.fromkeys(self._disguises.lines(view), CANDIDATE))
            return
        for end in dict.fromkeys(self._line_end(block, position) for position in places):
            start = block.buffer.rfind(b"\n", block.start, block.start + end - 1) + 1 or block.start
            if self._disguise.search(block.buffer, start, block.start + end):
                self._add(found, {end: CANDIDATE})

    @staticmethod
    def _add(found: Found, ends: dict[int, int]) -> None:
        for end, why in ends.items():
            found.ends[end] = found.ends.get(end, 0) | why

    @staticmethod
    def _line_end(block: Block, position: int) -> int:
        return block.buffer.find(b"\n", block.start + position, block.end) + 1 - block.start

    @cached_property
    def _literals(self) -> dict[bytes, int]:
        """Every literal of the sieve with its kinds; one that could cover the start of another has both kinds."""
        kinds: dict[str, int] = {}
        if self._paths:
            kinds |= dict.fromkeys(_FIELDS, FIELDS) | dict.fromkeys(_OPAQUE, LINE) | dict.fromkeys(_MARKS, MARK)
            kinds |= dict.fromkeys(_TARGET_STARTS, AUTHORITY)
        for name in self._names:
            window = _window(name)
            within = [spelling for char in set(window) for spelling in spellings.escapes(char)]
            removed = [before + code for before in ("%", "%25") for code in ("09", "0a", "0A", "0d", "0D")]
            for literal in (*within, *removed):
                kinds[literal] = DISGUISE
            kinds[window] = kinds.get(window, 0) | PATH | DISGUISE
            kinds[name] = kinds.get(name, 0) & ~DISGUISE | PATH if name != window else PATH
        kinds |= {literal: AUTHORITY | DISGUISE for literal in _TARGET_STARTS if literal[-1] == "\\" and self._paths}
        literals = {literal.encode("latin-1"): kind for literal, kind in kinds.items()}
        for extra in self._extra:
            literals[extra] = literals.get(extra, 0) | LINE
        return literals

    @cached_property
    def _plain_paths(self) -> Patterns:
        end = spellings.TO_LINE_END
        slashes = [rf"(?:[/\\:]|2[fF]|5[cC]){re.escape(name)}{spellings.two_slashes()}{end}" for name in self._names]
        paths = ["/" + r"\\*/".join(map(re.escape, path.split("/"))) + end for path in self._paths]
        return Patterns([*((each, SLASHES) for each in slashes), *((each, PATH) for each in paths)])

    @cached_property
    def _marked_paths(self) -> Patterns:
        marks = f"(?:{'|'.join(map(re.escape, _MARKS))}){spellings.TO_LINE_END}"
        return Patterns([*self._plain_paths.given, (marks, MARK)])

    @cached_property
    def _disguises(self) -> Patterns:
        return Patterns([(f"{spellings.disguised(name)}{spellings.TO_LINE_END}", DISGUISE) for name in self._names])

    @cached_property
    def _disguise(self) -> re.Pattern[bytes]:
        return re.compile("|".join(map(spellings.disguised, self._names)).encode("latin-1"))

    @cached_property
    def _authorities(self) -> Patterns:
        return Patterns([(spellings.no_authority() + spellings.TO_LINE_END, AUTHORITY)])


def _window(name: str) -> str:
    """Return the four adjacent characters of `name` with the fewest spellings: in a disguise of `name` they stand as
    they are, or one of them is escaped, or something that URL parsers remove stands between them.
    """
    size = min(4, len(name))
    windows = [name[at : at + size] for at in range(len(name) - size + 1)]
    return min(windows, key=lambda window: len({spelling for char in window for spelling in spellings.digits(char)}))
