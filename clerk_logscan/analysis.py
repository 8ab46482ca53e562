"""The pipeline of `analyze`: from inputs to the Report, one call a step."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence, Set
from typing import Any

import polars as pl

from clerk_logscan import destinations, formats, ledger, rules
from clerk_logscan.gathered import Gathered
from clerk_logscan.incident import investigate, outages
from clerk_logscan.looks import Looks, grave
from clerk_logscan.near import ONE_LOG, SEVERAL, Near
from clerk_logscan.options import Options, Progress, silent
from clerk_logscan.readers import sources
from clerk_logscan.readers.sources import Source
from clerk_logscan.readers.workers import interrupt_sets
from clerk_logscan.report import Report


def analyze(inputs: Sequence[str], options: Options, progress: Progress = silent) -> Report:
    """Read the logs `inputs` (files, folders, globs, `-`) and return what the proxy was made to do.

    A bad input is a row of the ledger with an error, never an exception. Raises OptionError and DefinitionError
    for options and format definitions that cannot be used. The first Ctrl-C ends the reading, and what was read is
    reported; the second one raises KeyboardInterrupt.
    """
    stop = threading.Event()
    with interrupt_sets(stop):
        return _analyzed(inputs, options, progress, stop)


def _analyzed(inputs: Sequence[str], options: Options, progress: Progress, stop: threading.Event) -> Report:
    definitions = formats.chosen(options)
    found, failures = sources.find(inputs)
    looks = Looks(options, definitions, progress, stop)

    rows, seen, unread = _seen(looks, found, set(inputs))
    rows += map(ledger.failure, failures)

    observed = destinations.resolve(seen, options)
    findings = rules.apply(observed)
    facts = formats.facts(definitions, rows, seen)
    if not looks.stopped and _worth_another_look(findings, rows, facts):
        more = _seen_besides(looks, found, findings, seen, rows, facts)
        observed = pl.concat([observed, destinations.resolve(more, options)])

    unread.write()
    report = Report(investigate(findings, observed, rows, facts, options))
    return report.redacted() if options.redact else report


def _seen(
    looks: Looks, found: Sequence[Source], named: Set[str]
) -> tuple[list[ledger.Row], pl.DataFrame, ledger.Unread]:
    """Return what the first look saw: the ledger's rows, the requests, and what no format reads; `named`: as the user
    gave them.

    The requests are in one piece: polars copies a frame in several at every step that adds a column or drops rows.
    """
    rows: list[ledger.Row] = []
    gathered, unread = Gathered(looks.needed), ledger.Unread(looks.options.unparsed)
    for reading in looks.first(found):
        rows.append(ledger.row(reading, named, looks.options, looks.definitions))
        gathered.add(reading.requests)
        unread.add(reading)
    requests = gathered.frame.rechunk()
    ledger.add_prefixes(rows, requests, looks.options)
    begun = {row["source"] for row in rows}
    rows += [ledger.stopped(one.name) for one in found if one.name not in begun]
    return rows, requests, unread


def _worth_another_look(
    findings: pl.DataFrame, rows: Sequence[Mapping[str, Any]], facts: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Return whether more requests could tell more: of findings, or how a log that hides targets is excused."""
    if not findings.filter(pl.col("severity") != "info").is_empty():
        return True
    hiding = {name for name, fact in facts.items() if fact["hidden_by"]}
    return len(rows) > 1 and any(row.get("_hidden") or hiding.intersection(row["log_formats"]) for row in rows)


def _seen_besides(
    looks: Looks,
    found: Sequence[Source],
    findings: pl.DataFrame,
    seen: pl.DataFrame,
    rows: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Mapping[str, Any]],
) -> pl.DataFrame:
    """Return what a second look sees: see `Looks.second`. Inputs of other times than the findings' are left out.

    The proxy's ordinary requests, which may be most of a log, are asked for only where they can tell more: which logs
    are hops of each other, where there are several, and when a process that died was back.
    """
    logs = {(row.get("_set"), facts.get(name, {}).get("hop")) for row in rows for name in row["log_formats"]}
    several = len(logs) > 1
    near = Near(grave(findings)["timestamp"], max(looks.options.context, SEVERAL if several else ONE_LOG))
    covered = {row["source"]: (row["first_timestamp"], row["last_timestamp"]) for row in rows}
    again = [one for one in found if near.touches(*covered.get(one.name, (None, None)))]
    return looks.second(again, findings, seen, near, proxied=several or outages.possible(findings))
