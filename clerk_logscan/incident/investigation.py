"""The investigation, from findings to the report document, in the order in which one thing rests on another."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import polars as pl

from clerk_logscan import rules
from clerk_logscan.columns import held, mapped
from clerk_logscan.incident import (
    advice,
    clocks,
    context,
    document,
    domains,
    evidence,
    incidents,
    lines,
    logs,
    outages,
    outcome,
    people,
    reading,
    requests,
    statement,
    timeline,
    verdict,
)
from clerk_logscan.incident import events as events_of
from clerk_logscan.incident.coverage import Span, uncovered
from clerk_logscan.incident.events import Events
from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.logs import Logs
from clerk_logscan.incident.scene import Scene
from clerk_logscan.incident.times import micros
from clerk_logscan.near import ENOUGH
from clerk_logscan.rows import Rows

Facts = Mapping[str, Mapping[str, Any]]
_FLAGS: Final = ("matched", "decoded_matched", "unresolvable")
_NEEDED: Final = frozenset({"timestamp", *_FLAGS, *lines.COLUMNS})


def investigate(
    findings: pl.DataFrame, observed: pl.DataFrame, inputs: Sequence[dict[str, Any]], facts: Facts, options: Any
) -> dict[str, Any]:
    """Return the report document (docs/report.md) of what the logs show; see `_investigated`.

    The collector of garbage rests meanwhile: there is none, and it would look at every line again and again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return _investigated(findings, observed, inputs, facts, options)
    finally:
        if collects:
            gc.enable()


def _investigated(
    findings: pl.DataFrame, observed: pl.DataFrame, inputs: Sequence[dict[str, Any]], facts: Facts, options: Any
) -> dict[str, Any]:
    """Return the report document.

    `findings` is what `rules.apply` gave of the first rows of `observed`: every parsed request with its destination
    columns, the findings among them. `inputs` are the ledger's rows, with keys that begin with `_` for what only this
    needs (`_set`, `_times`, `_hidden`, `_foreign_prefixes`, `_requestlike`, `_named`). `facts` says of each format
    `hop`, `best_effort`, `hidden_by`. `options` has the windows, `since`, `until` and `context`.
    """
    findings = findings.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"))
    copied = logs.copies(observed, _through(), inputs)
    every = _every(findings, observed)
    known = Logs(every, inputs, facts)
    once = every.filter(pl.col("source").is_in(list(copied)).not_()) if copied else every

    asked = requests.join(_told(every, known), known, copied)
    hops, own = asked.hops, asked.own
    ahead = clocks.offsets(known.all, hops)
    clients = people.Clients(own, people.fronts(every, findings))
    events = events_of.of(asked, known, ahead)
    events = events.having(clients.of(events))
    every_event, events = events, _within(events, options)
    windows = _windows(options)
    down, mine = outages.find(every_event, events, once, known)
    events = outcome.settle(events, evidence.Evidence(known.all, hops, down), windows)
    events = incidents.group(events)
    lured = people.lured(events, once)
    found = incidents.of(events, lured, people.attackers(events, lured["client"], own))

    holes = logs.input_gaps(inputs)
    reasons = reading.reasons(inputs, facts, known.all, hops)
    users = lured["client"].unique(maintain_order=True).to_list()
    case = verdict.Case(events.table.select(verdict.COLUMNS), windows, reasons, users)
    scene = Scene(
        case=case,
        inputs=inputs,
        covered=_covered(known),
        holes=_open_holes(known, hops),
        attackers=found["attacker_clients"].explode().drop_nulls().unique(maintain_order=True).to_list(),
        lured=lured,
        own=sorted(own),
        ahead=ahead,
        facts=facts,
        proxy_requests=_proxy_requests(inputs, observed),
    )
    rows = [
        timeline.of_events(events, known.all),
        context.of(events, once, known, ahead, clients, _window(options)),
        timeline.of_outages(mine, events),
        timeline.of_gaps(holes),
        timeline.of_windows(windows),
    ]
    return {
        "verdict": case.verdict,
        "statement": statement.statement(scene),
        "proxy_requests": scene.proxy_requests,
        "findings": Rows(document.finding_rows(findings, events)),
        "incidents": Rows(found),
        "timeline": Rows(timeline.in_time_order(rows)),
        "inputs": document.input_rows(inputs, holes),
        "lured": document.lured_rows(lured),
        "rules": [rule.words() for rule in rules.known()],
        "next_steps": advice.steps(case),
        "tool": document.tool(options),
        "spans": timeline.spans(mine, holes),
        "hops": document.hop_rows(known.all, hops, ahead),
        "limits": statement.limits(scene),
    }


def _every(findings: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """Return every request, the findings first, with their rule; without what only a finding's row needs."""
    told, seen = (frame.select(name for name in frame.columns if name in _NEEDED) for frame in (findings, observed))
    others = pl.Series([True]).new_from_index(0, seen.height).scatter(findings["_observed"], values=False)
    return pl.concat([told, held(seen, others)], how="diagonal_relaxed", rechunk=True)


def _through() -> pl.Expr:
    """Return whether a request went through the proxy or would have, as logged or as a decoding hop passes it on."""
    return pl.any_horizontal(pl.col(_FLAGS).fill_null(value=False))


def _told(every: pl.DataFrame, known: Logs) -> pl.DataFrame:
    """Return the lines to look at: what a rule reports, and what else went through the proxy, if hops may show by it.

    With one log alone nothing can be joined, and only the findings are looked at.
    """
    found = every.head(every.height - every["rule_id"].null_count())
    if len(known.all) < 2:
        return lines.table(found, known)
    others = _nearest(every.filter(_through() & ~lines.reported()), found)
    return lines.table(pl.concat([found, others], how="diagonal"), known)


def _nearest(others: pl.DataFrame, reported: pl.DataFrame) -> pl.DataFrame:
    """Return of each input so many of `others` as are enough, those nearest in time to what is reported."""
    if others.height <= ENOUGH:
        return others
    times = reported.select(near="timestamp").drop_nulls().sort("near")
    ordered = others.sort("timestamp", maintain_order=True)
    if times.height:
        ordered = ordered.join_asof(times, left_on="timestamp", right_on="near", strategy="nearest")
        ordered = ordered.sort((pl.col("timestamp") - pl.col("near")).abs(), nulls_last=True, maintain_order=True)
    return ordered.group_by("source", maintain_order=True).head(ENOUGH).sort("source", "line_number")


def _within(events: Events, options: Any) -> Events:
    """Return the events of the time and the hosts asked for; one that states no time is inside.

    So is one for which any log names one of these hosts, or none names any: an inner hop may rename it.
    """
    since, until = micros(getattr(options, "since", None)), micros(getattr(options, "until", None))
    hosts = set(getattr(options, "hosts", ()))
    time = pl.col("time")
    if since is not None:
        events = events.where(time.is_null() | (time >= since))
    if until is not None:
        events = events.where(time.is_null() | (time <= until))
    if hosts:
        named = mapped(events.own["host"], domains.host_of, pl.String())
        asked, silent = events.any_line(named.is_in(list(hosts))), ~events.any_line(named.is_not_null())
        events = events.where(asked | silent)
    return events


def _windows(options: Any) -> outcome.Windows:
    names = ("vulnerable_from", "vulnerable_until", "key_rotated")
    return outcome.Windows(**{name: micros(getattr(options, name, None)) for name in names})


def _window(options: Any) -> int:
    context: timedelta | None = getattr(options, "context", None)
    return 0 if context is None else context // timedelta(microseconds=1)


def _covered(known: Logs) -> list[Span]:
    return [
        (coverage.first, coverage.last)
        for coverage in known.coverages.values()
        if coverage.first is not None and coverage.last is not None
    ]


def _open_holes(known: Logs, hops: Hops) -> list[Span]:
    """Return the gaps that no other log of the same requests fills."""
    found = []
    for name, coverage in known.coverages.items():
        pairs = [hop for log in known.in_set(name) for hop in hops.pairs.values() if log in (hop.outer, hop.inner)]
        for hole in coverage.holes:
            if not any(_fills(hop, name, hole) for hop in pairs):
                found.append(hole)
    return found


def _fills(hop: Any, name: str, hole: Span) -> bool:
    other, back = (hop.inner, -hop.skew) if hop.outer.name == name else (hop.outer, hop.skew)
    spans = [(start + back, end + back) for start, end in other.coverage.spans()]
    return not other.hidden and not uncovered(hole, spans)


def _proxy_requests(inputs: Sequence[dict[str, Any]], observed: pl.DataFrame) -> int:
    """Return how many lines hold the proxy path: as the search counted them, else as they were parsed."""
    if any("_proxy_requests" in row for row in inputs):
        return sum(row.get("_proxy_requests") or 0 for row in inputs)
    return observed.filter(pl.col("matched").fill_null(value=False)).height
