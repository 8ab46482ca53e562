"""What a log format is: one TOML file, read and checked into a Definition; no polars here.

The keys are described in docs/definition-schema.json, and by example in docs/adding-a-format.md.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

GRAMMARS: Final = ("template", "w3c", "json", "csv", "pairs")
# Outermost first; `platform`: the router of a hosting platform; `unknown`: any of them.
HOPS: Final = ("edge", "balancer", "platform", "proxy", "application", "unknown")
ESCAPES: Final = ("nginx", "apache", "c", "quote", "none", "haproxy", "percent-once", "json")
# `served-before`: answered from a cache, so an equal request was forwarded before.
SHOWS: Final = ("forwarded", "served-before", "not-forwarded", "undetermined")

# How the text of a field is read (fields.py). `strftime(...)` takes a format in chrono's notation.
TIMES: Final = ("clf", "iso8601", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "epoch-auto")
DURATIONS: Final = ("s", "ms", "us", "ns", "duration")
TEXTS: Final = (
    *("text", "plus", "percent", "form", "first-word"),
    *("address", "address-port", "last-address", "trace", "authority"),
)
CAPTURED: Final = (
    "captured-host",
    "captured-domain",
    "captured-text",
    "captured-agent",
    "captured-url",
    "captured-addresses",
)  # told by their shape
NUMBERS: Final = ("status", "bytes")
REQUESTS: Final = ("request", "url", "target")
KINDS: Final = frozenset((*TIMES, *DURATIONS, *TEXTS, *CAPTURED, *NUMBERS, *REQUESTS))

# Column of the schema, or pseudo-column, to the kind its sources have when they name none.
COLUMN_KINDS: Final[dict[str, str]] = {
    "timestamp": "iso8601",
    "client_ip": "address",
    "forwarded_for": "text",
    "method": "text",
    "request_target": "target",
    "protocol": "text",
    "host": "text",
    "status": "status",
    "upstream_status": "status",
    "bytes_sent": "bytes",
    "duration": "s",
    "user_agent": "text",
    "referer": "text",
    "request_id": "text",
    "request": "request",  # pseudo: a whole request line; fills method, request_target, protocol
    "url": "url",  # pseudo: an absolute or origin-form URL; fills host and request_target
    "path": "text",  # pseudo: with `query` the request target
    "query": "text",
    "ids": "text",  # pseudo: further request or trace ids
    "fetch_site": "text",  # pseudo: Sec-Fetch-Site
}
OPERATORS: Final = ("equals", "in", "contains", "lacks", "starts", "matches", "absent", "present", "token", "no-token")


class DefinitionError(ValueError):
    """A definition that cannot be used; its text is one sentence with file, key and line where known."""


# NamedTuples rather than dataclasses, which take ten times as long to make: half a millisecond each at every start.
class Source(NamedTuple):
    """Where a column's value comes from: `fields` (joined by a blank where several) read as `kind`."""

    fields: tuple[str, ...]
    kind: str


class Condition(NamedTuple):
    """One test of a field's text: `operator` of OPERATORS with its values (none for absent and present).

    `equals` and `in`: any of the values; `contains`, `starts`: any of these pieces of text, `lacks`: none of them;
    `token`: any of them is an item of the comma list, `no-token`: none is; `matches`: a regular expression, searched.
    A field that is missing from the log is `absent` and fulfils no other condition.
    """

    field: str
    operator: str
    values: tuple[str, ...]


class Evidence(NamedTuple):
    """What the log shows of forwarding where all of `when` hold: `shows` of SHOWS, `reason` with `{field}` places."""

    when: tuple[Condition, ...]
    shows: str
    reason: str


class Template(NamedTuple):
    """A line in nginx log_format notation; `tail` are pieces that may be missing from the right, blank-separated.

    `open`: anything may follow after a further blank, as where a vendor adds fields at the end.
    `weak`: proves nothing of the format, as other formats have such lines too; read only once others have proved it.
    """

    name: str
    pattern: str
    tail: tuple[str, ...] = ()
    open: bool = False
    weak: bool = False


class Join(NamedTuple):
    """Two records, one request: lines that fulfil `first` and `second` and agree in the fields `by`.

    in_order: where a line has none of these fields, a second belongs to the first that came last.
    """

    by: tuple[str, ...]
    first: tuple[Condition, ...]
    second: tuple[Condition, ...]
    in_order: bool = False


class Sample(NamedTuple):
    """One real line and what it says: schema column to value (None where missing)."""

    line: str
    expect: Mapping[str, Any]


class Guessed(NamedTuple):
    """How sure a guessed definition is: it reads `explained` of the `lines` that it was guessed from."""

    explained: int
    lines: int


@dataclass(frozen=True)
class Definition:
    """One log format.

    name        the file's stem, as `log_format` says it
    grammar     one of GRAMMARS
    columns     schema column or pseudo-column (COLUMN_KINDS) to its sources, the first with a value wins
    shapes      field to a regular expression that its text must match whole, for the line to be of this format
    requires    json, csv, pairs: key paths that a record must have; w3c: column names that the header must have
    order       w3c, csv: the columns in their order, where no header names them
    delimiter   w3c, csv, pairs: between columns; json and template do not use it
    separator   pairs: between a key and its value
    headerless  w3c: the log has no `#Fields:` line
    evidence    what shows that a request was forwarded or not; the first that holds decides
    other       conditions under which a record is of this format but is no request
    join        json: two records that are one request; `repeats`: fields that name a request drained more than once
    hop         where such a log is written (HOPS)
    hidden_by   the path field as that log calls it, where it is normalised and so cannot show the attack
    normalised  json: keys that hold a normalised path where no value shows otherwise (nginx' `uri`)
    best_effort the vendor says that lines may be lost
    requests    false: lines of this format are recognised, and are no requests
    """

    name: str
    title: str
    vendor: str
    grammar: str
    hop: str = "proxy"
    escape: str = "none"
    missing: tuple[str, ...] = ("-", "")
    best_effort: bool = False
    hidden_by: str | None = None
    normalised: tuple[str, ...] = ()
    requests: bool = True
    templates: tuple[Template, ...] = ()
    shapes: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    delimiter: str = "\t"
    separator: str = "="
    headerless: bool = False
    columns: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    other: tuple[tuple[Condition, ...], ...] = ()
    join: Join | None = None
    repeats: tuple[str, ...] = ()
    guessed: Guessed | None = field(default=None, compare=False)
    origin: str = ""  # the file it was read from, or "" for a pasted one
    sample_text: str = field(default="", repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.name, self.origin, self.templates, self.delimiter, self.order))

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every field that a column, an evidence, a join or a repeat reads: what a grammar must cut."""
        named = {name for sources in self.columns.values() for source in sources for name in source.fields}
        conditions = [c for e in self.evidence for c in e.when] + [c for group in self.other for c in group]
        if self.join:
            named.update(self.join.by)
            conditions += [*self.join.first, *self.join.second]
        named.update(self.repeats, (c.field for c in conditions))
        named.update(place for e in self.evidence for place in re.findall(r"\{([^{}]+)\}", e.reason))
        return frozenset(named)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The sample lines with their expectations; read when first asked for, as only tests and `formats` do."""
        from clerk_logscan.parsing.definition_checks import read_samples

        return read_samples(self)


class Library(Mapping[str, Definition]):
    """Definitions by name, each read when first asked for; `-` and `_` are one in a name.

    `paths`: files of the package and of plug-ins; `loaded`: those already read. A later one of a name replaces
    an earlier one. Reading raises DefinitionError. `open`: what none of them reads may be guessed.
    """

    def __init__(self, paths: Iterable[Path], loaded: Iterable[Definition] = ()) -> None:
        self._paths = {path.stem: path for path in paths}
        self._loaded = {definition.name: definition for definition in loaded}
        self._of_grammar: dict[str, list[Definition]] = {}
        self._grammars: dict[str, str] = {}
        self.open = bool(self._paths)

    def __getitem__(self, name: str) -> Definition:
        key = name.replace("-", "_")
        if key not in self._loaded:
            if key not in self._paths:
                raise KeyError(name)
            path = self._paths[key]
            self._loaded[key] = _shipped(path) if path.parent == folder() else load(path)
        return self._loaded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self._paths, **self._loaded}))

    def __len__(self) -> int:
        return len({**self._paths, **self._loaded})

    def of_grammar(self, grammar: str) -> list[Definition]:
        """Return the definitions of one grammar in order of name, without reading the files of the others."""
        if grammar not in self._of_grammar:
            self._of_grammar[grammar] = [self[name] for name in self if self._grammar(name) == grammar]
        return list(self._of_grammar[grammar])

    def _grammar(self, name: str) -> str:
        """Return the grammar of a definition; its file is not read as TOML for that (a millisecond each)."""
        if name not in self._grammars:
            path = self._paths.get(name) if name not in self._loaded else None
            found = path and re.search(rb'^grammar\s*=\s*["\'](\w+)', path.read_bytes(), re.MULTILINE)
            self._grammars[name] = found[1].decode() if found else self[name].grammar
        return self._grammars[name]


@cache
def folder() -> Path:
    """Return the folder of the shipped definitions: in the wheel beside the code, in a checkout `parsers/`."""
    shipped = Path(__file__).parent.parent / "parsers"
    return shipped if shipped.is_dir() else Path(__file__).parent.parent.parent / "parsers"


def load_definitions(extra: Iterable[Path] = ()) -> Library:
    """Return the shipped definitions, those of installed packages, and `extra` files, which win over both.

    A package brings definitions by an entry point of the group `clerk_logscan.formats` that names a module; every
    .toml beside that module is one. Raises DefinitionError for a bad file of `extra` at once, for others when read.
    """
    paths = [*sorted(folder().glob("*.toml")), *_plugged()]
    return Library(paths, [load(path) for path in extra])


def _plugged() -> list[Path]:
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found: list[Path] = []
    for point in entry_points(group="clerk_logscan.formats"):
        spec = find_spec(point.module)
        if spec is not None and spec.origin:
            found += sorted(Path(spec.origin).parent.glob("*.toml"))
    return found


@cache
def _shipped(path: Path) -> Definition:
    """Load a file of the package, which does not change: read once, however many analyses a process makes."""
    return load(path)


def load(path: Path) -> Definition:
    """Read one definition file. Raises DefinitionError with file, and key and line where they are known."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return parse(text, path.stem.replace("-", "_"), str(path))


def parse(text: str, name: str, origin: str = "") -> Definition:
    """Read a definition from TOML text; `origin` is what errors call the file. Raises DefinitionError.

    What stands from the first `[[samples]]` on is kept as text: reading it would double the time to start.
    """
    from clerk_logscan.parsing.definition_checks import build

    cut = re.search(r"^\[\[samples\]\]", text, re.MULTILINE)
    head = text[: cut.start()] if cut else text
    try:
        document = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{origin or name}: not TOML: {error}") from error
    return build(document, head, name, origin, text if cut else "")
