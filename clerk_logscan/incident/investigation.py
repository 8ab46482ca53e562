"""The investigation, from findings to the report document, in the order in which one thing rests on another."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import polars as pl

from clerk_logscan import rules
from clerk_logscan.incident import (
    advice,
    clocks,
    context,
    document,
    domains,
    evidence,
    incidents,
    joining,
    lines,
    logs,
    outages,
    outcome,
    people,
    reading,
    sightings,
    statement,
    timeline,
    verdict,
)
from clerk_logscan.incident import events as events_of
from clerk_logscan.incident.coverage import Span, uncovered
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import Logs
from clerk_logscan.incident.times import micros

Facts = Mapping[str, Mapping[str, Any]]
_PLACE = ["source", "line_number", "byte_offset", "timestamp", "request_target"]


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

    `findings` is what `rules.apply` gave; `observed` every parsed request with its destination columns, the findings
    among them. `inputs` are the ledger's rows, with keys that begin with `_` for what only this needs (`_set`,
    `_times`, `_hidden`, `_foreign_prefixes`, `_requestlike`, `_named`). `facts` says of each format `hop`,
    `best_effort`, `hidden_by`. `options` has the windows, `since`, `until` and `context`.
    """
    findings = findings.with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    copied = logs.copies(observed.filter(_through()), inputs)
    every = _every(findings, observed)
    known = Logs(every, inputs, facts)
    once = every.filter(pl.col("source").is_in(list(copied)).not_()) if copied else every

    requests, hops, events = _events(every, known, copied)
    ahead = clocks.offsets(known.all, hops)
    clocks.trust(events, ahead)
    events = _ordered(events, known)
    own = people.own_hops(requests)
    clients = people.Clients(own, people.fronts(every, findings))
    for event in events:
        event.client = clients.of(event)
    windows = _windows(options)
    down = outages.find(events, once, known)
    events = _within(events, options)
    outcome.settle(events, evidence.Evidence(known.all, hops, down), windows)
    down = outages.of(down, events)

    found = incidents.group(events)
    lured = people.lured(events, once)
    incidents.name_people(found, lured, own)
    found = incidents.in_order(found)

    holes = logs.input_gaps(inputs)
    reasons = reading.reasons(inputs, facts, known.all, hops)
    case = verdict.Case(events, windows, reasons, list(dict.fromkeys(user.client for user in lured)))
    scene = statement.Scene(
        case=case,
        inputs=inputs,
        covered=_covered(known),
        holes=_open_holes(known, hops),
        attackers=list(dict.fromkeys(name for incident in found for name in incident.attackers)),
        lured=lured,
        own=sorted(own),
        ahead=ahead,
        facts=facts,
        proxy_requests=_proxy_requests(inputs, observed),
    )
    rows = [
        *timeline.of_events(events),
        *context.of(events, once, known, ahead, clients, _window(options)),
        *timeline.of_outages(down),
        *timeline.of_gaps(holes),
        *timeline.of_windows(windows),
    ]
    return {
        "verdict": case.verdict,
        "statement": statement.statement(scene),
        "proxy_requests": scene.proxy_requests,
        "findings": document.finding_rows(findings, events),
        "incidents": [incident.row() for incident in found],
        "timeline": timeline.in_time_order(rows),
        "inputs": document.input_rows(inputs, holes),
        "lured": document.lured_rows(lured),
        "rules": [rule.words() for rule in rules.known()],
        "next_steps": advice.steps(case),
        "tool": document.tool(options),
        "spans": timeline.spans(down, holes),
        "hops": document.hop_rows(known.all, hops, ahead),
        "limits": statement.limits(scene),
    }


def _every(findings: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """Return every request, the findings with their rule; without the texts that only a finding's row needs."""
    bulky = ("raw", "target_url", "decoded_url", "protocol")
    told, seen = findings.drop(bulky, strict=False), observed.drop(bulky, strict=False)
    return pl.concat([told, seen.join(told, on=_PLACE, how="anti", nulls_equal=True)], how="diagonal_relaxed")


def _reported() -> pl.Expr:
    return pl.col("rule_id").is_not_null()


def _through() -> pl.Expr:
    """Return whether a request went through the proxy or would have, as logged or as a decoding hop passes it on."""
    flags = ("matched", "decoded_matched", "unresolvable")
    return pl.any_horizontal(pl.col(flags).fill_null(value=False))


def _events(every: pl.DataFrame, known: Logs, copied: Mapping[str, str]) -> tuple[list[list[Line]], Hops, list[Event]]:
    """Return the requests as lines of all logs, the hops that they prove, and the requests that a rule reports.

    With one log alone nothing can be joined, and only the findings are looked at.
    """
    told = lines.read(every.filter(_reported()))
    if len(known.all) > 1:
        told += lines.read(_nearest(every.filter(_through() & ~_reported()), every.filter(_reported())))
    for line in told:
        line.log = known.of(line.source, line.log_format)
    first = [line for line in told if line.source not in copied]
    hops = Hops(first, sightings.common(first) if len(known.all) > 1 else {})
    requests = joining.join(first, hops)
    events = events_of.of(requests)
    again = [line for line in told if line.source in copied]
    return requests, hops, events + events_of.attach_copies(events, again, copied)


_ENOUGH: Final = 100_000  # ordinary proxy requests of an input: more say no more of hops and clocks


def _nearest(others: pl.DataFrame, reported: pl.DataFrame) -> pl.DataFrame:
    """Return of each input so many of `others` as are enough, those nearest in time to what is reported."""
    if others.height <= _ENOUGH:
        return others
    times = reported.select(near="timestamp").drop_nulls().sort("near")
    ordered = others.sort("timestamp", maintain_order=True)
    if times.height:
        ordered = ordered.join_asof(times, left_on="timestamp", right_on="near", strategy="nearest")
        ordered = ordered.sort((pl.col("timestamp") - pl.col("near")).abs(), nulls_last=True, maintain_order=True)
    return ordered.group_by("source", maintain_order=True).head(_ENOUGH).sort("source", "line_number")


def _within(events: Sequence[Event], options: Any) -> list[Event]:
    """Return the events of the time and the hosts asked for; one that states none is inside."""
    since, until = micros(getattr(options, "since", None)), micros(getattr(options, "until", None))
    hosts = set(getattr(options, "hosts", ()))
    return [
        event
        for event in events
        if (event.time is None or ((since is None or event.time >= since) and (until is None or event.time <= until)))
        and (not hosts or _for_host(event, hosts))
    ]


def _for_host(event: Event, hosts: set[str]) -> bool:
    """Return whether any log names one of `hosts` as the request's, or none names any: an inner hop may rename it."""
    named = {domains.host_of(line.host) for line in event.lines} - {None}
    return not named or bool(named & hosts)


def _ordered(events: Sequence[Event], known: Logs) -> list[Event]:
    """Return the events in the order of time, those without one last, else as they stand in the inputs."""

    def place(event: Event) -> tuple[bool, int, int, int]:
        line = event.outer
        return event.time is None, event.time or 0, known.order.get(line.source, len(known.order)), line.number or 0

    return sorted(events, key=place)


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
