"""JSON records to String columns: a record is read once, and its keys tell of which definition it is.

All JSON definitions are tried together. What a key set allows is worked out once and remembered, since the
records of a file repeat a few key sets.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing import json_paths, json_values
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition, Evidence
from clerk_logscan.parsing.json_takers import Column, Taker

Record = dict[str, Any]
ROW: Final = "\x1frow"
REMEMBERED: Final = 4096  # key sets; a hostile log could otherwise make each line its own
REPEATED: Final = 2000  # lines that a sample may have
RAW_ESCAPES: Final = ("haproxy", "none", "nginx", "apache", "c")  # a backslash there is no escape of JSON's


@dataclass(slots=True)
class _Plan:
    """How a definition reads records of one key set: what must hold still, and how to take the fields.

    `rows` and `values` are what it took of the texts at hand; `columns` are the fields of the values, in their order.
    """

    definition: Definition
    tests: list[json_paths.Test]
    columns: list[Column]
    take: Callable[[Record], Sequence[Any]]
    rows: list[int] = field(default_factory=list)
    values: list[Sequence[Any]] = field(default_factory=list)

    def fits(self, record: Record) -> bool:
        """Tell whether the paths below the top level that the definition requires exist."""
        return all(test(record) for test in self.tests)

    def frame(self) -> pl.DataFrame:
        """Return what was taken, less the fields that no record has, with the rows; and forget it."""
        count = len(self.values)
        columns = zip(self.columns, zip(*self.values, strict=True), strict=True)
        filled = [_series(column, values) for column, values in columns if values.count(None) < count]
        rows = pl.Series(ROW, self.rows, dtype=pl.UInt32)
        self.rows, self.values = [], []
        return pl.DataFrame([rows, *filled])


def _series(column: Column, values: Sequence[Any]) -> pl.Series:
    try:
        return pl.Series(column.name, values, dtype=pl.String, strict=True)
    except TypeError:
        return pl.Series(column.name, [column.how(value) for value in values], dtype=pl.String)


class JsonLines:
    """Cuts JSON records by the first definition whose required paths they have; the more it requires, the earlier."""

    def __init__(self, definitions: Iterable[Definition], grammar: str = "json") -> None:
        found = [definition for definition in definitions if definition.grammar == grammar]
        self.definitions = sorted(found, key=_openness)
        self._plans: dict[tuple[str, ...], list[_Plan]] = {}
        self._variants: dict[tuple[str, tuple[Evidence, ...]], Definition] = {}
        self._columns = {d.name: _columns(d) for d in self.definitions}
        self._last: tuple[pl.Series, list[Cut]] | None = None

    def extended(self, definition: Definition) -> JsonLines:
        """Return what cuts by one more definition."""
        return JsonLines([*self.definitions, definition])

    def cut(self, texts: pl.Series) -> list[Cut]:
        """Return what the definitions read of `texts`, a record each; other rows are in no Cut.

        The lines of a sample are asked for again and again until their input is settled; they are cut once.
        """
        if self._last is None or not self._last[0].equals(texts, null_equal=True):
            found = self._cut(texts)
            self._last = (texts, found) if len(texts) <= REPEATED else None
            return found
        return self._last[1]

    def forget(self) -> None:
        """Let go of the lines that were cut last."""
        self._last = None

    def _cut(self, texts: pl.Series) -> list[Cut]:
        used: dict[int, _Plan] = {}
        with _no_collection():
            for row, record in enumerate(self._records(texts)):
                plan = self._plan(record) if record else None
                if plan is None or record is None:
                    continue
                if plan.definition.escape in RAW_ESCAPES and "\\" in texts[row]:
                    record = json_values.read_raw(texts[row]) or record
                if not plan.rows:
                    used[id(plan)] = plan
                plan.rows.append(row)
                plan.values.append(plan.take(record))
            return _cuts(used.values())

    def reads(self, text: str) -> bool:
        """Tell whether a definition reads one text; `cut` would make frames of it."""
        record = self._record(text)
        return bool(record and self._plan(record))

    def _record(self, text: str) -> Record | None:
        """Return the record that one text holds, or None."""
        return json_values.read_object(text)

    def _records(self, texts: pl.Series) -> Iterator[Record | None]:
        """Return the record that each text holds, or None."""
        return json_values.read_objects(texts)

    def _plan(self, record: Record) -> _Plan | None:
        """Return the plan of the first definition that reads `record`."""
        keys = tuple(record)
        plans = self._plans.get(keys)
        if plans is None:
            if len(self._plans) >= REMEMBERED:
                self._plans.clear()
            plans = self._plans[keys] = [p for d in self.definitions if (p := self._planned(d, keys))]
        for plan in plans:
            if not plan.tests or plan.fits(record):
                return plan
        return None

    def _planned(self, definition: Definition, keys: tuple[str, ...]) -> _Plan | None:
        requires = [tuple(alternatives.split("|")) for alternatives in definition.requires]
        below = [paths for paths in requires if not any(path in keys for path in paths)]
        tests = json_paths.presence(keys, below)
        if tests is None:
            return None
        tests += [_shaped(path, shape) for path, shape in definition.shapes.items()]
        columns = self._columns[definition.name]
        taker = Taker(columns)
        flat = taker.flat(keys) if definition.escape not in RAW_ESCAPES else None
        variant = self._variant(definition, keys)
        if flat is not None:
            return _Plan(variant, tests, flat, itemgetter(*(column.path for column in flat)))
        return _Plan(variant, tests, columns, taker.take_all)

    def _variant(self, definition: Definition, keys: tuple[str, ...]) -> Definition:
        """Return the definition less the evidence that some field is empty, where records have no such key at all."""
        kept = tuple(evidence for evidence in definition.evidence if _can_hold(evidence, keys))
        if kept == definition.evidence:
            return definition
        return self._variants.setdefault((definition.name, kept), replace(definition, evidence=kept))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let garbage collection rest: it would walk all the records again and again (a third of the time)."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _cuts(plans: Iterable[_Plan]) -> list[Cut]:
    """Return a Cut for each definition that took something, its rows in order."""
    frames: dict[Definition, list[pl.DataFrame]] = {}
    for plan in plans:
        frames.setdefault(plan.definition, []).append(plan.frame())
    found = []
    for definition, parts in frames.items():
        frame = parts[0] if len(parts) == 1 else pl.concat(parts, how="diagonal").sort(ROW)
        found.append(Cut(definition, frame[ROW], frame.drop(ROW)))
    return found


def _openness(definition: Definition) -> tuple[bool, int, int, str]:
    """Return the order of definitions: the more it requires the earlier, then the fewer alternatives that leaves.

    What was guessed from this file's lines comes last.
    """
    alternatives = sum(paths.count("|") for paths in definition.requires)
    known = len(definition.requires) + len(definition.shapes)
    return definition.guessed is not None, -known, alternatives, definition.name


def _columns(definition: Definition) -> list[Column]:
    """Return the fields to take; several header lines of one name are one list for X-Forwarded-For alone."""
    lists = {name for source in definition.columns.get("forwarded_for", ()) for name in source.fields}
    how = {path: json_paths.joined if path in lists else json_paths.text for path in definition.fields}
    return [Column(place, path, path, how[path]) for place, path in enumerate(sorted(definition.fields))]


def _can_hold(evidence: Evidence, keys: tuple[str, ...]) -> bool:
    absent = (condition.field for condition in evidence.when if condition.operator == "absent")
    return all(json_paths.getter(keys, path) is not None for path in absent)


def _shaped(path: str, shape: str) -> Callable[[Record], bool]:
    """Return the test that the text at `path` has the shape wholly."""
    pattern = re.compile(shape)
    return lambda record: (
        (found := json_paths.text(json_paths.find(record, path))) is not None and bool(pattern.fullmatch(found))
    )
