"""Registrable domains: who can be told apart behind host names (publicsuffix.org, default rule `*`, never fetched)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from clerk_logscan.hosts import branches, public_suffixes

_NAME = re.compile(r"(?:[a-z0-9_-]+\.)*(?P<domain>(?P<second>[a-z0-9_-]+)\.(?P<top>[a-z0-9_-]+))")


@lru_cache(maxsize=262144)
def registrable(host: str) -> str:
    """Return the registrable domain of a host name; an address, or a public suffix itself, is its own.

    `host` is lower-case ASCII without a port, IPv6 in brackets.
    """
    name = host.rstrip(".")
    if name.startswith("[") or _is_address(name):
        return name
    if (plain := _NAME.fullmatch(name)) and {"*", plain["second"]}.isdisjoint(branches(plain["top"])):
        return plain["domain"]  # most names, and thousands of them in a flood
    return public_suffixes(name).privatesuffix(name) or name


def host_of(host: str | None) -> str | None:
    """Return a `Host` value in lower case without its port, None for a missing one."""
    return _without_port(host.strip().lower()) or None if host else None


def site(host: str | None) -> str | None:
    """Return the registrable domain of a `Host` value with or without a port, None where it names no site."""
    name = host_of(host)
    return registrable(name) if name else None


@lru_cache(maxsize=65536)
def site_of_url(url: str | None) -> str | None:
    """Return the registrable domain of a URL's host, None where there is none (a Referer may be any text)."""
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    if not host:
        return None
    return registrable(f"[{host}]" if ":" in host else host)


def public(host_site: str) -> bool:
    """Return whether a site can be seen from outside: a name with a dot, no address."""
    return "." in host_site and not _is_address(host_site)


def _is_address(name: str) -> bool:
    if not name[-1:].isdigit() and ":" not in name:  # a name's last label is never a number
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
