"""Outages: an unresolvable target kills the Node process under Express 4, and nothing answers until it is back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from clerk_logscan.incident.events import Event
from clerk_logscan.incident.logs import Log, Logs
from clerk_logscan.incident.times import MINUTE, between, length

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
        others = (
            f"; {self.refused:,} other {_were(self.refused)} answered 502, 503 or 504 meanwhile" if self.refused else ""
        )
        return f"Presumed: the Node process died of {asked} ({answer}, as Express 4 does); {until}{others}."


def _were(count: int) -> str:
    return "request was" if count == 1 else "requests were"


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


def of(outages: Iterable[Outage], events: Iterable[Event]) -> list[Outage]:
    """Return the outages that one of `events` caused."""
    wanted = set(events)
    return [outage for outage in outages if not wanted.isdisjoint(outage.crashes)]


def near(outages: Iterable[Outage], time: int) -> bool:
    """Return whether the process was down, or about to go down, around `time`."""
    return any(
        outage.start - _MARGIN <= time and (outage.end is None or time <= outage.end + _MARGIN) for outage in outages
    )


def _died(event: Event) -> bool:
    """Return whether the process may have died of the request: no log has an answer of its own."""
    return any(line.crashes for line in event.lines) and event.status in _DEAD


Answers = dict[Log, tuple[list[int], list[int]]]


def _answers(observed: pl.DataFrame, logs: Logs, start: int) -> Answers:
    """Return for each log the times, in order, of later requests that something alive answered, and that nothing did.

    A refusal (403, 429) may be a front's own; a page or an object shows that the application is back.
    """
    rows = observed.filter(
        pl.col("timestamp").is_not_null()
        & (pl.col("timestamp").dt.epoch("us") > start)
        & (pl.col("_hint").is_null() | (pl.col("_hint") != "not-forwarded"))
        & pl.col("unresolvable").fill_null(value=False).not_()
        & (pl.col("status").is_between(100, 399) | pl.col("status").is_in(list(_DOWN)))
    )
    columns = ("source", "log_format", pl.col("timestamp").dt.epoch("us"), "status")
    found: Answers = defaultdict(lambda: ([], []))
    for source, log_format, time, status in rows.select(columns).sort("timestamp", maintain_order=True).iter_rows():
        found[logs.of(source, log_format)][status in _DOWN].append(time)
    return found


def _outage(event: Event, answers: Answers) -> Outage:
    line = event.trusted
    start = line.time or event.time or 0
    alive, down = answers.get(line.log, ([], []))
    back = bisect_right(alive, start)
    end = alive[back] if back < len(alive) else None
    until = len(down) if end is None else bisect_left(down, end)
    refused = max(0, until - bisect_right(down, start))
    return Outage(start - event.ahead, None if end is None else end - event.ahead, (event,), refused)


def _merge(one: Outage, other: Outage) -> Outage:
    ends = None if one.end is None or other.end is None else max(one.end, other.end)
    return replace(one, end=ends, crashes=one.crashes + other.crashes, refused=max(one.refused, other.refused))
