"""Fields to columns: the text that a grammar cut becomes the schema's types, by the kinds that a definition names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import polars as pl

from clerk_logscan import schema
from clerk_logscan.parsing import escapes
from clerk_logscan.parsing.definitions import Condition, Definition, Evidence, Source
from clerk_logscan.parsing.field_requests import PARTS, join_query, split_request, split_request_url, split_url
from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.field_values import read_bytes, read_duration, read_status, read_text

_OF_THE_LINE: Final = ("log_format", "source", "line_number", "byte_offset", "raw")  # the parser's to fill
RESULT: Final = {name: dtype for name, dtype in schema.FRAME.items() if name not in _OF_THE_LINE}
_TEXTS: Final = ("client_ip", "forwarded_for", "method", "protocol", "host", "user_agent", "referer", "request_id")
_AS_LOGGED: Final = "\0as logged"
NON_ASCII: Final = r"[^\x21-\x7E]"
_REASON_LIMIT: Final = 200  # characters of a field's value that a reason quotes
_FORWARDED: Final = {"forwarded": True, "not-forwarded": False, "undetermined": None, "served-before": None}


def typed(raw: pl.DataFrame, definition: Definition, zone: str) -> pl.DataFrame:
    """Return the schema columns and internals of `raw`'s rows, in its order and height.

    `raw`: String columns, named as the definition's fields, the log's own escaping undone; fields that the log does
    not have may be absent. A byte that is no UTF-8 is chr(escapes.LONE + byte) in it, and becomes `\\xHH` here.
    `zone`: the zone of times that state none: an IANA name or an offset such as +05:30.
    Result: the columns RESULT, that is schema.FRAME but `log_format`, `source`, `line_number`, `byte_offset`, `raw`.
    Missing, and what does not fit its column, is null.
    """
    return typed_known(without_missing(raw, definition), definition, zone, raw.height)


def typed_known(fields: pl.DataFrame, definition: Definition, zone: str, height: int) -> pl.DataFrame:
    """Return the same of `fields` that `without_missing` gave, a frame of `height` rows."""
    return _Reader(fields, definition, zone, height).result()


def typed_times(raw: pl.DataFrame, definition: Definition, zone: str) -> pl.Series | None:
    """Return the column `timestamp` of `typed`, without the work for the others; None where the log has none."""
    return _Reader(without_missing(raw, definition), definition, zone, raw.height).time()


def holds(conditions: tuple[Condition, ...], present: frozenset[str]) -> pl.Expr:
    """Return a Boolean expression over raw fields, never null: do all the conditions hold?

    `present`: the columns of the frame that it will see. Missing texts must be null in it (`without_missing`).
    """
    return pl.all_horizontal([_holds(condition, present) for condition in conditions])


def _holds(condition: Condition, present: frozenset[str]) -> pl.Expr:
    if condition.field not in present:
        return pl.lit(condition.operator == "absent")
    as_logged = f"{condition.field}{_AS_LOGGED}"
    field, values = pl.col(as_logged if as_logged in present else condition.field), condition.values
    match condition.operator:
        case "absent":
            return pl.col(condition.field).is_null()
        case "present":
            return pl.col(condition.field).is_not_null()
        case "equals" | "in":
            test = field.is_in(list(values))
        case "matches":
            test = field.str.contains(values[0])
        case "starts":
            test = pl.any_horizontal([field.str.starts_with(value) for value in values])
        case "contains" | "lacks":
            test = field.str.contains_any(list(values)) ^ (condition.operator == "lacks")
        case _:
            items = field.str.replace_all(" ", "", literal=True).str.split(",")
            test = pl.any_horizontal([items.list.contains(value) for value in values])
            test = test ^ (condition.operator == "no-token")
    return test.fill_null(False)


def without_missing(raw: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """Return the fields that the definition reads, with null for what stands for nothing there (`-`, an empty text).

    A field that a condition compares with such a text (`= "-"`: it is there, and says nothing) has a second column with
    its text as logged. To do so again changes nothing.
    """
    return raw.select(*_known(definition, tuple(raw.columns)))


@lru_cache(maxsize=256)
def _known(definition: Definition, columns: tuple[str, ...]) -> list[pl.Expr]:
    """Return the expressions of `without_missing`: to make them takes longer than to see some hundred lines by them."""
    tested = {c.field for e in definition.evidence for c in e.when if not set(c.values).isdisjoint(definition.missing)}
    logged = [
        pl.col(f"{name}{_AS_LOGGED}" if f"{name}{_AS_LOGGED}" in columns else name).alias(f"{name}{_AS_LOGGED}")
        for name in columns
        if name in tested
    ]
    used = [pl.col(name) for name in columns if name in definition.fields]
    absent = [pl.any_horizontal([field == text for text in definition.missing]) for field in used]
    known = [pl.when(~is_missing).then(field) for field, is_missing in zip(used, absent, strict=True)]
    return [*known, *logged]


class _Reader:
    """Types the fields of one frame; a column is the first of its sources that gives a value on that row."""

    def __init__(self, raw: pl.DataFrame, definition: Definition, zone: str, height: int) -> None:
        self.raw, self.definition, self.height = raw, definition, height
        self.zone = "UTC" if definition.grammar == "w3c" else zone  # its date and time are in UTC by the format
        self.present = frozenset(raw.columns)

    def result(self) -> pl.DataFrame:
        """Return the frame of RESULT."""
        columns = {name: texts for name in _TEXTS if (texts := self.text(name)) is not None}
        self.add_request(columns)
        for name, values in (
            ("timestamp", self.time()),
            ("status", self.number("status")),
            ("upstream_status", self.number("upstream_status")),
            ("bytes_sent", self.number("bytes_sent")),
            ("duration", self.duration()),
            ("_ids", self.ids(columns.get("request_id"))),
            ("_fetch_site", self.text("fetch_site")),
        ):
            if values is not None:
                columns[name] = values
        if "request_target" in columns:
            columns["_non_ascii"] = columns["request_target"].str.contains(NON_ASCII)
        if escapes.any_wide(self.raw):
            columns = {n: escapes.spell(c) if c.dtype == pl.String else c for n, c in columns.items()}
        if not columns:
            return schema.conform(pl.DataFrame(height=self.height), RESULT)
        named = [column.alias(name) for name, column in columns.items()]
        return schema.conform(pl.DataFrame([*named, *self.hints()]), RESULT)

    def sources(self, column: str) -> list[Source]:
        """Return the sources of a column of which this frame has every field."""
        return [s for s in self.definition.columns.get(column, ()) if self.present.issuperset(s.fields)]

    def joined(self, source: Source) -> pl.Series:
        """Return the text of a source: its fields, joined by a blank where several."""
        if len(source.fields) == 1:
            return self.raw[source.fields[0]]
        return self.raw.select(pl.concat_str(source.fields, separator=" ")).to_series()

    def first(self, series: Iterable[pl.Series]) -> pl.Series | None:
        """Return, row by row, the first of the series that has a value; none is asked for behind a full one."""
        found: list[pl.Series] = []
        for one in series:
            found.append(one)
            if not one.null_count():
                break
        if len(found) < 2:
            return found[0] if found else None
        return pl.select(pl.coalesce(found)).to_series()

    def text(self, column: str) -> pl.Series | None:
        """Return a column of text."""
        return self.first(read_text(self.joined(source), source.kind) for source in self.sources(column))

    def time(self) -> pl.Series | None:
        """Return the time of the request."""
        return self.first(read_time(self.joined(s), s.kind, self.zone) for s in self.sources("timestamp"))

    def number(self, column: str) -> pl.Series | None:
        """Return a status or a count."""
        read = {"status": read_status, "bytes": read_bytes}
        return self.first(read[source.kind](self.joined(source)) for source in self.sources(column))

    def duration(self) -> pl.Series | None:
        """Return how long the request took."""
        sources = self.sources("duration")
        return self.first(read_duration([self.raw[name] for name in s.fields], s.kind) for s in sources)

    def ids(self, request_id: pl.Series | None) -> pl.Series | None:
        """Return every id of the request once, request_id first; null where there is none."""
        found = [read_text(self.joined(source), source.kind) for source in self.sources("ids")]
        found = ([] if request_id is None else [request_id]) + found
        if not found:
            return None
        lists = pl.concat_list(found).list.drop_nulls().list.unique(maintain_order=True)
        return pl.select(ids=lists).select(pl.when(pl.col("ids").list.len() > 0).then("ids")).to_series()

    def add_request(self, columns: dict[str, pl.Series]) -> None:
        """Fill method, request_target, protocol and host from the sources that hold several of them.

        What a field of its own says comes before what a request line says, and that before a URL, and path and query.
        """
        parts: list[pl.DataFrame] = []
        target = self.text("request_target")
        if target is not None:
            parts.append(target.alias("request_target").to_frame())
        for source in self.sources("request"):
            split = split_request_url if source.kind == "url" else split_request
            parts.append(split(self.joined(source)))
        parts += [split_url(self.joined(source)) for source in self.sources("url")]
        path = self.text("path")
        if path is not None:
            query = self.text("query")
            parts.append((path if query is None else join_query(path, query)).alias("request_target").to_frame())
        for name in (*PARTS, "host"):
            found = [columns[name]] if name in columns else []
            value = self.first(found + [part[name] for part in parts if name in part.columns])
            if value is not None:
                columns[name] = value
        self.split_absolute(columns)

    def split_absolute(self, columns: dict[str, pl.Series]) -> None:
        """Split the absolute target that a front writes for an HTTP/2 request, whose client names no scheme."""
        target, protocol = columns.get("request_target"), columns.get("protocol")
        if target is None or protocol is None:
            return
        rows = protocol.str.contains("^HTTP/[23]")
        if not rows.any():
            return
        rows = (rows & target.str.contains("^(?i:https?)://")).fill_null(False)
        if not rows.any():
            return
        parts = split_url(target.filter(rows))
        columns["request_target"] = target.scatter(rows.arg_true(), parts["request_target"])
        empty = pl.Series([None] * self.height, dtype=pl.String)
        host = empty.scatter(rows.arg_true(), parts["host"])
        columns["host"] = columns["host"].fill_null(host) if "host" in columns else host

    def hints(self) -> list[pl.Series]:
        """Return `_hint`, `_hint_reason` and `forwarded` by the first evidence that holds on a row."""
        if not self.definition.evidence or not self.present:
            return []
        hint, reason = _shown(self.definition.evidence, self.present)
        found = self.raw.with_columns(_hint=hint, _hint_reason=reason)
        forwarded = found["_hint"].replace_strict(_FORWARDED, default=None, return_dtype=pl.Boolean)
        return [found["_hint"], escapes.spell(found["_hint_reason"]), forwarded.alias("forwarded")]


@lru_cache(maxsize=256)
def _shown(evidence: tuple[Evidence, ...], present: frozenset[str]) -> tuple[pl.Expr, pl.Expr]:
    """Return what the first evidence shows that holds, and the reason, as expressions over raw fields."""
    hint, reason = pl.lit(None, pl.String), pl.lit(None, pl.String)
    for one in reversed(evidence):
        test = holds(one.when, present)
        hint = pl.when(test).then(pl.lit(one.shows)).otherwise(hint)
        reason = pl.when(test).then(_reason(one.reason, present)).otherwise(reason)
    return hint, reason


def _reason(text: str, present: frozenset[str]) -> pl.Expr:
    """Return the words of an evidence with the fields' values in their places; a missing one is `-`."""
    pieces = re.split(r"\{([^{}]+)\}", text)
    words = [
        _quoted(piece, present) if index % 2 else pl.lit(piece)
        for index, piece in enumerate(pieces)
        if piece or index % 2
    ]
    return pl.concat_str(words)


def _quoted(name: str, present: frozenset[str]) -> pl.Expr:
    return pl.col(name).str.slice(0, _REASON_LIMIT).fill_null("-") if name in present else pl.lit("-")
