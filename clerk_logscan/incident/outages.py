"""Outages: an unresolvable target kills the Node process under Express 4, and nothing answers until it is back."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clerk_logscan.incident.events import Event
from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import Log, Logs
from clerk_logscan.incident.times import MINUTE, between, length, said

# What a front answers for a process that died or is not there; 499 and none: nobody answered.
_DOWN: Final = frozenset({502, 503, 504})
_DEAD: Final = _DOWN | {None, 0, -1, 499, 520, 521, 522, 523, 524}
# A request still being answered when the process dies is never logged; one that comes while it starts is not, either.
_MARGIN: Final = 5 * MINUTE


@dataclass(frozen=True)
class Outage:
    """A time in which the process is presumed to have been down; `end` is None where no later line shows its end."""

    start: int
    end: int | None
    crashes: tuple[Event, ...]
    refused: int = 0

    @property
    def text(self) -> str:
        """Return the sentence of it."""
        status = self.crashes[0].status
        answer = "without an answer" if status in {None, 0, -1} else f"answered {status}"
        asked = f"{len(self.crashes):,} such requests" if len(self.crashes) > 1 else "a target without a valid host"
        if self.end is None:
            until = "nothing later shows that it came back"
        elif self.end == self.start:
            until = "it was back within the second"
        else:
            until = f"it was back after {length(self.end - self.start)} ({between(self.start, self.end)})"
        others = f"; {self.refused:,} other requests were answered 502, 503 or 504 meanwhile" if self.refused else ""
        return f"Presumed: the Node process died of {asked} ({answer}, as Express 4 does); {until}{others}."


def find(events: Sequence[Event], observed: pl.DataFrame, logs: Logs) -> list[Outage]:
    """Return the outages in the order of time, overlapping ones as one."""
    crashes = [event for event in events if _died(event) and event.time is not None]
    if not crashes:
        return []
    answers = _answers(observed, logs, min(event.time or 0 for event in crashes))
    found = sorted((_outage(event, answers) for event in crashes), key=lambda outage: outage.start)
    merged: list[Outage] = []
    for outage in found:
        if merged and (merged[-1].end is None or outage.start <= (merged[-1].end or 0)):
            merged[-1] = _merge(merged[-1], outage)
        else:
            merged.append(outage)
    return merged


def near(outages: Iterable[Outage], time: int) -> bool:
    """Return whether the process was down, or about to go down, around `time`."""
    return any(
        outage.start - _MARGIN <= time and (outage.end is None or time <= outage.end + _MARGIN) for outage in outages
    )


def _died(event: Event) -> bool:
    """Return whether the process may have died of the request: no log has an answer of its own."""
    return any(line.crashes for line in event.lines) and event.status in _DEAD


Answers = dict[Log, tuple[list[int], list[bool]]]


def _answers(observed: pl.DataFrame, logs: Logs, start: int) -> Answers:
    """Return for each log the times of its later requests, in order, and whether something alive answered each."""
    rows = observed.filter(
        pl.col("timestamp").is_not_null()
        & (pl.col("timestamp").dt.epoch("us") > start)
        & (pl.col("_hint").is_null() | (pl.col("_hint") != "not-forwarded"))
        & pl.col("unresolvable").fill_null(value=False).not_()
    )
    columns = ("source", "log_format", pl.col("timestamp").dt.epoch("us"), "status")
    found: dict[Log, list[tuple[int, bool]]] = defaultdict(list)
    for source, log_format, time, status in rows.select(columns).sort("timestamp", maintain_order=True).iter_rows():
        if status not in _DEAD - _DOWN:
            found[logs.of(source, log_format)].append((time, status not in _DOWN))
    return {log: ([time for time, _ in seen], [alive for _, alive in seen]) for log, seen in found.items()}


def _outage(event: Event, answers: Answers) -> Outage:
    line = _witness(event)
    start = line.time or event.time or 0
    times, alive = answers.get(line.log, ([], []))
    refused = 0
    for place in range(bisect_right(times, start), len(times)):
        if alive[place]:
            return Outage(start, times[place], (event,), refused)
        refused += 1
    return Outage(start, None, (event,), refused)


def _witness(event: Event) -> Line:
    """Return the line of the log that best shows when the process was back: the outermost with an answer."""
    return event.trusted


def _merge(one: Outage, other: Outage) -> Outage:
    ends = None if one.end is None or other.end is None else max(one.end, other.end)
    return replace(one, end=ends, crashes=one.crashes + other.crashes, refused=max(one.refused, other.refused))


def crash_times(outages: Iterable[Outage]) -> str:
    """Return when the process died, as a sentence names it."""
    return ", ".join(said(outage.start) for outage in outages)
