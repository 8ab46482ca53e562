"""Lines through the grammars, each taking what it reads of what the ones before left."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan.parsing import detection, escapes, slices, template
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.learning import Learning
from clerk_logscan.parsing.requestlike import looks_like_request
from clerk_logscan.parsing.told import told
from clerk_logscan.parsing.w3c import W3c

if TYPE_CHECKING:  # imported where a line needs them
    from clerk_logscan.parsing.inference import Guess
    from clerk_logscan.parsing.json_lines import JsonLines
    from clerk_logscan.parsing.record_lines import RecordLines

_CHANGED: Final = 5  # unread lines at least
JSON: Final = r"^\s*\{"


class Cascade:
    """The grammars of one input, in the order JSON, W3C, templates strictly, CSV and pairs, guesses, templates loosely.

    `templates` may be set anew, in the order of detection. `seen`: names of the definitions that have proved
    themselves by a line. `learning` holds what was guessed.
    """

    def __init__(self, definitions: detection.Definitions) -> None:
        self._definitions = definitions
        self.w3c = W3c(detection.of_grammar(definitions, "w3c"))
        self._jsons: JsonLines | None = None
        self._templates: list[Definition] | None = None
        self._records: RecordLines | None = None
        self.seen: set[str] = set()
        self._lines_at_hand = 0
        self.learning = Learning(open=getattr(definitions, "open", False))

    def again(self) -> Cascade:
        """Return a Cascade for the same input from its start: what was learnt stays."""
        other = copy(self)
        other.w3c = self.w3c.again()
        return other

    def forget(self) -> None:
        """Let go of lines that no one will ask for again."""
        if self._jsons is not None:
            self._jsons.forget()

    @property
    def templates(self) -> list[Definition]:
        """The definitions of the grammar `template`, in the order in which they are tried."""
        if self._templates is None:
            self._templates = detection.of_grammar(self._definitions, "template")
        return self._templates

    @templates.setter
    def templates(self, order: list[Definition]) -> None:
        self._templates = order

    @property
    def jsons(self) -> JsonLines:
        """The JSON definitions; their files are only read when a line looks like JSON."""
        if self._jsons is None:
            from clerk_logscan.parsing.json_lines import JsonLines

            self._jsons = JsonLines(detection.of_grammar(self._definitions, "json"))
        return self._jsons

    @property
    def records(self) -> RecordLines:
        """The definitions of the grammars `csv` and `pairs`."""
        if self._records is None:
            from clerk_logscan.parsing.record_lines import GRAMMARS, RecordLines

            self._records = RecordLines([d for g in GRAMMARS for d in detection.of_grammar(self._definitions, g)])
        return self._records

    def add(self, guesses: Sequence[Guess], *, first: bool = False) -> None:
        """Let guessed definitions read what no other does, or, where one reads all lines, be tried `first`."""
        for definition in (guess.definition for guess in guesses):
            if definition.grammar == "template":
                self.templates = [definition, *self.templates] if first else [*self.templates, definition]
            elif definition.grammar == "json":
                self._jsons = self.jsons.extended(definition)
            else:
                self._records = self.records.extended(definition)

    def complete(self, texts: pl.Series, names: Container[str]) -> None:
        """Look in `texts` for what the definitions `names` leave empty, where users name the keys themselves."""
        loose = [one for one in self._jsons.definitions if one.own_names and one.name in names] if self._jsons else []
        if not loose or not self.learning.open:
            return
        from clerk_logscan.parsing.completing import complete
        from clerk_logscan.parsing.json_lines import JsonLines

        records = texts.filter(begin_as_json(texts))
        full = {one.name: found for one in loose if (found := complete(one, records)) is not one}
        if full:
            self._jsons = JsonLines([full.get(one.name, one) for one in self.jsons.definitions])

    def unread(self, texts: pl.Series, w3c: W3c) -> pl.Series:
        """Return the texts that no definition reads strictly; `w3c` is one to be thrown away afterwards."""
        self._lines_at_hand = len(texts)
        for step in (self._json, w3c.cut, self._strict, self._named, self._hostile):
            if texts.is_empty():
                break
            rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
            texts = texts.gather(_left(rows, list(step(texts))))
        return texts

    def leading(self, texts: pl.Series, definition: Definition) -> Cut | None:
        """Return what one definition alone reads of `texts`, strictly; None where it reads nothing."""
        found = self._by_one(texts, definition, loose=False)
        if found is None:
            return None
        matched, raw = found
        every = raw.height == len(texts)
        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True) if every else matched.arg_true().cast(pl.UInt32)
        return Cut(definition, rows, raw)

    def cut(self, texts: pl.Series, among: int = 0) -> tuple[list[Cut], pl.Series]:
        """Return what the definitions read of `texts`, and the rows (UInt32) that none reads.

        `among`: how many lines they were left over from, where some were read before.
        """
        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
        found: list[Cut] = []
        self._lines_at_hand = max(among, len(texts))
        steps = (self._json, self._lines, self._strict, self._named, self._hostile, self._unknown, self._loose)
        for step in steps:
            before = len(found)
            for cut in step(texts.gather(rows) if found else texts):
                found.append(Cut(cut.definition, rows.gather(cut.rows), cut.raw))
                self.seen.add(cut.definition.name)
            rows = _left(rows, found[before:])
            if not len(rows):
                break
        return found, rows

    def look_alike(self, texts: pl.Series) -> pl.Series:
        """Return a Boolean series: which texts seem to tell of a request, though no definition reads them."""
        like = looks_like_request(texts)
        if self.learning.guesses:  # nobody knows what its lines look like
            from clerk_logscan.parsing.inference.likely import may_tell

            like |= pl.Series([may_tell(text) for text in texts], dtype=pl.Boolean)
        return like

    def _json(self, texts: pl.Series) -> Iterator[Cut]:
        """Read JSON records; what may stand around one on its line is cut away."""
        places = begin_as_json(texts).arg_true()
        if len(places) and self.jsons.definitions:
            for cut in self.jsons.cut(texts.gather(places).str.strip_chars(" \t\r\n,")):
                yield Cut(cut.definition, places.gather(cut.rows), escapes.undo_frame(cut.raw, cut.definition.escape))

    def _lines(self, texts: pl.Series) -> Iterator[Cut]:
        """Read the lines of W3C logs."""
        for cut in self.w3c.cut(texts) if self.w3c.definitions else ():
            yield Cut(cut.definition, cut.rows, escapes.undo_frame(cut.raw, cut.definition.escape))

    def _strict(self, texts: pl.Series) -> Iterator[Cut]:
        yield from self._by_template(texts, self.templates, loose=False)

    def _named(self, texts: pl.Series) -> Iterator[Cut]:
        """Read lines that name their values."""
        yield from self.records.cut(texts) if self.records.definitions else ()

    def _unknown(self, texts: pl.Series) -> Iterator[Cut]:
        """Guess a layout for lines that no definition reads, where there are enough, and read them by it."""
        guesses = self.learning.learn(texts, self._lines_at_hand, known=bool(self.seen))
        self.add(guesses)
        if not guesses:
            return
        from clerk_logscan.parsing.record_lines import read_by

        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
        for guess in guesses:
            left = texts.gather(rows)
            for cut in (told(cut, left)[0] for cut in read_by(guess.definition, left)):
                taken = rows.gather(cut.rows)
                yield Cut(cut.definition, taken, cut.raw)
                rows = rows.filter(~rows.is_in(taken.implode()))

    def _hostile(self, texts: pl.Series) -> Iterator[Cut]:
        """Read from both ends what the formats of this input leave: bytes and quotes of theirs make no other layout."""
        if self.learning.open and len(texts) >= max(_CHANGED, self._lines_at_hand / 4):
            return  # so many are another layout: a log's format changed half-way
        known = [definition for definition in self.templates if definition.name in self.seen]
        yield from self._by_template(texts, known, loose=True)

    def _loose(self, texts: pl.Series) -> Iterator[Cut]:
        """Read hostile lines from both ends, by the definitions that have read others here, then by all others."""
        like = self.look_alike(texts).arg_true()
        if not len(like):
            return
        order = sorted(self.templates, key=lambda definition: definition.name not in self.seen)
        if self.learning.guesses:  # formats that read no other line here read what a client imitates
            order = [definition for definition in order if definition.name in self.seen]
        for cut in self._by_template(texts.gather(like), order, loose=True):
            yield Cut(cut.definition, like.gather(cut.rows), cut.raw)

    def _by_template(self, texts: pl.Series, order: Sequence[Definition], *, loose: bool) -> Iterator[Cut]:
        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
        objects = begin_as_json(texts)
        plain, objects = (rows.filter(~objects), rows.filter(objects)) if objects.any() else (rows, rows.clear())
        for definition in template.likely(texts, order):
            left = rows if detection.reads_json(definition) and len(objects) else plain
            if not len(left):
                continue
            found = self._by_one(texts.gather(left) if len(left) < len(texts) else texts, definition, loose=loose)
            if found is None:
                continue
            matched, raw = found
            taken = left if raw.height == len(left) else left.filter(matched)
            yield Cut(definition, taken, raw)
            if len(taken) == len(rows):
                return
            plain = plain.filter(~plain.is_in(taken.implode()))
            rows = rows.filter(~rows.is_in(taken.implode()))

    def _by_one(
        self, texts: pl.Series, definition: Definition, *, loose: bool
    ) -> tuple[pl.Series, pl.DataFrame] | None:
        """Return which texts a template's definition reads, and their fields; None where it reads none."""
        cut = partial(template.cut, definition=definition, loose=loose, detecting=definition.name not in self.seen)
        if loose and definition.guessed:
            from clerk_logscan.parsing.inference import both_ends

            cut = partial(both_ends.cut, definition=definition)
        parts = slices.side_by_side(cut, texts)
        frames = [raw for _, raw in parts if raw.height]
        if not frames:
            return None
        matched, raw = pl.concat([mask for mask, _ in parts]), pl.concat(frames, how="diagonal")
        if definition.guessed:
            read, untold = told(Cut(definition, matched.arg_true(), raw), texts)
            matched, raw = matched.scatter(untold, values=False), read.raw
        return (matched, raw) if raw.height else None


def begin_as_json(texts: pl.Series) -> pl.Series:
    """Return a Boolean series: which texts begin as a JSON object. Most logs hold no brace: that is quickly seen."""
    braced = texts.str.contains("{", literal=True)
    return texts.str.contains(JSON) if braced.any() else braced


def _left(rows: pl.Series, cuts: Sequence[Cut]) -> pl.Series:
    """Return the rows that no cut took."""
    taken = [cut.rows for cut in cuts]
    if sum(map(len, taken)) == len(rows):  # no cut takes what another took
        return rows.clear()
    return rows.filter(~rows.is_in(pl.concat(taken).implode())) if taken else rows
