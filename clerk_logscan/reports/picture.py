"""The geometry of the pictures: the timeline with a lane a client, and the time that each input covers.

Only numbers and words: the template draws them. Positions are fractions of the span of time shown, so that a script can
zoom.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from clerk_logscan.reports import words
from clerk_logscan.reports.story import Row, Story

LEFT, WIDTH, LANE, TOP = 236, 720, 30, 34
_MOST_LANES, _MOST_BARS, _BINS, _FINE = 12, 40, 36, 4000
ASIDE = 13  # between marks of unlike outcomes on one place
_STEPS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000)
OUTCOMES = ("presumed-sent", "undetermined", "not-forwarded", "refused", "not-vulnerable", "none", "context")
_YEAR = 366 * 86400


@dataclass
class Mark:
    """Requests of one lane and outcome that fall on one place: their gravest severity, and how many they are."""

    at: float
    aside: int
    outcome: str
    severity: str
    count: int
    title: str


@dataclass
class Lane:
    """A client, or several folded into one line."""

    label: str
    role: str
    y: int
    marks: list[Mark] = field(default_factory=list)
    fine: str = ""  # `at,outcome,severity,count;...` by index, for the script that zooms


@dataclass
class Span:
    """A stretch of time as fractions of the picture: a gap, an outage, or what an input covers."""

    kind: str
    start: float
    end: float
    title: str


@dataclass
class Picture:
    """What the template draws; `begin` and `end` in seconds of the epoch."""

    begin: float
    end: float
    lanes: list[Lane]
    spans: list[Span]
    ticks: list[tuple[float, str, str]]
    releases: list[tuple[float, str]]

    @property
    def height(self) -> int:
        """Return the height of the picture in its own units."""
        return TOP + LANE * len(self.lanes) + 10


def short(number: int) -> str:
    """Return a count for a narrow place: `999`, `1.2k`, `34k`; the exact one stands in the mark's title."""
    if number < 1000:
        return str(number)
    return f"{number // 100 / 10:.1f}k" if number < 10_000 else f"{number // 1000:,}k"


def seconds(timestamp: object) -> float | None:
    """Return a document's time as seconds of the epoch; None where there is none."""
    if not timestamp:
        return None
    try:
        return dt.datetime.fromisoformat(str(timestamp).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def timeline(story: Story) -> Picture | None:
    """Return the picture of who asked when; None where no request of the timeline has a time."""
    rows = [row for row in story.data["timeline"] if row.get("kind") in ("finding", "context") and row.get("timestamp")]
    times = [at for row in rows if (at := seconds(row["timestamp"])) is not None]
    if not times:
        return None
    begin, end = _domain(min(times), max(times))
    severities = {row.get("event_id"): str(row.get("severity")) for row in story.data["findings"]}
    lanes = _lanes(story, rows)
    for lane, members in lanes:
        lane.marks = _marks(members, severities, begin, end)
        lane.fine = _fine(members, severities, begin, end)
    moments = [
        (seconds(row.get("timestamp")), str(row.get("text") or "")) for row in story.moments if row["kind"] == "release"
    ]
    releases = [(_fraction(at, begin, end), text) for at, text in moments if at is not None and begin <= at <= end]
    return Picture(begin, end, [lane for lane, _ in lanes], _spans(story, begin, end), ticks(begin, end), releases)


def _domain(first: float, last: float) -> tuple[float, float]:
    margin = max((last - first) * 0.03, 15.0)
    return first - margin, last + margin


def _fraction(at: float, begin: float, end: float) -> float:
    return round(min(max((at - begin) / (end - begin), 0.0), 1.0), 5)


def _lanes(story: Story, rows: list[Row]) -> list[tuple[Lane, list[Row]]]:
    """Return the lanes, attackers first, then lured users; clients beyond the most, and mere noise, share a lane."""
    roles = _roles(story)
    by_client: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_client[str(row.get("client_ip") or "no address")].append(row)
    order = sorted(
        by_client, key=lambda client: (_rank(roles.get(client)), _worst(by_client[client]), -len(by_client[client]))
    )
    named = [client for client in order if client in roles][:_MOST_LANES]
    named += [client for client in order if client not in roles][:2] if len(order) <= len(named) + 2 else []
    lanes = [(Lane(client, roles.get(client, "other"), 0), by_client[client]) for client in named]
    for role, noun in (("attacker", "other attacker"), ("lured", "other lured user"), ("other", "other client")):
        folded = [client for client in order if client not in named and roles.get(client, "other") == role]
        if folded:
            members = [row for client in folded for row in by_client[client]]
            lanes.append((Lane(words.count(len(folded), noun), role, 0), members))
    for at, (lane, _) in enumerate(lanes):
        lane.y = TOP + LANE * at + LANE // 2
    return lanes


def _roles(story: Story) -> dict[str, str]:
    roles: dict[str, str] = {}
    for incident in story.data["incidents"]:
        roles |= {str(client): "lured" for client in incident.get("lured_clients") or ()}
    for incident in story.data["incidents"]:
        roles |= {str(client): "attacker" for client in incident.get("attacker_clients") or ()}
    return roles


def _rank(role: str | None) -> int:
    return {"attacker": 0, "lured": 1}.get(role or "", 2)


def _outcome(row: Row) -> str:
    return str(row.get("outcome")) if row.get("kind") == "finding" else "context"


def _worst(rows: list[Row]) -> int:
    return min(_gravity(_outcome(row)) for row in rows)


def _marks(rows: list[Row], severities: dict[Any, str], begin: float, end: float) -> list[Mark]:
    """Return one mark for the requests of each outcome that fall on one place, unlike ones side by side."""
    bins: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        at = seconds(row["timestamp"])
        if at is not None:
            bins[int(_fraction(at, begin, end) * _BINS)][_outcome(row)].append(row)
    marks = []
    for kinds in bins.values():
        order = sorted(kinds, key=_gravity)
        marks += [_mark(kinds[kind], at, severities, begin, end) for at, kind in enumerate(order)]
    return marks


def _mark(group: list[Row], aside: int, severities: dict[Any, str], begin: float, end: float) -> Mark:
    first, last = seconds(group[0]["timestamp"]) or begin, seconds(group[-1]["timestamp"]) or end
    kind = _outcome(group[0])
    said = "other requests" if kind == "context" else words.outcome(kind)
    when = words.between(group[0]["timestamp"], group[-1]["timestamp"])
    hosts = dict.fromkeys(row["target_host"] for row in group if row.get("target_host"))
    title = f"{when}: {words.count(len(group), 'request')}, {said}{' to ' if hosts else ''}{words.listed(hosts)}"
    at = _fraction((first + last) / 2, begin, end)
    return Mark(at, aside * ASIDE, kind, _severity(group, severities), len(group), title)


def _fine(rows: list[Row], severities: dict[Any, str], begin: float, end: float) -> str:
    """Return the requests at a fineness that bears zooming in, like ones on one place counted."""
    bins: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in rows:
        bins[int(_fraction(seconds(row["timestamp"]) or begin, begin, end) * _FINE), _outcome(row)].append(row)
    parts = []
    for (_, kind), group in bins.items():
        at = _fraction(seconds(group[0]["timestamp"]) or begin, begin, end)
        parts.append(f"{at},{_gravity(kind)},{words.gravity(_severity(group, severities))},{len(group)}")
    return ";".join(parts)


def _severity(group: list[Row], severities: dict[Any, str]) -> str:
    return min((severities.get(row.get("event_id"), "info") for row in group), key=words.gravity)


def _gravity(outcome: str) -> int:
    return OUTCOMES.index(outcome) if outcome in OUTCOMES else OUTCOMES.index("none")


def _spans(story: Story, begin: float, end: float) -> list[Span]:
    """Return gaps and outages: those that the document names, else the gaps of its inputs."""
    named = story.data.get("spans")
    if named is None:
        gaps = (gap for row in story.data["inputs"] for gap in row.get("gaps") or ())
        named = [{"kind": "gap", "text": "not covered by these logs", **gap} for gap in gaps]
    spans = []
    for row in named:
        first, last = seconds(row.get("from")), seconds(row.get("to"))
        last = end if last is None else last  # nothing shows that it ended
        if first is not None and last >= begin and first <= end:
            title = f"{row.get('kind')}: {words.between(row.get('from'), row.get('to'))} {row.get('text') or ''}"
            spans.append(Span(str(row.get("kind")), _fraction(first, begin, end), _fraction(last, begin, end), title))
    return spans


def ticks(begin: float, end: float, most: int = 10) -> list[tuple[float, str, str]]:
    """Return round times within the span: where, the label, and the date where it is new; none beyond a few."""
    step = next((step for step in _STEPS if (end - begin) / step <= most), _YEAR)
    at = -(-begin // step) * step
    found, day = [], ""
    while at <= end:
        moment = dt.datetime.fromtimestamp(at, dt.UTC)
        date = moment.strftime("%Y-%m-%d")
        label = date if step >= 86400 else moment.strftime("%H:%M:%S" if step < 60 else "%H:%M")
        found.append((_fraction(at, begin, end), label, date if date != day and step < 86400 else ""))
        day, at = date, at + step
    return found


def coverage(rows: list[Row]) -> tuple[list[tuple[Row, list[Span]]], list[tuple[float, str, str]]]:
    """Return the time that each input covers, as bars with their holes, and the ticks of their axis."""
    timed = [row for row in rows if seconds(row.get("first_timestamp")) is not None][:_MOST_BARS]
    if not timed:
        return [], []
    begin = min(seconds(row["first_timestamp"]) or 0.0 for row in timed)
    end = max(seconds(row.get("last_timestamp")) or begin for row in timed)
    begin, end = _domain(begin, end)
    return [(row, _bar(row, begin, end)) for row in timed], ticks(begin, end)


def _bar(row: Row, begin: float, end: float) -> list[Span]:
    first = seconds(row["first_timestamp"]) or begin
    last = seconds(row.get("last_timestamp")) or first
    when = words.between(row["first_timestamp"], row.get("last_timestamp"))
    spans = [Span("covered", _fraction(first, begin, end), _fraction(last, begin, end), when)]
    for gap in row.get("gaps") or ():
        start, stop = seconds(gap.get("from")), seconds(gap.get("to"))
        if start is not None and stop is not None:
            title = f"gap: {words.between(gap.get('from'), gap.get('to'))}"
            spans.append(Span("gap", _fraction(start, begin, end), _fraction(stop, begin, end), title))
    return spans
