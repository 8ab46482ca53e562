"""`--redact`: a report that may be handed on: secrets, query values and bystanders' addresses masked, evidence kept.

A value has the same mask wherever it stands in the report. Masks are numbered as values are met, tables a column at a
time, and say nothing about the value: a hash of an address could be found by trying all addresses.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from clerk_logscan.reports import masks
from clerk_logscan.rows import Rows, distinct, items

if TYPE_CHECKING:
    import polars as pl

_V4 = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)"
_V6 = (
    r"(?<![\w:.])(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)"
    r"(?:[0-9A-Fa-f:]{1,30}:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:]{2,39})(?![\w:]|\.\d)"
)
_ADDRESS = re.compile(f"{_V6}|{_V4}")
# `Chrome/120.0.0.0` is a version.
_PRODUCT = re.compile(
    r"(?:Chrome|Chromium|CriOS|Edg|EdgA|EdgiOS|OPR|Safari|Firefox|Version|Vivaldi|Electron|YaBrowser)/$"
)
_OURS = "rule_id severity outcome target_kind target_kinds kind incident_id event_id first_seen last_seen from to role"
_AS_THEY_ARE = {"source", "sources", "hops", "name", "sha256", "log_format", "log_formats", "rule_ids", "timestamp"}
_AS_THEY_ARE |= set(_OURS.split())
_UNTOUCHED = {"verdict", "rules", "tool"}
_IN_RAW = ("request_target", "target_url", "referer")  # what a raw line is known to hold, too
_COLUMNS = ("cloudfront", "w3c", "iis")
_ESCAPES = re.compile(r"\\x([0-9A-Fa-f]{2})|\\u00([0-9A-Fa-f]{2})|\\(?=[\"\\/])")


def redact(data: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every secret and every bystander's address masked, marked as `redacted`."""
    redactor = _Redactor(data)
    masked = {key: value if key in _UNTOUCHED else redactor.walk(value) for key, value in data.items()}
    return {**masked, "redacted": True}


class _Redactor:
    """The masks of one run; what is kept: attackers, the hosts that they named, one's own edges."""

    def __init__(self, data: dict[str, Any]) -> None:
        attackers = set(map(str, items(data["incidents"], "attacker_clients")))
        self.bystanders = _clients(data) - attackers
        self.keep = {_canonical(text) for text in attackers | _hosts(data)}
        people = {_canonical(text) for text in self.bystanders}
        self.keep |= {_canonical(text) for text in _own(data)} - people
        self.text = lru_cache(maxsize=65536)(self._text)  # agents, hosts and reasons come again and again
        self.values: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        names = sorted(
            (re.escape(text) for text in self.bystanders if not _is_address(text) and len(text) > 3), key=len
        )
        self.names = re.compile(rf"(?<![\w.-])(?:{'|'.join(reversed(names))})(?![\w-])") if names else None

    def walk(self, value: Any, key: str = "") -> Any:
        """Return a copy of any part of the document, its texts masked."""
        if value is None or key in _AS_THEY_ARE:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self.row(value) if "raw" in value else {name: self.walk(item, name) for name, item in value.items()}
        if isinstance(value, Rows):
            return Rows(self.table(value.frame))
        if isinstance(value, list):
            return [self.walk(item, key) for item in value]
        return value

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a finding masked, its raw line by what its fields are known to hold and by shape."""
        masked = {name: self.walk(value, name) for name, value in row.items() if name != "raw"}
        known = [(row.get(name), masked.get(name)) for name in _IN_RAW]
        line = self.line(row["raw"], known, row.get("log_format"))
        return {name: line if name == "raw" else masked[name] for name in row}

    def table(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a table masked, its raw lines last."""
        import polars as pl

        masked = frame.with_columns(self.column(column) for column in frame.drop("raw", strict=False))
        if "raw" not in frame.columns:
            return masked
        known = (zip(frame[name], masked[name], strict=True) for name in _IN_RAW)
        every = zip(frame["raw"], zip(*known, strict=True), frame["log_format"], strict=True)
        return masked.with_columns(pl.Series("raw", [self.line(*each) for each in every], dtype=pl.String))

    def column(self, column: pl.Series) -> pl.Series:
        """Return a column masked, each different value once."""
        if column.name in _AS_THEY_ARE or column.dtype.is_numeric():
            return column
        from clerk_logscan.columns import mapped

        return mapped(column, partial(self.walk, key=column.name), column.dtype)

    def line(self, line: Any, known: Iterable[tuple[str | None, str | None]], log_format: str | None) -> Any:
        """Return a raw line masked; `known`: what its fields hold, as it is and masked."""
        if not isinstance(line, str):
            return line
        for value, masked in known:
            if value and masked and value != masked:
                line = line.replace(value, masked)
        columns = str(log_format or "").startswith(_COLUMNS)
        return self.people(masks.in_line(line, self.value, columns=columns))

    def _text(self, text: str) -> str:
        return self.people(masks.in_text(text, self.value))

    def value(self, value: str) -> str:
        """Return the mask of a secret: one number for one value, however a log escaped it."""
        plain = _ESCAPES.sub(lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else "", value)
        for _ in range(3):
            plain = unquote(plain)
        return self.values.setdefault(plain, f"REDACTED-{len(self.values) + 1}")

    def people(self, text: str) -> str:
        """Return the text with the addresses and host names of bystanders masked."""
        if self.names:
            text = self.names.sub(lambda match: self._address(match[0]), text)
        if text.count(".") < 3 and text.count(":") < 2:  # no address has less
            return text
        return _ADDRESS.sub(self._masked, text)

    def _masked(self, match: re.Match[str]) -> str:
        text = match[0]
        if not _is_address(text) or _canonical(text) in self.keep:
            return text
        return (
            text if _PRODUCT.search(match.string[max(0, match.start() - 12) : match.start()]) else self._address(text)
        )

    def _address(self, text: str) -> str:
        return self.addresses.setdefault(_canonical(text), f"address-{len(self.addresses) + 1}")


def _clients(data: dict[str, Any]) -> set[str]:
    """Return every client of the report."""
    return set(map(str, items(data["incidents"], "lured_clients"))) | _each(
        data, "client_ip", "findings", "timeline", "lured"
    )


def _hosts(data: dict[str, Any]) -> set[str]:
    """Return the hosts that requests named: they are evidence, also as addresses."""
    return _each(data, "target_host", "findings", "timeline")


def _each(data: dict[str, Any], name: str, *tables: str) -> set[str]:
    """Return every value of a field in these tables of the report."""
    return {str(value) for table in tables for (value,) in distinct(data[table], name) if value}


def _own(data: dict[str, Any]) -> set[str]:
    """Return addresses of one's own: hops, the Host of requests, and the edges whose names log files bear."""
    hosts = {host.rsplit(":", 1)[0] for host in _each(data, "host", "findings")}
    sources = " ".join(str(row.get("source") or "") for row in data["inputs"])
    return hosts | set(_ADDRESS.findall(sources)) | set(map(str, data.get("own_addresses") or ()))


@lru_cache(maxsize=65536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=65536)
def _canonical(text: str) -> str:
    """Return one spelling of an address, an IPv4 one inside IPv6 as IPv4; other texts in lower case."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return text.lower()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
