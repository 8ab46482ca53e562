"""Incidents: events that belong together, by who would have got the key or by who asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from clerk_logscan.incident import people
from clerk_logscan.incident.domains import registrable
from clerk_logscan.incident.events import OUTCOMES, Event, stable_id
from clerk_logscan.incident.lines import CLIENT_BUG
from clerk_logscan.incident.times import said, text
from clerk_logscan.schema import SEVERITIES

_OUTSIDE: Final = frozenset({"public", "canary"})


@dataclass(eq=False)
class Incident:
    """Events towards one registrable domain, or of one client; `events` in the order of time."""

    key: tuple[str, str]
    events: list[Event] = field(default_factory=list)
    attackers: list[str] = field(default_factory=list)
    lured: list[str] = field(default_factory=list)

    @cached_property
    def incident_id(self) -> str:
        """Return an id that equal inputs give again."""
        return stable_id("incident", *self.key)

    @cached_property
    def severity(self) -> str:
        """Return the gravest severity of its findings."""
        found = {event.severity(line) for event in self.events for line in event.findings}
        return min(found, key=_severity_rank)

    @cached_property
    def outcome(self) -> str:
        """Return the gravest outcome of its events."""
        return min({event.outcome for event in self.events}, key=OUTCOMES.index)

    @cached_property
    def times(self) -> list[int]:
        """Return the times of its events, in order."""
        return sorted(event.time for event in self.events if event.time is not None)

    @cached_property
    def off_host(self) -> int:
        """Return how many off-host events it holds."""
        return sum(event.off_host for event in self.events)

    @cached_property
    def target_hosts(self) -> list[str]:
        """Return the hosts that would get the key, in the order in which they were first asked for."""
        return _each(line.target_host for event in self.events for line in event.findings)

    def row(self) -> dict[str, Any]:
        """Return the incident as it stands in the document."""
        return {
            "incident_id": self.incident_id,
            "severity": self.severity,
            "outcome": self.outcome,
            "first_seen": text(self.times[0]) if self.times else None,
            "last_seen": text(self.times[-1]) if self.times else None,
            "events": self.off_host,
            "target_hosts": self.target_hosts,
            "target_kinds": _each(line.target_kind for event in self.events for line in event.findings),
            "rule_ids": sorted({rule for event in self.events for rule in event.rules}),
            "attacker_clients": self.attackers,
            "lured_clients": self.lured,
            "summary": self.summary(),
        }

    def summary(self) -> str:
        """Return one or two sentences: what was asked, by whom, and what came of it."""
        return f"{self._asked()}. {_CAME_OF_IT[self.outcome]}{self._known_kinds()}"

    def _asked(self) -> str:
        kind, name = self.key
        one = len(self.events) == 1
        many, name_ = f"{len(self.events):,} request{'' if one else 's'}", "names" if one else "name"
        if kind == "domain":
            return f"{many} that {name_} {listed(self.target_hosts)}{self._by()}"
        if kind == "inside":
            return f"{many} of {name} that {name_} internal targets ({listed(self.target_hosts)})"
        if kind == "client bug":
            return f"{many} of {name} with the known clerk-js bug"
        return f"{many} of {name} that {name_} no foreign host"

    def _by(self) -> str:
        people_ = [f"client {listed(self.attackers)}"] if self.attackers else []
        people_ += [f"lured user{'s' if len(self.lured) > 1 else ''} {listed(self.lured)}"] if self.lured else []
        return f", by {' and '.join(people_)}" if people_ else ""

    def _known_kinds(self) -> str:
        kinds = {line.target_kind for event in self.events for line in event.findings}
        notes = [note for kind, note in KINDS.items() if kind in kinds and self.key[0] != "client bug"]
        return "".join(f" Named: {note}." for note in notes)


_CAME_OF_IT: Final = {
    "presumed-sent": "The key is presumed sent.",
    "undetermined": "It is possible that the key was sent.",
    "not-forwarded": "Ruled out that the key was sent: the requests never reached the application.",
    "refused": "Ruled out that the key was sent: the runtime refuses such a fetch.",
    "not-vulnerable": "Ruled out that the key was sent: no vulnerable version was live then.",
    "none": "There was nothing to send.",
}
KINDS: Final = {
    "canary": "an out-of-band testing service: a scanner or a researcher, who got whatever was sent all the same",
    "metadata": "a cloud's metadata service",
    "loopback": "the machine itself",
    "link-local": "the machine's own link",
    "private": "a private network",
    "single-label": "a name without a domain, which only an inner network resolves",
}


def group(events: Sequence[Event]) -> list[Incident]:
    """Return the incidents of `events` (in the order of time), each event's `incident_id` set; the order is theirs."""
    found: dict[tuple[str, str], Incident] = {}
    for event in events:
        key = _key(event)
        incident = found.setdefault(key, Incident(key))
        incident.events.append(event)
    for incident in found.values():
        for event in incident.events:
            event.incident_id = incident.incident_id
    return list(found.values())


def name_people(incidents: Iterable[Incident], lured: Iterable[people.Lured], own: set[str]) -> None:
    """Name the attackers and the lured users of each incident."""
    clients = {user.client for user in lured}
    by_incident: dict[str, list[str]] = defaultdict(list)
    for user in lured:
        by_incident[user.event.incident_id].append(user.client)
    for incident in incidents:
        incident.lured = list(dict.fromkeys(by_incident[incident.incident_id]))
        incident.attackers = people.attackers(incident.events, clients, own)


def in_order(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the gravest first: by severity, outcome, then by time."""

    def gravity(incident: Incident) -> tuple[int, int, float, tuple[str, str]]:
        first = incident.times[0] if incident.times else float("inf")
        return _severity_rank(incident.severity), OUTCOMES.index(incident.outcome), first, incident.key

    return sorted(incidents, key=gravity)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names and the exact number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def seen(incident: Incident) -> str:
    """Return when an incident began, in words."""
    return said(incident.times[0]) if incident.times else "an unknown time"


def _key(event: Event) -> tuple[str, str]:
    line = event.gravest
    client = event.client or "an unknown client"
    if line.rule_id == CLIENT_BUG:
        return "client bug", client
    if line.target_host is None:
        return "no host", client
    if line.target_kind is None or line.target_kind in _OUTSIDE:
        return "domain", registrable(line.target_host)
    return "inside", client


def _severity_rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _each(names: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name is not None))
