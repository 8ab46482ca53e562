"""Who asked: the client behind one's own hops, and whether it attacked or was lured."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import Final

import polars as pl

from clerk_logscan.columns import held, mapped, mapped_rows
from clerk_logscan.incident import addresses, domains
from clerk_logscan.incident.events import Events

_BROWSER: Final = re.compile(r"^Mozilla/5\.0 \(.*(?:Gecko|AppleWebKit|Trident)", re.IGNORECASE)
_TOOL: Final = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|phantom|python|curl|wget|scan|nuclei|zgrab|postman|java/|okhttp|axios|"
    r"node-fetch|go-http|\(compatible;(?! msie)",
    re.IGNORECASE,
)
_ASSET: Final = r"(?i)\.(?:m?js|css|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|map|webmanifest)$"


@lru_cache(maxsize=65536)
def browser(agent: str | None) -> bool:
    """Return whether a user agent is a browser's, as far as it says."""
    return bool(agent and _BROWSER.match(agent) and not _TOOL.search(agent))


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

    def of(self, events: Events) -> pl.Series:
        """Return the client of each event: the outer log's own, unless that is a hop of one's own.

        Then the right-most entry of `X-Forwarded-For` that is none; what is left of it is the sender's claim.
        """
        if events.table.is_empty():
            return pl.Series("client", dtype=pl.String)
        who = ("source", "client_ip", "forwarded_for")
        behind = mapped_rows(events.lines.select(who), self.behind_hops, pl.String())
        named = Events(events.lines.with_columns(behind.alias("_client")), events.table).of_lines("_client")
        if not named.has_nulls():
            return named.alias("client")
        outer = mapped(events.at("outer", "client_ip"), addresses.normal, pl.String())
        foreign = ~outer.is_in(list(self.own))
        return pl.select(pl.coalesce(named, pl.when(foreign).then(outer)).alias("client")).to_series()

    def behind_hops(self, source: str, client_ip: str | None, forwarded_for: str | None) -> str | None:
        """Return the right-most address of a line's chain that is no hop of one's own, None where all are."""
        key = (source, client_ip, forwarded_for)
        if key not in self._known:
            self._known[key] = self._behind(*key)
        return self._known[key]

    def _behind(self, source: str, client_ip: str | None, forwarded_for: str | None) -> str | None:
        peer, front = addresses.normal(client_ip), self._front.get(source, set())
        chain = [*addresses.entries(forwarded_for), *([peer] if peer else [])]
        alone = len(chain) == 1  # as most are, thousands of them in a flood
        for place, address in reversed(list(enumerate(chain))):
            hop = address in self.own or (place == len(chain) - 1 and place > 0 and address in front)
            if not hop and (alone or not (addresses.inside(address) and self._comes_from_outside(chain))):
                return address
        return None

    def _comes_from_outside(self, chain: list[str]) -> bool:
        return any(not addresses.inside(address) and address not in self.own for address in chain)


def lured(events: Events, observed: pl.DataFrame) -> pl.DataFrame:
    """Return the lured users, each once per target host, in the order of time.

    A browser that comes from another site is one; so is each of three or more clients towards one host that are
    browsers and had loaded pages and their assets before. Columns: `client`, `page` (that lured them, null where none
    is logged), `event` (the first), `time`, `target_host`, `incident_id`.
    """
    columns = ("client", "page", "event", "time", "target_host", "incident_id")
    pages = events.having(_pages(events).alias("page"))
    asked = pages.where(pl.col("names_host") & pl.col("client").is_not_null())
    if asked.table.is_empty():
        return asked.table.select(columns)
    browsers = asked.any_line(mapped(asked.own["user_agent"], browser, pl.Boolean()))
    asked = asked.having(browsers.alias("browser"))
    sent = asked.table["client"].filter(_from_elsewhere(asked, _own_site(observed, events)))
    crowd = _crowd(asked.table.select("event", "client", "time", "target_host").filter(browsers), observed)
    wanted = pl.col("client").is_in(sent.implode()) | pl.col("event").is_in(crowd.implode())
    first = [pl.col(name).first() for name in ("event", "time", "incident_id")]
    found = asked.table.select(columns).filter(wanted).group_by("client", "target_host", maintain_order=True)
    return found.agg(pl.col("page").drop_nulls().first(), *first).select(columns)


def attackers(events: Events, lured_clients: pl.Series, own: set[str]) -> pl.DataFrame:
    """Return every client of an off-host or unresolvable finding that was not lured, in the order of time, by incident.

    Columns: `incident_id`, `client`.
    """
    graver = events.table.select(pl.col("names_host") | pl.col("unresolvable")).to_series()
    asked = held(events.table.select("incident_id", "client"), graver).unique(maintain_order=True)
    named = (pl.col("client") != "") & ~pl.col("client").is_in(lured_clients.implode())
    return asked.filter(named & ~pl.col("client").is_in(list(own)))


def _pages(events: Events) -> pl.Series:
    """Return the Referer of each event's outermost line that has one."""
    told = pl.when(pl.col("referer") != "").then("referer").alias("_page")
    return Events(events.lines.with_columns(told), events.table).of_lines("_page")


def _from_elsewhere(events: Events, own_site: str | None) -> pl.Series:
    """Return whether a browser made each request on another site's behalf; `page`, `browser`, `domain` are known."""
    table = events.table
    crossed = events.any_line(pl.col("_fetch_site").str.to_lowercase() == "cross-site")
    came = mapped(table["page"], domains.site_of_url, pl.String()).alias("_came")
    hosts = mapped(events.own["host"], _public_site, pl.String()).alias("_site")
    named = events.own.select("event", hosts).drop_nulls()
    here = table.select("event", came).join(named, on="event", how="left")
    mine = pl.coalesce("_site", pl.lit(own_site, dtype=pl.String))
    at_home = here.filter(pl.col("_came") == mine)["event"]
    foreign = ~pl.col("event").is_in(at_home.implode()) | (pl.col("_came") == table["domain"]).fill_null(value=False)
    told = table.select("event", "browser", came, crossed.alias("_crossed"))
    return told.select(pl.col("browser") & (pl.col("_crossed") | (pl.col("_came").is_not_null() & foreign))).to_series()


def _public_site(host: str | None) -> str | None:
    """Return the site of a Host, where it is one that can be seen from outside."""
    site = domains.site(host)
    return site if site and domains.public(site) else None


def _own_site(observed: pl.DataFrame, events: Events) -> str | None:
    """Return the site of most Referers, those of the findings aside unless there are no others."""
    places = ("source", "line_number")
    told = observed.select(*places, "referer").drop_nulls("referer")
    reported = told.join(events.findings.select(places), on=places, how="semi", nulls_equal=True)
    of_findings = dict(reported.group_by("referer").len().iter_rows())
    calm: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for referer, many in told.group_by("referer", maintain_order=True).len().iter_rows():
        name = domains.site_of_url(referer)
        if name:
            every[name] += many
            calm[name] += many - of_findings.get(referer, 0)
    best = (+calm or every).most_common(1)
    return best[0][0] if best else None


def _crowd(browsers: pl.DataFrame, observed: pl.DataFrame) -> pl.Series:
    """Return of the `browsers`' events those of three or more settled ones towards one host."""
    worth = _of_many(browsers)
    return _of_many(worth.filter(_settled(worth, observed)))["event"] if worth.height else worth["event"]


def _of_many(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events towards hosts that three or more clients asked for."""
    clients = events.select("target_host", "client").unique().group_by("target_host").len()
    many = clients.filter(pl.col("len") >= 3)
    return events.join(many, on="target_host", how="semi", nulls_equal=True)


def _settled(events: pl.DataFrame, observed: pl.DataFrame) -> pl.Series:
    """Return which events' clients had loaded a page and an asset before, with a browser."""
    rows = observed.filter(
        pl.col("timestamp").is_not_null()
        & pl.col("request_target").is_not_null()
        & pl.col("matched").fill_null(value=False).not_()
        & (pl.col("status").is_null() | (pl.col("status") < 400))
    )
    rows = rows.filter(mapped(rows["user_agent"], browser, pl.Boolean()))
    names = mapped_rows(rows.select("client_ip", "forwarded_for"), _names, pl.List(pl.String()))
    path = pl.col("request_target").str.split_exact("?", 1).struct.field("field_0")
    asset = path.str.contains(_ASSET)
    loaded = rows.select(
        pl.col("timestamp").dt.epoch("us").alias("time"), asset.alias("asset"), names.alias("client")
    ).explode("client")
    first = loaded.group_by("client").agg(
        pl.col("time").filter(~pl.col("asset")).min().alias("page"), pl.col("time").filter("asset").min().alias("asset")
    )
    theirs = events.select("client", "time").join(first, on="client", how="left", maintain_order="left")
    before = (
        (pl.col(name) <= pl.col("time")).fill_null(pl.col("time").is_null() & pl.col(name).is_not_null())
        for name in ("page", "asset")
    )
    return theirs.select(pl.all_horizontal(before)).to_series()


def _names(client_ip: str | None, forwarded_for: str | None) -> list[str]:
    """Return every address that a line names."""
    peer = addresses.normal(client_ip)
    return list(dict.fromkeys([*([peer] if peer else []), *addresses.entries(forwarded_for)]))
