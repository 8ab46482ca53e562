"""The verdict: the first of the contract's five that holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from clerk_logscan.incident.events import Event
from clerk_logscan.incident.lines import CLIENT_BUG
from clerk_logscan.incident.outcome import Windows
from clerk_logscan.incident.reading import Reason

KEY_EXPOSED: Final = "key-exposed"
ATTEMPTED: Final = "attempted"
PROBED: Final = "probed"
INCOMPLETE: Final = "incomplete"
NO_EVIDENCE: Final = "no-evidence"


@dataclass
class Case:
    """Everything that the verdict, its words and the next steps rest on; events in the order of time."""

    events: Sequence[Event]
    windows: Windows
    reasons: Sequence[Reason] = ()
    lured: Sequence[str] = field(default=())

    @cached_property
    def sent(self) -> list[Event]:
        """Return the events that are presumed sent."""
        return [event for event in self.events if event.off_host and event.outcome == "presumed-sent"]

    @cached_property
    def off_host(self) -> list[Event]:
        """Return the off-host events."""
        return [event for event in self.events if event.off_host]

    @cached_property
    def possible(self) -> list[Event]:
        """Return the events of which it is possible that the key was sent."""
        return [event for event in self.events if event.outcome == "undetermined"]

    @cached_property
    def after_rotation(self) -> list[Event]:
        """Return the events presumed sent after the key was rotated: they leaked the new key."""
        rotated = self.windows.key_rotated
        if rotated is None:
            return []
        return [event for event in self.sent if event.time is not None and event.time >= rotated]

    @cached_property
    def noise(self) -> list[Event]:
        """Return the events of the known clerk-js bug alone."""
        return [event for event in self.events if event.rules == {CLIENT_BUG}]

    @cached_property
    def loud(self) -> list[Event]:
        """Return the events that are more than that noise."""
        return [event for event in self.events if event.rules != {CLIENT_BUG}]

    @cached_property
    def verdict(self) -> str:
        """Return the verdict."""
        if self.sent:
            return KEY_EXPOSED
        if self.off_host:
            return ATTEMPTED
        if self.loud:
            return PROBED
        return INCOMPLETE if self.reasons else NO_EVIDENCE
