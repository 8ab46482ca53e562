"""What stories are told with: hops in a row, requests that come so far, everyday traffic, and what must be found.

A story is written down from the outside: the requests as they happened, and what a careful responder concludes from the
logs that are left of them. All addresses and names are those kept for documentation (RFC 5737, 3849, 2606).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from servers import HOST, Sighting, Writer

DAY = datetime(2026, 3, 30, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0"
CURL = "curl/8.5.0"
CLERK = "_clerk_js_version=5.60.0&__clerk_api_version=2025-11-10"
ATTACKER = "203.0.113.77"
KEY = "/__clerk//collect.evil.example/x"
SENT, OPEN, STOPPED = "presumed-sent", "undetermined", "not-forwarded"


def at(clock: str) -> datetime:
    """A time of the story's day: `04:12:07.25`, or of another one: `2026-03-29 04:12:07`."""
    day, _, time = clock.rpartition(" ")
    hours, minutes, seconds = time.split(":")
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else DAY
    return start + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


@dataclass(frozen=True)
class Request:
    """One request. `enters` names the hop that gets it first (else the outermost), `stops` the one that answers it by
    itself, `unlogged` those that wrote no line, `by` what a hop saw or logged otherwise, `replica` which one got it.
    """

    at: datetime
    client: str
    target: str
    status: int = 200
    agent: str = CURL
    referer: str | None = None
    fetch_site: str | None = None
    method: str = "GET"
    size: int = 1200
    seconds: float = 0.05
    host: str = HOST
    claimed: tuple[str, ...] = ()
    enters: str | None = None
    stops: str | None = None
    unlogged: tuple[str, ...] = ()
    by: dict[str, dict[str, Any]] = field(default_factory=dict)
    replica: int = 0


@dataclass(frozen=True)
class Hop:
    """A server with its log. `skew`: its clock is ahead by so much; `until`: its log breaks off; `since`: begins.

    `within`: it is a part of the hop before it (a firewall), and sees the same peer.
    """

    file: str
    writer: Writer
    address: str | tuple[str, ...] = "10.0.1.21"  # as what it connects to the next; an edge has several
    skew: timedelta = timedelta(0)
    since: datetime | None = None
    until: datetime | None = None
    within: bool = False

    def logs(self, moment: datetime) -> bool:
        """Return whether its log covers a time."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment <= self.until)


Row = Sequence[Hop | tuple[Hop, ...]]


class Story:
    """The logs of one story, and what must be found in them."""

    def __init__(self, name: str, *hops: Hop | tuple[Hop, ...]) -> None:
        self.name, self.hops = name, hops
        self.dice = random.Random(name)
        self.requests: list[Request] = []
        self.texts: dict[str, str | bytes] = {}  # further files, as they stand
        self.copies: dict[str, str] = {}  # a file that is a copy of another
        self.split: dict[str, list[datetime]] = {}  # a file that was rotated at these times
        self.missing: list[str] = []  # logs that nobody kept
        self.mixed: dict[str, dict[str, str]] = {}  # a file of several logs: what each of their lines begins with
        self.expected: dict[str, Any] = {"about": "", "options": {}, "verdict": "", "events": []}

    def add(self, *requests: Request) -> None:
        """Add requests that no rule reports."""
        self.requests += requests

    def everyday(self, start: str = "03:00:00", end: str = "05:20:00", every: int = 420, **more: Any) -> None:
        """Add users: a page, an asset, two requests of clerk-js."""
        moment, last = at(start), at(end)
        while moment < last:
            self.add(*visit(self.dice, moment, f"198.51.100.{self.dice.randint(50, 90)}", **more))
            moment += timedelta(seconds=self.dice.uniform(0.6 * every, 1.2 * every))

    def event(self, request: Request, outcome: str, host: str | None = "collect.evil.example", **more: Any) -> None:
        """Add a request that a rule reports, with what must be said of it; `more`: client, time, hops, rule."""
        self.requests.append(request)
        stated = {"time": f"{request.at:%Y-%m-%dT%H:%M:%S.%fZ}", "client": request.client}
        self.expected["events"].append(stated | {"outcome": outcome, "host": host} | more)

    def expect(self, verdict: str, about: str, **more: Any) -> None:
        """State what must be found: see story.json in docs/testing or test_stories.py for the keys."""
        self.expected |= {"about": about, "verdict": verdict, **more}

    def files(self) -> dict[str, bytes]:
        """Return the files of the story by name."""
        seen = _sightings(self.requests, self.hops)
        texts: dict[str, str | bytes] = {}
        for hop in (hop for row in self.hops for hop in _each(row) if hop.file not in self.missing):
            texts |= _rotated(hop, seen.get(hop.file, []), self.split.get(hop.file, []))
        for file, prefixes in self.mixed.items():
            hops = {hop.file: hop for row in self.hops for hop in _each(row)}
            lines = sorted((one.ended, name) for name in prefixes for one in seen.get(name, []))
            waiting = {name: iter(seen.get(name, [])) for name in prefixes}
            told = ((prefixes[name], hops[name].writer([next(waiting[name])])) for _, name in lines)
            texts[file] = "".join(prefix + line + "\n" for prefix, text in told for line in text.splitlines())
            texts = {name: text for name, text in texts.items() if name not in prefixes}
        texts |= self.texts | {copy: texts[original] for copy, original in self.copies.items()}
        found = {name: text.encode() if isinstance(text, str) else text for name, text in texts.items()}
        self.expected["events"].sort(key=lambda event: event["time"] or "")
        told = json.dumps(self.expected, indent=2, ensure_ascii=False) + "\n"
        return {f"logs/{name}": data for name, data in found.items()} | {"story.json": told.encode()}

    def write(self, folder: Path) -> None:
        """Write the story below `folder`."""
        for name, data in self.files().items():
            path = folder / self.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _rotated(hop: Hop, seen: Sequence[Sighting], cuts: Sequence[datetime]) -> dict[str, str]:
    """Return the files of one log: rotated at `cuts`, the oldest with the highest number."""
    starts, ends = [None, *cuts], [*cuts, None]
    files = {}
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = [one for one in seen if (start is None or one.ended >= start) and (end is None or one.ended < end)]
        age = len(cuts) - place
        files[f"{hop.file}.{age}" if age else hop.file] = hop.writer(part)
    return files


def visit(dice: random.Random, moment: datetime, user: str, agent: str = CHROME, **more: Any) -> Iterator[Request]:
    """Yield one user's page, its asset, and what clerk-js asks for."""
    here = f"https://{more.get('host', HOST)}/"
    prefix = more.pop("prefix", "/__clerk")
    paths = (("/", None), ("/assets/app-9f2c.js", here), (f"{prefix}/v1/environment?{CLERK}", here))
    for path, referer in (*paths, (f"{prefix}/v1/client?{CLERK}", here)):
        yield Request(moment, user, path, 200, agent, referer, size=dice.randint(900, 6000), **more)
        moment += timedelta(seconds=dice.uniform(0.3, 1.2))


def _each(row: Hop | tuple[Hop, ...]) -> tuple[Hop, ...]:
    return row if isinstance(row, tuple) else (row,)


def _sightings(requests: Sequence[Request], hops: Row) -> dict[str, list[Sighting]]:
    """Return what each hop logs, in its own order."""
    seen: dict[str, list[Sighting]] = {}
    for number, request in enumerate(sorted(requests, key=lambda one: one.at), 1):
        for hop, sighting in _path(request, hops, number):
            if hop.file not in request.unlogged and hop.logs(request.at):
                seen.setdefault(hop.file, []).append(sighting)
    return {file: sorted(lines, key=lambda one: one.ended) for file, lines in seen.items()}


def _path(request: Request, hops: Row, number: int) -> Iterator[tuple[Hop, Sighting]]:
    """Yield the hops that a request comes to, and how each sees it."""
    dice = random.Random(f"{request.at}{request.client}{request.target}{number}")
    edge = "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", k=54)) + "=="
    trace = f"1-{int(request.at.timestamp()):08x}-{dice.getrandbits(96):024x}"
    ids = f"{dice.getrandbits(128):032x}"
    peer, forwards, target, entered = request.client, request.claimed, request.target, request.enters is None
    before = peer, forwards
    for place, row in enumerate(hops):
        hop = _each(row)[request.replica % len(_each(row))]
        entered = entered or hop.file == request.enters
        if not entered:
            continue
        if hop.within:
            peer, forwards = before
        before = peer, forwards
        mine = dict(request.by.get(hop.file, {}))
        target = mine.pop("target_here", target)
        behind = _address(_each(hops[place + 1])[0], number) if place + 1 < len(hops) else "127.0.0.1"
        yield (
            hop,
            Sighting(
                number, request.at + hop.skew + timedelta(milliseconds=2 * place), request.client, peer, forwards,
                request.method, target, request.host, mine.pop("answered", request.status), request.size,
                request.seconds - 0.004 * place, request.agent, request.referer, request.fetch_site,
                hop.file != request.stops, f"{behind}:3000", edge, trace, ids, mine,
            ),
        )  # fmt: skip
        if hop.file == request.stops:
            return
        forwards, peer = (*forwards, peer), _address(hop, number)


def _address(hop: Hop, number: int) -> str:
    return hop.address if isinstance(hop.address, str) else hop.address[number % len(hop.address)]


STORIES: dict[str, Callable[[Story], None]] = {}
_ROWS: dict[str, Row] = {}


def story(*hops: Hop | tuple[Hop, ...]) -> Callable[[Callable[[Story], None]], Callable[[Story], None]]:
    """Register a story under its function's name, told over `hops`, the outermost first."""

    def register(tell: Callable[[Story], None]) -> Callable[[Story], None]:
        STORIES[tell.__name__], _ROWS[tell.__name__] = tell, hops
        return tell

    return register


def told(name: str) -> Story:
    """Return a story, told."""
    found = Story(name, *_ROWS[name])
    STORIES[name](found)
    return found


__all__ = [
    "ATTACKER", "CHROME", "CLERK", "CURL", "DAY", "FIREFOX", "HOST", "KEY", "OPEN", "SENT", "STOPPED", "STORIES",
    "Hop", "Request", "Story", "at", "replace", "story", "told", "visit",
]  # fmt: skip
