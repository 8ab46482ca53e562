"""What the words of a verdict rest on, and how any of them names hosts and times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from clerk_logscan.incident.coverage import Span, union
from clerk_logscan.incident.incidents import listed
from clerk_logscan.incident.logs import Facts, Input, Log
from clerk_logscan.incident.times import earliest, said
from clerk_logscan.incident.verdict import Case


class Scene(NamedTuple):
    """What the words need beside the case: the logs, the people, and how much was read.

    `covered` are the spans from first to last line of each set of inputs, `holes` the gaps that no other log fills.
    """

    case: Case
    inputs: Sequence[Input]
    covered: Sequence[Span]
    holes: Sequence[Span]
    attackers: Sequence[str]
    lured: pl.DataFrame
    own: Sequence[str]
    ahead: dict[Log, int]
    facts: Facts
    proxy_requests: int

    @property
    def covered_spans(self) -> list[Span]:
        """Return the times that any log covers, in order."""
        return union(self.covered)


def hosts_of(events: pl.DataFrame) -> str:
    """Return the hosts of events, the first few by name."""
    return listed(events["target_host"].fill_null("").unique(maintain_order=True).to_list())


def first_of(events: pl.DataFrame) -> str:
    """Return when the first of some events was seen, or the only one."""
    first = earliest(events["time"])
    if first is None:
        return "at an unknown time"
    return f"first at {said(first)}" if events.height > 1 else f"at {said(first)}"


def full(why: str) -> str:
    """Return a reason as a sentence that ends."""
    return why if why.endswith(".") else why + "."
