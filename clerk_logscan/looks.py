"""Two looks at the inputs: the first finds the requests, the second what else the same clients and the proxy did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby, takewhile
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan import halves, prefixes, schema
from clerk_logscan.columns import held
from clerk_logscan.near import OTHERS, Near, Places
from clerk_logscan.options import Options, Progress
from clerk_logscan.packed import Bounded, Packed
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.plain_targets import may_match
from clerk_logscan.readers.scan import Scan, everything
from clerk_logscan.readers.search import Search
from clerk_logscan.readers.sources import Source
from clerk_logscan.readers.workers import cores, side_by_side
from clerk_logscan.reading import Input, Keep, Reading, read, read_each
from clerk_logscan.window import Window

# A sweep by more clients than this has no context of each: a search for all their addresses would pick the whole log.
CLIENTS: Final = 2000
# Of requests that no rule can report, so many of those parsed at once are kept: they show the site's own host and
# referers. Behind the lines of the beginning fewer do, so that a long log takes no more memory.
TYPICAL: Final = 256
LATER: Final = 16
BEGINNING: Final = 50_000
# Stored bytes up to which inputs are small, and how many of them are read together.
SMALL: Final = 64 << 10
TOGETHER: Final = 32
# Inputs whose formats and envelopes are kept for the second look; to settle them anew costs some milliseconds each.
KNOWN: Final = 64

_SENDER: Final = ("client_ip", "forwarded_for")
# What makes two parsed rows one: a line may hold several records, and both looks may read it.
_SAME: Final = ("source", "line_number", "byte_offset", "timestamp", "client_ip", "request_target")


class Looks:
    """Reads inputs, some side by side, with one set of options; each look reads every input once.

    Ctrl-C ends the look within a second; `stopped` says so. What was found by then stays.
    """

    def __init__(
        self, options: Options, definitions: Library, progress: Progress, stop: threading.Event | None = None
    ) -> None:
        self.options, self.definitions, self.progress = options, definitions, progress
        self._stop = stop or threading.Event()
        self._beside = 1  # inputs that are read at a time
        self._windows: dict[str, Window] = {}  # of inputs that cannot be read again
        self._known: dict[str, _Known] = {}  # some others, from the look before

    @property
    def stopped(self) -> bool:
        """Whether the user stopped the reading."""
        return self._stop.is_set()

    def needed(self, requests: pl.DataFrame) -> pl.Series:
        """Tell of each request whether a rule could report it, or whether it tells of a forgotten proxy path."""
        doubtful = pl.col("_other_targets").is_not_null()
        told = requests.select(may_match(self.options.proxy_paths).fill_null(value=False) | doubtful).to_series()
        others = (~told).arg_true()  # in a flood these are few, and the marks are the dearer to look for
        marked = requests.select("request_target")[others].select(prefixes.marked()).to_series()
        return told.scatter(others.filter(marked), values=True)

    def first(self, sources: Sequence[Source]) -> Iterator[Reading]:
        """Search every line for what a rule could report; yield what each input held, as far as it was read.

        Where every line that no format reads was asked for, every line is parsed.
        """
        whole = self.options.full or self.options.unparsed is not None
        search = Search(self.options.proxy_paths)
        wanted = _Wanted(search, self._telling, whole, lambda requests: requests.filter(self.needed(requests)))
        return self._look(sources, wanted)

    def second(
        self, sources: Sequence[Source], findings: pl.DataFrame, seen: pl.DataFrame, near: Near, *, proxied: bool = True
    ) -> pl.DataFrame:
        """Return the other requests of the findings' clients, and where `proxied` all of the proxy's, at the times
        `near` them (schema.FRAME), without those that were `seen`.

        The first tell what was probed before, and who was lured; the second how the logs are hops of each other, and
        whether the application was alive. Honest browsers with the known client bug are none of these clients.
        """
        clients = _addresses(grave(findings))[:CLIENTS]
        names = {max(path.split("/"), key=len) for path in self.options.proxy_paths if proxied}
        sought = ["#Fields:", *sorted(names), *clients]
        search = Search((), [] if self.options.full else [text.encode() for text in sought])
        around, unseen = _around(near, clients, self.options, proxied=proxied), _Unseen(seen)
        bounded = partial(Bounded, schema.empty(), thin=_thin(near, self.options), most=OTHERS)
        wanted = _Wanted(search, around, self.options.full, None, _Before(unseen, near), bounded)
        found = bounded()
        again = [source for source in sources if source.rereadable]
        for reading in self._look(again, wanted._replace(keep=lambda requests: unseen.of(around(requests)))):
            found.add(reading.requests)
        for window in self._windows.values():
            for reading in self._look([window], wanted):
                found.add(unseen.of(window.placed(reading.requests)))
        return found.frame

    def _look(self, sources: Sequence[Source], wanted: _Wanted) -> Iterator[Reading]:
        """Read the inputs side by side; yield them in their order, without those that were not begun."""
        tally = _Tally(sources, self.progress)
        workers = self.options.workers or cores()
        self._beside = max(1, min(workers, len(sources)))
        work = partial(self._read, wanted=wanted, tally=tally)
        groups = list(_grouped(sources, workers))
        return chain.from_iterable(side_by_side(work, groups, workers, self._stop))

    def _read(self, sources: Sequence[Source], wanted: _Wanted, tally: _Tally) -> list[Reading]:
        """Read some inputs; those once more and whole of which it showed only meanwhile that they must be."""
        begun = takewhile(lambda _: not self.stopped, sources)
        readings = list(self._once(begun, wanted, tally))
        for place, reading in enumerate(readings):
            source = reading.scan.source
            if source.rereadable and (reading.missed or not self._complete(reading, wanted)):
                [readings[place]] = self._once([source], wanted._replace(whole=True), tally)
        return readings

    def _complete(self, reading: Reading, wanted: _Wanted) -> bool:
        """Find the other records of the requests that are needed; tell whether a search could do so."""
        if wanted.whole or self.stopped or not reading.parser.halves:
            return True
        needed = wanted.needed or wanted.keep
        some = halves.of(reading, needed)
        if some.is_empty():
            return True
        texts, parser = halves.texts(reading, some), reading.parser.again(some.clear())
        if texts is None or parser is None:
            return False
        search, stop, beside = Search((), texts), self._stop, self._beside
        scan = Scan(reading.scan.source, search, samples=False, stop=stop, beside=beside, earlier=reading.scan)
        again = read(Input(Reading(scan, parser, halves.keep(some, needed), last=True)))
        if scan.complete:
            halves.complete(reading, again, wanted.held())
        reading.scan.error = reading.scan.error or scan.error
        return True

    def _once(self, sources: Iterable[Source], wanted: _Wanted, tally: _Tally) -> Iterator[Reading]:
        """Yield what each of some inputs holds."""
        for reading in read_each(self._input(source, wanted, tally) for source in sources):
            source = reading.scan.source
            if wanted.before is None and source.rereadable and len(self._known) < KNOWN:
                self._known[source.name] = _Known(reading.scan, reading.parser, reading.places)
            yield reading

    def _input(self, source: Source, wanted: _Wanted, tally: _Tally) -> Input:
        """Return what is wanted of one input."""
        before, known = wanted.before, self._known.pop(source.name, None)
        again = known.parser.again(before.unseen.seen(source.name)) if known and before else None
        scan = Scan(
            source,
            wanted.search,
            digest=before is None and self.options.evidence,
            samples=again is None,  # they show the format and silences
            stop=self._stop,
            beside=self._beside,
            earlier=known.scan if known else None,
            wanted=_nearby(before, known) if known and before and again else everything,
        )
        parser = again or Parser(self.definitions, source.name, self.options.assume_timezone)
        return Input(
            Reading(scan, parser, wanted.keep, last=before is not None, held=wanted.held()),
            whole=wanted.whole,
            apart=source.rereadable and not wanted.whole,
            told=tally,
            window=None if source.rereadable else self._windows.setdefault(source.name, Window(source.name)),
        )

    def _telling(self, requests: pl.DataFrame) -> pl.DataFrame:
        """Keep the needed requests and some typical ones."""
        begun = requests.height > 0 and requests["line_number"][0] < BEGINNING
        step = max(1, requests.height // (TYPICAL if begun else LATER))
        if step == 1:  # each is typical
            return requests
        typical = pl.int_range(requests.height, eager=True) % step == 0
        return requests.filter(self.needed(requests) | typical)


class _Known(NamedTuple):
    """How an input was read before, and which part of it is of which time."""

    scan: Scan
    parser: Parser
    places: Places


class _Before(NamedTuple):
    """What is known before the last look: what was not seen yet, and the times near findings."""

    unseen: _Unseen
    near: Near


def _grouped(sources: Sequence[Source], workers: int) -> Iterator[list[Source]]:
    """Yield the inputs in their order, small ones several together, but not so many that a worker has none."""
    most = min(TOGETHER, -(-len(sources) // workers))
    for small, alike in groupby(sources, _is_small):
        some, size = list(alike), most if small else 1
        yield from (some[at : at + size] for at in range(0, len(some), size))


def _is_small(source: Source) -> bool:
    """Tell whether an input can be held whole beside others."""
    return source.rereadable and source.size is not None and source.size <= SMALL


def _nearby(before: _Before, known: _Known) -> Callable[[int, int], bool]:
    """Return what tells whether the lines that begin in so many bytes from an offset on are of a time near findings."""
    near = before.near.enough(known.places)
    return lambda offset, size: near.touches(*known.places.between(offset, size))


class _Wanted(NamedTuple):
    """What a look wants of every input: see `reading.read`."""

    search: Search
    keep: Keep
    whole: bool
    needed: Keep | None  # what must not lack the other record of its request; None: all that is kept
    before: _Before | None = None
    held: Callable[[], Packed] = lambda: Packed(schema.empty())


class _Tally:
    """Adds up how far all inputs of a look are read, and tells it on."""

    def __init__(self, sources: Sequence[Source], progress: Progress) -> None:
        sizes = [source.size for source in sources]
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        self._progress, self._lock = progress, threading.Lock()
        self._done: dict[str, int] = {}
        self._sum = 0

    def __call__(self, scan: Scan) -> None:
        """Take how far an input is read."""
        name = scan.source.name
        with self._lock:
            self._sum += scan.read - self._done.get(name, 0)
            self._done[name] = scan.read
        self._progress(name, self._sum, self._total)


class _Unseen:
    """Tells requests that were not seen yet; known by input, so that each is compared with its own only."""

    def __init__(self, seen: pl.DataFrame) -> None:
        told = seen.select(*_SAME, "log_format")
        self._seen, self._none = told.partition_by("source", as_dict=True), told.clear()

    def seen(self, source: str) -> pl.DataFrame:
        """Return what was seen of an input: line_number and log_format, among others."""
        return self._seen.get((source,), self._none)

    def of(self, requests: pl.DataFrame) -> pl.DataFrame:
        """Return those of `requests`, which are of one input, that were not seen."""
        seen = self._seen.get((requests["source"][0],)) if requests.height else None
        if seen is None:
            return requests
        near = seen.filter(pl.col("line_number").is_in(requests["line_number"].implode()))
        return requests.join(near, on=_SAME, how="anti", nulls_equal=True, maintain_order="left")


def grave(findings: pl.DataFrame) -> pl.DataFrame:
    """Return of the findings, of which the known client bug makes many, those that more could be told of."""
    return findings.select("severity", "timestamp", *_SENDER).filter(pl.col("severity") != "info")


def _addresses(findings: pl.DataFrame) -> list[str]:
    """Return every address that a finding's line names as its sender's, each once; those of the critical ones first."""
    severity = findings["severity"]
    parts = [held(findings, severity == name) for name in severity.unique().sort()]
    findings = pl.concat([findings.clear(), *parts])
    claimed = findings["forwarded_for"].drop_nulls().str.split(",").explode().str.strip_chars()
    named = pl.concat([findings["client_ip"], claimed.cast(pl.String).alias("client_ip")]).drop_nulls()
    return named.filter(named != "").unique(maintain_order=True).to_list()


def _thin(near: Near, options: Options) -> Keep:
    """Return what leaves out ordinary requests of the findings' clients but those nearest to findings.

    They may be most of a log: where one address stands for many people, or for the server before.
    """

    def thin(requests: pl.DataFrame) -> pl.DataFrame:
        told = requests.select(may_match(options.proxy_paths).fill_null(value=False)).to_series()
        others = (~told).arg_true()
        nearest = near.nearest(requests["timestamp"].gather(others), OTHERS)
        kept = told.scatter(others.filter(nearest), True)
        return held(requests, kept)

    return thin


def _around(near: Near, clients: Sequence[str], options: Options, *, proxied: bool) -> Keep:
    """Return what keeps, at the times `near` findings, requests that name a client, and perhaps the proxy's."""
    claimed = pl.col("forwarded_for").str.contains_any(clients) if clients else pl.lit(value=False)
    mine = pl.col("client_ip").is_in(clients) | claimed.fill_null(value=False)
    wanted = mine | may_match(options.proxy_paths) if proxied else mine
    return lambda requests: requests.filter(wanted & near.of(requests["timestamp"]))
