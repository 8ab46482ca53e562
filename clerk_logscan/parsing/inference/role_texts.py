"""Agent, referer, host and ids of an unknown layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from clerk_logscan.hosts import public_suffixes
from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles

_MOSTLY: Final = 0.9
_SOME: Final = 0.5
_UNKNOWN: Final = 1000
# A machine's own name, not a site's.
_MACHINE: Final = (
    r"(?i)ip-[0-9-]+(?:\..*)?|.*\.(?:internal|local|lan|compute|svc|cluster|corp|intra)(?::[0-9]+)?|[0-9a-f]{12}"
)
# A file and its line (`app.py:42`), a channel and its level (`production.INFO`).
_NO_SITE: Final = r".*:(?!80$|443$)[0-9]{1,3}|.*[a-z].*\.[A-Z]+"
_PLUSES: Final = re.compile(r"Mozilla/[0-9.]+\+\(")  # IIS writes a blank so
_ENCODED: Final = re.compile(r"Mozilla(?:/|%2[Ff])[0-9.]+(?:\+|%20)(?:\(|%28)[^(]*%")  # Akamai's
_PAGE: Final = r"https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/(?s:.*)"  # of a site; a hop behind has an address or a port
_LOCALHOST: Final = r"localhost(?::[0-9]+)?"


def add_texts(columns: Sequence[Column], roles: Roles) -> None:
    """Give the roles user_agent, referer, host, request_id and ids."""
    for add in (_add_agent, _add_referer, _add_host, _add_ids):
        add(roles.free(columns), columns, roles)


def _add_agent(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    named = [one for one in free if one.rank("user_agent") is not None and not _is_odd_agent(one)]
    if any(one.known for one in named) or all(one.name is not None for one in free):
        named = [one for one in named if one.known] or named
    else:  # a name without a value, and columns without names: `ua="-"` is the upstream's address
        named = []
    if named:
        first = min(named, key=lambda one: one.rank("user_agent") or 0)
        roles.give("user_agent", _agent_kind(first), [first], "named so")
        return
    found = [
        one
        for one in free
        if one.name is None and one.share(shapes.AGENT) >= _SOME and one.share(shapes.PROTOCOL) < _SOME
    ]
    found = [one for one in found if not _is_counted(one)]
    best = max(found, key=lambda one: (one.quoted, one.share(shapes.AGENT), one.place), default=None)
    best = best or _behind_referer(free, columns, roles)
    if best is not None and best.known:
        roles.give("user_agent", _agent_kind(best), [best], f"{best.share(shapes.AGENT):.0%} of it look like products")


def _agent_kind(one: Column) -> str:
    """Return how agents are written: as they came, with `+` for blanks, or encoded as a form's values are."""
    if any(" " in text for text in one.known):
        return "text"
    if any(map(_ENCODED.match, one.known)):
        return "form"
    return "plus" if any(map(_PLUSES.match, one.known)) else "text"


def _is_counted(one: Column) -> bool:
    """Tell whether each of many lines has another word here: an id such as `web-01/3f2a-000001`, no product."""
    return len(one.known) > 4 and one.distinct == len(one.known) and not any(" " in value for value in one.known)


def _behind_referer(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return the quoted text behind a referer, right behind the numbers: there the combined format has its agent."""
    status = roles.place_of(columns, "status") or roles.place_of(columns, "request")
    quoted = [one for one in free if one.name is None and one.quoted and status is not None and one.place > status]
    for first, second in pairwise(quoted):
        urls = not first.known or first.share(shapes.URL) == 1.0
        odd = rf"{shapes.URL}|{shapes.ADDRESSES}|{shapes.HOST}|{shapes.ID}|[0-9., :-]*"
        told = any(re.search("[ /]", text) for text in second.known)  # more than words as of a log's own
        if second.place == first.place + 1 and urls and told and not second.share(odd):
            return second
    return None


def _is_odd_agent(one: Column) -> bool:
    """Tell whether what is named an agent is something else, such as the shipper's name."""
    short = names.plain(one.name or "") in ("agent", "browser", "ua") and one.known and one.share(shapes.AGENT) < _SOME
    return bool(short) and (one.constant or one.share(shapes.ADDRESSES) > 0)


def _add_referer(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    named = [one for one in free if one.rank("referer") is not None]
    if named:
        roles.give("referer", "text", [min(named, key=lambda one: one.rank("referer") or 0)], "named so")
        return
    agent = roles.place_of(columns, "user_agent")
    unnamed = [one for one in free if one.name is None and (one.quoted or one.share(_PAGE) == 1.0)]
    urls = [one for one in unnamed if one.known and one.share(shapes.URL) >= _MOSTLY]
    before = [one for one in unnamed if agent is not None and one.place == agent - 1]
    # Elsewhere stands the site, or the hop behind; a cell in which nothing at all stands tells nothing.
    before = [one for one in before if one in urls or (not one.known and any(one.values))]
    for one in before or urls[:1]:
        roles.give("referer", "text", [one], "its values are URLs, or none, before the agent")


def _add_host(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and _is_host(one)]
    named = [one for one in found if one.rank("host") is not None]
    if named:
        best = min(named, key=lambda one: one.rank("host") or 0)
        if not _is_shippers(best, columns, roles):
            roles.give("host", "authority", [best], "named so, and its values are hosts")
        return
    unnamed = [one for one in found if one.name is None and one.share(_MACHINE) < _SOME and _is_public(one)]
    sites = _referring(columns, roles)
    liked = [one for one in unnamed if sites & {value.partition(":")[0].lower() for value in one.known}]
    for one in liked[:1] or (unnamed if len({one.values for one in unnamed}) == 1 else [])[:1]:
        roles.give("host", "authority", [one], "its values are host names")


def _is_host(one: Column) -> bool:
    if one.name is None:
        return one.share(shapes.HOST) >= _MOSTLY and one.share(_NO_SITE) < _SOME
    return one.share(f"{shapes.HOST}|{shapes.ADDRESS}") >= _MOSTLY and one.share(shapes.HOST) > 0


def _is_public(one: Column) -> bool:
    """Tell whether the names end in what is, or could be, a top-level domain, and no file's or class' name."""
    if one.share(_LOCALHOST) >= _SOME:
        return True
    reserved = ("example", "test", "invalid", "localhost")
    return (
        shapes.share_of(
            one.values,
            lambda text: (
                (host := text.partition(":")[0].rstrip(".").lower()).rpartition(".")[2] in reserved
                or public_suffixes(host).publicsuffix(host, accept_unknown=False) is not None
            ),
        )
        >= _MOSTLY
    )


def _referring(columns: Sequence[Column], roles: Roles) -> set[str]:
    """Return the hosts of the referers: the site itself is among them."""
    fields = {source.fields[0] for source in roles.sources.get("referer", ())}
    urls = [value for one in columns if one.field in fields for value in one.known]
    return {_host_of(url) for url in urls} - {""}


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_shippers(best: Column, columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether `host` is the machine that wrote or shipped the line, and not the site."""
    if names.plain(best.name or "") not in ("host", "hostname", "server", "servername"):
        return False
    if best.share(_MACHINE) >= _SOME:
        return True
    marks = names.others("shippers")
    given = {field for sources in roles.sources.values() for source in sources for field in source.fields}
    others = [other for other in columns if other.name and other.field not in given]  # `agent` may be the client's
    beside = any(part in marks for other in others for part in names.parts(other.name or ""))
    return beside and not _referring(columns, roles) & {value.lower() for value in best.known}


def _add_ids(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and _is_id(one)]
    found.sort(key=lambda one: _rank(one, "request_id"))
    for place, one in enumerate(found):
        trace = "trace" if one.known[0].startswith(("Root=", "Self=", "1-")) else "text"
        roles.give("ids" if place else "request_id", trace, [one], "each of its values is an id of its own")


def _is_id(one: Column) -> bool:
    if one.name is not None:
        return one.rank("request_id") is not None and one.distinct * 2 > len(one.known)
    return one.share(shapes.ID) >= _MOSTLY and one.distinct * 2 > len(one.known)


def _rank(one: Column, column: str) -> int:
    known = one.rank(column)
    return _UNKNOWN + one.place if known is None else known
