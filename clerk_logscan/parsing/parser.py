"""The Parser of one input: lines in, requests in the common schema out, and every other line counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from clerk_logscan import schema
from clerk_logscan.parsing import batches, detection, json_documents, json_tables, lines, slices
from clerk_logscan.parsing.cascade import JSON, Cascade
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.doubts import Doubts
from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.fields import holds, typed_known, without_missing
from clerk_logscan.parsing.inside import HEADER, MESSAGE
from clerk_logscan.parsing.joins import PLACE, Joiner, side
from clerk_logscan.parsing.plausible import is_plausible
from clerk_logscan.parsing.requestlike import looks_like_request
from clerk_logscan.parsing.w3c import W3c, reads_alone

if TYPE_CHECKING:  # imported where a line needs them
    from clerk_logscan.parsing.envelopes import Peeler
    from clerk_logscan.parsing.inference import Guess

LASTING: Final = 10  # characters of an id that names one request anywhere; the shortest known has 13
_OTHERS: Final = f"{PLACE}others"
TARGETS: Final = ("request", "request_target", "url", "path")
PLACES: Final = ("line_number", "byte_offset", "raw", "envelope_time")


class Parsed(NamedTuple):
    """What some lines held. Each of them, or record where these differ, is in one of the three."""

    requests: pl.DataFrame  # schema.FRAME, in the order of the input
    not_requests: int
    malformed: pl.DataFrame  # line_number, byte_offset, raw: looks like a request, and no definition reads it


class Parser:
    """Parses one input: `detect` with sampled lines first, then `read` in file order, `finish` at the end.

    `definitions`: what may be read; `source`: the input's name; `zone`: of times that state none; `doubts`: whether
    what else a line may have meant is wanted (`_other_targets`).
    """

    def __init__(
        self, definitions: detection.Definitions, source: str, zone: str = "UTC", *, doubts: bool = True
    ) -> None:
        self.source, self.zone = source, zone
        self.log_formats: Counter[str] = Counter()  # requests by format
        self.ranking = detection.Ranking()
        self._cascade = Cascade(definitions)
        self._joiners: dict[str, tuple[Definition, Joiner]] = {}
        self._doubts = Doubts() if doubts else None
        self._settled = False
        self._peeler: Peeler | None = None  # made when a line is met that may wear something
        self._assembler: json_documents.Assembler | None = None
        self._joins = False
        self._leading: Definition | None = None
        self._known = pl.Series(dtype=pl.Int64)  # lines that were read by it before

    def again(self, seen: pl.DataFrame) -> Parser | None:
        """Return a Parser for this input from its start, formats and envelopes settled; None where these must be found
        anew. This one must not be used any more.

        Of the requests `seen` (line_number, log_format) those that were lines of the format that leads are left out.
        """
        if not self._settled or self._assembler is not None:
            return None
        if self._peeler is not None:
            self._peeler.reset()
        other = Parser({}, self.source, self.zone)
        other._settled, other._peeler = True, self._peeler
        other._cascade, other._leading = self._cascade.again(), self._leading
        other.ranking, other._joins = self.ranking, self._joins
        if self._leading is not None:
            whole = seen.filter(pl.col("log_format") == self._leading.name)
            other._known = whole["line_number"].unique().sort()
        return other

    @property
    def settled(self) -> bool:
        """Whether formats and envelopes are known, by `detect` or from an earlier look."""
        return self._settled

    @property
    def needs_all(self) -> bool:
        """Whether every line must be given, since a search of raw bytes does not see all that belongs to a request."""
        return self._joins or self._assembler is not None or (self._peeler is not None and self._peeler.needs_all)

    @property
    def hidden(self) -> int:
        """Records that hold a line which they do not show, or not to its end; each is among the malformed."""
        return self._peeler.hidden if self._peeler else 0

    @property
    def why(self) -> list[str]:
        """Why the formats were chosen, a sentence each."""
        worn = self._peeler.names if self._peeler else []
        guessed = [sentence for guess in self._cascade.learning.guesses for sentence in guess.sentences()]
        inside = [f"the lines are inside {' > '.join(worn)}"] if worn else []
        return [*inside, *self.ranking.sentences(), *guessed]

    @property
    def guesses(self) -> list[Guess]:
        """The layouts that were guessed from the lines of this input."""
        return self._cascade.learning.guesses

    def settle(self, sample: pl.DataFrame) -> None:
        """Do what `detect` does; where one definition reads every line of the sample, without a look at the others."""
        if not self._is_led(detection.sample(sample)["raw"]):
            self.detect(sample)

    def detect(self, sample: pl.DataFrame) -> None:
        """Settle envelopes, formats and their order by some of the lines `sample`: line_number, byte_offset, raw."""
        sample = detection.sample(sample)
        if json_documents.is_pretty(sample["raw"]):
            batch = self._batch(sample)
            self._assembler = json_documents.Assembler(batch)
            sample = json_documents.records(sample, batch)
        sample = _records(sample)
        cascade = self._cascade
        texts = self._peel(sample)
        if self._learned_inside(texts):
            texts = self._peel(sample)
        trial_w3c = W3c(cascade.w3c.definitions)
        self.ranking = detection.rank(texts, cascade.templates, lambda: cascade.jsons, trial_w3c)
        for cut in () if self.ranking.whole or not cascade.records.definitions else cascade.records.cut(texts):
            self.ranking.matches.setdefault(cut.definition.name, len(cut.rows))
        cascade.w3c.layouts = trial_w3c.layouts
        cascade.templates = self.ranking.templates
        cascade.seen.update(self.ranking.matches)
        halves = any(d.join and d.name in self.ranking.matches for d in cascade.templates)
        self._joins = halves or self._has_halves(texts)
        self._learn(texts)
        if not cascade.learning.guesses and not self.ranking.matches:
            cascade.templates = [*cascade.templates, *self.ranking.doubted]
        cascade.complete(texts, self.ranking.matches)
        self._leading = self._found_leading()

    def _is_led(self, texts: pl.Series) -> bool:
        """Tell whether one definition, which `rank` would try first, reads all of `texts`; then settle all by it."""
        cascade, texts = self._cascade, texts.filter(texts.str.contains(r"\S"))
        first = texts[0] if len(texts) else ""
        if any(reads_alone(definition, first) for definition in cascade.w3c.definitions):
            return False
        for definition in detection.may_lead(first, cascade.templates):
            cut = cascade.leading(texts, definition)
            if cut is None or len(_told(cut, texts)[0].rows) < len(texts) or not is_plausible(definition, texts):
                continue
            if not _may_lead(definition):
                return False
            order, count = detection.led_by(definition, cascade.templates), len(texts)
            self.ranking = detection.Ranking(order, {definition.name: count}, count, whole=True)
            cascade.templates, self._leading = order, definition
            cascade.seen.add(definition.name)
            self._settled = True
            return True
        return False

    def _found_leading(self) -> Definition | None:
        """Return the definition that may read bare lines before all else: it reads most of the sample, of which no line
        wore anything.
        """
        ranking, peeler = self.ranking, self._peeler
        first = ranking.templates[0] if ranking.templates else None
        if first is None or self._assembler or peeler is None or peeler.names or peeler.needs_all or self._joins:
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
        cascade = self._cascade
        return detection.Reads(
            cascade.templates,
            lambda: cascade.jsons,
            lambda: cascade.records,
            cascade.w3c.definitions,
            guesses=cascade.learning.open,
        )

    def _peel(self, sample: pl.DataFrame) -> pl.Series:
        """Settle the envelopes; return the lines within."""
        self._settled, self._peeler = True, None
        return self._wearing.detect(sample)["text"]

    @property
    def _wearing(self) -> Peeler:
        """The peeler of this input."""
        if self._peeler is None:
            from clerk_logscan.parsing.envelopes import Peeler

            self._peeler = Peeler(self.source, self._reads())
        return self._peeler

    def _learned_inside(self, texts: pl.Series) -> bool:
        """Guess the layout of lines that are inside of records; tell whether there is one."""
        cascade = self._cascade
        if not cascade.learning.open or not len(texts):
            return False
        if not (texts.str.contains(JSON).any() or HEADER.fullmatch(texts[0]) or texts.str.contains(MESSAGE).any()):
            return False
        found = cascade.learning.inside(cascade.unread(texts.head(detection.SAMPLED), W3c([])))
        cascade.add(found)
        return bool(found)

    def _learn(self, texts: pl.Series) -> None:
        """Guess the layouts of sampled lines that no format reads."""
        cascade, ranking = self._cascade, self.ranking
        if not cascade.learning.open or sum(ranking.matches.values()) >= ranking.sampled:
            return
        some = texts.head(detection.SAMPLED)
        left = cascade.unread(some, W3c(cascade.w3c.definitions))
        by_template = {definition.name for definition in ranking.templates} >= set(ranking.matches)
        found = cascade.learning.whole(some, left) if len(left) < len(some) and by_template else []
        cascade.add(found, first=True)
        if not found:
            found = cascade.learning.learn(left, ranking.sampled, known=bool(ranking.matches))
            cascade.add(found)
        cascade.seen.update(guess.definition.name for guess in found)

    def peeled(self, sample: pl.DataFrame) -> list[str]:
        """Return the lines of `sample` without the envelopes that `detect` found."""
        return self._peel(_records(sample)).to_list()

    def _has_halves(self, texts: pl.Series) -> bool:
        """Tell whether sampled `texts` hold a record that is only one half of a request."""
        records = texts.filter(texts.str.contains(JSON))
        cuts = self._cascade.jsons.cut(records) if len(records) else []
        return any(_halves(cut) for cut in cuts if cut.definition.join)

    def read(self, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` (line_number, byte_offset, raw; in file order) holds."""
        if not self._settled:
            self.settle(frame)
        if self._leading is not None:
            return self._read_by(self._leading, frame)
        records = self._assembler.feed(frame) if self._assembler else json_documents.split(frame)
        return self._parse(self._wearing.peel(json_tables.unfold(records)))

    def _read_by(self, leading: Definition, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` holds: what `leading` reads of bare lines first, then whatever the others are."""
        passed = _between(self._known, frame["line_number"])
        frame = frame.filter(~pl.col("line_number").is_in(passed.implode())) if len(passed) else frame
        requests, taken, kept = schema.empty(), pl.Series(dtype=pl.UInt32), 0
        if cut := self._cascade.leading(frame["raw"], leading):
            cut, _ = _told(cut, frame["raw"])
            bare = frame.with_columns(pl.col("raw").alias("text"), pl.lit(None, pl.String).alias("envelope_time"))
            requests, kept = self._taken(cut, bare)
            taken = cut.rows
        if self._peeler is not None or len(taken) < frame.height:
            bare_numbers = frame["line_number"].gather(taken)
            self._wearing.pass_by(pl.concat([passed, bare_numbers]).sort() if len(passed) else bare_numbers)
        if len(taken) == frame.height:
            return self._parsed([requests], len(taken) - kept, pl.DataFrame(schema=lines.SCHEMA))
        rest = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(taken.implode())) if len(taken) else frame
        others = self._parse(self._wearing.peel(_records(rest)), among=frame.height)
        counted = len(taken) - kept + others.not_requests
        return self._parsed([requests, others.requests], counted, others.malformed)

    def finish(self) -> Parsed:
        """Return what still waited for its second half."""
        if self._peeler is None:
            return self._parsed([], 0, pl.DataFrame(schema=lines.SCHEMA))
        last = [self._peeler.peel(json_tables.unfold(self._assembler.finish()))] if self._assembler else []
        late = pl.concat([*last, self._peeler.finish()])
        if late.is_empty() and not self._joiners:
            return self._parsed([], 0, pl.DataFrame(schema=lines.SCHEMA))
        parsed = self._parse(late)
        found = [parsed.requests]
        for definition, joiner in self._joiners.values():
            rest = joiner.finish()
            found += [] if rest is None else [self._requests(definition, rest)]
        return self._parsed(found, parsed.not_requests, parsed.malformed)

    def _parse(self, peeled: pl.DataFrame, among: int = 0) -> Parsed:
        """Return what the lines in `text` of peeled rows hold; `among`: see Cascade.cut."""
        from clerk_logscan.parsing.envelopes import HIDDEN

        peeled = lines.without_nuls(peeled)
        cuts, left = self._cascade.cut(peeled["text"], among)
        found: list[pl.DataFrame] = []
        none = peeled.height
        for cut in cuts:
            cut, untold = _told(cut, peeled["text"])
            left = left.append(untold)
            requests, kept = self._taken(cut, peeled)
            found.append(requests)
            none -= kept
        rest = peeled[left.sort()]
        like = looks_like_request(rest["text"]) | (rest["text"] == HIDDEN)
        if self.guesses:  # nobody knows what its lines look like
            from clerk_logscan.parsing.inference.likely import may_tell

            like |= pl.Series([may_tell(text) for text in rest["text"]], dtype=pl.Boolean)
        malformed = rest.filter(like).select(*lines.SCHEMA)
        return self._parsed(found, none - malformed.height, malformed)

    def _taken(self, cut: Cut, peeled: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Return the requests that a cut completes, and how many of its rows are requests, now or later."""
        definition = cut.definition
        if not definition.requests:
            return schema.empty(), 0
        fields = without_missing(cut.raw, definition)
        taken = peeled if len(cut.rows) == peeled.height else peeled[cut.rows]
        places = taken.select(PLACES)
        places.columns = [PLACE + name for name in PLACES]
        if not (definition.join or definition.repeats):
            places = places.with_columns(self._others(definition, taken["text"]))
        records = places.hstack(fields)
        if definition.other:
            present = frozenset(fields.columns)
            records = records.filter(~pl.any_horizontal([holds(group, present) for group in definition.other]))
        if not (definition.join or definition.repeats):
            return self._requests(definition, records), records.height
        self._joins = self._joins or _halves(cut)
        _, joiner = self._joiners.setdefault(definition.name, (definition, Joiner(definition)))
        before = joiner.waiting
        complete = joiner.feed(records)
        return self._requests(definition, complete), complete.height + joiner.waiting - before

    def _others(self, definition: Definition, texts: pl.Series) -> list[pl.Series]:
        """Return a column of the other targets that `texts` may have meant, where there are any."""
        others = self._doubts.others(definition, texts) if self._doubts else None
        return [] if others is None else [others.alias(_OTHERS)]

    def _requests(self, definition: Definition, records: pl.DataFrame) -> pl.DataFrame:
        """Return complete records as rows of schema.FRAME; a line without a time has its envelope's."""
        names = [name for name in records.columns if not name.startswith(PLACE)]
        fields = records.select(names) if names else pl.DataFrame(height=records.height)
        places = records.select(pl.col(PLACE + name).alias(name) for name in PLACES)
        parts = slices.side_by_side(lambda some: typed_known(some, definition, self.zone, some.height), fields)
        frame = pl.concat(parts).hstack(places)
        if frame["timestamp"].has_nulls() and (outer := places["envelope_time"]).null_count() < len(outer):
            frame = frame.with_columns(frame["timestamp"].fill_null(read_time(outer, "iso8601", self.zone)))
        self.log_formats[definition.name] += frame.height
        if _OTHERS in records.columns:
            frame = frame.with_columns(records[_OTHERS].alias("_other_targets"))
        ids = [] if frame["_ids"].null_count() == frame.height else [_lasting_ids()]
        frame = frame.with_columns(*ids, log_format=pl.lit(definition.name), source=pl.lit(self.source))
        return schema.conform(frame)

    def _parsed(self, found: Iterable[pl.DataFrame], not_requests: int, malformed: pl.DataFrame) -> Parsed:
        parts = [part for part in found if part.height]
        requests = parts[0] if len(parts) == 1 else pl.concat([schema.empty(), *parts])
        if len(parts) > 1:
            requests = requests.sort("line_number", "byte_offset", maintain_order=True)
        return Parsed(requests, not_requests, malformed)


def _may_lead(definition: Definition) -> bool:
    """Tell whether whole lines of a definition are each a request, and nothing else's."""
    if definition.join or definition.repeats or definition.guessed or definition.escape == "none":
        return False
    return definition.requests and not detection.reads_json(definition)


def _between(known: pl.Series, numbers: pl.Series) -> pl.Series:
    """Return those of the ascending numbers `known` that lie between the first and the last of `numbers`."""
    if known.is_empty() or numbers.is_empty():
        return known.clear()
    first, end = known.search_sorted(pl.Series([numbers[0], numbers[-1] + 1]))
    return known.slice(first, end - first)


def _records(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with a row for each of several records in one line."""
    return json_tables.unfold(json_documents.split(frame))


def _told(cut: Cut, texts: pl.Series) -> tuple[Cut, pl.Series]:
    """Return a cut less the rows of which no request was read though they show one, and these rows.

    A template for lines that were cut short has no request; a line that holds one all the same is of another layout.
    So is one that names no target by the keys of a guess.
    """
    columns = cut.definition.columns
    fields = [name for role in TARGETS for source in columns.get(role, ()) for name in source.fields]
    none = cut.rows.clear()
    telling = cut.definition.grammar == "template" or cut.definition.guessed
    if not cut.definition.requests or not telling or cut.definition.join:
        return cut, none
    absent = [cut.raw[name].is_null() for name in fields if name in cut.raw.columns]
    untold = reduce(and_, absent) if absent else pl.Series([True]).new_from_index(0, len(cut.rows))
    if not untold.any():
        return cut, none
    untold &= looks_like_request(texts[cut.rows])
    return Cut(cut.definition, cut.rows.filter(~untold), cut.raw.filter(~untold)), cut.rows.filter(untold)


def _lasting_ids() -> pl.Expr:
    """Return `_ids` less those that are mere counters (Fastify's `req-1`): other processes count the same."""
    lasting = pl.col("_ids").list.filter(pl.element().str.len_bytes() >= LASTING)
    return pl.when(lasting.list.len() > 0).then(lasting).alias("_ids")


def _halves(cut: Cut) -> bool:
    join, fields = cut.definition.join, without_missing(cut.raw, cut.definition)
    return join is not None and bool(fields.select(side(join, frozenset(fields.columns)).is_in([1, 2]).any()).item())
