"""The document's rows put together for people: incidents with their requests, repeats made one line, noise apart.

Nothing is judged here: rows are grouped by the ids and words that the document holds, and every count is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from clerk_logscan.reports import words
from clerk_logscan.reports.runs import Run, runs
from clerk_logscan.rows import Row, Shelf, counts, distinct, fields, having, items, lacking, picked


@dataclass
class Chapter:
    """One incident with what belongs to it: its rows of the timeline, and its findings."""

    number: int
    incident: Row
    story: Story = field(repr=False)

    @property
    def hosts(self) -> list[str]:
        """Return the hosts that got the key, or would have."""
        return list(self.incident.get("target_hosts") or [])

    @property
    def name(self) -> str:
        """Return what the incident is called: its hosts, else its clients."""
        return words.listed(self.hosts or self.incident.get("attacker_clients") or ["no host"])

    @cached_property
    def rows(self) -> Sequence[Row]:
        """Return its rows of the timeline."""
        return self.story.rows.of(self.incident.get("incident_id"))

    @cached_property
    def findings(self) -> Sequence[Row]:
        """Return its findings."""
        return self.story.findings.of(self.incident.get("incident_id"))

    @cached_property
    def requests(self) -> Sequence[Row]:
        """Return the rows of the timeline that are findings: one an event."""
        return having(self.rows, "kind", "finding")

    @property
    def request_count(self) -> int:
        """Return how many requests it holds."""
        return self.story.request_count(self.incident.get("incident_id"))

    @property
    def finding_count(self) -> int:
        """Return how many findings it holds."""
        return self.story.finding_count(self.incident.get("incident_id"))

    def runs(self, most: int, *, findings_first: bool = False) -> list[Run]:
        """Return the rows in order of time, like requests as one line; see `runs`."""
        return runs(self.rows, most, findings_first=findings_first)

    def lines_of(self, told: Sequence[Run]) -> dict[Any, list[Row]]:
        """Return the findings of each event told: the same request in each log that saw it, the outermost log first."""
        lines = having(self.findings, "event_id", *(run.row.get("event_id") for run in told))
        events: dict[Any, list[Row]] = defaultdict(list)
        depths = self.story.depths
        for row in sorted(lines, key=lambda row: depths.get(str(row.get("source")), len(depths))):
            events[row.get("event_id")].append(row)
        return events


@dataclass
class Bundle:
    """Incidents that differ only in their hosts: a sweep, or noise."""

    severity: str
    outcome: str
    rules: tuple[str, ...]
    numbers: list[int]  # of its incidents, from 1
    story: Story = field(repr=False)

    @cached_property
    def incidents(self) -> Sequence[Row]:
        """Return its incidents."""
        return picked(self.story.data["incidents"], [number - 1 for number in self.numbers])

    @cached_property
    def hosts(self) -> list[str]:
        """Return the hosts of all its incidents, each once."""
        return items(self.incidents, "target_hosts")

    @cached_property
    def clients(self) -> list[str]:
        """Return the attackers of all its incidents, each once."""
        return items(self.incidents, "attacker_clients")

    @cached_property
    def requests(self) -> int:
        """Return the exact number of requests."""
        return sum(self.story.request_count(name) or self.story.finding_count(name) for (name,) in self._each)

    @property
    def _each(self) -> Iterator[tuple[Any]]:
        return fields(self.incidents, "incident_id")

    @property
    def first(self) -> Any:
        """Return when the first of them was seen."""
        return min((time for (time,) in fields(self.incidents, "first_seen") if time), default=None)

    @property
    def last(self) -> Any:
        """Return when the last of them was seen."""
        return max((time for (time,) in fields(self.incidents, "last_seen") if time), default=None)


class _Brief(NamedTuple):
    """Of an incident what decides whether it is told or bundled."""

    number: int
    severity: Any
    outcome: Any
    rules: tuple[Any, ...]
    clients: tuple[Any, ...]

    @property
    def kind(self) -> tuple[Any, ...]:
        """Return what noise is bundled by."""
        return self.severity, self.outcome, self.rules

    @property
    def like(self) -> tuple[Any, ...]:
        """Return what other incidents are bundled by."""
        return *self.kind, self.clients


class Story:
    """A report's document, ready to be told."""

    def __init__(self, data: Row) -> None:
        self.data = data
        self._told: dict[int, tuple[list[Chapter], list[Bundle]]] = {}

    @property
    def chapters(self) -> Iterator[Chapter]:
        """Yield every incident, in the document's order (the gravest first)."""
        return (Chapter(number, incident, self) for number, incident in enumerate(self.data["incidents"], 1))

    @cached_property
    def rows(self) -> Shelf:
        """Return the timeline by incident."""
        return Shelf(self.data["timeline"], "incident_id")

    @cached_property
    def findings(self) -> Shelf:
        """Return the findings by incident."""
        return Shelf(self.data["findings"], "incident_id")

    def request_count(self, incident: Any) -> int:
        """Return how many requests an incident holds."""
        return self._request_counts.get(incident, 0)

    def finding_count(self, incident: Any) -> int:
        """Return how many findings an incident holds."""
        return self._finding_counts.get(incident, 0)

    @cached_property
    def _request_counts(self) -> dict[Any, int]:
        return counts(having(self.data["timeline"], "kind", "finding"), "incident_id")

    @cached_property
    def _finding_counts(self) -> dict[Any, int]:
        return counts(self.data["findings"], "incident_id")

    @cached_property
    def depths(self) -> dict[str, int]:
        """Return the depth of each source among the hops, 0 the outermost."""
        hops = self.data.get("hops") or ()
        return {str(source): depth for depth, hop in enumerate(hops) for source in hop.get("sources") or ()}

    @cached_property
    def roles(self) -> dict[str, str]:
        """Return what each hop is (edge, balancer, proxy, application), by its name and by each of its sources."""
        hops = [hop for hop in self.data.get("hops") or () if hop.get("role")]
        return {str(name): str(hop["role"]) for hop in hops for name in (hop.get("name"), *(hop.get("sources") or ()))}

    def told(self, most: int) -> tuple[list[Chapter], list[Bundle]]:
        """Return the incidents to tell one by one, at most so many, and the rest bundled.

        Those of medium severity and above are told; what is low or info is noise and always bundled.
        """
        if most not in self._told:
            self._told[most] = self._tell(most)
        return self._told[most]

    def _tell(self, most: int) -> tuple[list[Chapter], list[Bundle]]:
        briefs = self._briefs
        grave = [brief for brief in briefs if words.gravity(brief.severity) <= 2]
        noise = [brief for brief in briefs if words.gravity(brief.severity) > 2]
        told = _varied(grave, most)
        numbers = {brief.number for brief in told}
        rest = [brief for brief in grave if brief.number not in numbers]
        bundles = [*_bundled(rest, lambda brief: brief.like), *_bundled(noise, lambda brief: brief.kind)]
        return [self.chapter(brief.number) for brief in told], [self._bundle(group) for group in bundles]

    def chapter(self, number: int) -> Chapter:
        """Return an incident by its number, from 1."""
        return Chapter(number, self.data["incidents"][number - 1], self)

    @property
    def count(self) -> int:
        """Return how many incidents there are."""
        return len(self.data["incidents"])

    def _bundle(self, group: list[_Brief]) -> Bundle:
        first = group[0]
        numbers = [brief.number for brief in group]
        return Bundle(str(first.severity), str(first.outcome), first.rules, numbers, self)

    @cached_property
    def _briefs(self) -> list[_Brief]:
        """Return every incident in brief, in the document's order (the gravest first)."""
        told = fields(self.data["incidents"], "severity", "outcome", "rule_ids", "attacker_clients")
        return [
            _Brief(number, severity, outcome, tuple(rules or ()), tuple(clients or ()))
            for number, (severity, outcome, rules, clients) in enumerate(told, 1)
        ]

    @cached_property
    def moments(self) -> list[Row]:
        """Return outages, gaps and releases: what happened to the system rather than in an incident."""
        return list(lacking(self.data["timeline"], "kind", "finding", "context"))

    def moments_beside(self, told: list[Chapter]) -> list[Row]:
        """Return those moments that stand in none of the incidents told one by one."""
        ids = {chapter.incident.get("incident_id") for chapter in told}
        return [row for row in self.moments if row.get("incident_id") is None or row["incident_id"] not in ids]

    @cached_property
    def rules(self) -> list[Row]:
        """Return the rules that found something, in the document's order."""
        found = {rule for (rule,) in distinct(self.data["findings"], "rule_id")}
        return [rule for rule in self.data["rules"] if rule.get("id") in found]


def _varied(briefs: list[_Brief], most: int) -> list[_Brief]:
    """Return at most so many in the given order, and two of a kind at most if not all fit: a sweep hides nothing."""
    if len(briefs) <= most:
        return briefs
    seen: dict[Any, int] = defaultdict(int)
    ranked = []
    for brief in briefs:
        if seen[brief.like] < 2:
            ranked.append((seen[brief.like], brief.number, brief))
        seen[brief.like] += 1
    chosen = sorted(ranked, key=lambda item: item[:2])[:most]
    return sorted((brief for _, _, brief in chosen), key=lambda brief: brief.number)


def _bundled(briefs: list[_Brief], key: Callable[[_Brief], tuple[Any, ...]]) -> list[list[_Brief]]:
    """Return incidents of one kind together, in the order of their first."""
    groups: dict[Any, list[_Brief]] = defaultdict(list)
    for brief in briefs:
        groups[key(brief)].append(brief)
    return list(groups.values())
