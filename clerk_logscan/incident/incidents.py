"""Incidents: events that belong together, by who would have got the key or by who asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from clerk_logscan.columns import alike, different, mapped, rank
from clerk_logscan.incident.domains import registrable
from clerk_logscan.incident.events import OUTCOMES, Events, stable_ids
from clerk_logscan.incident.lines import CLIENT_BUG
from clerk_logscan.incident.times import texts
from clerk_logscan.schema import SEVERITIES

_OUTSIDE: Final = ("public", "canary")
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


# No incident, as `of` returns it: a clean log, as most are, need not wait for a hundred steps over nothing.
NONE: Final = pl.DataFrame(
    schema={
        **dict.fromkeys(("incident_id", "severity", "outcome", "first_seen", "last_seen"), pl.String()),
        "events": pl.Int64(),
        **dict.fromkeys(
            ("target_hosts", "target_kinds", "rule_ids", "attacker_clients", "lured_clients"), pl.List(pl.String())
        ),
        "summary": pl.String(),
    }
)


def group(events: Events) -> Events:
    """Return the events with their incident: `incident_id`, its `kind` and whom it is named after, `name`; and with the
    registrable `domain` of the target's host.

    `kind` is `domain` (towards one registrable domain), or, of one client, `inside`, `no host` or `client bug`.
    """
    if events.table.is_empty():
        return events.having(
            *(pl.lit(None, pl.String).alias(name) for name in ("domain", "kind", "name", "incident_id"))
        )
    host, rule = pl.col("target_host"), events.at("gravest", "rule_id").alias("_rule")
    domain = mapped(events.table["target_host"], lambda name: name and registrable(name), pl.String()).alias("domain")
    outside = pl.col("target_kind").is_null() | pl.col("target_kind").is_in(_OUTSIDE)
    kind = (
        pl.when(pl.col("_rule") == CLIENT_BUG).then(pl.lit("client bug"))
        .when(host.is_null()).then(pl.lit("no host"))
        .when(outside).then(pl.lit("domain"))
        .otherwise(pl.lit("inside"))
    )  # fmt: skip
    client = pl.when(pl.col("client") != "").then("client").otherwise(pl.lit("an unknown client"))
    keys = events.table.with_columns(rule, domain).select(
        kind.alias("kind"), pl.when(kind == "domain").then("domain").otherwise(client).alias("name")
    )
    firsts, numbers = different(keys)
    named = keys[firsts].select(pl.concat_str(pl.lit("incident"), "kind", "name", separator="\0")).to_series()
    return events.having(domain, *keys, stable_ids(named).gather(numbers).alias("incident_id"))


def of(events: Events, lured: pl.DataFrame, attackers: pl.DataFrame) -> pl.DataFrame:
    """Return the incidents as the document has them, the gravest first: by severity, outcome, then by time.

    `lured` (see `people.lured`) and `attackers` (`incident_id`, `client`) name the people of each.
    """
    table = events.table
    if table.is_empty():
        return NONE
    found = table.group_by("incident_id", maintain_order=True).agg(
        pl.col("kind", "name").first(),
        _gravest("outcome", OUTCOMES),
        pl.col("time").min().alias("_first"),
        pl.col("time").max().alias("_last"),
        pl.col("off_host").sum().cast(pl.Int64).alias("events"),
        pl.len().alias("_requests"),
    )
    findings = events.findings.select("rule_id", "severity", "target_host", "target_kind")
    told = findings.hstack(events.of_events(events.findings, "incident_id", "outcome"))
    told = told[alike(told).list.first()].with_columns(events.severity(pl.col("outcome")).alias("severity"))
    names = told.group_by("incident_id").agg(
        _gravest("severity", SEVERITIES),
        pl.col("target_host").drop_nulls().unique(maintain_order=True).alias("target_hosts"),
        pl.col("target_kind").drop_nulls().unique(maintain_order=True).alias("target_kinds"),
        pl.col("rule_id").unique().sort().alias("rule_ids"),
    )
    people = (
        lured.group_by("incident_id").agg(pl.col("client").unique(maintain_order=True).alias("lured_clients")),
        attackers.group_by("incident_id", maintain_order=True).agg(pl.col("client").alias("attacker_clients")),
    )
    for more in (names, *people):
        found = found.join(more, on="incident_id", how="left", maintain_order="left")
    nobody = (pl.col(name).fill_null([]) for name in ("lured_clients", "attacker_clients"))
    ordered = found.with_columns(nobody).sort(
        rank("severity", SEVERITIES), rank("outcome", OUTCOMES), "_first", "kind", "name", nulls_last=True
    )
    return _rows(ordered)


def _gravest(column: str, order: Sequence[str]) -> pl.Expr:
    """Return the gravest of a group's values."""
    return pl.col(column).sort_by(rank(column, order)).first()


def _rows(incidents: pl.DataFrame) -> pl.DataFrame:
    first, last = (texts(incidents[name]) for name in ("_first", "_last"))
    told = incidents.with_columns(first.alias("first_seen"), last.alias("last_seen"), _summary().alias("summary"))
    return told.select(NONE.columns)


def _summary() -> pl.Expr:
    """Return one or two sentences: what was asked, by whom, and what came of it."""
    came = pl.col("outcome").replace_strict(_CAME_OF_IT, return_dtype=pl.String)
    return pl.concat_str(_asked(), pl.lit(". "), came, _known_kinds())


def _asked() -> pl.Expr:
    one = pl.col("_requests") == 1
    many = pl.format(
        "{} request{}", _grouped(pl.col("_requests")), pl.when(one).then(pl.lit("")).otherwise(pl.lit("s"))
    )
    names = pl.when(one).then(pl.lit("names")).otherwise(pl.lit("name"))
    hosts, name, kind = _listed("target_hosts"), pl.col("name"), pl.col("kind")
    return (
        pl.when(kind == "domain").then(pl.format("{} that {} {}{}", many, names, hosts, _by()))
        .when(kind == "inside").then(pl.format("{} of {} that {} internal targets ({})", many, name, names, hosts))
        .when(kind == "client bug").then(pl.format("{} of {} with the known clerk-js bug", many, name))
        .otherwise(pl.format("{} of {} that {} no foreign host", many, name, names))
    )  # fmt: skip


def _by() -> pl.Expr:
    attackers, lured = pl.col("attacker_clients").list.len(), pl.col("lured_clients").list.len()
    clients = pl.when(attackers > 0).then(pl.format("client {}", _listed("attacker_clients")))
    plural = pl.when(lured > 1).then(pl.lit("s")).otherwise(pl.lit(""))
    users = pl.when(lured > 0).then(pl.format("lured user{} {}", plural, _listed("lured_clients")))
    named = pl.concat_str(clients, users, separator=" and ", ignore_nulls=True)
    return pl.when(attackers + lured > 0).then(pl.format(", by {}", named)).otherwise(pl.lit(""))


def _known_kinds() -> pl.Expr:
    loud = pl.col("kind") != "client bug"
    notes = [
        pl.when(loud & pl.col("target_kinds").list.contains(kind)).then(pl.lit(f" Named: {note}."))
        for kind, note in KINDS.items()
    ]
    return pl.concat_str(notes, ignore_nulls=True)


def _listed(column: str, most: int = 3) -> pl.Expr:
    """Return the first few names of each list and the exact number of the others."""
    names = pl.col(column)
    rest = names.list.len().cast(pl.Int64) - most
    more = pl.when(rest > 0).then(pl.format(" and {} more", _grouped(rest))).otherwise(pl.lit(""))
    return pl.concat_str(names.list.head(most).list.join(", "), more)


def _grouped(number: pl.Expr) -> pl.Expr:
    """Return numbers as text with a comma between thousands."""
    number = number.cast(pl.Int64)
    last, text = (number % 1000).cast(pl.String).str.zfill(3), number.cast(pl.String)
    thousands, millions = (number // 1000).cast(pl.String), (number // 1_000_000).cast(pl.String)
    middle = (number // 1000 % 1000).cast(pl.String).str.zfill(3)
    return (
        pl.when(number < 1000).then(text)
        .when(number < 1_000_000).then(pl.format("{},{}", thousands, last))
        .otherwise(pl.format("{},{},{}", millions, middle, last))
    )  # fmt: skip


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return the first few names and the exact number of the others."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
