"""The ledger: a row an input, so that no line goes missing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import polars as pl

from clerk_logscan import destinations, normalised, prefixes
from clerk_logscan.options import OptionError, Options
from clerk_logscan.parsing.library import Library
from clerk_logscan.readers.scan import STOPPED
from clerk_logscan.readers.sources import InputError
from clerk_logscan.reading import Reading
from clerk_logscan.visible import visible

Row = dict[str, Any]


def row(reading: Reading, named: Set[str], options: Options, definitions: Library) -> Row:
    """Return the row of an input that was read; `named` are the inputs as the user gave them."""
    found, requests = reading.row(), reading.requests
    unread = reading.unread.select("raw", "inner").iter_rows()
    return found | {
        "suspicious_malformed": sum(
            any(destinations.suspicious(text, options) for text in texts if text) for texts in unread
        ),
        "_hidden": normalised.fields(requests, found["log_formats"], definitions),
        "_named": found["source"] in named,
        "_proxy_requests": reading.scan.hits,
    }


def add_prefixes(rows: Sequence[Row], requests: pl.DataFrame, options: Options) -> None:
    """Add to the rows of inputs whose `requests` these are other prefixes under which clerk-js was served."""
    found = prefixes.foreign(_of_hosts(requests, options), options.proxy_paths)
    for row in rows:
        row["_foreign_prefixes"] = found.get(row["source"], {})


def _of_hosts(requests: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the requests to the hosts that were asked for, and those of which the log names none."""
    host = pl.col("host").str.to_lowercase().str.replace(r":\d+$", "")
    return requests.filter(host.is_null() | host.is_in(options.hosts)) if options.hosts else requests


def failure(error: InputError) -> Row:
    """Return the row of an input that was never opened: no bytes, no lines, and why."""
    counts = ("lines", "searched", "examined", "requests", "not_requests", "malformed", "suspicious_malformed")
    return {
        "source": error.name,
        "sha256": None,
        "bytes": None,
        **dict.fromkeys(counts, 0),
        "log_formats": {},
        "first_timestamp": None,
        "last_timestamp": None,
        "gaps": [],
        "complete": False,
        "error": error.message,
        "_named": True,
    }


def stopped(name: str) -> Row:
    """Return the row of an input of which nothing was read before the user stopped it."""
    return failure(InputError(name, f"{name} was not read: {STOPPED}")) | {"bytes": 0}


class Unread:
    """Every line that no format could read, as it stands, for the file at `path`; None: nobody asked."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._found: list[tuple[str, pl.DataFrame]] = []

    def add(self, reading: Reading) -> None:
        """Take those of an input."""
        if self.path is not None:
            self._found.append((reading.scan.source.name, reading.unread.select("line_number", "raw")))

    def write(self) -> None:
        """Write source, number and line, tab-separated. Raises OptionError where the file cannot be written."""
        if self.path is None:
            return
        try:
            with self.path.open("w", encoding="utf-8", newline="\n") as file:
                for source, lines in self._found:
                    file.writelines(f"{visible(source)}\t{number}\t{raw}\n" for number, raw in lines.iter_rows())
        except OSError as error:
            raise OptionError(f"--unparsed: {self.path} cannot be written: {error.strerror}") from None
