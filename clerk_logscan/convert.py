"""Every request of any log, written in the common schema: `.parquet`, `.jsonl` or `.csv`, in bounded memory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import polars as pl

from clerk_logscan import schema
from clerk_logscan.logs import Logs
from clerk_logscan.options import OptionError, Options, Progress, silent

DEFAULT: Final = tuple(name for name in schema.COLUMNS if name != "raw")
SUFFIXES: Final = (".parquet", ".jsonl", ".csv")
_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"


def convert(
    inputs: Sequence[str], output: str, columns: Sequence[str] | None, options: Options, progress: Progress = silent
) -> Logs:
    """Write the requests of `inputs` to `output` (`-`: JSONL on standard output), whole or not at all.

    `columns` are names of schema.COLUMNS, by default all but `raw`. In .jsonl and .csv times are ISO 8601 and
    durations seconds. Returns the Logs, whose `failures` say what could not be read. Raises OptionError.
    """
    suffix = ".jsonl" if output == "-" else Path(output).suffix
    if suffix not in SUFFIXES:
        raise OptionError(f"{output}: the suffix must be one of {', '.join(SUFFIXES)}")
    logs = Logs(inputs, options, progress)
    if not logs.sources:
        return logs
    frame = logs.lazy().select(_known(columns))
    if output == "-":
        _write(frame, suffix, sys.stdout.buffer)
        return logs
    partial = Path(f"{output}.partial")
    try:
        with partial.open("wb") as file:
            _write(frame, suffix, file)
        partial.replace(output)
    except OSError as error:
        raise OptionError(f"{output}: cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return logs


def _known(columns: Sequence[str] | None) -> Sequence[str]:
    """Return the columns to write; raises OptionError for one that there is not."""
    unknown = [name for name in columns or () if name not in schema.COLUMNS]
    if unknown:
        raise OptionError(f"--columns: there is no column {unknown[0]!r}; there are {', '.join(schema.COLUMNS)}")
    return list(dict.fromkeys(columns)) if columns else DEFAULT


def _write(frame: pl.LazyFrame, suffix: str, file: IO[bytes]) -> None:
    """Write `frame` to an open binary file in the form that `suffix` names."""
    if suffix == ".parquet":
        frame.sink_parquet(file, compression_level=1)  # as small as at the default level, and sooner written
    elif suffix == ".jsonl":
        _plain(frame).sink_ndjson(file)
    else:
        _guarded(_plain(frame)).sink_csv(file)


def _plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return times as ISO 8601 text in UTC and durations as seconds."""
    types = frame.collect_schema()
    return frame.with_columns(
        *(pl.col(name).dt.to_string(_TIME) for name, kind in types.items() if kind == pl.Datetime),
        *(pl.col(name).dt.total_microseconds() / 1e6 for name, kind in types.items() if kind == pl.Duration),
    )


def _guarded(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return texts that a spreadsheet would take for a formula with an apostrophe before them."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(r"^[=+\-@\t\r]")).then("'" + text).otherwise(text).name.keep())
