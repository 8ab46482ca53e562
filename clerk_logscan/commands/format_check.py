"""`formats --check`: lint a definition and run its samples; where a line is not read, how far it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import Definition, Sample, Template
from clerk_logscan.parsing.library import Library, load
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.parsing.variables import REFERENCE


def faults(path: Path) -> Iterator[str]:
    """Yield the faults of a definition file, a sentence each; DefinitionError where it cannot be read as one."""
    definition = load(path)
    if not definition.samples:
        yield "there is no [[samples]]: a real line, with what it says, proves that the definition reads it"
    for number, sample in enumerate(definition.samples, 1):
        for fault in _sample_faults(definition, sample):
            yield f"sample {number}: {fault}"


def _sample_faults(definition: Definition, sample: Sample) -> Iterator[str]:
    """Yield what is not read of a sample as it expects."""
    rows = _read(definition, sample.line)
    if definition.requests and not rows:
        yield f"no request is read from it{_how_far(definition, sample.line)}"
    elif not definition.requests and rows:
        yield "a request is read from it, but the definition says that its lines are none"
    for column, wanted in sample.expect.items() if rows else ():
        read = _plain(rows[0].get(column))
        if column not in rows[0]:
            yield f"there is no column {column}"
        elif read != wanted:
            yield f"{column} is read as {read!r}, not {wanted!r}"


def _read(definition: Definition, text: str) -> list[dict[str, Any]]:
    """Return the requests that the definition alone reads from a sample of one or several lines."""
    lines = text.removesuffix("\n").split("\n")
    frame = pl.DataFrame({"line_number": range(1, len(lines) + 1), "byte_offset": [0] * len(lines), "raw": lines})
    parser = Parser(Library([], [definition]), definition.name)
    parser.detect(frame)
    return pl.concat([parser.read(frame).requests, parser.finish().requests]).to_dicts()


def _plain(value: Any) -> Any:
    """Return a value as definitions write it: times as ISO 8601, durations as seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(value, "strftime") else value


def _how_far(definition: Definition, line: str) -> str:
    """Say up to which variable a template reads a line: of several, the one that comes farthest."""
    if not definition.templates:
        return ""
    fits, names = max((_reach(definition, one, line) for one in definition.templates), key=lambda reach: reach[0])
    if fits == len(names):
        return ": every field fits, but the line goes on, or [shapes] or `other` rule it out"
    return f": it is read up to ${names[fits - 1]}, not ${names[fits]}" if fits else f": not even ${names[0]} fits"


def _reach(definition: Definition, one: Template, line: str) -> tuple[int, list[str]]:
    """Return how many variables of a template fit the line, and all their names."""
    found = list(REFERENCE.finditer(one.pattern))
    ends = [*(match.start() for match in found), len(one.pattern)][1:]  # each with the literal behind it
    line_alone = pl.Series([line])
    fits = 0
    for end in ends:
        pattern = template.compile_template(Template("", one.pattern[:end]), definition).regex
        if not line_alone.str.contains(pattern.removesuffix("$")).item():
            break
        fits += 1
    return fits, [match[1] or match[2] for match in found]
