"""Events: a request that at least one rule reports, with every line that any log has of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from clerk_logscan.incident.lines import DECODED, OFF_HOST, UNRESOLVABLE, Line
from clerk_logscan.schema import SEVERITIES

# The gravest first. An off-host-after-decoding with the outcome `none` counts as the least.
OUTCOMES: Final = ("presumed-sent", "undetermined", "not-forwarded", "refused", "not-vulnerable", "none")
_RULES: Final = (OFF_HOST, DECODED, UNRESOLVABLE)
_NO_ANSWER: Final = frozenset({None, 0, -1})


@dataclass(eq=False, slots=True)
class Event:
    """One request. `lines` are its lines with the outermost log first; copies of an object come last.

    `trusted` is the line whose clock is believed, `ahead` by how many microseconds even that one is known to be ahead.
    The rest is filled in as it is found out.
    """

    lines: list[Line]
    trusted: Line
    ahead: int = 0
    copies: list[Line] = field(default_factory=list)
    client: str | None = None
    outcome: str = "none"
    reason: str = ""
    incident_id: str = ""
    event_id: str = field(init=False)  # equal inputs give it again
    findings: list[Line] = field(init=False)  # the lines that a rule reports
    rules: frozenset[str] = field(init=False)  # and those rules
    names_host: bool = field(init=False)  # whether the key could go to a foreign host
    gravest: Line = field(init=False)  # whose finding speaks for the event: the gravest, the innermost of equals
    telling: Line = field(init=False)  # the innermost that tells how far the request came
    status: int | None = field(init=False)  # the innermost answer that any log has

    def __post_init__(self) -> None:
        lines = self.lines
        line = lines[0]
        self.event_id = stable_id("event", line.source, line.number, line.offset, line.time, line.target)
        if len(lines) == 1:
            self.findings, self.rules, self.gravest, self.telling = lines, _alone(line.rule_id), line, line
            self.status = None if line.status in _NO_ANSWER else line.status
        else:
            self.findings = [line for line in lines if line.rule_id is not None]
            self.rules = frozenset(line.rule_id for line in self.findings if line.rule_id)
            self.gravest = min(reversed(self.findings), key=_gravity)
            # A firewall tells only what it stopped.
            telling = [line for line in lines if not line.log.filters or line.hint == "not-forwarded"]
            self.telling = (telling or lines)[-1]
            self.status = next((line.status for line in reversed(lines) if line.status not in _NO_ANSWER), None)
        self.names_host = OFF_HOST in self.rules or DECODED in self.rules

    @property
    def outer(self) -> Line:
        """Return the line of the outermost log that has the request."""
        return self.lines[0]

    @property
    def inner(self) -> Line:
        """Return the line of the innermost log that has the request."""
        return self.lines[-1]

    @property
    def time(self) -> int | None:
        """Return when the request was logged, microseconds, by the clock that is believed."""
        time = self.trusted.time
        return time if time is None else time - self.ahead

    @property
    def off_host(self) -> bool:
        """Return whether it is an off-host event as the verdict counts them."""
        return OFF_HOST in self.rules or (DECODED in self.rules and self.outcome == "presumed-sent")

    def severity(self, line: Line) -> str:
        """Return the severity of one of its findings, which the outcome may lower."""
        lowered = self.outcome in {"not-forwarded", "refused", "not-vulnerable"}
        void = line.rule_id == DECODED and self.outcome == "none"
        return "low" if lowered or void else str(line.severity)


@cache
def _alone(rule: str | None) -> frozenset[str]:
    """Return the rules of an event of one line: one object for all of them."""
    return frozenset({rule} if rule else ())


def stable_id(*parts: object) -> str:
    """Return an id in the form of a UUID (RFC 9562, version 8) that equal parts give again."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:]}"


def _gravity(line: Line) -> tuple[int, int]:
    rank = SEVERITIES.index(line.severity) if line.severity in SEVERITIES else len(SEVERITIES)
    return rank, _RULES.index(line.rule_id) if line.rule_id in _RULES else len(_RULES)


def of(requests: Iterable[list[Line]]) -> list[Event]:
    """Return the requests that a rule reports, as events; the outermost line's clock is believed."""
    return [Event(lines, lines[0]) for lines in requests if any(line.rule_id is not None for line in lines)]


def attach_copies(events: Iterable[Event], copied: Iterable[Line], originals: Mapping[str, str]) -> list[Event]:
    """Give the lines of copied inputs to the events of their originals; return new events for what is left."""
    by_place = {(line.source, line.number, line.offset, line.target): event for event in events for line in event.lines}
    left = []
    for line in copied:
        event = by_place.get((originals[line.source], line.number, line.offset, line.target))
        if event is not None:
            event.copies.append(line)
        elif line.rule_id is not None:
            left.append(Event([line], line))
    return left
