"""The ledger: a row an input, so that no line goes missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from clerk_logscan import destinations, normalised, prefixes
from clerk_logscan.options import OptionError, Options
from clerk_logscan.parsing.definitions import Library
from clerk_logscan.readers.sources import InputError
from clerk_logscan.reading import Reading
from clerk_logscan.reports.inert import visible

Row = dict[str, Any]


def rows(
    readings: Sequence[Reading],
    failures: Sequence[InputError],
    inputs: Sequence[str],
    options: Options,
    definitions: Library,
) -> list[Row]:
    """Return the rows of the inputs that were read, then those of the inputs that could not be opened."""
    named = set(inputs)
    return [_row(reading, named, options, definitions) for reading in readings] + [
        _failure(failure) for failure in failures
    ]


def _row(reading: Reading, named: set[str], options: Options, definitions: Library) -> Row:
    row = reading.row()
    unread = reading.unread["raw"]
    return row | {
        "suspicious_malformed": sum(destinations.suspicious(raw, options) for raw in unread),
        "_foreign_prefixes": prefixes.foreign(_of_hosts(reading.requests, options), options.proxy_paths),
        "_hidden": normalised.fields(reading.requests, definitions),
        "_named": row["source"] in named,
        "_proxy_requests": reading.scan.hits,
    }


def _of_hosts(requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the requests to the hosts that were asked for, and those of which the log names none."""
    host = pl.col("host").str.to_lowercase().str.replace(r":\d+$", "")
    return requests.filter(host.is_null() | host.is_in(options.hosts)) if options.hosts else requests


def _failure(failure: InputError) -> Row:
    """Return the row of an input that was never opened: no bytes, no lines, and why."""
    counts = ("lines", "searched", "examined", "requests", "not_requests", "malformed", "suspicious_malformed")
    return {
        "source": failure.name,
        "sha256": None,
        "bytes": None,
        **dict.fromkeys(counts, 0),
        "log_formats": {},
        "first_timestamp": None,
        "last_timestamp": None,
        "gaps": [],
        "complete": False,
        "error": failure.message,
        "_named": True,
    }


def write_unread(readings: Sequence[Reading], path: Path) -> None:
    """Write every line that no format could read as it stands: source, number, line, tab-separated.

    Raises OptionError where `path` cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for reading in readings:
                name = visible(reading.scan.source.name)
                for number, raw in reading.unread.select("line_number", "raw").iter_rows():
                    file.write(f"{name}\t{number}\t{raw}\n")
    except OSError as error:
        raise OptionError(f"--unparsed: {path} cannot be written: {error.strerror}") from None
