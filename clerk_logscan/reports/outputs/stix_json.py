"""`.stix.json`: the incidents as a STIX 2.1 bundle, for those who keep threat intelligence.

Ids are UUIDv5 of what they name and times are those of the log, so equal reports give equal bytes; the library would
make random ids and the time of now. https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
"""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from typing import Any

from clerk_logscan.report import Report
from clerk_logscan.reports.inert import json_bytes
from clerk_logscan.reports.story import Chapter, Story
from clerk_logscan.rows import distinct

_NAMESPACE = uuid.UUID("5f0c2c5e-9d0b-5f57-a9a4-3c1f5a7e34e6")  # of this tool; fixed for all time
_PUBLISHED = "2026-03-27T00:00:00.000Z"  # the advisory; the time of what has none of its own
_REPORTED = ("off-host-target", "off-host-after-decoding", "unresolvable-target")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?")
_MOST_OBSERVABLES = 200  # an incident's URLs and clients; the JSON report holds them all


def render(report: Report) -> bytes:
    """Return a bundle: the vulnerability, and for each incident its indicators, observed data and sightings.

    Hosts of one's own network (loopback, metadata, private) are observed, but are no indicators. A sighting is of an
    indicator, or of the vulnerability where no foreign host was named.
    """
    import stix2  # type: ignore[import-untyped]

    builder = _Builder(stix2)
    for chapter in Story(report.data).chapters:
        if set(chapter.incident.get("rule_ids") or ()) & set(_REPORTED):
            builder.incident(chapter)
    objects = list(builder.objects.values())
    name = "".join(sorted(item.id for item in objects)) + report.verdict
    bundle = stix2.Bundle(objects=objects, id=_id("bundle", name))
    return json_bytes(json.loads(bundle.serialize()), indent=True) + b"\n"


class _Builder:
    """Collects the objects of a bundle, each once, in the order of their first use."""

    def __init__(self, library: Any) -> None:
        self.stix2 = library
        self.objects: dict[str, Any] = {}
        created = {"created": _PUBLISHED, "modified": _PUBLISHED}
        self.author = self._add(
            library.Identity(
                id=_id("identity", "clerk-logscan"), name="clerk-logscan", identity_class="system", **created
            )
        )
        self.vulnerability = self._add(
            library.Vulnerability(
                id=_id("vulnerability", "CVE-2026-34076"),
                name="CVE-2026-34076",
                description="clerkFrontendApiProxy can be made to send the Clerk-Secret-Key to another host.",
                external_references=[
                    {"source_name": "cve", "external_id": "CVE-2026-34076"},
                    {"source_name": "ghsa", "external_id": "GHSA-gjxx-92w9-8v8f"},
                ],
                created_by_ref=self.author,
                **created,
            )
        )

    def _add(self, item: Any) -> str:
        self.objects.setdefault(item.id, item)
        return str(item.id)

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
        identifier = _id("indicator", pattern)
        if identifier in self.objects:
            return identifier
        types = ["malicious-activity"] if kind == "exfiltration" else [kind]
        fields = {"pattern": pattern, "pattern_type": "stix", "indicator_types": types, "valid_from": first}
        made = {"created": first, "modified": first, "created_by_ref": self.author}
        return self._add(self.stix2.Indicator(id=identifier, name=name, **fields, **made))

    def _observed(self, chapter: Chapter, first: str, last: str) -> str | None:
        """Add the hosts, URLs and clients of an incident and its observed data; None where it names nothing."""
        clients = [client for (client,) in distinct(chapter.findings, "client_ip")]
        urls = [url for (url,) in distinct(chapter.findings, "target_url")]
        items = [self._host_object(host) for host in chapter.hosts[:_MOST_OBSERVABLES]]
        items += [self.stix2.URL(value=url) for url in urls[:_MOST_OBSERVABLES] if url]
        items += [self._address_object(str(client)) for client in clients[:_MOST_OBSERVABLES] if _address(client)]
        references = list(dict.fromkeys(self._add(item) for item in items if item))
        if not references:
            return None
        identifier = _id("observed-data", f"{chapter.incident.get('incident_id')} {first} {' '.join(references)}")
        made = {"created": last, "modified": last, "created_by_ref": self.author}
        number = max(1, chapter.request_count or chapter.finding_count)
        span = {"first_observed": first, "last_observed": last, "number_observed": number, "object_refs": references}
        return self._add(self.stix2.ObservedData(id=identifier, **span, **made))

    def _host_object(self, host: str) -> Any:
        if _address(host):
            return self._address_object(host)
        return self.stix2.DomainName(value=host) if host else None

    def _address_object(self, text: str) -> Any:
        address = _address(text)
        kind = self.stix2.IPv6Address if isinstance(address, ipaddress.IPv6Address) else self.stix2.IPv4Address
        return kind(value=str(address))

    def _sighting(self, reference: str, observed: str | None, chapter: Chapter, first: str, last: str) -> None:
        incident = chapter.incident
        identifier = _id("sighting", f"{reference} {observed} {incident.get('incident_id')}")
        number = max(1, chapter.request_count or chapter.finding_count)
        fields: dict[str, Any] = {"sighting_of_ref": reference, "first_seen": first, "last_seen": last, "count": number}
        if observed:
            fields["observed_data_refs"] = [observed]
        fields["description"] = (
            f"{incident.get('severity')}, {incident.get('outcome')}: {incident.get('summary') or ''}"
        )
        made = {"created": last, "modified": last, "created_by_ref": self.author}
        self._add(self.stix2.Sighting(id=identifier, **fields, **made))


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
