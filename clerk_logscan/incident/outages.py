"""Outages: an unresolvable target kills the Node process under Express 4, and nothing answers until it is back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.incident.events import Events
from clerk_logscan.incident.logs import Logs
from clerk_logscan.incident.times import MINUTE, between, earliest, length

# What a front answers for a process that died or is not there; 499 and none: nobody answered.
_DOWN: Final = (502, 503, 504)
_DEAD: Final = (*_DOWN, 499, 520, 521, 522, 523, 524)
# A request still being answered when the process dies is never logged; one that comes while it starts is not, either.
_MARGIN: Final = 5 * MINUTE
_NEVER: Final = 2**63 - 1


class Outage(NamedTuple):
    """A time in which the process is presumed to have been down; `end` is None where no later line shows its end.

    `crash` is the number of the event that began it, `status` its answer, `crashes` how many events caused it.
    """

    start: int
    end: int | None
    crash: int
    status: int | None
    crashes: int
    refused: int

    @property
    def text(self) -> str:
        """Return the sentence of it."""
        answer = "without an answer" if self.status is None else f"answered {self.status}"
        asked = f"{self.crashes:,} such requests" if self.crashes > 1 else "a target without a valid host"
        if self.end is None:
            until = "nothing later shows that it came back"
        elif self.end == self.start:
            until = "it was back within the second"
        else:
            until = f"it was back after {length(self.end - self.start)} ({between(self.start, self.end)})"
        others = (
            f"; {self.refused:,} other {_were(self.refused)} answered 502, 503 or 504 meanwhile" if self.refused else ""
        )
        return f"Presumed: the Node process died of {asked} ({answer}, as Express 4 does); {until}{others}."


def _were(count: int) -> str:
    return "request was" if count == 1 else "requests were"


def possible(findings: pl.DataFrame) -> bool:
    """Return whether the process may have died of any of the findings (`crashes`, `status`)."""
    died = pl.col("crashes") & (pl.col("status").is_null() | pl.col("status").is_in(_DEAD))
    return bool(findings.select(died.any()).item())


def find(events: Events, within: Events, observed: pl.DataFrame, logs: Logs) -> tuple[list[Outage], list[Outage]]:
    """Return the outages in the order of time, overlapping ones as one: all, and those that one of `within` caused."""
    crashes = _crashes(events)
    if crashes.is_empty():
        return [], []
    mine = crashes["event"].is_in(within.table["event"].implode())
    ends = _ends(crashes.with_columns(mine.alias("mine")), _answers(observed, logs, earliest(crashes["time"]) or 0))
    ordered = ends.sort("start", maintain_order=True)
    begins = pl.col("start") > pl.col("end").fill_null(_NEVER).cum_max().shift(1, fill_value=-_NEVER)
    merged = ordered.group_by(begins.cum_sum().alias("outage"), maintain_order=True).agg(
        pl.col("start").first(),
        pl.col("end").fill_null(_NEVER).max(),
        pl.col("event").first(),
        pl.col("status").first(),
        pl.len().alias("crashes"),
        pl.col("refused").max(),
        pl.col("mine").any(),
    )
    found = [
        (Outage(start, None if end == _NEVER else end, event, status, count, refused), wanted)
        for _, start, end, event, status, count, refused, wanted in merged.iter_rows()
    ]
    return [outage for outage, _ in found], [outage for outage, wanted in found if wanted]


def near(outages: Sequence[Outage], times: pl.Series) -> pl.Series:
    """Return whether the process was down, or about to go down, around each of `times` (microseconds)."""
    starts = pl.Series([-_NEVER, *(outage.start for outage in outages)], dtype=pl.Int64)
    ends = [_NEVER if outage.end is None else outage.end + _MARGIN for outage in outages]
    last = starts.search_sorted(times.fill_null(0) + _MARGIN, side="right") - 1  # the last that begins before
    return times.fill_null(0) <= pl.Series([-_NEVER, *ends], dtype=pl.Int64).gather(last)


def _crashes(events: Events) -> pl.DataFrame:
    """Return the events of which the process may have died: no log has an answer of its own.

    `event`, `status`, `start` (by the clock of its log), `ahead`, `log`.
    """
    died = (
        events.any_line(pl.col("crashes"))
        & events.table.select(pl.col("status").is_null() | pl.col("status").is_in(_DEAD)).to_series()
    )
    log, start = events.at("trusted", "log").alias("log"), events.at("trusted", "time").alias("start")
    table = events.table.with_columns(log, start, died.alias("_died"))
    crashed = table.filter(pl.col("_died") & pl.col("time").is_not_null())
    return crashed.select("event", "status", "time", "start", "ahead", "log")


def _answers(observed: pl.DataFrame, logs: Logs, start: int) -> pl.DataFrame:
    """Return the `time`s, in order, of later requests by `log`: those that something alive answered, and `down` ones.

    A refusal (403, 429) may be a front's own; a page or an object shows that the application is back.
    """
    rows = observed.filter(
        pl.col("timestamp").is_not_null()
        & (pl.col("timestamp").dt.epoch("us") > start)
        & (pl.col("_hint").is_null() | (pl.col("_hint") != "not-forwarded"))
        & pl.col("unresolvable").fill_null(value=False).not_()
        & (pl.col("status").is_between(100, 399) | pl.col("status").is_in(_DOWN))
    )
    down = pl.col("status").is_in(_DOWN).alias("down")
    time = pl.col("timestamp").dt.epoch("us").alias("time")
    return rows.select(logs.numbers(rows).alias("log"), time, down).sort("time")


def _ends(crashes: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Return the crashes with `end`, when the same log shows it alive again, and how many were `refused` until then."""
    parts = []
    for (log,), part in crashes.group_by("log", maintain_order=True):
        told = answers.filter(pl.col("log") == log)
        alive = told.filter(~pl.col("down"))["time"].append(pl.Series([_NEVER]))
        down = told.filter("down")["time"]
        end = alive.gather(alive.search_sorted(part["start"], side="right")).alias("end")
        refused = down.search_sorted(end, side="left").cast(pl.Int64) - down.search_sorted(part["start"], side="right")
        parts.append(
            part.with_columns(end, refused.clip(0).alias("refused")).with_columns(
                pl.col("start") - pl.col("ahead"),
                pl.when(pl.col("end") != _NEVER).then(pl.col("end") - pl.col("ahead")),
            )
        )
    return pl.concat(parts).sort("event")
