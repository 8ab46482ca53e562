"""The logs: which inputs are one log, which hop wrote it, which time it covers, and which inputs are copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import polars as pl

from clerk_logscan.columns import mapped_rows
from clerk_logscan.incident.coverage import Coverage, Span, gaps
from clerk_logscan.incident.times import as_micros

# From the outside in. `platform`: the router of a hosting platform, in front of the application like a balancer.
# `unknown`: a layout that was guessed says not who wrote it.
UNKNOWN: Final = "unknown"
RANKS: Final = {"edge": 0, "balancer": 1, "platform": 1, "proxy": 2, UNKNOWN: 2, "application": 3}

Facts = Mapping[str, Mapping[str, Any]]
Input = dict[str, Any]


@dataclass(eq=False)
class Log:
    """One log of one hop: a rotation family, a balancer's or a distribution's files, or a single input.

    `kind` is the hop that writes it (`edge`, `balancer`, `platform`, `proxy`, `application`, `unknown`); `hidden` says
    that its target field does not show the attack; `answers` that it logs statuses at all. `depth` orders the logs that
    share requests, the outermost lowest. `filters`: it is of a firewall within a hop (AWS WAF), which tells what it
    stopped and nothing of the rest. `zoned`: its lines state their zone, or are in UTC by their
    format; `epoch`: they count seconds since 1970.
    """

    name: str
    kind: str
    sources: list[str] = field(default_factory=list)
    formats: set[str] = field(default_factory=set)
    coverage: Coverage = field(default_factory=Coverage)
    hidden: bool = False
    answers: bool = True
    filters: bool = False
    zoned: bool = True
    epoch: bool = True
    depth: int = 0

    @property
    def rank(self) -> int:
        """Return how far inside this kind of hop stands."""
        return RANKS[self.kind]

    @property
    def innermost(self) -> bool:
        """Return whether this is the application's own log, behind which nothing stands."""
        return self.kind == "application"


class Logs:
    """All logs of an analysis, found by an input's name and a line's format."""

    def __init__(self, observed: pl.DataFrame, inputs: Sequence[Input], facts: Facts) -> None:
        self.facts = facts
        self.order = {row["source"]: index for index, row in enumerate(inputs)}
        self._set = {row["source"]: row.get("_set") or row["source"] for row in inputs}
        self._hidden = {row["source"] for row in inputs if row.get("_hidden")}
        self.coverages = _coverages(inputs, self._set)
        self.all: list[Log] = []
        self._of: dict[tuple[str, str | None], Log] = {}
        self._collect(observed)
        self._number = {log: number for number, log in enumerate(self.all)}

    def of(self, source: str, log_format: str | None) -> Log:
        """Return the log that holds the lines of this format in this input."""
        return self._of[source, log_format]

    def numbers(self, frame: pl.DataFrame) -> pl.Series:
        """Return for each row of `frame` (`source`, `log_format`) the place of its log in `all`."""
        places = frame.select("source", "log_format")
        return mapped_rows(places, lambda *place: self._number[self._of[place]], pl.Int64())

    def told_of(self, numbers: pl.Series, name: str) -> pl.Series:
        """Return an attribute, true or false, of the logs in these places of `all`."""
        return pl.Series([getattr(log, name) for log in self.all], dtype=pl.Boolean).gather(numbers)

    def in_set(self, name: str) -> list[Log]:
        """Return the logs of a set of inputs."""
        return [log for log in self.all if log.name == name]

    def kind(self, log_format: str | None) -> str:
        """Return the hop that writes a format."""
        kind = self.facts.get(log_format or "", {}).get("hop")
        return kind if kind in RANKS else UNKNOWN

    def _collect(self, observed: pl.DataFrame) -> None:
        told = observed.select("source", "log_format", "status")
        seen = told.group_by("source", "log_format").agg(pl.col("status").is_not_null().any().alias("answers"))
        rows = sorted(seen.iter_rows(), key=lambda row: (self.order.get(row[0], len(self.order)), row[0], str(row[1])))
        known: dict[tuple[str, str], Log] = {}
        for source, log_format, answers in rows:
            name, kind = self._set.get(source, source), self.kind(log_format)
            log = known.get((name, kind))
            if log is None:
                log = known[name, kind] = Log(name, kind, coverage=self.coverages.get(name, Coverage()), answers=False)
                self.all.append(log)
            if source not in log.sources:
                log.sources.append(source)
            log.formats.add(str(log_format))
            log.answers |= answers
            tells = bool(self.facts.get(log_format or "", {}).get("tells_forwarded"))
            log.filters = not log.answers and tells and kind in {"edge", "balancer"}
            log.hidden |= self.hides(source, log_format)
            log.zoned &= self.facts.get(log_format or "", {}).get("zoned") is not False
            log.epoch &= bool(self.facts.get(log_format or "", {}).get("epoch"))
            self._of[source, log_format] = log

    def hides(self, source: str, log_format: str | None) -> bool:
        """Return whether lines of this format in this input cannot show the attack."""
        return source in self._hidden or bool(self.facts.get(log_format or "", {}).get("hidden_by"))


def times_of(row: Input) -> list[int]:
    """Return an input's sampled times (`_times`) with its first and last, sorted, in microseconds."""
    moments = {*(row.get("_times") or ()), as_micros(row.get("first_timestamp")), as_micros(row.get("last_timestamp"))}
    return sorted(time for time in moments if time is not None)


def _coverages(inputs: Sequence[Input], sets: Mapping[str, str]) -> dict[str, Coverage]:
    """Return what each set of inputs covers."""
    return {name: Coverage(first, last, holes) for name, (first, last, holes) in _silences(inputs, sets).items()}


def _silences(inputs: Sequence[Input], sets: Mapping[str, str]) -> dict[str, tuple[int, int, list[Span]]]:
    times: dict[str, set[int]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    for row in inputs:
        name = sets[row["source"]]
        times[name].update(times_of(row))
        counts[name] += row.get("lines") or 0
    found = {}
    for name, members in times.items():
        if members:
            ordered = sorted(members)
            found[name] = (ordered[0], ordered[-1], gaps(ordered, counts[name]))
    return found


def input_gaps(inputs: Sequence[Input]) -> dict[str, list[Span]]:
    """Return each input's gaps: those of its set that end at one of its own times (before it, or within it)."""
    sets = {row["source"]: row.get("_set") or row["source"] for row in inputs}
    silences = _silences(inputs, sets)
    mine: dict[str, list[Span]] = {}
    told: set[tuple[str, Span]] = set()
    for row in inputs:
        name, times = sets[row["source"]], set(times_of(row))
        found = [hole for hole in silences.get(name, (0, 0, []))[2] if hole[1] in times and (name, hole) not in told]
        told.update((name, hole) for hole in found)
        mine[row["source"]] = found
    return mine


def copies(observed: pl.DataFrame, through: pl.Expr, inputs: Sequence[Input]) -> dict[str, str]:
    """Return the inputs that hold the same object as an earlier one: copy to original.

    The requests `observed` to the proxy path, for which `through` holds, are compared. Two inputs are one object if the
    lines of one stand in the other at the same numbers, byte for byte, and both begin at the same time (a copy taken
    earlier is shorter).
    """
    if len(inputs) < 2:
        return {}
    order = {row["source"]: index for index, row in enumerate(inputs)}
    begins = {row["source"]: next(iter(times_of(row)), None) for row in inputs}
    marks: dict[str, list[int]] = defaultdict(list)
    lines = observed.filter(through)
    places = lines.select("source", "line_number", pl.struct("line_number", "byte_offset", "raw").hash(0).alias("mark"))
    for source, _, mark in places.sort("source", "line_number").iter_rows():
        marks[source].append(mark)
    by_first: dict[int, list[str]] = defaultdict(list)
    for source in sorted(marks, key=lambda name: (-len(marks[name]), order.get(name, len(order)))):
        by_first[marks[source][0]].append(source)
    found: dict[str, str] = {}
    for alike in by_first.values():
        for whole, part in pairwise(alike):
            original = found.get(whole, whole)
            if begins.get(original) == begins.get(part) and marks[original][: len(marks[part])] == marks[part]:
                found[part] = original
    return found
