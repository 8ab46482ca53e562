"""The STIX bundle: valid, the same for equal reports, indicators for foreign hosts alone."""

from __future__ import annotations

import json
from typing import Any

import report_documents as documents
import stix2

from clerk_logscan.reports import render


def bundle(report) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The bundle, and its objects by type."""
    data = json.loads(render(report, "x.stix.json"))
    kinds: dict[str, list[dict[str, Any]]] = {}
    for item in data["objects"]:
        kinds.setdefault(item["type"], []).append(item)
    return data, kinds


def test_the_bundle_is_read_back_by_the_library() -> None:
    """stix2's own parser accepts each object, hostile texts included, without custom content."""
    for make in (documents.exposed, documents.clean, documents.hostile):
        data, _ = bundle(make())
        parsed = stix2.parse(data, allow_custom=False)
        assert len(parsed.objects) == len(data["objects"])


def test_the_vulnerability_and_who_says_so_are_named() -> None:
    """CVE-2026-34076 stands in every bundle, also where nothing was found."""
    _, kinds = bundle(documents.clean())
    assert [item["name"] for item in kinds["vulnerability"]] == ["CVE-2026-34076"]
    assert "indicator" not in kinds


def test_indicators_are_foreign_hosts_and_attackers() -> None:
    """The collecting hosts and the attacker; no metadata address, no lured user, no single label of the client bug."""
    _, kinds = bundle(documents.exposed())
    patterns = {item["pattern"] for item in kinds["indicator"]}
    assert patterns == {
        "[domain-name:value = 'collect.evil.example']",
        "[domain-name:value = 'xn--pple-43d.example']",
        f"[ipv4-addr:value = '{documents.ATTACKER}']",
    }


def test_a_sighting_is_of_an_indicator_or_the_vulnerability() -> None:
    """Never of a URL; every reference in the bundle is met in it."""
    data, kinds = bundle(documents.exposed())
    known = {item["id"] for item in data["objects"]}
    for item in data["objects"]:
        references = [value for key, value in item.items() if key.endswith("_ref")]
        references += [each for key, value in item.items() if key.endswith("_refs") for each in value]
        assert set(references) <= known
    assert {item["sighting_of_ref"].split("--")[0] for item in kinds["sighting"]} <= {"indicator", "vulnerability"}
    assert {item["value"] for item in kinds["url"]} >= {"https://collect.evil.example/x"}
    assert next(item["number_observed"] for item in kinds["observed-data"]) == 3


def test_no_object_was_made_now() -> None:
    """Times are those of the log or of the advisory, so that the bytes do not change from run to run."""
    data, _ = bundle(documents.exposed())
    for item in data["objects"]:
        for key in ("created", "modified", "valid_from", "first_observed"):
            assert item.get(key, "2026-03-30")[:7] == "2026-03"


def test_a_redacted_bundle_holds_no_masked_address_as_an_address() -> None:
    """`address-1` is no IPv4 address and becomes no object of one."""
    data, _ = bundle(documents.exposed().redacted())
    assert "address-" not in json.dumps([item for item in data["objects"] if item["type"].endswith("-addr")])


def test_a_sweep_has_an_indicator_a_host_and_one_for_its_client() -> None:
    """Objects are shared, never repeated: a hundred hosts by one client."""
    data, kinds = bundle(documents.sweep(100))
    assert len(kinds["indicator"]) == 101
    assert len({item["id"] for item in data["objects"]}) == len(data["objects"])
