"""Settling: how the lines of one input are to be read, decided once by some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from itertools import chain
from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan.parsing import batches, detection, json_documents, json_tables, octets
from clerk_logscan.parsing.cascade import JSON, Cascade
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition, Join
from clerk_logscan.parsing.fields import without_missing
from clerk_logscan.parsing.inside import HEADER, MESSAGE
from clerk_logscan.parsing.joins import side
from clerk_logscan.parsing.plausible import reads_plausibly
from clerk_logscan.parsing.told import told
from clerk_logscan.parsing.w3c import W3c, reads_alone

if TYPE_CHECKING:  # imported where a line needs it
    from clerk_logscan.parsing.envelopes import Peeler

_TELLING: Final = r"\S"


class Settling:
    """What the Parser of one input must know before it reads: envelopes, formats and their order.

    done       whether that is settled
    cascade    the grammars, with the definitions in the order of `ranking`
    leading    the definition that reads bare lines before all else; None where none may
    assembler  what makes records of lines, where they span lines
    joins      how requests that span records are joined, by the names of their definitions
    peeler     what opens envelopes; made when a line is met that may wear one
    """

    def __init__(self, definitions: detection.Definitions, source: str) -> None:
        self.source = source
        self.done = False
        self.cascade = Cascade(definitions)
        self.ranking = detection.Ranking()
        self.leading: Definition | None = None
        self.assembler: json_documents.Assembler | None = None
        self.joins: dict[str, Join] = {}
        self.peeler: Peeler | None = None
        self._led: tuple[pl.Series, Cut] | None = None  # see `know`

    def again(self) -> Settling | None:
        """Return the same for this input read from its start; None where all must be found anew.

        This one must not be used any more.
        """
        if not self.done or self.assembler is not None:
            return None
        if self.peeler is not None:
            self.peeler.reset()
        other = copy(self)
        other.cascade = self.cascade.again()
        return other

    @property
    def needs_all(self) -> bool:
        """Whether every line must be given, since a search of raw bytes does not see all that belongs to a request."""
        if self.assembler is not None or any(join.in_order for join in self.joins.values()):
            return True
        return self.peeler is not None and self.peeler.needs_all

    @property
    def spans_lines(self) -> bool:
        """Whether requests are of several lines, which a search finds one by one."""
        return bool(self.joins) or (self.peeler is not None and self.peeler.pieced)

    def settle(self, sample: pl.DataFrame) -> None:
        """Do what `detect` does; where one definition reads every line of the sample, without a look at the others."""
        [texts] = bare([sample])
        if not self.is_led(texts):
            self.detect(sample)

    def detect(self, sample: pl.DataFrame) -> None:
        """Settle envelopes, formats and their order by some of the lines `sample`: line_number, byte_offset, raw."""
        sample = detection.sample(sample)
        if json_documents.is_pretty(sample["raw"]):
            batch = self._batch(sample)
            self.assembler = json_documents.Assembler(batch)
            sample = json_documents.records(sample, batch)
        sample = detection.sample(records_of(sample))  # one line may hold thousands
        cascade = self.cascade
        texts = self._peel(sample)
        if self._learned_inside(texts):
            texts = self._peel(sample)
        trial_w3c = W3c(cascade.w3c.definitions)
        self.ranking = detection.rank(texts, cascade.templates, lambda: cascade.jsons, trial_w3c)
        for cut in () if self.ranking.whole or not cascade.records.definitions else cascade.records.cut(texts):
            self.ranking.matches.setdefault(cut.definition.name, len(cut.rows))
        cascade.w3c = trial_w3c.again()
        cascade.templates = self.ranking.templates
        cascade.seen.update(self.ranking.matches)
        met = [definition for definition in cascade.templates if definition.name in self.ranking.matches]
        self.joins = {one.name: one.join for one in (*met, *self._halved(texts)) if one.join is not None}
        self._learn(texts)
        if not cascade.learning.guesses and not self.ranking.matches:
            cascade.templates = [*cascade.templates, *self.ranking.doubted]
        cascade.complete(texts, self.ranking.matches)
        self.leading = self._found_leading()
        self.done = True

    def candidates(self, texts: pl.Series) -> Iterator[Definition]:
        """Yield the definitions that may lead, as they read the first of `texts`, in the order that `rank` tries."""
        first = texts[0] if len(texts) else ""
        if not any(reads_alone(definition, first) for definition in self.cascade.w3c.definitions):
            yield from detection.may_lead(first, self.cascade.templates)

    def is_led(self, texts: pl.Series, first: Cut | None = None) -> bool:
        """Tell whether one definition, which `rank` would try first, reads all of `texts`; then settle all by it.

        `first`: what the first of the `candidates` reads of them, where it is known.
        """
        cascade = self.cascade
        cuts = (self.cut_by(definition, texts) for definition in self.candidates(texts))
        for cut in cuts if first is None else chain([first], cuts):
            if cut is None or len(cut.rows) < len(texts) or not reads_plausibly(cut.definition, cut.raw):
                continue
            definition = cut.definition
            if not _may_lead(definition):
                return False
            order, count = detection.before_others([definition], cascade.templates), len(texts)
            self.ranking = detection.Ranking(order, {definition.name: count}, count, whole=True)
            cascade.templates, self.leading = order, definition
            cascade.seen.add(definition.name)
            if not any(one.weak for one in definition.templates):  # these were left out
                self.know(texts, cut)
            self.done = True
            return True
        return False

    def cut_by(self, definition: Definition, texts: pl.Series) -> Cut | None:
        """Return the requests that one definition reads of bare `texts`, if any."""
        cut = self.cascade.leading(texts, definition)
        return told(cut, texts)[0] if cut else None

    def led(self, leading: Definition, texts: pl.Series) -> Cut | None:
        """Return what the definition that leads reads of bare `texts`."""
        return self.known(texts) or self.cut_by(leading, texts)

    def know(self, texts: pl.Series, cut: Cut) -> None:
        """Remember what the definition that leads reads of bare `texts`, as these will be asked for next."""
        self._led = texts, cut

    def known(self, texts: pl.Series) -> Cut | None:
        """Return what is remembered of these `texts`, if anything is, and forget it."""
        known, self._led = self._led, None
        return known[1] if known and known[0].equals(texts) else None

    def _found_leading(self) -> Definition | None:
        """Return the definition that may read bare lines before all else: it reads most of the sample, of which no line
        wore anything.
        """
        ranking, peeler = self.ranking, self.peeler
        first = ranking.templates[0] if ranking.templates else None
        if first is None or self.assembler or peeler is None or peeler.names or peeler.needs_all or self.joins:
            return None
        return first if _may_lead(first) and 2 * ranking.matches.get(first.name, 0) > ranking.sampled else None

    def _batch(self, sample: pl.DataFrame) -> batches.Batch:
        """Return where the printed documents of sampled lines list their records."""
        from clerk_logscan.parsing.envelopes import load_all
        from clerk_logscan.parsing.envelopes.declarations import MAX_DEPTH
        from clerk_logscan.parsing.envelopes.detection import Readable

        documents = json_documents.first(sample)
        for _ in range(2):
            reads = self._reads()
            readable = Readable(load_all(), reads)
            found = batches.find(documents.to_list(), reads, lambda text, to=readable: to.deep(text, MAX_DEPTH))  # type: ignore[misc]
            if found is not batches.AZURE or not self._learned_inside(documents):
                break
        return found

    def _reads(self) -> detection.Reads:
        """Return what tells whether some format reads a text whole."""
        cascade = self.cascade
        return detection.Reads(
            cascade.templates,
            lambda: cascade.jsons,
            lambda: cascade.records,
            cascade.w3c.definitions,
            guesses=cascade.learning.open,
        )

    def _peel(self, sample: pl.DataFrame) -> pl.Series:
        """Settle the envelopes; return the lines within."""
        self.peeler = None
        return self.wearing.detect(sample)["text"]

    @property
    def wearing(self) -> Peeler:
        """The peeler of this input."""
        if self.peeler is None:
            from clerk_logscan.parsing.envelopes import Peeler

            self.peeler = Peeler(self.source, self._reads())
        return self.peeler

    def _learned_inside(self, texts: pl.Series) -> bool:
        """Guess the layout of lines that are inside of records; tell whether there is one."""
        cascade = self.cascade
        if not cascade.learning.open or not len(texts):
            return False
        if not (texts.str.contains(JSON).any() or HEADER.fullmatch(texts[0]) or texts.str.contains(MESSAGE).any()):
            return False
        found = cascade.learning.inside(cascade.unread(texts.head(detection.SAMPLED), W3c([])))
        cascade.add(found)
        return bool(found)

    def _learn(self, texts: pl.Series) -> None:
        """Guess the layouts of sampled lines that no format reads."""
        cascade, ranking = self.cascade, self.ranking
        if not cascade.learning.open or sum(ranking.matches.values()) >= ranking.sampled:
            return
        some = texts.head(detection.SAMPLED)
        left = cascade.unread(some, cascade.w3c.fresh())
        by_template = {definition.name for definition in ranking.templates} >= set(ranking.matches)
        found = cascade.learning.whole(some, left) if len(left) < len(some) and by_template else []
        cascade.add(found, first=True)
        if not found:
            found = cascade.learning.learn(left, ranking.sampled, known=bool(ranking.matches))
            cascade.add(found)
        cascade.seen.update(guess.definition.name for guess in found)

    def look_for_halves(self, cut: Cut) -> None:
        """Know of the definition of `cut` that its requests span records, where it holds only one half of one."""
        definition = cut.definition
        if definition.join is not None and definition.name not in self.joins and halves(cut):
            self.joins = {**self.joins, definition.name: definition.join}

    def _halved(self, texts: pl.Series) -> list[Definition]:
        """Return the definitions of which sampled `texts` hold a record that is only one half of a request."""
        records = texts.filter(texts.str.contains(JSON))
        cuts = self.cascade.jsons.cut(records) if len(records) else []
        return [cut.definition for cut in cuts if cut.definition.join and halves(cut)]

    def peeled(self, sample: pl.DataFrame) -> list[str]:
        """Return the lines of `sample` without the envelopes that `detect` found."""
        return self._peel(records_of(sample)).to_list()

    @property
    def why(self) -> list[str]:
        """Why the formats were chosen, a sentence each."""
        worn = self.peeler.names if self.peeler else []
        guessed = [sentence for guess in self.cascade.learning.guesses for sentence in guess.sentences()]
        inside = [f"the lines are inside {' > '.join(worn)}"] if worn else []
        return [*inside, *self.ranking.sentences(), *guessed]


def bare(samples: Sequence[pl.DataFrame]) -> list[pl.Series]:
    """Return the texts of each sample (raw and others) that decide, as they stand: blank lines do not."""
    texts = [detection.sample(sample)["raw"] for sample in samples]
    if pl.concat(texts).str.contains(_TELLING).all():  # of all at once, as nearly always
        return texts
    return [some.filter(some.str.contains(_TELLING)) for some in texts]


def _may_lead(definition: Definition) -> bool:
    """Tell whether whole lines of a definition are each a request, and nothing else's."""
    if definition.join or definition.repeats or definition.guessed or definition.escape == "none":
        return False
    return definition.requests and not detection.reads_json(definition)


def halves(cut: Cut) -> bool:
    """Tell whether a cut holds a record that is only one half of a request."""
    join, fields = cut.definition.join, without_missing(cut.raw, cut.definition)
    return join is not None and bool(fields.select(side(join, frozenset(fields.columns)).is_in([1, 2]).any()).item())


def records_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of several records in one line."""
    return json_tables.unfold(json_documents.split(octets.split(frame)))
