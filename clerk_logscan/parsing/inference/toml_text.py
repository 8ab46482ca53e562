"""A guessed definition as the TOML that a user keeps, corrects and passes by `--parser`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from clerk_logscan.parsing.definitions import COLUMN_KINDS, Definition, Source
from clerk_logscan.parsing.inference.guess import Guess

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
Expected = Sequence[tuple[str, dict[str, Any]]]  # a line, and what its columns are


def document(guess: Guess, source: str, samples: Expected) -> str:
    """Return the definition of a guess as TOML; `source`: the log's name, `samples`: lines and what they say."""
    definition = guess.definition
    lines = [
        f"# Guessed from {_comment(source)}: it reads {guess.explained} of {guess.lines} lines.",
        "# Check it, and give the file the name that the format shall have.",
        *(f"# {_comment(reason)}" for reason in guess.reasons),
        f"title = {text(definition.title)}",
        f"vendor = {text(definition.vendor)}",
        f"grammar = {text(definition.grammar)}",
        f"hop = {text(definition.hop)}",
        f"escape = {text(definition.escape)}",
        *_layout(definition),
        "",
        "[columns]",
        *(f"{column} = {texts(map(_source, [column] * len(s), s))}" for column, s in definition.columns.items()),
        *(["", "[shapes]"] if definition.shapes else []),
        *(f"{key(name)} = {text(shape)}" for name, shape in definition.shapes.items()),
    ]
    for line, expect in samples:
        lines += ["", "[[samples]]", f"line = {text(line)}", "[samples.expect]"]
        lines += [f"{column} = {value(one)}" for column, one in expect.items()]
    return "\n".join(lines) + "\n"


def _layout(definition: Definition) -> list[str]:
    """Return the keys of a definition's grammar."""
    if definition.grammar == "template":
        return [f"templates = {texts(one.pattern for one in definition.templates)}"]
    found = [f"requires = {texts(definition.requires)}"]
    if definition.grammar == "csv":
        found += [f"delimiter = {text(definition.delimiter)}", f"order = {texts(definition.order)}"]
    if definition.grammar == "pairs":
        found += [f"delimiter = {text(definition.delimiter)}", f"separator = {text(definition.separator)}"]
    return found


def _source(column: str, source: Source) -> str:
    fields = " + ".join(source.fields)
    plain = source.kind == COLUMN_KINDS[column] and not re.search(r":[a-z][a-z0-9-]*$", fields)
    return fields if plain else f"{fields}:{source.kind}"


def text(value: str) -> str:
    """Return a text as a basic string of TOML: what would end it or a terminal would obey is escaped."""
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else _code(c)) for c in value) + '"'


def _code(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


def texts(values: Iterable[str]) -> str:
    """Return texts as an array of TOML."""
    return "[" + ", ".join(map(text, values)) + "]"


def key(name: str) -> str:
    """Return a key of TOML, quoted where it must be."""
    return name if _BARE.fullmatch(name) else text(name)


def value(one: Any) -> str:
    """Return a value of a sample's expectation; `""` is missing."""
    if isinstance(one, bool):
        return "true" if one else "false"
    return str(one) if isinstance(one, int | float) else text("" if one is None else str(one))


def _comment(words: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in words)
