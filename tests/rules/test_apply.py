"""Every request gets the gravest rule that holds, and the host that rule speaks of."""

from __future__ import annotations

import polars as pl
import pytest

from clerk_logscan import rules, schema
from clerk_logscan.destinations import DESTINATION_COLUMNS


def frame(**columns: object) -> pl.DataFrame:
    """A frame of one request with these columns set, the others null."""
    types = {**schema.FRAME, **DESTINATION_COLUMNS}
    return pl.DataFrame({name: [columns.get(name)] for name in types}, schema=types)


FOREIGN = {"matched": True, "target_host": "evil.example", "target_kind": "public", "off_host": True, "slashes": True}


@pytest.mark.parametrize(
    ("columns", "rule_id", "severity", "host"),
    [
        (FOREIGN, "off-host-target", "critical", "evil.example"),
        ({**FOREIGN, "target_host": "v1"}, "client-double-slash", "info", "v1"),
        ({**FOREIGN, "target_host": "v1.example"}, "off-host-target", "critical", "v1.example"),
        (
            {"matched": True, "target_host": "fapi.example", "decoded_off_host": True, "decoded_host": "evil.example"},
            "off-host-after-decoding",
            "medium",
            "evil.example",
        ),
        ({"matched": True, "unresolvable": True, "slashes": True}, "unresolvable-target", "medium", None),
        (
            {"matched": True, "unresolvable": True, "decoded_off_host": True, "decoded_host": "evil.example"},
            "off-host-after-decoding",
            "medium",
            "evil.example",
        ),
        ({"matched": True, "slashes": True, "target_host": "frontend-api.clerk.dev"}, "double-slash", "low", None),
        ({"matched": False, "slashes": True}, None, None, None),
        ({"matched": True, "decoded_off_host": True, "decoded_host": "v1"}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_the_gravest_rule_names_the_finding(
    columns: dict[str, object], rule_id: str | None, severity: str | None, host: str | None
) -> None:
    found = rules.apply(frame(**columns)).select("rule_id", "severity", "target_host").rows()
    assert found == ([] if rule_id is None else [(rule_id, severity, host)])


def test_no_request_gives_no_finding() -> None:
    found = rules.apply(frame().clear())
    assert found.height == 0
    assert {"rule_id", "severity", *schema.FRAME} <= set(found.columns)


def test_rules_are_tried_from_the_gravest_down() -> None:
    ranks = [schema.SEVERITIES.index(rule.severity) for rule in rules.known()]
    assert ranks == sorted(ranks)


def test_findings_know_their_places_in_the_frame() -> None:
    found = rules.apply(pl.concat([frame(), frame(**FOREIGN), frame(), frame(matched=True, unresolvable=True)]))
    assert found.select("_observed", "rule_id").rows() == [(1, "off-host-target"), (3, "unresolvable-target")]
