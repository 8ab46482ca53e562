"""What a log format is: a Definition; no polars here.

The keys are described in docs/definition-schema.json, and by example in docs/adding-a-format.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

GRAMMARS: Final = ("template", "w3c", "json", "csv", "pairs")
# Outermost first; `platform`: the router of a hosting platform; `unknown`: any of them.
HOPS: Final = ("edge", "balancer", "platform", "proxy", "application", "unknown")
ESCAPES: Final = ("nginx", "apache", "c", "quote", "none", "haproxy", "percent-once", "json")
# `served-before`: answered from a cache, so an equal request was forwarded before.
# The columns of which one holds the request target.
TARGETS: Final = ("request", "request_target", "url", "path")
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
    own_names   json: users name the keys themselves, so what stays empty may stand under a name that is not listed
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
    own_names: bool = False
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
    read_samples: Callable[[], tuple[Sample, ...]] = field(default=tuple, repr=False, compare=False)

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
        """The sample lines with their expectations; read when first asked for, as only tests and `formats` do.

        Raises DefinitionError where one is not as it must be.
        """
        return self.read_samples()
