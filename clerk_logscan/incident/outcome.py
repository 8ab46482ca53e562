"""The outcome of a request: the first of the contract's cases that holds, and the words it rests on.

It is decided once for all requests that rest on the same facts: a sweep has thousands of them, and few outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from clerk_logscan.columns import mapped_rows
from clerk_logscan.incident import indications
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.evidence import SERVED_BEFORE, Evidence
from clerk_logscan.incident.lines import DECODED, OFF_HOST, place
from clerk_logscan.incident.logs import Log
from clerk_logscan.incident.times import said


class Windows(NamedTuple):
    """The times that the user gave, microseconds, None where not given: of the vulnerable version, and of the key."""

    vulnerable_from: int | None = None
    vulnerable_until: int | None = None
    key_rotated: int | None = None

    def safe(self, time: str, kept: pl.Expr) -> pl.Expr:
        """Return why no vulnerable version was live at `time`, null where one may have been; no time is inside.

        `kept`: the answer is from a cache, so that the request behind it was some time before.
        """
        why = pl.lit(None, dtype=pl.String)
        if self.vulnerable_until is not None:
            text = f"against a fixed version (since {said(self.vulnerable_until)}, as you gave it)"
            why = pl.when((pl.col(time) > self.vulnerable_until) & ~kept).then(pl.lit(text)).otherwise(why)
        if self.vulnerable_from is not None:
            text = f"before the vulnerable release was live (from {said(self.vulnerable_from)}, as you gave it)"
            why = pl.when(pl.col(time) < self.vulnerable_from).then(pl.lit(text)).otherwise(why)
        return why


class _Facts(NamedTuple):
    """All that an outcome rests on. `log` and `teller` are the places of the deciding and of the telling line's log."""

    names_host: bool
    unresolvable: bool
    bug: bool
    decodes: bool  # whether a line is of a target that names a host once it is decoded
    status: int | None
    safe: str | None
    missing: str | None
    rule: str | None
    refused: bool | None
    decoded_refused: bool | None
    log: int
    teller: int
    hint: str | None
    hint_reason: str | None


# An outcome and its reason; where the deciding line's place and target belong into the text, it is in pieces:
# before the place, behind it, and behind the target.
Decision = tuple[str, str, str | None, str | None]


def settle(events: Events, evidence: Evidence, windows: Windows) -> Events:
    """Return the events with `outcome`, its `reason`, and `off_host`: whether the verdict counts them so."""
    if events.table.is_empty():
        said = (pl.lit(None, pl.String).alias(name) for name in ("outcome", "reason"))
        return events.having(*said, pl.lit(None, pl.Boolean).alias("off_host"))
    facts = _facts(events, evidence, windows)
    names = ("outcome", "_before", "_past_place", "_past_target")
    decided = mapped_rows(
        facts,
        lambda *row: dict(zip(names, _decide(_Facts(*row), evidence.logs), strict=True)),
        pl.Struct(dict.fromkeys(names, pl.String())),
    )
    told = decided.struct.unnest()
    deciding = events.lines.select(place().alias("_place"), pl.col("request_target").alias("_target"))[
        events.table["deciding"]
    ]
    empty = pl.lit("")
    reason = pl.concat_str(
        "_before",
        pl.when(pl.col("_past_place").is_null()).then(empty).otherwise("_place"),
        pl.col("_past_place").fill_null(""),
        pl.when(pl.col("_past_target").is_null()).then(empty).otherwise(pl.col("_target").fill_null("None")),
        pl.col("_past_target").fill_null(""),
    )
    whole = told.hstack(deciding).select("outcome", reason.alias("reason"))
    suggested = indications.of(events)
    reasons = pl.concat_str(whole["reason"], suggested, separator="; ", ignore_nulls=True)
    settled = events.having(whole["outcome"], pl.select(reasons.alias("reason")).to_series())
    return settled.having(
        (pl.col("sends") | (pl.col("decodes") & (pl.col("outcome") == "presumed-sent"))).alias("off_host")
    )


def _facts(events: Events, evidence: Evidence, windows: Windows) -> pl.DataFrame:
    """Return a row of _Facts an event."""
    hint = events.at("telling", "_hint").alias("hint")
    kept = (pl.col("hint") == SERVED_BEFORE).fill_null(value=False)
    table = events.table.with_columns(
        hint,
        events.at("telling", "_hint_reason").alias("hint_reason"),
        events.at("telling", "log").alias("teller"),
        evidence.missing_from(events).alias("missing"),
        events.at("deciding", "rule_id").alias("rule"),
        *(events.at("deciding", name) for name in ("refused", "decoded_refused", "log")),
    ).with_columns(windows.safe("time", kept).alias("safe"))
    return table.select(_Facts._fields)


def _decide(facts: _Facts, logs: Sequence[Log]) -> Decision:
    if not facts.names_host:
        return _whole("none", _harmless(facts))
    return (
        _not_vulnerable(facts)
        or _refused(facts)
        or _arrived_harmless(facts, logs[facts.log])
        or _not_forwarded(facts, logs[facts.teller])
        or _undetermined(facts, logs[facts.teller])
        or _presumed(facts, logs[facts.log], logs[facts.teller])
    )


def _whole(outcome: str, reason: str) -> Decision:
    return outcome, reason, None, None


def _harmless(facts: _Facts) -> str:
    if facts.unresolvable:
        return "the target has no valid host, so there was nowhere to send the key"
    if facts.bug:
        return "the known clerk-js bug: a single label that does not resolve"
    return "the target stays on the Frontend API"


def _not_vulnerable(facts: _Facts) -> Decision | None:
    return _whole("not-vulnerable", f"ruled out: {facts.safe}") if facts.safe else None


def _refused(facts: _Facts) -> Decision | None:
    refused = facts.refused if facts.rule == OFF_HOST else facts.decoded_refused if facts.rule == DECODED else False
    if not refused:
        return None
    return _whole(
        "refused", "ruled out: fetch refuses this URL before it connects (userinfo, a blocked port, or its method)"
    )


def _arrived_harmless(facts: _Facts, log: Log) -> Decision | None:
    """Return `none` where a log behind, or the application's own, has the target in a harmless form."""
    if facts.rule == DECODED and log.innermost:
        past = ") has it undecoded, so it stayed on the Frontend API"
        return "none", "ruled out: the application's own log (", past, None
    if facts.rule in {OFF_HOST, DECODED}:
        return None
    return "none", "ruled out: the log behind (", ") shows that it arrived as ", ", which names no foreign host"


def _not_forwarded(facts: _Facts, teller: Log) -> Decision | None:
    if facts.hint == "not-forwarded":
        return _whole("not-forwarded", f"ruled out: {teller.name} shows that it never went on{_why(facts)}")
    return _whole("not-forwarded", f"ruled out: {facts.missing}") if facts.missing else None


def _why(facts: _Facts) -> str:
    return f" ({facts.hint_reason})" if facts.hint_reason else ""


def _undetermined(facts: _Facts, teller: Log) -> Decision | None:
    if facts.hint == "undetermined":
        reason = f"possible: {teller.name} does not tell whether it went on{_why(facts)}"
    elif facts.status in indications.GATEWAY:
        reason = f"possible: answered {facts.status}, and the key may have been captured before the connection failed"
    elif facts.status in indications.REDIRECTS:
        reason = f"possible: answered {facts.status}"
    elif facts.rule == DECODED:
        reason = "possible: it names a foreign host only if a hop behind decodes the path, and no log behind settles it"
    else:
        return None
    return _whole("undetermined", reason)


def _presumed(facts: _Facts, log: Log, teller: Log) -> Decision:
    answer = "no answer is logged" if facts.status is None else f"answered {facts.status}"
    if log.innermost:
        past = ") has it, so it certainly arrived there"
        return "presumed-sent", f"presumed: {answer}; the application's own log (", past, None
    if facts.decodes and facts.rule == OFF_HOST:
        past = ") has it decoded, naming the foreign host"
        return "presumed-sent", f"presumed: {answer}; the log behind (", past, None
    if facts.hint == SERVED_BEFORE:
        why = facts.hint_reason or f"{teller.name} answered from its cache"
        past_time = "an equal request went on before, perhaps before the log begins, its time is unknown"
        return _whole("presumed-sent", f"presumed: {why}; {past_time}")
    if facts.hint == "forwarded":
        return _whole("presumed-sent", f"presumed: {answer}; {teller.name} shows that it went on{_why(facts)}")
    return _whole("presumed-sent", f"presumed: {answer}; nothing shows that it stopped on the way")
