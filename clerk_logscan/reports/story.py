"""The document's rows put together for people: incidents with their requests, repeats made one line, noise apart.

Nothing is judged here: rows are grouped by the ids and words that the document holds, and every count is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from clerk_logscan.reports import words

Row = dict[str, Any]


@dataclass
class Run:
    """Like requests as one line: the first of them, how many, and when the last was."""

    row: Row
    count: int = 1
    last: Row = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count one more row of this kind."""
        self.count += 1
        self.last = row


@dataclass
class Chapter:
    """One incident with what belongs to it: its rows of the timeline, and its findings."""

    number: int
    incident: Row
    rows: list[Row]
    findings: list[Row]
    depths: dict[str, int] = field(default_factory=dict)  # of each source among the hops, 0 the outermost

    @property
    def hosts(self) -> list[str]:
        """Return the hosts that got the key, or would have."""
        return list(self.incident.get("target_hosts") or [])

    @property
    def name(self) -> str:
        """Return what the incident is called: its hosts, else its clients."""
        return words.listed(self.hosts or self.incident.get("attacker_clients") or ["no host"])

    @cached_property
    def requests(self) -> list[Row]:
        """Return the rows of the timeline that are findings: one an event."""
        return [row for row in self.rows if row.get("kind") == "finding"]

    @cached_property
    def runs(self) -> list[Run]:
        """Return the rows in order of time, like requests as one line."""
        return runs(self.rows)

    @cached_property
    def lines_of(self) -> dict[Any, list[Row]]:
        """Return the findings of each event: the same request in each log that saw it, the outermost log first."""
        events: dict[Any, list[Row]] = defaultdict(list)
        for row in sorted(self.findings, key=lambda row: self.depths.get(str(row.get("source")), len(self.depths))):
            events[row.get("event_id")].append(row)
        return events


@dataclass
class Bundle:
    """Incidents that differ only in their hosts: a sweep, or noise."""

    severity: str
    outcome: str
    rules: tuple[str, ...]
    clients: tuple[str, ...]
    chapters: list[Chapter]

    @property
    def hosts(self) -> list[str]:
        """Return the hosts of all its incidents, each once."""
        return list(dict.fromkeys(host for chapter in self.chapters for host in chapter.hosts))

    @property
    def requests(self) -> int:
        """Return the exact number of requests."""
        return sum(len(chapter.requests) or len(chapter.findings) for chapter in self.chapters)

    @property
    def first(self) -> Any:
        """Return when the first of them was seen."""
        return min(filter(None, (c.incident.get("first_seen") for c in self.chapters)), default=None)

    @property
    def last(self) -> Any:
        """Return when the last of them was seen."""
        return max(filter(None, (c.incident.get("last_seen") for c in self.chapters)), default=None)


class Story:
    """A report's document, ready to be told."""

    def __init__(self, data: Row) -> None:
        self.data = data

    @cached_property
    def chapters(self) -> list[Chapter]:
        """Return every incident, in the document's order (the gravest first)."""
        rows, findings = _by_incident(self.data["timeline"]), _by_incident(self.data["findings"])
        hops = self.data.get("hops") or ()
        depths = {str(source): depth for depth, hop in enumerate(hops) for source in hop.get("sources") or ()}
        return [
            Chapter(number, incident, rows[incident.get("incident_id")], findings[incident.get("incident_id")], depths)
            for number, incident in enumerate(self.data["incidents"], 1)
        ]

    @cached_property
    def roles(self) -> dict[str, str]:
        """Return what each hop is (edge, balancer, proxy, application), by its name and by each of its sources."""
        hops = [hop for hop in self.data.get("hops") or () if hop.get("role")]
        return {str(name): str(hop["role"]) for hop in hops for name in (hop.get("name"), *(hop.get("sources") or ()))}

    def told(self, most: int) -> tuple[list[Chapter], list[Bundle]]:
        """Return the incidents to tell one by one, at most so many, and the rest bundled.

        Those of medium severity and above are told; what is low or info is noise and always bundled.
        """
        grave = [c for c in self.chapters if words.gravity(c.incident.get("severity")) <= 2]
        noise = [c for c in self.chapters if words.gravity(c.incident.get("severity")) > 2]
        told = _varied(grave, most)
        numbers = {c.number for c in told}
        return told, bundles([c for c in grave if c.number not in numbers], _like) + bundles(noise, _alike_noise)

    @cached_property
    def moments(self) -> list[Row]:
        """Return outages, gaps and releases: what happened to the system rather than in an incident."""
        return [row for row in self.data["timeline"] if row.get("kind") not in ("finding", "context")]

    def moments_beside(self, told: list[Chapter]) -> list[Row]:
        """Return those moments that stand in none of the incidents told one by one."""
        ids = {chapter.incident.get("incident_id") for chapter in told}
        return [row for row in self.moments if row.get("incident_id") is None or row["incident_id"] not in ids]

    @cached_property
    def rules(self) -> list[Row]:
        """Return the rules that found something, in the document's order."""
        found = {row.get("rule_id") for row in self.data["findings"]}
        return [rule for rule in self.data["rules"] if rule.get("id") in found]


def runs(rows: Iterable[Row]) -> list[Run]:
    """Return rows as lines in order of their first: like requests of one client are one line with a count."""
    found: dict[Any, Run] = {}
    for at, row in enumerate(rows):
        single = row.get("kind") not in ("finding", "context")
        key = at if single else _run_key(row)
        if key in found:
            found[key].add(row)
        else:
            found[key] = Run(row)
    return list(found.values())


def _run_key(row: Row) -> tuple[Any, ...]:
    target = str(row.get("request_target") or "").split("?")[0]
    names = ("kind", "client_ip", "method", "status", "outcome", "target_host")
    return (*(row.get(name) for name in names), target)


def _by_incident(rows: Iterable[Row]) -> defaultdict[Any, list[Row]]:
    found: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("incident_id") is not None:
            found[row["incident_id"]].append(row)
    return found


def _like(chapter: Chapter) -> tuple[Any, ...]:
    incident = chapter.incident
    clients = tuple(incident.get("attacker_clients") or ())
    return (*_alike_noise(chapter), clients)


def _alike_noise(chapter: Chapter) -> tuple[Any, ...]:
    incident = chapter.incident
    return (incident.get("severity"), incident.get("outcome"), tuple(incident.get("rule_ids") or ()))


def _varied(chapters: list[Chapter], most: int) -> list[Chapter]:
    """Return at most so many in the given order, and two of a kind at most if not all fit: a sweep hides nothing."""
    if len(chapters) <= most:
        return chapters
    seen: dict[Any, int] = defaultdict(int)
    ranked = []
    for chapter in chapters:
        if seen[_like(chapter)] < 2:
            ranked.append((seen[_like(chapter)], chapter.number, chapter))
        seen[_like(chapter)] += 1
    chosen = sorted(ranked, key=lambda item: item[:2])[:most]
    return sorted((chapter for _, _, chapter in chosen), key=lambda chapter: chapter.number)


def bundles(chapters: list[Chapter], key: Callable[[Chapter], tuple[Any, ...]]) -> list[Bundle]:
    """Return incidents of one kind as one bundle each, in the order of their first."""
    groups: dict[Any, list[Chapter]] = defaultdict(list)
    for chapter in chapters:
        groups[key(chapter)].append(chapter)
    return [_bundle(group) for group in groups.values()]


def _bundle(group: list[Chapter]) -> Bundle:
    incident = group[0].incident
    clients = dict.fromkeys(client for c in group for client in c.incident.get("attacker_clients") or ())
    rules = tuple(incident.get("rule_ids") or ())
    return Bundle(str(incident.get("severity")), str(incident.get("outcome")), rules, tuple(clients), group)
