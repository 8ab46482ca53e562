"""Checks of a definition file: every key, its type and its values, with file, key and line in the error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from clerk_logscan.parsing import variables
from clerk_logscan.parsing.definitions import (
    COLUMN_KINDS,
    ESCAPES,
    GRAMMARS,
    HOPS,
    KINDS,
    OPERATORS,
    SHOWS,
    TARGETS,
    Condition,
    Definition,
    DefinitionError,
    Evidence,
    Join,
    Sample,
    Source,
    Template,
)
from clerk_logscan.parsing.toml_values import Values
from clerk_logscan.parsing.variable_defaults import default_evidence, variables_of, with_defaults

_RECORDS = ("json", "csv", "pairs")  # their readers leave nothing escaped
_DELIMITERS = {"csv": ",", "pairs": " "}
_OWN_KEYS = {
    "template": {"templates", "join"},
    "w3c": {"requires", "order", "delimiter", "headerless"},
    "json": {"requires", "join", "repeats", "normalised", "own_names"},
    "csv": {"requires", "order", "delimiter"},
    "pairs": {"requires", "delimiter", "separator"},
}
_KEYS = {
    *("title", "vendor", "grammar", "hop", "escape", "missing", "best_effort", "hidden_by", "requests"),
    *("columns", "shapes", "evidence", "other", "samples"),
}
# Look-around, atomic groups and backreferences: docs.rs/regex/latest/regex/#syntax has none.
_UNSUPPORTED = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]")


def build(
    document: Mapping[str, Any], text: str, name: str, origin: str, sample_text: str, *, proven: bool = False
) -> Definition:
    """Return the Definition of a parsed file; `text` only places errors. Raises DefinitionError.

    `proven`: the tests compile the patterns of such a file, which at every start would take as long as the rest.
    """
    checker = _Checker(document, text, name, origin, proven=proven)
    return checker.definition(partial(_samples, sample_text, name, origin))


def _samples(text: str, name: str, origin: str) -> tuple[Sample, ...]:
    """Return the samples in the text of a definition. Raises DefinitionError where one is not as it must be."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{origin or name}: not TOML: {error}") from error
    return _Checker(document, text, name, origin).samples()


class _Checker(Values):
    """Reads one document key by key. `proven`: its patterns are known to compile."""

    def __init__(self, document: Mapping[str, Any], text: str, name: str, origin: str, *, proven: bool = False) -> None:
        super().__init__(document, text, name, origin)
        self.proven = proven

    def definition(self, read_samples: Callable[[], tuple[Sample, ...]]) -> Definition:
        """Return the checked Definition, whose samples are read only when they are asked for."""
        grammar = self.choice("grammar", GRAMMARS, None)
        unknown = set(self.document) - _KEYS - _OWN_KEYS[grammar]
        if unknown:
            self.fail(min(unknown), f"no such key for the grammar {grammar}")
        templates = self.templates() if grammar == "template" else ()
        columns = self.columns()
        shapes = self.shapes()
        hidden_by = self.text_value("hidden_by", "") or None
        evidence = self.evidence()
        if grammar == "template":
            self.known_fields(templates, columns)
            columns, shapes, hidden_by = with_defaults(templates, columns, shapes, hidden_by)
            evidence = evidence or default_evidence(templates)
        if self.flag("requests", True) and set(TARGETS).isdisjoint(columns):
            self.fail("columns", "nothing gives the request target (request, request_target, url or path)")
        return Definition(
            name=self.name,
            title=self.text_value("title"),
            vendor=self.text_value("vendor", ""),
            grammar=grammar,
            hop=self.choice("hop", HOPS, "proxy"),
            escape=self.choice("escape", ESCAPES, "json" if grammar in _RECORDS else "none"),
            missing=tuple(dict.fromkeys((*self.strings("missing", ("-",)), ""))),
            best_effort=self.flag("best_effort", False),
            hidden_by=hidden_by,
            normalised=self.strings("normalised", ()),
            own_names=self.flag("own_names", False),
            requests=self.flag("requests", True),
            templates=templates,
            shapes=shapes,
            requires=self.strings("requires", ()),
            order=self.strings("order", ()),
            delimiter=self.text_value("delimiter", _DELIMITERS.get(grammar, "\t")),
            separator=self.text_value("separator", "="),
            headerless=self.flag("headerless", False),
            columns=columns,
            evidence=evidence,
            other=tuple(self.conditions(f"other[{i}]", when) for i, when in enumerate(self.tables("other"))),
            join=self.join(),
            repeats=self.strings("repeats", ()),
            origin=self.origin,
            read_samples=read_samples,
        )

    def templates(self) -> tuple[Template, ...]:
        """Return the patterns: each a text, or a table of name, pattern, tail, open, weak."""
        value = self.document.get("templates")
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items:
            self.fail("templates", "must be a list of patterns in log_format notation, at least one")
        return tuple(self.template(index, item) for index, item in enumerate(items))

    def template(self, index: int, item: object) -> Template:
        """Return one pattern."""
        table = {"pattern": item} if isinstance(item, str) else item
        if not isinstance(table, dict) or not isinstance(table.get("pattern"), str):
            self.fail("templates", f"number {index + 1} has no pattern")
        unknown = set(table) - {"name", "pattern", "tail", "open", "weak"}
        if unknown:
            self.fail("templates", f"number {index + 1}: no such key: {min(unknown)}")
        if not variables.names(table["pattern"]):
            self.fail("templates", f"number {index + 1} names no variable ($name)")
        tail = self.as_strings("templates", table.get("tail", []))
        name = str(table.get("name", f"pattern {index + 1}"))
        flags = bool(table.get("open", False)), bool(table.get("weak", False))
        return Template(name, table["pattern"], tail, *flags)

    def columns(self) -> dict[str, tuple[Source, ...]]:
        """Return the sources of every column that the file names."""
        found = {}
        for column, value in self.table("columns").items():
            if column not in COLUMN_KINDS:
                self.fail(f"columns.{column}", f"no such column; there are {', '.join(COLUMN_KINDS)}")
            specs = self.as_strings(f"columns.{column}", value)
            found[column] = tuple(self.source(column, spec) for spec in specs)
        return found

    def source(self, column: str, spec: str) -> Source:
        """Return the source `field`, `field:kind` or `field + field:kind`."""
        if ":strftime(" in spec and spec.endswith(")"):
            fields, _, form = spec.partition(":strftime(")
            return Source(tuple(fields.split(" + ")), f"strftime({form}")
        fields, colon, kind = spec.rpartition(":")
        if not colon or not re.fullmatch(r"[a-z][a-z0-9-]*", kind):
            return Source(tuple(spec.split(" + ")), COLUMN_KINDS[column])
        if kind not in KINDS:
            self.fail(f"columns.{column}", f"no such kind: {kind}; there are {', '.join(sorted(KINDS))}")
        return Source(tuple(fields.split(" + ")), kind)

    def known_fields(self, templates: tuple[Template, ...], columns: Mapping[str, tuple[Source, ...]]) -> None:
        """Fail where a column reads a field that no template has."""
        known = set(variables_of(templates))
        for column, sources in columns.items():
            for name in (field for source in sources for field in source.fields):
                if name not in known:
                    self.fail(f"columns.{column}", f"no template has a variable ${name}")

    def shapes(self) -> dict[str, str]:
        """Return the patterns that fields must match, each compiled once to prove that it can be."""
        found = self.table("shapes")
        for name, pattern in found.items():
            self.regex(f"shapes.{name}", pattern)
        return dict(found)

    def regex(self, key: str, pattern: object) -> str:
        """Return `pattern` where it compiles and has no group of its own."""
        if self.proven and isinstance(pattern, str):
            return pattern
        try:
            groups = re.compile(pattern).groups if isinstance(pattern, str) else -1
        except re.error as error:
            self.fail(key, f"not a regular expression: {error}")
        if not isinstance(pattern, str) or groups:
            self.fail(key, "must be a regular expression without capturing groups")
        if found := _UNSUPPORTED.search(pattern.replace("\\\\", "")):
            self.fail(key, f"{found[0]} is beyond the regular expressions of polars, which look neither ahead nor back")
        return pattern

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what shows that a request was forwarded or not."""
        found = []
        for index, table in enumerate(self.tables("evidence")):
            key = f"evidence[{index}]"
            if set(table) != {"when", "shows", "reason"} or not isinstance(table["reason"], str):
                self.fail(key, "must have when, shows and reason")
            if table["shows"] not in SHOWS:
                self.fail(key, f"shows is none of {', '.join(SHOWS)}")
            found.append(Evidence(self.conditions(key, table["when"]), table["shows"], table["reason"]))
        return tuple(found)

    def conditions(self, key: str, value: object) -> tuple[Condition, ...]:
        """Return the conditions of a table: field = text, list of texts, or { operator = text or list }."""
        if not isinstance(value, dict) or not value:
            self.fail(key, "must be a table of conditions, at least one")
        return tuple(found for name, test in value.items() for found in self.condition(key, name, test))

    def condition(self, key: str, name: str, test: object) -> list[Condition]:
        """Return the conditions on one field."""
        tests = test if isinstance(test, dict) else {"in" if isinstance(test, list) else "equals": test}
        found = []
        for operator, value in tests.items():
            if operator not in OPERATORS:
                self.fail(key, f"{name}: no such operator: {operator}; there are {', '.join(OPERATORS)}")
            if operator in ("absent", "present"):
                if value is not True:
                    self.fail(key, f"{name}: {operator} can only be true")
                found.append(Condition(name, operator, ()))
                continue
            values = self.as_strings(f"{key}.{name}", value)
            if operator == "matches":
                self.regex(f"{key}.{name}", values[0] if len(values) == 1 else None)
            found.append(Condition(name, operator, values))
        return found

    def join(self) -> Join | None:
        """Return how two records become one request."""
        table = self.table("join")
        if not table:
            return None
        if set(table) - {"in_order"} != {"by", "first", "second"}:
            self.fail("join", "must have by, first and second")
        in_order = table.get("in_order", False)
        if not isinstance(in_order, bool):
            self.fail("join.in_order", "must be true or false")
        first, second = (self.conditions(f"join.{side}", table[side]) for side in ("first", "second"))
        return Join(self.as_strings("join.by", table["by"]), first, second, in_order)

    def samples(self) -> tuple[Sample, ...]:
        """Return the samples: a line, and what each named column of it is."""
        found = []
        for index, table in enumerate(self.tables("samples")):
            line, expect = table.get("line"), table.get("expect", {})
            if not isinstance(line, str) or not isinstance(expect, dict):
                self.fail(f"samples[{index}]", "must have a line and a table expect")
            found.append(Sample(line, {column: None if value == "" else value for column, value in expect.items()}))
        return tuple(found)
