"""The Parser of one input: lines in, requests in the common schema out, and every other line counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from clerk_logscan import schema
from clerk_logscan.parsing import detection, json_tables, lines
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.doubts import Doubts
from clerk_logscan.parsing.fields import typed_times
from clerk_logscan.parsing.joins import Half, Joiner
from clerk_logscan.parsing.records import records_of_cut, requests_of
from clerk_logscan.parsing.requestlike import holds_doubled
from clerk_logscan.parsing.settling import Settling, records_of
from clerk_logscan.parsing.told import told

if TYPE_CHECKING:  # imported where a line needs them
    from clerk_logscan.parsing.inference import Guess


class Parsed(NamedTuple):
    """What some lines held. Each of them, or record where these differ, is in one of the three."""

    requests: pl.DataFrame  # schema.FRAME, in the order of the input
    not_requests: int
    malformed: pl.DataFrame  # lines.UNREAD: looks like a request, and no definition reads it
    seconds: Sequence[pl.DataFrame] = ()  # schema.FRAME, too: records read `apart` that are no request alone

    @property
    def times(self) -> pl.DataFrame:
        """The times that the lines have: line_number and timestamp, null where one has none."""
        times = [frame[["line_number", "timestamp"]] for frame in (self.requests, *self.seconds)]
        return pl.concat(times) if len(times) > 1 else times[0]


class Parser:
    """Parses one input: `detect` with sampled lines first, then `read` in file order, `finish` at the end.

    `definitions`: what may be read; `source`: the input's name; `zone`: of times that state none; `doubts`: whether
    what else a line may have meant is wanted (`_other_targets`). `settling` knows how lines are to be read.
    """

    def __init__(
        self, definitions: detection.Definitions, source: str, zone: str = "UTC", *, doubts: bool = True
    ) -> None:
        self.source, self.zone = source, zone
        self.log_formats: Counter[str] = Counter()  # requests by format
        self.settling = Settling(definitions, source)
        self._joiners: dict[str, tuple[Definition, Joiner]] = {}
        self._doubts = Doubts() if doubts else None
        self._seconds: list[pl.DataFrame] = []  # see Parsed, of the lines that are being read
        self.apart = False  # not all lines are given: records that are one request are not joined
        self._known = pl.Series(dtype=pl.Int64)  # lines that the leading format read before

    def again(self, seen: pl.DataFrame) -> Parser | None:
        """Return a Parser for this input from its start, formats and envelopes settled; None where these must be found
        anew. This one must not be used any more.

        Of the requests `seen` (line_number, log_format) those that were lines of the format that leads are left out.
        """
        settling = self.settling.again()
        if settling is None:
            return None
        other = Parser({}, self.source, self.zone)
        other.settling = settling
        if settling.leading is not None:
            whole = seen.filter(pl.col("log_format") == settling.leading.name)
            other._known = whole["line_number"].unique().sort()
        return other

    def settle(self, sample: pl.DataFrame) -> None:
        """Settle envelopes, formats and their order by some of the lines `sample`: line_number, byte_offset, raw."""
        self.settling.settle(sample)

    def detect(self, sample: pl.DataFrame) -> None:
        """Do the same, and look at every format, so that `why` can tell of the others."""
        self.settling.detect(sample)

    def peeled(self, sample: pl.DataFrame) -> list[str]:
        """Return the lines of `sample` without the envelopes that `detect` found."""
        return self.settling.peeled(sample)

    @property
    def ranking(self) -> detection.Ranking:
        """What detection found."""
        return self.settling.ranking

    @property
    def why(self) -> list[str]:
        """Why the formats were chosen, a sentence each."""
        return self.settling.why

    @property
    def settled(self) -> bool:
        """Whether formats and envelopes are known, by `detect` or from an earlier look."""
        return self.settling.done

    @property
    def needs_all(self) -> bool:
        """Whether every line must be given, since a search of raw bytes does not see all that belongs to a request."""
        return self.settling.needs_all

    @property
    def halves(self) -> dict[int, Half]:
        """The records that were read `apart` from another of their request, by their lines' numbers."""
        return {number: half for _, joiner in self._joiners.values() for number, half in joiner.halves.items()}

    @property
    def joined(self) -> list[int]:
        """The numbers of the lines whose records were joined to another's."""
        return [number for _, joiner in self._joiners.values() for number in joiner.joined]

    def recount(self, other: Parser) -> int:
        """Count no longer as requests what `other` joined to another's; return how many records that were."""
        twice = 0
        for name, (_, joiner) in self._joiners.items():
            joined = other._joiners[name][1].joined if name in other._joiners else []
            count = sum(number in joiner.halves for number in joined)
            self.log_formats[name] -= count
            twice += count
        return twice

    @property
    def hidden(self) -> int:
        """Records that hold a line which they do not show, or not to its end; each is among the malformed."""
        return self.settling.peeler.hidden if self.settling.peeler else 0

    @property
    def guesses(self) -> list[Guess]:
        """The layouts that were guessed from the lines of this input."""
        return self.settling.cascade.learning.guesses

    @property
    def is_led(self) -> bool:
        """Whether lines are read by one definition before all else, and none of them in another way so far."""
        settling = self.settling
        return settling.leading is not None and settling.peeler is None and self._known.is_empty()

    def read(self, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` (line_number, byte_offset, raw; in file order) holds."""
        parsed = self._read(frame)
        seconds, self._seconds = self._seconds, []
        return parsed._replace(seconds=seconds) if seconds else parsed

    def _read(self, frame: pl.DataFrame) -> Parsed:
        if not self.settled:
            self.settle(frame)
        if self.settling.leading is not None:
            return self._read_by(self.settling.leading, frame)
        assembler = self.settling.assembler
        records = json_tables.unfold(assembler.feed(frame)) if assembler else records_of(frame)
        return self._parse(self.settling.wearing.peel(records))

    def times(self, frame: pl.DataFrame) -> pl.Series | None:
        """Return the time of each line of `frame` as `read` would give it, in a fraction of the time that takes.

        None where not one definition tells the times of all.
        """
        leading = self.settling.leading
        if leading is None or leading.other:
            return None
        cut = self.settling.led(leading, frame["raw"])
        if cut is None or len(cut.rows) < frame.height:
            return None
        times = typed_times(cut.raw, leading, self.zone)
        return None if times is None or times.has_nulls() else times

    def _read_by(self, leading: Definition, frame: pl.DataFrame) -> Parsed:
        """Return what `frame` holds: what `leading` reads of bare lines first, then whatever the others are."""
        passed = _between(self._known, frame["line_number"])
        frame = _without(frame, passed)
        requests, taken, kept = schema.empty(), pl.Series(dtype=pl.UInt32), 0
        if cut := self.settling.led(leading, frame["raw"]):
            bare = frame.with_columns(pl.col("raw").alias("text"), pl.lit(None, pl.String).alias("envelope_time"))
            requests, kept = self._taken(cut, bare)
            taken = cut.rows
        if self.settling.peeler is not None or len(taken) < frame.height:
            bare_numbers = frame["line_number"].gather(taken)
            self.settling.wearing.pass_by(pl.concat([passed, bare_numbers]).sort() if len(passed) else bare_numbers)
        if len(taken) == frame.height:
            return self._parsed([requests], len(taken) - kept, lines.none_unread())
        rest = frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(taken.implode())) if len(taken) else frame
        others = self._parse(self.settling.wearing.peel(records_of(rest)), among=frame.height)
        counted = len(taken) - kept + others.not_requests
        return self._parsed([requests, others.requests], counted, others.malformed)

    def finish(self) -> Parsed:
        """Return what still waited for its second half."""
        self.settling.cascade.forget()
        if self.settling.peeler is None:
            return self._parsed([], 0, lines.none_unread())
        last = (
            [self.settling.peeler.peel(json_tables.unfold(self.settling.assembler.finish()))]
            if self.settling.assembler
            else []
        )
        late = pl.concat([*last, self.settling.peeler.finish()])
        if late.is_empty() and not self._joiners:
            return self._parsed([], 0, lines.none_unread())
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
        cuts, left = self.settling.cascade.cut(peeled["text"], among)
        found: list[pl.DataFrame] = []
        none = peeled.height
        for cut in cuts:
            cut, untold = told(cut, peeled["text"])
            left = left.append(untold)
            requests, kept = self._taken(cut, peeled)
            found.append(requests)
            none -= kept
        rest = peeled[left.sort()]
        like = self.settling.cascade.look_alike(rest["text"]) | (rest["text"] == HIDDEN)
        like |= holds_doubled(rest["raw"], ~like & _worn_alone(rest, peeled))
        shown = pl.col("raw").str.contains(pl.col("text"), literal=True)
        inner = pl.when(~shown).then("text").alias("inner")
        malformed = rest.filter(like).select(*lines.SCHEMA, inner)
        return self._parsed(found, none - malformed.height, malformed)

    def _taken(self, cut: Cut, peeled: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Return the requests that a cut completes, and how many of its rows are requests, now or later."""
        definition = cut.definition
        if not definition.requests:
            return schema.empty(), 0
        taken = peeled if len(cut.rows) == peeled.height else peeled[cut.rows]
        taken = taken.with_columns(source=pl.lit(self.source))
        several = definition.join or definition.repeats
        records = records_of_cut(cut, taken, None if several else self.others(definition, taken["text"]))
        if not several:
            return self._requests(definition, records), records.height
        self.settling.look_for_halves(cut)
        _, joiner = self._joiners.setdefault(
            definition.name, (definition, Joiner(definition, apart=self.apart and not self.needs_all))
        )
        before = joiner.waiting
        complete = joiner.feed(records)
        if joiner.seconds is not None and joiner.seconds.height:
            self._seconds.append(requests_of(definition, joiner.seconds, self.zone))
        return self._requests(definition, complete), complete.height + joiner.waiting - before

    def others(self, definition: Definition, texts: pl.Series) -> pl.Series | None:
        """Return the other targets that `texts` may have meant; None where there are none."""
        return self._doubts.others(definition, texts) if self._doubts else None

    def _requests(self, definition: Definition, records: pl.DataFrame) -> pl.DataFrame:
        """Return complete records as rows of schema.FRAME, and count them."""
        self.log_formats[definition.name] += records.height
        return requests_of(definition, records, self.zone)

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
