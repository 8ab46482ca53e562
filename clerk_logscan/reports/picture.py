"""The geometry of the pictures: the timeline with a lane a client, and the time that each input covers.

Only numbers and words: the template draws them. Positions are fractions of the span of time shown, so that a script can
zoom.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

import polars as pl

from clerk_logscan.columns import mapped
from clerk_logscan.reports import frames, words
from clerk_logscan.reports.story import Story
from clerk_logscan.rows import Row, having, items

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
    told = having(story.data["timeline"], "kind", "finding", "context")
    names = ("kind", "client_ip", "outcome", "timestamp", "event_id", "target_host")
    rows = _dated(frames.texts(told, *names))
    if rows.is_empty():
        return None
    begin, end = _domain(rows["at"].min(), rows["at"].max())  # type: ignore[arg-type]
    fraction = mapped(rows["at"], lambda at: _fraction(at, begin, end), pl.Float64())
    rows = _graded(rows.with_columns(fraction.alias("fraction")), story)
    lanes = _lanes(rows, _roles(story), begin, end)
    moments = [
        (seconds(row.get("timestamp")), str(row.get("text") or "")) for row in story.moments if row["kind"] == "release"
    ]
    releases = [(_fraction(at, begin, end), text) for at, text in moments if at is not None and begin <= at <= end]
    return Picture(begin, end, lanes, _spans(story, begin, end), ticks(begin, end), releases)


def _dated(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that have a time, with it `at` seconds of the epoch."""
    at = mapped(rows["timestamp"], seconds, pl.Float64())
    return rows.with_columns(at.alias("at")).filter(pl.col("at").is_not_null())


def _graded(rows: pl.DataFrame, story: Story) -> pl.DataFrame:
    """Return the rows with their outcome as the picture has it, its `gravity`, and their event's `severity`."""
    severities = frames.texts(story.data["findings"], "event_id", "severity").unique("event_id", keep="last")
    outcome = (
        pl.when(pl.col("kind") == "finding").then(pl.col("outcome").fill_null("None")).otherwise(pl.lit("context"))
    )
    gravities = {name: _gravity(name) for name in OUTCOMES}
    told = rows.join(severities, on="event_id", how="left", maintain_order="left").with_columns(
        outcome.alias("outcome"), pl.col("severity").fill_null("info"), pl.col("client_ip").fill_null("")
    )
    return told.with_columns(
        pl.when(pl.col("client_ip") == "").then(pl.lit("no address")).otherwise("client_ip").alias("client"),
        mapped(told["outcome"], lambda name: gravities.get(name, gravities["none"]), pl.Int64()).alias("gravity"),
        mapped(told["severity"], words.gravity, pl.Int64()).alias("rank"),
    )


def _domain(first: float, last: float) -> tuple[float, float]:
    margin = max((last - first) * 0.03, 15.0)
    return first - margin, last + margin


def _fraction(at: float, begin: float, end: float) -> float:
    return round(min(max((at - begin) / (end - begin), 0.0), 1.0), 5)


def _lanes(rows: pl.DataFrame, roles: dict[str, str], begin: float, end: float) -> list[Lane]:
    """Return the lanes, attackers first, then lured users; clients beyond the most, and mere noise, share a lane."""
    counted = rows.group_by("client", maintain_order=True).agg(pl.col("gravity").min(), pl.len().alias("count"))
    known = {client: (worst, -count) for client, worst, count in counted.iter_rows()}
    order = sorted(known, key=lambda client: (_rank(roles.get(client)), *known[client]))
    named = [client for client in order if client in roles][:_MOST_LANES]
    named += [client for client in order if client not in roles][:2] if len(order) <= len(named) + 2 else []
    lanes = [(Lane(client, roles.get(client, "other"), 0), [client]) for client in named]
    taken = set(named)
    for role, noun in (("attacker", "other attacker"), ("lured", "other lured user"), ("other", "other client")):
        folded = [client for client in order if client not in taken and roles.get(client, "other") == role]
        if folded:
            lanes.append((Lane(words.count(len(folded), noun), role, 0), folded))
    for at, (lane, clients) in enumerate(lanes):
        lane.y = TOP + LANE * at + LANE // 2
        place = pl.DataFrame({"client": clients, "_place": range(len(clients))})
        members = rows.join(place, on="client", maintain_order="left").sort("_place", maintain_order=True)
        lane.marks, lane.fine = _marks(members, begin, end), _fine(members)
    return [lane for lane, _ in lanes]


def _roles(story: Story) -> dict[str, str]:
    incidents = story.data["incidents"]
    roles = {str(client): "lured" for client in items(incidents, "lured_clients")}
    return roles | {str(client): "attacker" for client in items(incidents, "attacker_clients")}


def _rank(role: str | None) -> int:
    return {"attacker": 0, "lured": 1}.get(role or "", 2)


def _marks(rows: pl.DataFrame, begin: float, end: float) -> list[Mark]:
    """Return one mark for the requests of each outcome that fall on one place, unlike ones side by side."""
    hosts = pl.col("target_host").filter(pl.col("target_host") != "").unique(maintain_order=True)
    groups = _binned(rows, _BINS, hosts.head(3).alias("hosts"), hosts.len().alias("hosts_in_all"))
    bins: dict[int, list[Row]] = defaultdict(list)
    for group in groups.to_dicts():
        bins[group["bin"]].append(group)
    return [
        _mark(group, aside, begin, end)
        for kinds in bins.values()
        for aside, group in enumerate(sorted(kinds, key=lambda group: _gravity(group["outcome"])))
    ]


def _binned(rows: pl.DataFrame, bins: int, *more: pl.Expr) -> pl.DataFrame:
    """Return the requests of each outcome on each place, in the order of their first: a row of what a mark says."""
    place = (pl.col("fraction") * bins).cast(pl.Int64).alias("bin")
    first = [pl.col(name).first().alias(f"first_{name}") for name in ("at", "timestamp", "fraction")]
    last = [pl.col(name).last().alias(f"last_{name}") for name in ("at", "timestamp", "fraction")]
    severity = pl.col("severity").get(pl.col("rank").arg_min())
    return rows.group_by(place, "outcome", maintain_order=True).agg(
        *first, *last, severity, pl.len().alias("count"), *more
    )


def _mark(group: Row, aside: int, begin: float, end: float) -> Mark:
    kind = group["outcome"]
    said = "other requests" if kind == "context" else words.outcome(kind)
    when = words.between(group["first_timestamp"], group["last_timestamp"])
    hosts = words.listed(group["hosts"], of=group["hosts_in_all"])
    title = f"{when}: {words.count(group['count'], 'request')}, {said}{' to ' if hosts else ''}{hosts}"
    at = _fraction((group["first_at"] + group["last_at"]) / 2, begin, end)
    return Mark(at, aside * ASIDE, kind, group["severity"], group["count"], title)


def _fine(rows: pl.DataFrame) -> str:
    """Return the requests at a fineness that bears zooming in, like ones on one place counted."""
    return ";".join(
        f"{group['first_fraction']},{_gravity(group['outcome'])},{words.gravity(group['severity'])},{group['count']}"
        for group in _binned(rows, _FINE).to_dicts()
    )


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
