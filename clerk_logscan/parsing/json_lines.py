"""JSON records to String columns: a record is read once, and its keys tell of which definition it is.

All JSON definitions are tried together. What a key set allows is worked out once and remembered, since the
records of a file repeat a few key sets; only paths below the top level are looked up record by record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing import json_paths, json_values
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition, Evidence

Record = dict[str, Any]
REMEMBERED: Final = 4096  # key sets; a hostile log could otherwise make each line its own
RAW_ESCAPES: Final = ("haproxy", "none", "c")  # a backslash in such a log's strings is no escape of JSON's


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a definition reads records of one key set: what must hold still, and how to take each field."""

    definition: Definition
    tests: tuple[Callable[[Record], bool], ...]
    takers: tuple[Callable[[Record], str | None], ...]

    def fits(self, record: Record) -> bool:
        """Tell whether the paths below the top level that the definition requires exist."""
        return all(test(record) for test in self.tests)


class JsonLines:
    """Cuts JSON records by the first definition whose required paths they have; the more it requires, the earlier."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        found = [definition for definition in definitions if definition.grammar == "json"]
        self.definitions = sorted(found, key=lambda d: -(len(d.requires) + len(d.shapes)))
        self._plans: dict[tuple[str, ...], list[_Plan]] = {}
        self._variants: dict[tuple[str, tuple[Evidence, ...]], Definition] = {}
        self._fields = {d.name: sorted(d.fields) for d in self.definitions}

    def cut(self, texts: pl.Series) -> list[Cut]:
        """Return what the definitions read of `texts`, a record each; other rows are in no Cut."""
        rows: dict[Definition, list[int]] = {}
        values: dict[Definition, list[tuple[str | None, ...]]] = {}
        for row, record in enumerate(json_values.read_objects(texts)):
            plan = self._plan(record) if record else None
            if plan is None or record is None:
                continue
            if plan.definition.escape in RAW_ESCAPES and "\\" in texts[row]:
                record = json_values.read_raw(texts[row]) or record
            rows.setdefault(plan.definition, []).append(row)
            values.setdefault(plan.definition, []).append(tuple([take(record) for take in plan.takers]))
        return [Cut(d, pl.Series(places, dtype=pl.UInt32), self._frame(d, values[d])) for d, places in rows.items()]

    def _frame(self, definition: Definition, values: list[tuple[str | None, ...]]) -> pl.DataFrame:
        columns = zip(*values, strict=True)
        fields = self._fields[definition.name]
        return pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in zip(fields, columns, strict=True)])

    def _plan(self, record: Record) -> _Plan | None:
        """Return the plan of the first definition that reads `record`."""
        keys = tuple(record)
        plans = self._plans.get(keys)
        if plans is None:
            if len(self._plans) >= REMEMBERED:
                self._plans.clear()
            plans = self._plans[keys] = [p for d in self.definitions if (p := self._planned(d, keys))]
        return next((plan for plan in plans if plan.fits(record)), None)

    def _planned(self, definition: Definition, keys: tuple[str, ...]) -> _Plan | None:
        tests: list[Callable[[Record], bool]] = []
        for alternatives in definition.requires:
            test = json_paths.present(keys, alternatives.split("|"))
            if test is False:
                return None
            if test is not True:
                tests.append(test)
        tests += [_shaped(keys, path, shape) for path, shape in definition.shapes.items()]
        lists = {name for s in definition.columns.get("forwarded_for", ()) for name in s.fields}
        takers = [_taker(keys, path, path in lists) for path in self._fields[definition.name]]
        return _Plan(self._variant(definition, keys), tuple(tests), tuple(takers))

    def _variant(self, definition: Definition, keys: tuple[str, ...]) -> Definition:
        """Return the definition less the evidence that some field is empty, where records have no such key at all."""
        kept = tuple(evidence for evidence in definition.evidence if _can_hold(evidence, keys))
        if kept == definition.evidence:
            return definition
        return self._variants.setdefault((definition.name, kept), replace(definition, evidence=kept))


def _can_hold(evidence: Evidence, keys: tuple[str, ...]) -> bool:
    absent = (condition.field for condition in evidence.when if condition.operator == "absent")
    return all(json_paths.getter(keys, path) is not None for path in absent)


def _taker(keys: tuple[str, ...], path: str, is_list: bool) -> Callable[[Record], str | None]:
    """Return how to take the text at `path` from records with these keys; all elements where it `is_list`."""
    get = json_paths.getter(keys, path)
    if get is None:
        return lambda record: None
    as_text = json_paths.joined if is_list else json_paths.text
    return lambda record: as_text(get(record))


def _shaped(keys: tuple[str, ...], path: str, shape: str) -> Callable[[Record], bool]:
    """Return the test that the text at `path` has the shape wholly."""
    take = _taker(keys, path, False)
    pattern = re.compile(shape)
    return lambda record: (found := take(record)) is not None and pattern.fullmatch(found) is not None
