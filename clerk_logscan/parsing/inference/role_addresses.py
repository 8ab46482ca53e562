"""Who sent the request, in an unknown layout: the log's own client field, and X-Forwarded-For.

Other addresses stand in logs, too: of the server, which is one and the same, and of the hop behind, which has a port
out of few. Entries of a list are the sender's claim, the last one excepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles

_MOSTLY: Final = 0.9
_UNKNOWN: Final = 1000
# Names that mean the client in some logs, the machine that wrote or shipped the line in others.
_DOUBTFUL: Final = frozenset(
    ("host", "sourceip", "source", "ip", "address", "addr", "hostname", "ipaddress", "h", "rhost")
)
_FEW_PORTS: Final = 3
_SERVICES: Final = frozenset(
    ("80", "443", "3000", "3001", "4000", "5000", "8000", "8080", "8081", "8443", "8888", "9000", "9090")
)


def add_addresses(columns: Sequence[Column], roles: Roles) -> None:
    """Give the roles client_ip and forwarded_for."""
    free = roles.free(columns)
    listed = [one for one in free if one.share(shapes.ADDRESSES) >= _MOSTLY]
    forwarded = _forwarded(free, listed)
    single = [one for one in listed if one is not forwarded and one.share(shapes.ADDRESS) == 1.0]
    client = _client(single, columns, roles)
    if client is not None:
        kind = "address-port" if _with_ports(client) else "address"
        roles.give("client_ip", kind, [client], "its values are addresses, and those of no server")
    if forwarded is not None:
        roles.give("forwarded_for", "text", [forwarded], "its values are lists of addresses, or named so")
        if client is None and forwarded.known and _is_own(forwarded):
            roles.give("client_ip", "last-address", [forwarded], "the line names no other client")


def _is_own(one: Column) -> bool:
    """Tell whether a list of addresses stands where a log has its client: not under X-Forwarded-For's name."""
    return one.name is None


def _forwarded(free: Sequence[Column], listed: Sequence[Column]) -> Column | None:
    named = [one for one in free if one.rank("forwarded_for") is not None and (one in listed or not one.known)]
    if named:
        return min(named, key=lambda one: one.rank("forwarded_for") or 0)
    unnamed = [one for one in listed if one.name is None]
    lists = [one for one in unnamed if one.share(shapes.ADDRESS) < 1.0]
    if lists:
        return lists[0]
    # nginx' `main`: an address between quotes behind all others, missing where no proxy stood in front.
    last = [one for one in unnamed if one.quoted and one is not unnamed[0] and not _of_a_server(one)]
    if last and _is_inside(unnamed[0]) and _before_agent(last[-1], free):
        return None  # the server's own address, then the client's
    return last[-1] if last else None


def _before_agent(one: Column, columns: Sequence[Column]) -> bool:
    return any(other.place > one.place and other.share(shapes.AGENT) >= _MOSTLY / 2 for other in columns)


def _client(single: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    named = _named_client(single, columns)
    if named is not None or all(one.name is not None for one in single):
        return named
    single = [one for one in single if one.name is None]  # a label before some of the words, as in `ua="10.0.0.1:80"`
    found = [one for one in single if not _of_a_server(one)] or (list(single) if len(single) == 1 else [])
    if len(found) > 1:
        varied = [one for one in found if not one.constant]
        found = varied or found
        found = [one for one in found if not _precedes(one, "method", columns, roles)] or found
    return found[0] if found else None


def _precedes(one: Column, role: str, columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether one and the same private address stands before the method: IIS writes its own there."""
    before = roles.place_of(columns, role) == one.place + 1
    return before and one.distinct == 1 and all(shapes.whole(shapes.PRIVATE).fullmatch(text) for text in one.known)


def _of_a_server(one: Column) -> bool:
    """Tell whether addresses are those of a hop behind: each with a port, out of few or one that services have."""
    ports = [text.rpartition(":")[2] for text in one.known if (":" in text and text.count(":") == 1) or "]:" in text]
    if not one.known or len(ports) < len(one.known):
        return False
    several = len(ports) > _FEW_PORTS and len(set(ports)) <= _FEW_PORTS
    return several or set(ports) <= _SERVICES


def _with_ports(one: Column) -> bool:
    """Tell whether a port stands behind every address, and so behind IPv6 ones without brackets, too."""
    short = [text for text in one.known if "." in text]
    return bool(short) and all(":" in text for text in short) and any("." not in text for text in one.known)


def _named_client(single: Sequence[Column], columns: Sequence[Column]) -> Column | None:
    ranked = [(rank, one) for one in single if (rank := _rank(one)) is not None]
    ranked.sort(key=lambda pair: (pair[0], pair[1].place))
    own = [one for _, one in ranked if not (_doubtful(one) and _is_shippers(one, columns))]
    beyond = [one for one in own if not _is_inside(one)]  # `remote_addr` of a proxy in front, beside `remote_ip`
    return next(iter(beyond or own), None)


def _is_inside(one: Column) -> bool:
    """Tell whether one and the same private address stands in all of several lines."""
    return one.constant and all(shapes.whole(shapes.PRIVATE).fullmatch(text) for text in one.known)


def _rank(one: Column) -> int | None:
    known = one.rank("client_ip")
    if known is None and one.name is not None and names.plain(one.name) in ("host", "hostname", "http_host"):
        return _UNKNOWN  # LTSV, Tomcat: an address under `host` is the client's
    return known


def _doubtful(one: Column) -> bool:
    return one.name is not None and names.plain(one.name) in _DOUBTFUL


def _is_shippers(one: Column, columns: Sequence[Column]) -> bool:
    """Tell whether an address under a doubtful name is the shipper's: always the same private one, beside its keys."""
    private = all(shapes.whole(shapes.PRIVATE).fullmatch(value) for value in one.known)
    same = len(set(one.known)) == 1
    marks = names.others("shippers")
    beside = any(part in marks for other in columns if other.name for part in names.parts(other.name))
    return private and same and (beside or one.constant)
