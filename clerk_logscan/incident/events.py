"""Events: the requests that at least one rule reports, with every line that any log has of each, as frames."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

from clerk_logscan.columns import firsts, held, ordered, rank
from clerk_logscan.incident.lines import CLIENT_BUG, DECODED, OFF_HOST, UNRESOLVABLE
from clerk_logscan.incident.logs import Log, Logs
from clerk_logscan.incident.requests import Requests
from clerk_logscan.incident.times import MINUTE
from clerk_logscan.schema import SEVERITIES

# The gravest first. An off-host-after-decoding with the outcome `none` counts as the least.
OUTCOMES: Final = ("presumed-sent", "undetermined", "not-forwarded", "refused", "not-vulnerable", "none")
LOWERED: Final = ("not-forwarded", "refused", "not-vulnerable")
_RULES: Final = (OFF_HOST, DECODED, UNRESOLVABLE)


@dataclass(frozen=True)
class Events:
    """Requests that a rule reports.

    `lines` are their lines with the number of their `event` (`copy`: of an object that is read twice), in the order of
    the events, the outermost log first, copies last.

    `table` has a row an event, in the order of time: `event`, its number; of its lines, by their place in `lines`,
    `outer`, `trusted` (whose clock is believed), `gravest` (whose finding speaks for the event: the gravest, the
    innermost of equals), `telling` (the innermost that tells how far the request came), `deciding` (the innermost of a
    log that shows targets as they came, else the gravest); `time` in microseconds by the clock that is believed and
    `ahead`, by how much even that one is known to be ahead; `status`, the innermost answer that any log has;
    whether there is a finding of a rule, `sends` (off-host), `decodes`, `unresolvable`, `bug` (the client bug), and
    `noise` (that alone); `names_host`: the key could go to a foreign host; the gravest line's `target_host` and
    `target_kind`; `event_id`, which equal inputs give again.
    The rest is added as it is found out: `client`, `outcome`, `reason`, `off_host`, `incident_id`.
    """

    lines: pl.DataFrame
    table: pl.DataFrame

    def at(self, which: str, column: str) -> pl.Series:
        """Return a column of each event's line `which` (`outer`, `trusted`, ...)."""
        if self.lines.height == self.table.height:  # a line an event: it is its outer, its gravest and all else
            return self.lines[column]
        return self.lines[column].gather(self.table[which])

    def where(self, wanted: pl.Expr | pl.Series) -> Events:
        """Return the events of which `wanted` holds."""
        table = held(self.table, self.table.select(wanted).to_series().fill_null(value=False))
        return self if table is self.table else Events(self.lines, table)

    def having(self, *columns: pl.Series | pl.Expr) -> Events:
        """Return the events with more columns."""
        return Events(self.lines, self.table.with_columns(*columns))

    @cached_property
    def told(self) -> pl.DataFrame:
        """Return the lines of these events, in their order, copies too."""
        if self.table.height == _count(self.lines["event"]):
            return self.lines
        mine = pl.Series([False]).extend_constant(value=False, n=_count(self.lines["event"]) - 1)
        mine = mine.scatter(self.table["event"], values=True)
        return self.lines.filter(mine.gather(self.lines["event"]))

    @cached_property
    def own(self) -> pl.DataFrame:
        """Return the lines of these events without copies."""
        return held(self.told, ~self.told["copy"])

    @cached_property
    def findings(self) -> pl.DataFrame:
        """Return the lines that a rule reports, without copies."""
        return held(self.own, self.own["rule_id"].is_not_null())

    def any_line(self, column: pl.Expr | pl.Series) -> pl.Series:
        """Return for each event whether `column` (of the frame `own`) holds of any of its lines."""
        holds = self.own.select(column).to_series().fill_null(value=False)
        if self.own.height == self.table.height:
            return holds
        return self.table["event"].is_in(self.own["event"].filter(holds).implode())

    def of_lines(self, column: str) -> pl.Series:
        """Return for each event the first value of a column that is not null, the outermost line's first."""
        if self.own.height == self.table.height:
            return self.own[column]
        first = firsts(self.own.select("event", column).drop_nulls(), "event")
        return self.table.select("event").join(first, on="event", how="left", maintain_order="left")[column]

    def of_events(self, lines: pl.DataFrame, *columns: str) -> pl.DataFrame:
        """Return columns of the table for each of `lines`, by its `event`; every event has one of them at least."""
        told = self.table.select(columns)
        if lines.height == self.table.height:
            return told
        return told[self.table["event"].search_sorted(lines["event"])]

    def severity(self, outcome: pl.Expr) -> pl.Expr:
        """Return the severity of a finding (a row with `rule_id` and `severity`), which its event's outcome lowers."""
        void = (pl.col("rule_id") == DECODED) & (outcome == "none")
        return pl.when(outcome.is_in(LOWERED) | void).then(pl.lit("low")).otherwise(pl.col("severity"))


def _count(events: pl.Series) -> int:
    """Return how many events lines are of, which have their numbers in order."""
    return int(events[-1]) + 1 if len(events) else 0


def of(requests: Requests, logs: Logs, ahead: Mapping[Log, int]) -> Events:
    """Return the requests as events, in the order of time, those without one last, else as they stand in the inputs.

    `ahead` is by how much each log's clock is ahead of the one that is believed.
    """
    if requests.lines.is_empty():
        return _none(requests.lines)
    lines = _in_time_order(_trusted(requests.lines, logs, ahead), logs).with_row_index("line")
    needed = ("event", "line", "place", "log", "rule_id", "severity", "status", "_hint", "_distrust")
    own = held(lines.select(needed), ~lines["copy"])
    innermost, filters = -pl.col("place"), logs.told_of(own["log"], "filters")
    # A firewall tells only what it stopped.
    silent = filters & (own["_hint"].fill_null("") != "not-forwarded")
    showing, answered = ~logs.told_of(own["log"], "hidden"), ~own["status"].is_in([0, -1]).fill_null(value=True)
    picks = {
        "outer": _first(own, pl.col("place")),
        "trusted": _first(own, pl.col("_distrust"), pl.col("place")),
        "gravest": _first(held(own, own["rule_id"].is_not_null()), *_GRAVITY, innermost),
        "telling": _first(own.with_columns(silent.alias("_silent")), pl.col("_silent"), innermost),
        "_showing": _first(held(own, showing), innermost),
        "_answered": _first(held(own, answered), innermost),
    }
    events = picks["outer"].select("event")
    table = events.with_columns(_by_event(pick, events.height).alias(name) for name, pick in picks.items())
    table = table.with_columns(pl.coalesce("_showing", "gravest").alias("deciding"))
    return _described(Events(lines.drop("line", "request"), table))


# The table of `Events`: where there are none, as in most logs, nothing has to be worked out.
_TABLE: Final = pl.Schema(
    {
        "event": pl.Int64(),
        **dict.fromkeys(
            ("outer", "trusted", "gravest", "telling", "_showing", "_answered", "deciding"), pl.get_index_type()
        ),
        **dict.fromkeys(("time", "ahead", "status"), pl.Int64()),
        **dict.fromkeys(("target_host", "target_kind"), pl.String()),
        **dict.fromkeys(("sends", "decodes", "unresolvable", "bug"), pl.Boolean()),
        "event_id": pl.String(),
        **dict.fromkeys(("names_host", "noise"), pl.Boolean()),
    }
)


def _none(lines: pl.DataFrame) -> Events:
    """Return no events, of no `lines`."""
    numbers = {"event": pl.Int64, "_distrust": pl.Int32, "_ahead": pl.Int64}
    more = (pl.lit(0, dtype=dtype).alias(name) for name, dtype in numbers.items())
    return Events(lines.drop("request").with_columns(more), _TABLE.to_frame())


def _trusted(lines: pl.DataFrame, logs: Logs, ahead: Mapping[Log, int]) -> pl.DataFrame:
    """Return the lines with `_distrust`, the lowest of an event's lines is believed, and `_ahead`, how far it is ahead.

    A clock that is right is believed, else one that can be corrected; where none is known to be wrong, the outermost.
    """
    if not any(ahead.values()):
        return lines.with_columns(pl.lit(0).alias("_distrust"), pl.lit(0, dtype=pl.Int64).alias("_ahead"))
    late = pl.Series("_ahead", [ahead.get(log, 0) for log in logs.all], dtype=pl.Int64).gather(lines["log"])
    timed = pl.col("time").is_not_null()
    right = timed & (pl.col("_ahead").abs() <= MINUTE)
    distrust = pl.when(right).then(0).when(timed).then(1).otherwise(2)
    return lines.with_columns(late).with_columns(
        distrust.alias("_distrust"), pl.when(right).then(0).otherwise("_ahead").alias("_ahead")
    )


def _in_time_order(lines: pl.DataFrame, logs: Logs) -> pl.DataFrame:
    """Return the lines with `event`, the number of their request in the order of time, ordered by it."""
    needed = ("request", "source", "line_number", "time", "_ahead", "_distrust", "copy")
    own = lines.select(needed).filter(~pl.col("copy"))
    outer, trusted = firsts(own, "request"), firsts(ordered(own, "request", "_distrust"), "request")
    order = outer.select(
        "request",
        (trusted["time"] - trusted["_ahead"]).alias("_time"),
        pl.col("source").replace_strict(logs.order, default=len(logs.order), return_dtype=pl.Int64).alias("_input"),
        pl.col("line_number").fill_null(0).alias("_number"),
    ).sort("_time", "_input", "_number", nulls_last=True, maintain_order=True)
    numbered = order.select("request", pl.int_range(pl.len()).alias("event"))
    event = lines.select("request").join(numbered, on="request", how="left", maintain_order="left")["event"]
    return ordered(lines.with_columns(event), "event", "copy", "place")


def _first(lines: pl.DataFrame, *order: pl.Expr) -> pl.DataFrame:
    """Return of each event's `lines` the first in `order`: `event` and `line`."""
    if lines["event"].n_unique() < lines.height:
        lines = firsts(lines.sort("event", *order, maintain_order=True), "event")
    return lines.select("event", "line")


def _by_event(picked: pl.DataFrame, count: int) -> pl.Series:
    """Return the `line` of each of `count` events, which have their numbers in order; null where none was `picked`."""
    if picked.height == count:
        return picked["line"]
    none = pl.Series([None], dtype=picked.schema["line"]).new_from_index(0, count)
    return none.scatter(picked["event"], picked["line"])


_GRAVITY: Final = (rank("severity", SEVERITIES), rank("rule_id", _RULES))


def _described(events: Events) -> Events:
    """Return the events with what follows from their lines."""
    rule = pl.col("rule_id")
    lines, table = events.lines, events.table
    flags = {"sends": OFF_HOST, "decodes": DECODED, "unresolvable": UNRESOLVABLE, "bug": CLIENT_BUG}
    events = events.having(
        (events.at("trusted", "time") - events.at("trusted", "_ahead")).alias("time"),
        events.at("trusted", "_ahead").alias("ahead"),
        lines["status"].gather(table["_answered"]).alias("status"),
        *(events.at("gravest", name) for name in ("target_host", "target_kind")),
        *(events.any_line(rule == name).alias(flag) for flag, name in flags.items()),
        _ids(events).alias("event_id"),
    )
    others = events.any_line(rule != CLIENT_BUG)
    return events.having(
        (pl.col("sends") | pl.col("decodes")).alias("names_host"), (pl.col("bug") & ~others).alias("noise")
    )


def _ids(events: Events) -> pl.Series:
    """Return the id of each event."""
    names = ("source", "line_number", "byte_offset", "time", "request_target")
    parts = pl.DataFrame([events.at("outer", name) for name in names]).select(
        pl.col(name).cast(pl.String).fill_null("None") for name in names
    )
    return stable_ids(parts.select(pl.concat_str(pl.lit("event"), *names, separator="\0")).to_series())


_EMPTY: Final = hashlib.blake2b(digest_size=16)


def stable_ids(texts: pl.Series) -> pl.Series:
    """Return ids in the form of UUIDs (RFC 9562, version 8) that equal texts give again."""
    digests = []
    for data in texts.cast(pl.Binary).to_list():
        digest = _EMPTY.copy()  # sooner made than a new one
        digest.update(data)
        digests.append(digest.digest())
    digits = pl.Series("id", digests, dtype=pl.Binary).bin.encode("hex")
    spans = ((0, 8), (8, 4), (13, 3), (17, 3), (20, 12))
    one, two, three, four, five = (pl.col("id").str.slice(start, length) for start, length in spans)
    joined = pl.format("{}-{}-8{}-8{}-{}", one, two, three, four, five)
    return digits.to_frame().select(joined).to_series()
