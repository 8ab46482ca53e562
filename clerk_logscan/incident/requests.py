"""Requests: lines of all logs that are one request, found out in rows only where several logs may have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from clerk_logscan.columns import ordered
from clerk_logscan.incident import joining, own_hops, sightings
from clerk_logscan.incident import lines as lines_of
from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.logs import Logs

_PLACE = ("source", "line_number", "byte_offset", "request_target")


class Requests(NamedTuple):
    """The lines of every request that a rule reports, the hops that they prove, and one's own addresses.

    `lines` is the frame of lines with `request` (a number), `place` (from 0, the outermost log's line first) and `copy`
    (the line is of an input that holds the same object as another); ordered by these.
    """

    lines: pl.DataFrame
    hops: Hops
    own: set[str]


def join(told: pl.DataFrame, logs: Logs, copied: Mapping[str, str]) -> Requests:
    """Return the requests among the lines `told`; `copied` are the inputs that are copies, with their originals."""
    again = pl.col("source").is_in(list(copied))
    first = told.filter(~again) if copied else told
    if len(logs.all) > 1 or any(log.kind == "platform" for log in logs.all):
        seen = lines_of.read(first, logs)
        hops = Hops(seen, sightings.common(seen) if len(logs.all) > 1 else {})
        requests = joining.join(seen, hops)
        numbered, own = _numbered(first, requests), own_hops.addresses_of(requests)
    else:  # one log writes a line a request
        zero = pl.lit(0, dtype=pl.Int64).alias("place")
        numbered, hops, own = first.with_columns(pl.int_range(pl.len()).alias("request"), zero), Hops((), {}), set()
    lines = _reported(numbered).with_columns(pl.lit(value=False).alias("copy"))
    if copied:
        lines = pl.concat([lines, _copies(lines, told.filter(again), copied)])
    return Requests(ordered(lines, "request", "copy", "place"), hops, own)


def _numbered(lines: pl.DataFrame, requests: list[list[lines_of.Line]]) -> pl.DataFrame:
    """Return the lines with the number of their request and their place in it."""
    number, place = [0] * lines.height, [0] * lines.height
    for request, members in enumerate(requests):
        for at, line in enumerate(members):
            number[line.row], place[line.row] = request, at
    return lines.with_columns(pl.Series("request", number, dtype=pl.Int64), pl.Series("place", place, dtype=pl.Int64))


def _reported(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of those requests of which a rule reports one."""
    found = lines.filter(lines_of.reported())["request"]
    return lines if len(found) == lines.height else lines.filter(pl.col("request").is_in(found.unique().implode()))


def _copies(lines: pl.DataFrame, again: pl.DataFrame, originals: Mapping[str, str]) -> pl.DataFrame:
    """Return the lines of copied inputs with the request of their original; what a rule reports of the rest is new."""
    known = lines.unique(_PLACE, keep="last", maintain_order=True).select(*_PLACE, "request")
    original = again.with_columns(
        pl.col("source").replace_strict(originals, return_dtype=pl.String).alias("_original"),
        pl.int_range(pl.len()).alias("place"),
    )
    found = original.join(
        known.rename({"source": "_original"}),
        on=["_original", *_PLACE[1:]],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).drop("_original")
    copies = found.filter(pl.col("request").is_not_null()).with_columns(pl.lit(value=True).alias("copy"))
    after = pl.int_range(pl.len()) + (lines["request"].max() if lines.height else -1) + 1
    left = found.filter(pl.col("request").is_null() & lines_of.reported()).with_columns(
        after.alias("request"), pl.lit(0, dtype=pl.Int64).alias("place"), pl.lit(value=False).alias("copy")
    )
    return pl.concat([copies, left]).select(lines.columns)
