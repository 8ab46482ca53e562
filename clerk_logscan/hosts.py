"""What kind of host a target is: a canary, a metadata service, one's own machine or network, or the internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

METADATA_HOSTS: Final = frozenset({"metadata.google.internal"})
METADATA_ADDRESSES: Final = frozenset({ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254")})
# RFC 1918, RFC 6598 (carrier-grade NAT), RFC 791 "this network", RFC 4193; documentation ranges stay public:
# in reports they stand for the internet.
_PRIVATE: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "fc00::/7", "fec0::/10")
)
_DIGITS: Final = tuple("0123456789")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def public_suffixes(host: str) -> PublicSuffixList:
    """Return the public suffix list that its package bundles, never fetched; of its rules those that a `host` with this
    last label can meet. All of them take fifty times as long to load.
    """
    return _suffixes_under(host.rpartition(".")[2].lower())


@lru_cache(maxsize=4096)
def _suffixes_under(label: str) -> PublicSuffixList:
    """Return the list of the rules under a top-level label."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(_rules_under(label))


@lru_cache(maxsize=4096)
def branches(label: str) -> frozenset[str]:
    """Return the labels before a top-level one under which rules of the public suffix list go on; `*` for any."""
    parts = (rule.lstrip("!").lower().split(".") for rule in _rules_under(label))
    return frozenset(each[-2].encode("idna").decode() for each in parts if len(each) > 1)


def _rules_under(label: str) -> list[str]:
    """Return the rules under a top-level label; those in other scripts in Punycode, too."""
    return _rules().get(label) or _rules().get(_unicode(label), [])


def _unicode(label: str) -> str:
    """Return a label in its own script, one that is no valid Punycode as it is."""
    try:
        return label.encode().decode("idna")
    except UnicodeError:
        return label


@cache
def _rules() -> dict[str, list[str]]:
    """Return the rules of the list by their last label."""
    from publicsuffixlist import PSLFILE

    rules: dict[str, list[str]] = {}
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("//"):
            rule = line.partition(" ")[0]
            rules.setdefault(rule.rpartition(".")[2].lstrip("!"), []).append(rule)
    return rules


@lru_cache(maxsize=65536)
def kind(host: str) -> str:
    """Return the kind of a host (lower-case ASCII, IPv6 in brackets), the first that holds, in the contract's order:
    `canary`, `metadata`, `loopback`, `link-local`, `private`, `single-label`, `public`.
    """
    name = host.removesuffix(".")
    if _is_canary(name):
        return "canary"
    address = _address(name)
    return _address_kind(address) if address else _name_kind(name)


def _address(name: str) -> Address | None:
    """Return the address that a URL host names; IPv4 inside IPv6 (mapped, NAT64) as IPv4."""
    if name[-1:] not in _DIGITS and ":" not in name:
        return None  # quicker than to let the parser refuse it
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _address_kind(address: Address) -> str:
    if address in METADATA_ADDRESSES:
        return "metadata"
    if address.is_loopback or address.is_unspecified:  # a connection to 0.0.0.0 or :: reaches the machine itself
        return "loopback"
    if address.is_link_local:
        return "link-local"
    return "private" if any(address in net for net in _PRIVATE if net.version == address.version) else "public"


def _name_kind(name: str) -> str:
    if name in METADATA_HOSTS:
        return "metadata"
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761
        return "loopback"
    if name.endswith((".internal", ".local")):
        return "private"
    return "public" if "." in name else "single-label"


def _is_canary(name: str) -> bool:
    domains = canary_domains()
    while name and name not in domains:
        name = name.partition(".")[2]
    return bool(name)


@cache
def canary_domains() -> frozenset[str]:
    """Return the domains of canary and out-of-band services, read from `data/canary_domains.txt` at first use."""
    text = Path(__file__).with_name("data").joinpath("canary_domains.txt").read_text(encoding="utf-8")
    return frozenset(_entries(text))


def _entries(text: str) -> Iterator[str]:
    for line in text.splitlines():
        domain = line.partition("#")[0].strip().lower()
        if domain:
            yield domain
