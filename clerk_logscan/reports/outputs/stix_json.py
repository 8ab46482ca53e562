"""`.stix.json`: the incidents as a STIX 2.1 bundle, for those who keep threat intelligence.

Ids are UUIDv5 of what they name and times are those of the log, so equal reports give equal bytes. The objects are made
as they stand in JSON, each property in the order of its page: a library that checks every object costs milliseconds
for each, and a sweep has a hundred thousand; the tests read the bundles back with the OASIS library.
https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
"""

from __future__ import annotations

import ipaddress
import json
import re
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from typing import IO, Any

from clerk_logscan.report import Report
from clerk_logscan.reports.inert import json_bytes
from clerk_logscan.reports.story import Chapter, Story
from clerk_logscan.rows import Row, grouped

_NAMESPACE = uuid.UUID("5f0c2c5e-9d0b-5f57-a9a4-3c1f5a7e34e6")  # of this tool; fixed for all time
_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, 2.9: of observables, by their value
_PUBLISHED = "2026-03-27T00:00:00.000Z"  # the advisory; the time of what has none of its own
_REPORTED = ("off-host-target", "off-host-after-decoding", "unresolvable-target")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?")
_IN_MEMORY, _CHUNK = 16_000_000, 1_000_000  # bytes
_MOST_OBSERVABLES = 200  # an incident's URLs and clients; the JSON report holds them all


def render(report: Report) -> Iterator[bytes]:
    """Yield a bundle: the vulnerability, and for each incident its indicators, observed data and sightings.

    Hosts of one's own network (loopback, metadata, private) are observed, but are no indicators. A sighting is of an
    indicator, or of the vulnerability where no foreign host was named.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as objects:  # what comes first, the id, is made of all of them
        builder = _Builder(report.data["findings"], objects)
        for chapter in Story(report.data).chapters:
            if set(chapter.incident.get("rule_ids") or ()) & set(_REPORTED):
                builder.incident(chapter)
        name = "".join(sorted(builder.ids)) + report.verdict
        bundle = {"type": "bundle", "id": _id("bundle", name), "objects": []}
        yield json_bytes(bundle, indent=True).removesuffix(b"]\n}")
        objects.seek(0)
        yield from iter(lambda: objects.read(_CHUNK), b"")
        yield b"\n  ]\n}\n"


class _Builder:
    """Writes the objects of a bundle to `file`, each once, in the order of their first use, and keeps their ids."""

    def __init__(self, findings: Sequence[Row], file: IO[bytes]) -> None:
        self.ids: set[str] = set()
        self.file = file
        self.clients = grouped(findings, "incident_id", "client_ip", _MOST_OBSERVABLES)
        self.urls = grouped(findings, "incident_id", "target_url", _MOST_OBSERVABLES)
        named = {"name": "clerk-logscan", "identity_class": "system"}
        self.author = ""
        self.author = self._add("identity", "clerk-logscan", _PUBLISHED, **named)
        self.vulnerability = self._add(
            "vulnerability",
            "CVE-2026-34076",
            _PUBLISHED,
            name="CVE-2026-34076",
            description="clerkFrontendApiProxy can be made to send the Clerk-Secret-Key to another host.",
            external_references=[
                {"source_name": "cve", "external_id": "CVE-2026-34076"},
                {"source_name": "ghsa", "external_id": "GHSA-gjxx-92w9-8v8f"},
            ],
        )

    def _add(self, kind: str, known_by: str, created: str, /, **properties: Any) -> str:
        """Add an object that is made at a time, and return its id, which is made of what it is known by."""
        identifier = _id(kind, known_by)
        if identifier not in self.ids:
            author = {"created_by_ref": self.author} if self.author else {}
            made = {"created": _moment(created, 3), "modified": _moment(created, 3)}
            head = {"type": kind, "spec_version": "2.1", "id": identifier}
            self._write({**head, **author, **made, **properties})
        return identifier

    def _observable(self, kind: str, value: str) -> str:
        """Add a host, an address or a URL and return its id."""
        known = json.dumps({"value": value}, ensure_ascii=False, separators=(",", ":"))
        identifier = f"{kind}--{uuid.uuid5(_OBSERVABLES, known)}"
        if identifier not in self.ids:
            self._write({"type": kind, "spec_version": "2.1", "id": identifier, "value": value})
        return identifier

    def _write(self, item: dict[str, Any]) -> None:
        start = b",\n    " if self.ids else b"\n    "
        self.file.write(start + json_bytes(item, indent=True).replace(b"\n", b"\n    "))
        self.ids.add(item["id"])

    def incident(self, chapter: Chapter) -> None:
        """Add what an incident showed."""
        incident = chapter.incident
        first, last = _times(incident)
        observed = self._observed(chapter, first, last)
        foreign = set(incident.get("target_kinds") or ()) <= {"public", "canary"}
        seen = [self._host(host, first) for host in chapter.hosts if foreign and _pattern(host)]
        for client in (incident.get("attacker_clients") or [])[:_MOST_OBSERVABLES]:
            seen += [self._client(client, first)] if _address(client) else []
        for reference in seen or [self.vulnerability]:
            self._sighting(reference, observed, chapter, first, last)

    def _host(self, host: str, first: str) -> str:
        text = "A host to which the proxy was told to send the Clerk-Secret-Key"
        return self._indicator(f"{text}: {host}", _pattern(host) or "", "exfiltration", first)

    def _client(self, client: str, first: str) -> str:
        text = "A client that told the proxy to send the Clerk-Secret-Key away"
        return self._indicator(f"{text}: {client}", _pattern(client) or "", "malicious-activity", first)

    def _indicator(self, name: str, pattern: str, kind: str, first: str) -> str:
        return self._add(
            "indicator",
            pattern,
            first,
            name=name,
            indicator_types=["malicious-activity"] if kind == "exfiltration" else [kind],
            pattern=pattern,
            pattern_type="stix",
            pattern_version="2.1",
            valid_from=_moment(first),
        )

    def _observed(self, chapter: Chapter, first: str, last: str) -> str | None:
        """Add the hosts, URLs and clients of an incident and its observed data; None where it names nothing."""
        incident = chapter.incident.get("incident_id")
        clients, urls = self.clients.get(incident, []), self.urls.get(incident, [])
        found = [self._host_object(host) for host in chapter.hosts[:_MOST_OBSERVABLES] if host]
        found += [self._observable("url", url) for url in urls if url]
        found += [self._address_object(str(client)) for client in clients if _address(client)]
        references = list(dict.fromkeys(found))
        if not references:
            return None
        return self._add(
            "observed-data",
            f"{incident} {first} {' '.join(references)}",
            last,
            first_observed=_moment(first),
            last_observed=_moment(last),
            number_observed=max(1, chapter.request_count or chapter.finding_count),
            object_refs=references,
        )

    def _host_object(self, host: str) -> str:
        return self._address_object(host) if _address(host) else self._observable("domain-name", host)

    def _address_object(self, text: str) -> str:
        address = _address(text)
        kind = "ipv6-addr" if isinstance(address, ipaddress.IPv6Address) else "ipv4-addr"
        return self._observable(kind, str(address))

    def _sighting(self, reference: str, observed: str | None, chapter: Chapter, first: str, last: str) -> None:
        incident = chapter.incident
        said = f"{incident.get('severity')}, {incident.get('outcome')}: {incident.get('summary') or ''}"
        self._add(
            "sighting",
            f"{reference} {observed} {incident.get('incident_id')}",
            last,
            description=said,
            first_seen=_moment(first),
            last_seen=_moment(last),
            count=max(1, chapter.request_count or chapter.finding_count),
            sighting_of_ref=reference,
            **({"observed_data_refs": [observed]} if observed else {}),
        )


def _moment(time: str, digits: int = 0) -> str:
    """Return a time as STIX writes it: of the fraction only so many digits as it has, or at least `digits`."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0").ljust(digits, "0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _id(kind: str, name: str) -> str:
    return f"{kind}--{uuid.uuid5(_NAMESPACE, f'{kind}:{name}')}"


def _times(incident: dict[str, Any]) -> tuple[str, str]:
    first = incident.get("first_seen") or incident.get("last_seen") or _PUBLISHED
    return str(first), str(incident.get("last_seen") or first)


def _address(text: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(text).strip("[]"))
    except ValueError:
        return None


def _pattern(host: str) -> str | None:
    """Return the STIX pattern of a host or address; None for what is neither, and so cannot be met again."""
    address = _address(host)
    if address:
        kind = "ipv6-addr" if address.version == 6 else "ipv4-addr"
        return f"[{kind}:value = '{address}']"
    return f"[domain-name:value = '{host}']" if _HOST.fullmatch(host) else None
