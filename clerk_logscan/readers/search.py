"""The candidate search: which lines could hold a request that a rule reports, in any log's escaping.

Two steps. The sieve looks for literals that every such line holds in some spelling; patterns then judge the blocks
where it finds one. A candidate holds the proxy path followed by two adjacent slashes, or after an authority that may be
invalid, or with the method TRACE (at both the proxy throws); or the proxy path disguised by escapes; or a record whose
text is spelled as numbers or base64; or a piece of a line that its container's runtime cut, as are the lines behind it.
Lines with clerk-js' own marks but without the proxy path are picked too, for a proxy path that was not given: at most
256 of a block, and of one block in sixteen where the given path is frequent.
"""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, repeat
from operator import sub
from typing import Final

from clerk_logscan.readers import spellings
from clerk_logscan.readers.blocks import Block
from clerk_logscan.readers.newlines import Counts
from clerk_logscan.readers.patterns import Patterns, shared
from clerk_logscan.readers.sieve import Sieve

# What a literal of the sieve means, as bits.
PATH, HIT, MARK, DISGUISE, LINE, PIECE, FIELDS, TRACE = (1 << bit for bit in range(8))
_BITS: Final = [[1 << bit for bit in range(8) if kinds >> bit & 1] for kinds in range(1 << 8)]

_DEFAULT: Final = "__clerk"
_MARKS: Final = ("_clerk_js_version", "npm/@clerk")
_FIELDS: Final = ("#Fields",)
# `new Request` throws at this method, which Node's parser lets pass (Fetch Standard, "forbidden method").
_TRACE: Final = ("TRACE",)
# JSON writers that code the percent sign itself.
_CODED_PERCENT: Final = (r"\u0025",)
# journald writes a message that is not printable as an array of bytes; Firehose, Lambda and CloudWatch base64 of gzip.
_OPAQUE: Final = ('MESSAGE":[', 'MESSAGE" : [', '"rawData"', '"H4sI')
# Pieces of a line, by the marks of containerd and CRI-O, Docker's fluentd driver, Fluent Bit: the attack may be cut.
_PIECES: Final = (" P ", '"partial_message"', '"P"')
_EPOCH: Final = 16  # blocks
_BUSY: Final = 400  # matches of a kind in a block from which on it counts as frequent
_MANY: Final = 300  # names in a block up to which their lines alone are judged, as Python picks them
_DENSE: Final = 4000  # names in a block from which on not even their lines are told one by one
_FEW: Final = 100  # lines, suspect or with two names, of a block up to which the others of it need no look
_HEAD: Final = 2  # characters of a name whose every escape is looked for
# What stands before a name: a slash, as it is or the end of its escape; what the proxy takes for one; a scheme's colon.
_SLASHES: Final = ("/", "2f", "2F")
_BACKSLASHES: Final = ("\\", "c", "C", ":")  # not `5c`, of which the sieve may have taken the 5 for another escape
_MARKED_LINES: Final = 256  # marked lines of a block that are kept
_EXTRA: Final = 60  # literals besides that the sieve finds in one pass; for thousands Hyperscan takes no longer
_TOLD: Final = 64  # bytes of each of these that are looked for: a client may claim to be anything
_CROWDED: Final = 20_000  # of these in a block, from which on all its lines are taken


@dataclass(slots=True)
class Found:
    """What a search found in a block: where the lines to parse end (positions after the newline), and path lines."""

    ends: set[int] = field(default_factory=set)
    hits: int = 0


@dataclass(slots=True)
class Mood:
    """What a search has learnt about one input: which kinds are frequent, so that escapes are judged without asking the
    sieve, and marks of lines without the proxy path are not looked for.

    The first block of each _EPOCH is asked for all kinds, and decides for the epoch after its own: so it depends on the
    input alone what is found, and not on which thread was quicker.
    """

    busy_in: dict[int, int] = field(default_factory=dict)

    def busy(self, index: int) -> int:
        """Return the kinds that count as frequent in block `index` of the input."""
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
        self._simple = self._names == self._paths  # no path has two parts
        self._apart = self._simple and _are_apart([before + name for before in _SLASHES for name in self._names])
        self._plain_names = [name.encode("latin-1") for name in self._names]
        extra = list(dict.fromkeys(extra_literals))
        many = len(extra) > _EXTRA
        self._extra = [] if many else extra
        self._others = _of_texts(extra) if many else None
        self._sieves: dict[int, Sieve] = {}

    def prepare(self) -> None:
        """Compile the patterns that a log with proxy requests needs: some 40 ms each, outside Python's lock."""
        self._noticed.compile()
        self._suspect.compile()

    def look(self, block: Block, mood: Mood, index: int = 0, counts: Counts | None = None) -> Found:
        """Return what `block`, which must end with a newline and is number `index` of its input, holds of interest.

        `counts` are its newlines, where somebody counts them in any case.
        """
        counts = counts or Counts(block.buffer, block.start, block.end)
        view = memoryview(block.buffer)[block.start : block.end]
        busy = mood.busy(index)
        places = self._sift(view, busy & DISGUISE | (MARK if busy & PATH else 0))
        mood.learn(index, {kind: len(positions) for kind, positions in places.items()})
        found = Found()
        self._spoken(block, places, found)
        paths = places.get(PATH, [])
        if paths:
            self._judge_paths(block, view, places, found, counts)
        if self._others:
            found.ends.update(_lines_with(self._others, block, view, counts))
        if MARK in places:
            self._keep_marked(block, paths, places[MARK], found)
        if busy & DISGUISE or DISGUISE in places:
            self._judge_disguises(block, view, places.get(DISGUISE), found)
        return found

    def _sift(self, view: memoryview, unasked: int) -> dict[int, list[int]]:
        """Return positions by kind, in order; kinds that are `unasked` are not looked for."""
        sieve = self._sieves.get(unasked)
        if sieve is None:
            sieve = self._sieves[unasked] = Sieve(self._literals(unasked))
        places: dict[int, list[int]] = {}
        for kinds, positions in sieve.find(view):
            for kind in _BITS[kinds]:
                places[kind] = sorted(places[kind] + positions) if kind in places else positions
        return places

    def _spoken(self, block: Block, places: dict[int, list[int]], found: Found) -> None:
        """Take the lines for which the literal alone decides."""
        found.ends.update(_ends(block, places.get(LINE, [])))
        if PIECE in places:
            found.ends.update(block.followed(_ends(block, places[PIECE])))
        for position in places.get(TRACE, ()):
            start, end = _line(block, position)
            if any(block.buffer.find(name, start, block.start + end) >= 0 for name in self._plain_names):
                found.ends.add(end)
        for position in places.get(FIELDS, ()):
            start, end = _line(block, position)
            if not bytes(block.buffer[start : block.start + position]).strip(b"\0\xef\xbb\xbf"):
                found.ends.add(end)

    def _judge_paths(
        self, block: Block, view: memoryview, places: dict[int, list[int]], found: Found, counts: Counts
    ) -> None:
        """Count the lines with a whole proxy path, and take the suspect ones: by themselves, unless they are many."""
        paths, hits = places[PATH], places.get(HIT, [])
        many = len(paths) > _MANY
        if many and self._apart and self._judged_at_once(block, view, paths, hits, found):
            return
        dense = self._simple and len(paths) > _DENSE
        lines = {} if dense else _lines_of(block, paths)
        if dense:
            found.hits = len(counts.rows(hits))
        elif not self._simple:
            found.hits = sum(self._is_path(block, name, end) for end, name in lines.items())
        else:
            found.hits = len(lines) if len(hits) == len(paths) else len(_lines_of(block, hits))
        suspects = self._suspect.line_ends(view) if many else self._suspects_of(block, lines)
        found.ends.update(suspects)

    def _judged_at_once(
        self, block: Block, view: memoryview, paths: Sequence[int], hits: Sequence[int], found: Found
    ) -> bool:
        """Do the same without a look at each line but those that are suspect or hold the name twice.

        False where these are many, and nothing is done.
        """
        ends = self._noticed.few_ends(view, _FEW)
        if ends is None:
            return False
        found.hits = len(hits)
        twice = []
        for end in set(ends):
            start = _line(block, end - 1)[0] - block.start
            found.hits -= max(0, _between(hits, start, end) - 1)
            if _between(paths, start, end) > 1:
                twice.append(block.start + end - 1)
            else:
                found.ends.add(end)
        twice.sort()
        found.ends.update(self._suspects_of(block, dict(zip(twice, twice, strict=True))))
        return True

    def _suspects_of(self, block: Block, lines: dict[int, int]) -> Iterator[int]:
        """Yield the ends of the suspect ones of `lines`, which are joined to one text (see _lines_of)."""
        if not lines:
            return
        newlines = list(map(block.buffer.rfind, repeat(b"\n"), repeat(block.start), lines.values()))  # before each line
        if newlines[0] < 0:
            newlines[0] = block.start
        whole = memoryview(block.buffer)
        text = b"".join([*map(whole.__getitem__, map(slice, newlines, lines)), b"\n"])
        matches = self._suspect.line_ends(text)
        if matches:
            ends = list(lines)
            joined = list(accumulate(map(sub, ends, newlines)))
            for end in matches:
                yield ends[bisect_left(joined, end - 1)] + 1 - block.start

    def _is_path(self, block: Block, name: int, end: int) -> bool:
        """Whether the line of the name at `name` of the buffer, which ends at `end`, holds a whole proxy path."""
        start = block.buffer.rfind(b"\n", block.start, name) + 1 or block.start
        return self._whole_path.search(block.buffer, start, end) is not None

    def _keep_marked(self, block: Block, paths: list[int], marks: list[int], found: Found) -> None:
        """Take some of the lines with clerk-js' marks at `marks` and no proxy path's name, which stand at `paths`."""
        kept = end = 0
        for position in marks:
            if position < end:
                continue
            later = bisect(paths, position)
            if later and block.buffer.find(b"\n", block.start + paths[later - 1], block.start + position) < 0:
                continue
            end = _line(block, position)[1]
            if later == len(paths) or paths[later] >= end:
                found.ends.add(end)
                kept += 1
            if kept == _MARKED_LINES:
                return

    def _judge_disguises(self, block: Block, view: memoryview, places: list[int] | None, found: Found) -> None:
        """Take the lines with a disguised proxy path: line by line where they are few, else the block at once."""
        if places is None or len(places) >= _BUSY:
            found.ends.update(self._disguises.line_ends(view))
            return
        for start, end in dict.fromkeys(_line(block, position) for position in places):
            if self._disguise.search(block.buffer, start, block.start + end):
                found.ends.add(end)

    def _literals(self, unasked: int) -> dict[bytes, int]:
        """Return the literals of the sieve with their kinds, without those of the kinds `unasked`.

        A literal that could cover the start of another has the kinds of both.
        """
        meanings: list[tuple[int, Iterable[str]]] = []
        if self._paths:
            meanings = [(FIELDS, _FIELDS), (LINE, _OPAQUE), (PIECE, _PIECES), (TRACE, _TRACE), (MARK, _MARKS)]
        for name in self._names:
            signs = [*_signs_of_disguise(name), *_CODED_PERCENT]
            meanings += [
                (PATH | HIT, [before + name for before in _SLASHES]),
                (PATH, [before + name for before in _BACKSLASHES]),
                (LINE, [*spellings.coded(f"/{name}"), *_coded_letter(name)]),
                (DISGUISE, signs),
                (DISGUISE | PATH, [sign for sign in signs if sign.endswith("\\")]),
            ]
        told = [(text.encode("latin-1"), kind) for kind, texts in meanings if not kind & unasked for text in texts]
        literals: dict[bytes, int] = {}
        for literal, kind in (*told, *zip(self._extra, repeat(LINE))):
            literals[literal] = literals.get(literal, 0) | kind
        return literals

    @cached_property
    def _suspect(self) -> Patterns:
        slashes = [name + spellings.two_slashes() + spellings.TO_LINE_END for name in self._names_told]
        return shared(*slashes, *self._authorities)

    @cached_property
    def _noticed(self) -> Patterns:
        """What is suspect, and lines with two names: hyperscan takes both for the price of one."""
        again = f"[^\\n]*(?:{'|'.join(self._names_told)})"
        noticed = [f"{name}(?:{spellings.two_slashes()}|{again}){spellings.TO_LINE_END}" for name in self._names_told]
        return shared(*noticed, *self._authorities)

    @cached_property
    def _names_told(self) -> list[str]:
        """Patterns of the names, each with what stands before it."""
        before = "|".join(map(re.escape, (*_SLASHES, *_BACKSLASHES)))
        return [f"(?:{before}){re.escape(name)}" for name in self._names]

    @cached_property
    def _authorities(self) -> list[str]:
        return [spellings.no_authority() + name + spellings.TO_LINE_END for name in self._names_told]

    @cached_property
    def _whole_path(self) -> re.Pattern[bytes]:
        paths = ["(?:/|2[fF])" + r"\\*/".join(map(re.escape, path.split("/"))) for path in self._paths]
        return re.compile("|".join(paths).encode("latin-1"))

    @cached_property
    def _disguises(self) -> Patterns:
        return shared(*(spellings.disguised(name) + spellings.TO_LINE_END for name in self._names))

    @cached_property
    def _disguise(self) -> re.Pattern[bytes]:
        return re.compile("|".join(map(spellings.disguised, self._names)).encode("latin-1"))


def _of_texts(texts: Iterable[bytes]) -> Patterns:
    """Return patterns of what these texts begin with. A NUL, which would end a pattern, is none that a line holds."""
    begins = dict.fromkeys(text[:_TOLD].partition(b"\0")[0].decode("latin-1") for text in texts)
    return Patterns([re.escape(begin) for begin in begins if begin])


def _lines_with(texts: Patterns, block: Block, view: memoryview, counts: Counts) -> Iterable[int]:
    """Return where the lines end (after the newline) that hold one of the `texts`; of all, where these are many."""
    found = texts.few_ends(view, _CROWDED)
    if found is None:
        return [*(counts.places + 1).to_list(), len(view)]
    return _ends(block, found)


def _ends(block: Block, positions: list[int]) -> Iterable[int]:
    """Return where the lines at ascending `positions` of the block end, after the newline."""
    return map((1 - block.start).__add__, _lines_of(block, positions))


def _lines_of(block: Block, positions: list[int]) -> dict[int, int]:
    """Return the lines at ascending `positions` of the block: where each ends, and a position in it, in the buffer."""
    names = list(map(block.start.__add__, positions))
    return dict(zip(map(block.buffer.find, repeat(b"\n"), names), names, strict=True))  # no loop of Python's: many


def _between(positions: Sequence[int], start: int, end: int) -> int:
    """Return how many of the ascending positions lie from `start` to before `end`."""
    return bisect_left(positions, end) - bisect_left(positions, start)


def _are_apart(literals: Sequence[str]) -> bool:
    """Tell whether no two of the literals can overlap in a text, so that two findings are two places."""
    pairs = [(one, other) for one in literals for other in literals]
    return not any(
        one[at:].startswith(other) or other.startswith(one[at:])
        for one, other in pairs
        for at in range(one == other, len(one))
    )


def _line(block: Block, position: int) -> tuple[int, int]:
    """Return where the line at `position` of the block starts in the buffer, and where it ends in the block."""
    at = block.start + position
    return block.buffer.rfind(b"\n", block.start, at) + 1 or block.start, block.buffer.find(b"\n", at) + 1 - block.start


def _coded_letter(name: str) -> list[str]:
    """Return how the escape of the most usual letter of `name` begins, by a JSON writer that codes letters.

    No usual one does; a line in which one did could hold anything.
    """
    return sorted((rf"\u00{ord(char) >> 4:x}" for char in name if char.isalpha()), key=r"\u006".__ne__)[:1]


def _signs_of_disguise(name: str) -> Iterator[str]:
    """Yield texts of which every disguise of `name` holds one: an escape of one of its first characters, or these as
    they are and then the beginning of an escape.
    """
    for char in name[:_HEAD]:
        yield from spellings.escapes(char)
    for length in range(_HEAD, len(name)):
        yield from (name[:length] + begin for begin in dict.fromkeys(sign[0] for sign in spellings.signs(name[length])))
