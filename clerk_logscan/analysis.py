"""The pipeline of `analyze`: from inputs to the Report, one call a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from clerk_logscan import destinations, formats, ledger, rules, schema
from clerk_logscan.incident import investigate
from clerk_logscan.looks import Looks
from clerk_logscan.options import Options, Progress, silent
from clerk_logscan.readers import sources
from clerk_logscan.report import Report

# What makes two parsed rows one: a line may hold several records, and both looks may read it.
_SAME: Final = ("source", "line_number", "byte_offset", "timestamp", "client_ip", "request_target")


def analyze(inputs: Sequence[str], options: Options, progress: Progress = silent) -> Report:
    """Read the logs `inputs` (files, folders, globs, `-`) and return what the proxy was made to do.

    A bad input is a row of the ledger with an error, never an exception. Raises OptionError and DefinitionError
    for options and format definitions that cannot be used.
    """
    definitions = formats.chosen(options)
    found, failures = sources.find(inputs)
    looks = Looks(options, definitions, progress)

    readings = looks.first(found)
    seen = pl.concat([schema.empty(), *(reading.requests for reading in readings)])
    observed = _resolved(seen, options)
    findings = rules.apply(observed)
    if not findings.filter(pl.col("severity") != "info").is_empty():
        more = looks.second(found, findings).join(seen, on=_SAME, how="anti", nulls_equal=True)
        observed = pl.concat([observed, _resolved(more, options)])

    rows = ledger.rows(readings, failures, inputs, options)
    if options.unparsed is not None:
        ledger.write_unread(readings, options.unparsed)
    report = Report(investigate(findings, observed, rows, formats.facts(definitions, rows), options))
    return report.redacted() if options.redact else report


def _resolved(requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the requests that the options ask for, with the host that would get the key."""
    return destinations.resolve(requests.filter(_wanted(options)), options)


def _wanted(options: Options) -> pl.Expr:
    """Return whether a request is within the time and of a host that was asked for; what a log does not tell is."""
    time, host = pl.col("timestamp"), pl.col("host").str.to_lowercase().str.replace(r":\d+$", "")
    wanted = pl.lit(value=True)
    if options.since is not None:
        wanted &= time.is_null() | (time >= options.since)
    if options.until is not None:
        wanted &= time.is_null() | (time <= options.until)
    if options.hosts:
        wanted &= host.is_null() | host.is_in(options.hosts)
    return wanted
