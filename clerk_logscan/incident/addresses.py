"""Client addresses as logs write them, and which of them belong to one's own network."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

# Networks that cannot be a client of the Internet (RFC 1918, 6598, 3927, 4193, 4291). Not `is_private`: it also holds
# the documentation ranges, which stand for real clients in every example.
_INSIDE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
_INSIDE_V4: Final = tuple(
    (int(network.network_address), int(network.broadcast_address)) for network in _INSIDE if network.version == 4
)
_WITH_PORT: Final = re.compile(r"^(?:\[(?P<six>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\]|(?P<four>\d+\.\d+\.\d+\.\d+))(?::\d+)?$")
# IPv4 in its one spelling, as nearly all addresses are logged: no leading zeros.
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN: Final = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_FORWARDED: Final = re.compile(r'for="?([^";,]+)', re.IGNORECASE)  # RFC 7239, where it is logged in that field
_NOTHING: Final = frozenset({"", "-", "unknown", "_hidden"})


@lru_cache(maxsize=65536)
def normal(text: str | None) -> str | None:
    """Return an address in its one spelling: no port, brackets or zone; IPv4-mapped IPv6 as IPv4.

    A text that is no address stays as it is, in lower case; None for a missing one.
    """
    if text is not None and _PLAIN.fullmatch(text):
        return text
    if text is None or text.strip().lower() in _NOTHING:
        return None
    bare = text.strip().strip('"').lower()
    found = _WITH_PORT.match(bare)
    if found:
        bare = found["six"] or found["four"]
    try:
        address = ipaddress.ip_address(bare.split("%")[0])
    except ValueError:
        return bare
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(maxsize=65536)
def entries(forwarded_for: str | None) -> tuple[str, ...]:
    """Return the addresses of an `X-Forwarded-For` (or `Forwarded`) value, in its order."""
    if not forwarded_for:
        return ()
    parts = _FORWARDED.findall(forwarded_for) if "for=" in forwarded_for.lower() else forwarded_for.split(",")
    return tuple(address for part in parts if (address := normal(part)) is not None)


@lru_cache(maxsize=65536)
def inside(address: str) -> bool:
    """Return whether `address` can only be of one's own network."""
    if _PLAIN.fullmatch(address):
        number = int.from_bytes(map(int, address.split(".")), "big")
        return any(first <= number <= last for first, last in _INSIDE_V4)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _INSIDE if network.version == parsed.version)
