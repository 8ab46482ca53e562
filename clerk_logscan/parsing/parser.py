"""The Parser of one input: lines in, requests in the common schema out, and every other line counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from clerk_logscan import schema
from clerk_logscan.parsing import detection, json_documents, json_tables, lines, slices
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.doubts import Doubts
from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.fields import holds, typed_known, typed_times, without_missing
from clerk_logscan.parsing.joins import PLACE, Joiner
from clerk_logscan.parsing.requestlike import holds_doubled
from clerk_logscan.parsing.settling import Settling, halves, records_of, told

if TYPE_CHECKING:  # imported where a line needs them
    from clerk_logscan.parsing.inference import Guess

LASTING: Final = 10  # characters of an id that names one request anywhere; the shortest known has 13
_OTHERS: Final = f"{PLACE}others"
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
        self._settling = Settling(definitions, source)
        self._joiners: dict[str, tuple[Definition, Joiner]] = {}
        self._doubts = Doubts() if doubts else None
        self._known = pl.Series(dtype=pl.Int64)  # lines that the leading format read before

    def again(self, seen: pl.DataFrame) -> Parser | None:
        """Return a Parser for this input from its start, formats and envelopes settled; None where these must be found
        anew. This one must not be used any more.

        Of the requests `seen` (line_number, log_format) those that were lines of the format that leads are left out.
        """
        settling = self._settling.again()
        if settling is None:
            return None
        other = Parser({}, self.source, self.zone)
        other._settling = settling
        if settling.leading is not None:
            whole = seen.filter(pl.col("log_format") == settling.leading.name)
            other._known = whole["line_number"].unique().sort()
        return other

    def settle(self, sample: pl.DataFrame) -> None:
        """Settle envelopes, formats and their order by some of the lines `sample`: line_number, byte_offset, raw."""
        self._settling.settle(sample)

    def detect(self, sample: pl.DataFrame) -> None:
        """Do the same, and look at every format, so that `why` can tell of the others."""
        self._settling.detect(sample)

    def peeled(self, sample: pl.DataFrame) -> list[str]:
        """Return the lines of `sample` without the envelopes that `detect` found."""
        return self._settling.peeled(sample)

    @property
    def ranking(self) -> detection.Ranking:
        """What detection found."""
        return self._settling.ranking

    @property
    def why(self) -> list[str]:
        """Why the formats were chosen, a sentence each."""
        return self._settling.why

    @property
    def settled(self) -> bool:
        """Whether formats and envelopes are known, by `detect` or from an earlier look."""
        return self._settling.done

    @property
    def needs_all(self) -> bool:
        """Whether every line must be given, since a search of raw bytes does not see all that belongs to a request."""
        return (
            self._settling.joins
            or self._settling.assembler is not None
            or (self._settling.peeler is not None and self._settling.peeler.needs_all)
        )

    @property
    def hidden(self) -> int:
        """Records that hold a line which they do not show, or not to its end; each is among the malformed."""
        return self._settling.peeler.hidden if self._settling.peeler else 0

    @property
    def guesses(self) -> list[Guess]:
        """The layouts that were guessed from the lines of this input."""
        return self._settling.cascade.learning.guesses

    def unknown(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` (line_number and others) without the lines that are known from an earlier look."""
        return _without(frame, _between(self._known, frame["line_number"]))

    def read(self, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` (line_number, byte_offset, raw; in file order) holds."""
        if not self.settled:
            self.settle(frame)
        if self._settling.leading is not None:
            return self._read_by(self._settling.leading, frame)
        assembler = self._settling.assembler
        whole = assembler.feed(frame) if assembler else json_documents.split(frame)
        return self._parse(self._settling.wearing.peel(json_tables.unfold(whole)))

    def times(self, frame: pl.DataFrame) -> pl.Series | None:
        """Return the time of each line of `frame` as `read` would give it, in a fraction of the time that takes.

        None where not one definition tells the times of all.
        """
        leading = self._settling.leading
        if leading is None or leading.other:
            return None
        cut = self._settling.led(leading, frame["raw"])
        if cut is None or len(cut.rows) < frame.height:
            return None
        times = typed_times(cut.raw, leading, self.zone)
        return None if times is None or times.has_nulls() else times

    def _read_by(self, leading: Definition, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` holds: what `leading` reads of bare lines first, then whatever the others are."""
        passed = _between(self._known, frame["line_number"])
        frame = _without(frame, passed)
        requests, taken, kept = schema.empty(), pl.Series(dtype=pl.UInt32), 0
        if cut := self._settling.led(leading, frame["raw"]):
            bare = frame.with_columns(pl.col("raw").alias("text"), pl.lit(None, pl.String).alias("envelope_time"))
            requests, kept = self._taken(cut, bare)
            taken = cut.rows
        if self._settling.peeler is not None or len(taken) < frame.height:
            bare_numbers = frame["line_number"].gather(taken)
            self._settling.wearing.pass_by(pl.concat([passed, bare_numbers]).sort() if len(passed) else bare_numbers)
        if len(taken) == frame.height:
            return self._parsed([requests], len(taken) - kept, lines.empty())
        rest = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(taken.implode())) if len(taken) else frame
        others = self._parse(self._settling.wearing.peel(records_of(rest)), among=frame.height)
        counted = len(taken) - kept + others.not_requests
        return self._parsed([requests, others.requests], counted, others.malformed)

    def finish(self) -> Parsed:
        """Return what still waited for its second half."""
        self._settling.cascade.forget()
        if self._settling.peeler is None:
            return self._parsed([], 0, lines.empty())
        last = (
            [self._settling.peeler.peel(json_tables.unfold(self._settling.assembler.finish()))]
            if self._settling.assembler
            else []
        )
        late = pl.concat([*last, self._settling.peeler.finish()])
        if late.is_empty() and not self._joiners:
            return self._parsed([], 0, lines.empty())
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
        cuts, left = self._settling.cascade.cut(peeled["text"], among)
        found: list[pl.DataFrame] = []
        none = peeled.height
        for cut in cuts:
            cut, untold = told(cut, peeled["text"])
            left = left.append(untold)
            requests, kept = self._taken(cut, peeled)
            found.append(requests)
            none -= kept
        rest = peeled[left.sort()]
        like = self._settling.cascade.look_alike(rest["text"]) | (rest["text"] == HIDDEN)
        like |= holds_doubled(rest["raw"], ~like & _worn_alone(rest, peeled))
        malformed = rest.filter(like).select(*lines.SCHEMA)
        return self._parsed(found, none - malformed.height, malformed)

    def _taken(self, cut: Cut, peeled: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Return the requests that a cut completes, and how many of its rows are requests, now or later."""
        definition = cut.definition
        if not definition.requests:
            return schema.empty(), 0
        fields = without_missing(cut.raw, definition)
        taken = peeled if len(cut.rows) == peeled.height else peeled[cut.rows]
        places = taken[list(PLACES)]
        places.columns = [PLACE + name for name in PLACES]
        if not (definition.join or definition.repeats):
            places = places.hstack(self._others(definition, taken["text"]))
        records = places.hstack(fields)
        if definition.other:
            present = frozenset(fields.columns)
            records = records.filter(~pl.any_horizontal([holds(group, present) for group in definition.other]))
        if not (definition.join or definition.repeats):
            return self._requests(definition, records), records.height
        self._settling.joins = self._settling.joins or halves(cut)
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
        fields = records[names] if names else pl.DataFrame(height=records.height)
        places = records[[PLACE + name for name in PLACES]]
        places.columns = list(PLACES)
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


def _between(known: pl.Series, numbers: pl.Series) -> pl.Series:
    """Return those of the ascending numbers `known` that lie between the first and the last of `numbers`."""
    if known.is_empty() or numbers.is_empty():
        return known.clear()
    first, end = known.search_sorted(pl.Series([numbers[0], numbers[-1] + 1]))
    return known.slice(first, end - first)


def _without(frame: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Return `frame` without the lines of these numbers."""
    return frame.filter(~frame["line_number"].is_in(numbers.implode())) if len(numbers) else frame


def _worn_alone(rest: pl.DataFrame, peeled: pl.DataFrame) -> pl.Series:
    """Tell which unread rows are all that their envelope gave: what it held beside the line was read by nobody."""
    places = peeled.select(pl.struct("line_number", "byte_offset").alias("place")).to_series()
    several = places.filter(places.is_duplicated()).implode()
    worn = rest["envelopes"].is_not_null()
    if not worn.any():
        return worn
    return worn & ~rest.select(pl.struct("line_number", "byte_offset").is_in(several)).to_series()


def _lasting_ids() -> pl.Expr:
    """Return `_ids` less those that are mere counters (Fastify's `req-1`): other processes count the same."""
    lasting = pl.col("_ids").list.filter(pl.element().str.len_bytes() >= LASTING)
    return pl.when(lasting.list.len() > 0).then(lasting).alias("_ids")
