"""An envelope is one TOML of `parsers/envelopes/`: a text before the line, or the record whose value the line is.

name, title, reference      what it is and where its layout is documented
certain = true              its shape alone proves it; others need inner lines that a format reads
opaque = true               the raw bytes do not show the inner line (base64, byte arrays): search cannot see it
prefix = '''...'''          a pattern of what stands before the line; groups: time, key, more, text (if more follows)
escaped = true              quotes and backslashes of the line have a backslash before them
[record]                    a JSON object: where the line is in it
each, text, time, key       paths (`a.b`, `a[].b[]` for each); the first of `text` and `time` that is there counts
requires, only, unless      paths that must be there, the only keys that may be, paths that must not be
encoded                     the value is base64, perhaps of gzip
null_hides                  a null stands for a line that is not shown
[pieces]                    how an unfinished piece is told: newline, more = { path = value }, part, order, size
[[sample]] lines, text      what it looks like, and what is inside
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from clerk_logscan.parsing import library

MAX_DEPTH: Final = 5  # envelopes within envelopes that are peeled; the deepest seen in practice are three
GROUPS: Final = frozenset({"time", "key", "more", "text"})
KINDS: Final = ("prefix", "record", "table")

Path_ = tuple[str, ...]


class EnvelopeError(ValueError):
    """A declaration that cannot be used, with its file and the reason."""


class Record(NamedTuple):
    """Where a JSON object holds the line. A path is a tuple of keys; `[]` in it means each element."""

    text: tuple[Path_, ...]
    each: Path_ = ()
    time: tuple[Path_, ...] = ()
    key: tuple[Path_, ...] = ()
    requires: tuple[Path_, ...] = ()
    only: frozenset[str] = frozenset()
    unless: tuple[Path_, ...] = ()
    encoded: bool = False
    null_hides: bool = False
    line: str = ""


class Columns(NamedTuple):
    """Which columns of a CSV export hold the line and its time, by name in lower case."""

    text: tuple[str, ...]
    time: tuple[str, ...] = ()


class Pieces(NamedTuple):
    """How a piece is told that is not the last of its line."""

    newline: bool = False  # the last piece, and only it, ends in a newline
    size: int = 0  # bytes of a piece that is not the last; shorter ones without a newline are doubtful
    more: tuple[tuple[Path_, str], ...] = ()  # values that say that another piece follows
    part: Path_ = ()  # what only the pieces of one line share
    order: Path_ = ()  # the number of the piece, from 1


class Sample(NamedTuple):
    """Lines as they stand in a log, and the lines inside."""

    lines: tuple[str, ...]
    text: tuple[str, ...]


class Envelope(NamedTuple):
    """One declared envelope; one of `prefix`, `record` and `table` is set."""

    name: str
    title: str
    reference: str
    certain: bool = False
    opaque: bool = False
    escaped: bool = False
    starts: str = ""
    prefix: str | None = None
    record: Record | None = None
    table: Columns | None = None
    pieces: Pieces | None = None
    samples: tuple[Sample, ...] = ()


@cache
def load_all() -> tuple[Envelope, ...]:
    """Return every shipped envelope, by file name, without its samples.

    The tests load and check each; to do so at every start would take as long as to read one format.
    """
    texts = [path.read_text(encoding="utf-8") for path in shipped()]
    return tuple(_envelope(tomllib.loads(text.partition("\n[[sample]]")[0])) for text in texts)


def shipped() -> list[Path]:
    """Return the files of the shipped envelopes, by name."""
    return sorted((library.folder() / "envelopes").glob("*.toml"))


def load(path: Path) -> Envelope:
    """Return the envelope that the TOML file `path` declares.

    Raises EnvelopeError naming the file and the reason.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        _check(table)
        return _envelope(table)
    except (tomllib.TOMLDecodeError, re.error, KeyError, TypeError, ValueError) as error:
        raise EnvelopeError(f"{path.name}: {error}") from error


def _check(table: dict[str, Any]) -> None:
    """Raise ValueError or re.error for what a declaration must not say."""
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise ValueError(f"needs exactly one of {', '.join(KINDS)}")
    if "prefix" in table:
        _check_prefix(table["prefix"])
        if table.get("certain") and not table.get("starts", "").startswith("^"):
            raise ValueError("a prefix that is certain needs starts, beginning with ^")


def _envelope(table: dict[str, Any]) -> Envelope:
    """Return the envelope that a file says. Raises ValueError, KeyError or TypeError with the reason."""
    return Envelope(
        name=table["name"],
        title=table["title"],
        reference=table["reference"],
        certain=table.get("certain", False),
        opaque=table.get("opaque", False),
        escaped=table.get("escaped", False),
        starts=table.get("starts", ""),
        prefix=table.get("prefix"),
        record=_record(table["record"]) if "record" in table else None,
        table=Columns(*(tuple(table["table"].get(key, ())) for key in ("text", "time"))) if "table" in table else None,
        pieces=_pieces(table["pieces"]) if "pieces" in table else None,
        samples=tuple(Sample(tuple(one["lines"]), tuple(one["text"])) for one in table.get("sample", ())),
    )


def _check_prefix(pattern: str) -> None:
    groups = set(re.compile(pattern).groupindex)
    if not pattern.startswith("^"):
        raise ValueError("prefix must start with ^")
    if groups - GROUPS:
        raise ValueError(f"prefix may have the groups {', '.join(sorted(GROUPS))} and no others")


def _record(table: dict[str, Any]) -> Record:
    unknown = table.keys() - set(Record._fields)
    if unknown:
        raise ValueError(f"record has no {', '.join(sorted(unknown))}")
    return Record(
        text=_paths(table["text"]),
        each=path(table.get("each", "")),
        time=_paths(table.get("time", ())),
        key=_paths(table.get("key", ())),
        requires=_paths(table.get("requires", ())),
        only=frozenset(table.get("only", ())),
        unless=_paths(table.get("unless", ())),
        encoded=table.get("encoded", False),
        null_hides=table.get("null_hides", False),
        line=table.get("line", ""),
    )


def _pieces(table: dict[str, Any]) -> Pieces:
    return Pieces(
        newline=table.get("newline", False),
        size=table.get("size", 0),
        more=tuple((path(key), value) for key, value in table.get("more", {}).items()),
        part=path(table.get("part", "")),
        order=path(table.get("order", "")),
    )


def _paths(texts: list[str] | tuple[str, ...]) -> tuple[Path_, ...]:
    return tuple(path(text) for text in texts)


def path(text: str) -> Path_:
    """Return `text` (`a.b[].c`) as keys, `[]` a key of its own for each element of an array."""
    return tuple(text.replace("[]", ".[]").split(".")) if text else ()
