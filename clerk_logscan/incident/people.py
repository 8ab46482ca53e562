"""Who asked: the client behind one's own hops, and whether it attacked or was lured."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from clerk_logscan.incident import addresses, domains
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.lines import UNRESOLVABLE, Line
from clerk_logscan.incident.logs import Log

_BROWSER: Final = re.compile(r"^Mozilla/5\.0 \(.*(?:Gecko|AppleWebKit|Trident)", re.IGNORECASE)
_TOOL: Final = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|phantom|python|curl|wget|scan|nuclei|zgrab|postman|java/|okhttp|axios|"
    r"node-fetch|go-http|\(compatible;(?! msie)",
    re.IGNORECASE,
)
_ASSET: Final = re.compile(r"\.(?:m?js|css|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|map|webmanifest)$", re.IGNORECASE)


@lru_cache(maxsize=65536)
def browser(agent: str | None) -> bool:
    """Return whether a user agent is a browser's, as far as it says."""
    return bool(agent and _BROWSER.match(agent) and not _TOOL.search(agent))


def own_hops(requests: Iterable[Sequence[Line]]) -> set[str]:
    """Return the addresses of one's own edges, balancers and proxies: who talks to a log that an outer one precedes.

    What stands right of the outermost log's client in an inner one's `X-Forwarded-For` was written by a hop, too. So
    was a private address that talks to a log with nothing forwarded, where another log stands further out; and the
    client of an outermost log, if inner logs of most of its requests name somebody further out.
    """
    requests = list(requests)
    if len({id(line.log) for lines in requests for line in lines}) < 2:
        return set()
    outermost = min((line.log.rank for lines in requests for line in lines), default=0)
    own: set[str] = set()
    for lines in requests:
        line = lines[0]
        if line.log.rank > outermost and line.client and not line.forwards and addresses.inside(line.client):
            own.add(line.client)
        own.update(_written_by_hops(lines))
    return own | _unlogged_edges(requests)


def _written_by_hops(lines: Sequence[Line]) -> Iterator[str]:
    """Return the addresses of one request that only its hops can have written."""
    client = lines[0].client
    claimed = {address for line in lines for address in _claims(line, client)}
    for line in lines[1:]:
        chain = _chain(line)
        if client in chain:
            yield from chain[len(chain) - chain[::-1].index(client) :]
        elif client and line.client and line.client not in claimed:
            yield line.client


def _claims(line: Line, client: str | None) -> Sequence[str]:
    """Return what a line's `X-Forwarded-For` has left of the outermost client, or all of it: the sender's claim."""
    forwards = line.forwards
    return forwards[: forwards.index(client)] if client in forwards else forwards


def _chain(line: Line) -> list[str]:
    return [*line.forwards, *([line.client] if line.client else [])]


def _unlogged_edges(requests: Sequence[Sequence[Line]]) -> set[str]:
    """Return the clients of outermost logs that are hops themselves: inner logs name somebody behind most of them."""
    behind: dict[Log, list[tuple[str, bool]]] = defaultdict(list)
    for lines in requests:
        client = lines[0].client
        told = [line.forwards for line in lines[1:] if client in line.forwards]
        if client and told:
            behind[lines[0].log].append((client, any(forwards[0] != client for forwards in told)))
    found: set[str] = set()
    for seen in behind.values():
        if len(seen) >= 3 and 2 * sum(further for _, further in seen) > len(seen):
            found.update(client for client, further in seen if further)
    return found


def fronts(observed: pl.DataFrame, suspects: pl.DataFrame) -> dict[str, set[str]]:
    """Return, by source, the public peers that are hops by the look of the whole log, though no outer log is there.

    That is so where most lines of the other peers carry `X-Forwarded-For` (the log stands behind a fleet), or where all
    lines are one peer's and their right-most entries differ beyond those of `suspects`, the findings: one client
    alone may write what it likes there.
    """
    wanted = (
        suspects.filter(pl.col("forwarded_for").is_not_null()).select("source", "client_ip").unique(maintain_order=True)
    )
    if wanted.is_empty():
        return {}
    rows = observed.filter(pl.col("source").is_in(wanted["source"].unique().to_list()))
    places = suspects.select("source", "line_number").unique()
    calm = rows.join(places, on=["source", "line_number"], how="anti")
    last = pl.col("forwarded_for").str.split(",").list.last().str.strip_chars()
    peers = calm.group_by("source", "client_ip").agg(
        pl.len().alias("lines"),
        pl.col("forwarded_for").is_not_null().sum().alias("told"),
        last.n_unique().alias("behind"),
    )
    by_source: dict[str, dict[str | None, tuple[int, int, int]]] = defaultdict(dict)
    for source, peer, lines, told, behind in peers.iter_rows():
        by_source[source][peer] = (lines, told, behind)
    found: dict[str, set[str]] = defaultdict(set)
    for source, peer in wanted.iter_rows():
        name = addresses.normal(peer)
        if name and _fronted(peer, by_source[source]):
            found[source].add(name)
    return found


def _fronted(peer: str | None, peers: dict[str | None, tuple[int, int, int]]) -> bool:
    others = [counts for name, counts in peers.items() if name != peer]
    if others:
        return 2 * sum(told for _, told, _ in others) > sum(lines for lines, _, _ in others)
    lines, told, behind = peers.get(peer, (0, 0, 0))
    return 2 * told > lines and behind >= 2


class Clients:
    """Tells the client of a line or an event: one's own hops and fronts (by source) are none."""

    def __init__(self, own: set[str], front: dict[str, set[str]]) -> None:
        self.own, self._front = own, front
        self._known: dict[tuple[str, str | None, str | None], str | None] = {}

    def of(self, event: Event) -> str | None:
        """Return the client of an event: the outer log's own, unless that is a hop of one's own.

        Then the right-most entry of `X-Forwarded-For` that is none; what is left of it is the sender's claim.
        """
        for line in event.lines:
            found = self.behind_hops(line.source, line.client_ip, line.forwarded_for)
            if found is not None:
                return found
        return event.outer.client if event.outer.client not in self.own else None

    def behind_hops(self, source: str, client_ip: str | None, forwarded_for: str | None) -> str | None:
        """Return the right-most address of a line's chain that is no hop of one's own, None where all are."""
        key = (source, client_ip, forwarded_for)
        if key not in self._known:
            self._known[key] = self._behind(*key)
        return self._known[key]

    def _behind(self, source: str, client_ip: str | None, forwarded_for: str | None) -> str | None:
        peer, front = addresses.normal(client_ip), self._front.get(source, set())
        chain = [*addresses.entries(forwarded_for), *([peer] if peer else [])]
        outside = any(not addresses.inside(address) and address not in self.own for address in chain)
        for place, address in reversed(list(enumerate(chain))):
            hop = address in self.own or (place == len(chain) - 1 and place > 0 and address in front)
            if not hop and not (outside and addresses.inside(address)):
                return address
        return None


@dataclass(frozen=True)
class Lured:
    """A user whom a page made ask for a foreign host: the session travelled with the request."""

    client: str
    page: str | None
    event: Event


def lured(events: Sequence[Event], observed: pl.DataFrame) -> list[Lured]:
    """Return the lured users, each once per target host, in the order of time.

    A browser that comes from another site is one; so is each of three or more clients towards one host that are
    browsers and had loaded pages and their assets before.
    """
    asked = [event for event in events if event.names_host and event.client is not None]
    own_site = _own_site(observed, events) if asked else None
    sent = {event.client for event in asked if _from_elsewhere(event, own_site)}
    crowd = _crowd(asked, observed)
    found: dict[tuple[str, str | None], Lured] = {}
    for event in asked:
        if event.client in sent or event in crowd:
            key = (str(event.client), event.gravest.target_host)
            page = _page(event)
            if key not in found or (page and not found[key].page):
                found[key] = Lured(key[0], page, found[key].event if key in found else event)
    return list(found.values())


def attackers(events: Iterable[Event], lured_clients: set[str], own: set[str]) -> list[str]:
    """Return every client of an off-host or unresolvable finding that was not lured, in the order of time."""
    asked = (event.client for event in events if event.names_host or UNRESOLVABLE in event.rules)
    return list(dict.fromkeys(name for name in asked if name and name not in lured_clients and name not in own))


def _page(event: Event) -> str | None:
    return next((line.referer for line in event.lines if line.referer), None)


def _from_elsewhere(event: Event, own_site: str | None) -> bool:
    """Return whether a browser made the request on another site's behalf."""
    if not any(browser(line.agent) for line in event.lines):
        return False
    if any((line.fetch_site or "").lower() == "cross-site" for line in event.lines):
        return True
    came = domains.site_of_url(_page(event))
    if came is None:
        return False
    target = event.gravest.target_host
    return came not in _sites(event, own_site) or came == (domains.registrable(target) if target else None)


def _sites(event: Event, own_site: str | None) -> set[str]:
    """Return one's own sites for this request: its Host's, where a log names a public one, else the usual."""
    hosts = {site for line in event.lines if (site := domains.site(line.host)) and domains.public(site)}
    return hosts or ({own_site} if own_site else set())


def _own_site(observed: pl.DataFrame, events: Sequence[Event]) -> str | None:
    """Return the site of most Referers, those of the findings aside unless there are no others."""
    reported = {(line.source, line.number) for event in events for line in event.findings}
    calm: Counter[str] = Counter()
    every: Counter[str] = Counter()
    told = observed.filter(pl.col("referer").is_not_null()).select("source", "line_number", "referer")
    for source, number, referer in told.iter_rows():
        name = domains.site_of_url(referer)
        if name:
            every[name] += 1
            calm[name] += (source, number) not in reported
    best = (+calm or every).most_common(1)
    return best[0][0] if best else None


def _crowd(asked: list[Event], observed: pl.DataFrame) -> set[Event]:
    """Return the events of three or more settled browsers towards one host."""
    towards: dict[str | None, set[str | None]] = defaultdict(set)
    browsers = [event for event in asked if any(browser(line.agent) for line in event.lines)]
    for event in browsers:
        towards[event.gravest.target_host].add(event.client)
    worth = [event for event in browsers if len(towards[event.gravest.target_host]) >= 3]
    settled = _settled(worth, observed) if worth else set()
    many: dict[str | None, set[str | None]] = defaultdict(set)
    for event in settled:
        many[event.gravest.target_host].add(event.client)
    return {event for event in settled if len(many[event.gravest.target_host]) >= 3}


def _settled(events: list[Event], observed: pl.DataFrame) -> set[Event]:
    """Return the events whose client had loaded a page and an asset before, with a browser."""
    wanted = {event.client for event in events}
    loaded: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    rows = observed.filter(
        pl.col("timestamp").is_not_null()
        & pl.col("request_target").is_not_null()
        & pl.col("matched").fill_null(value=False).not_()
        & (pl.col("status").is_null() | (pl.col("status") < 400))
    )
    columns = (pl.col("timestamp").dt.epoch("us"), "client_ip", "forwarded_for", "request_target", "user_agent")
    for time, peer, forwarded, target, agent in rows.select(columns).iter_rows():
        mine = wanted.intersection([addresses.normal(peer), *addresses.entries(forwarded)])
        if mine and browser(agent):
            asset = bool(_ASSET.search(target.partition("?")[0]))
            for name in mine:
                loaded[str(name)][asset].append(time)
    return {event for event in events if _before(event, loaded.get(str(event.client), ([], [])))}


def _before(event: Event, loaded: tuple[list[int], list[int]]) -> bool:
    pages, assets = loaded
    if event.time is None:
        return bool(pages and assets)
    return any(time <= event.time for time in pages) and any(time <= event.time for time in assets)
