"""The verdict: the first of the contract's five that holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import polars as pl

from clerk_logscan.incident.outcome import Windows
from clerk_logscan.incident.reading import Reason

KEY_EXPOSED: Final = "key-exposed"
ATTEMPTED: Final = "attempted"
PROBED: Final = "probed"
INCOMPLETE: Final = "incomplete"
NO_EVIDENCE: Final = "no-evidence"


# Of the table of events what a verdict, its words and the advice rest on.
COLUMNS: Final = (
    "time", "status", "target_host", "target_kind", "names_host", "noise", "client", "outcome", "reason", "off_host"
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Everything that the verdict, its words and the next steps rest on; `events` is their table in the order of time.

    Each property is the part of that table of which it speaks.
    """

    events: pl.DataFrame
    windows: Windows
    reasons: Sequence[Reason] = ()
    lured: Sequence[str] = field(default=())

    @cached_property
    def sent(self) -> pl.DataFrame:
        """Return the events that are presumed sent."""
        return self.events.filter(pl.col("off_host") & (pl.col("outcome") == "presumed-sent"))

    @cached_property
    def off_host(self) -> pl.DataFrame:
        """Return the off-host events."""
        return self.events.filter("off_host")

    @cached_property
    def possible(self) -> pl.DataFrame:
        """Return the events of which it is possible that the key was sent."""
        return self.events.filter(pl.col("outcome") == "undetermined")

    @cached_property
    def after_rotation(self) -> pl.DataFrame:
        """Return the events presumed sent after the key was rotated: they leaked the new key."""
        rotated = self.windows.key_rotated
        return self.sent.clear() if rotated is None else self.sent.filter(pl.col("time") >= rotated)

    @cached_property
    def noise(self) -> pl.DataFrame:
        """Return the events of the known clerk-js bug alone."""
        return self.events.filter("noise")

    @cached_property
    def loud(self) -> pl.DataFrame:
        """Return the events that are more than that noise."""
        return self.events.filter(~pl.col("noise"))

    @cached_property
    def verdict(self) -> str:
        """Return the verdict."""
        if self.sent.height:
            return KEY_EXPOSED
        if self.off_host.height:
            return ATTEMPTED
        if self.loud.height:
            return PROBED
        return INCOMPLETE if self.reasons else NO_EVIDENCE
