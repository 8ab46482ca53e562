"""Timesketch: flat rows with its mandatory fields, plaso's names, and no value that OpenSearch refuses."""

from __future__ import annotations

import json

import report_documents as documents

from clerk_logscan.reports import render


def rows(report) -> list[dict[str, object]]:
    return [json.loads(line) for line in render(report, "x.timesketch.jsonl").splitlines()]


def test_every_row_has_the_mandatory_fields_and_is_flat() -> None:
    """message, datetime, timestamp in microseconds, timestamp_desc; only `tag` is a list."""
    for row in rows(documents.exposed()):
        assert {"message", "datetime", "timestamp", "timestamp_desc", "tag"} <= row.keys()
        assert isinstance(row["timestamp"], int)
        assert all(not isinstance(value, (dict, list)) for name, value in row.items() if name != "tag")


def test_a_finding_is_told_in_plaso_names() -> None:
    """The request, its client and answer stand under the names that plaso's Apache parser gives."""
    row = next(row for row in rows(documents.exposed()) if row.get("line_number") == 88240)
    assert row["ip_address"] == documents.ATTACKER
    assert str(row["http_request"]).startswith("GET /__clerk//collect.evil.example/v1/environment?")
    assert row["http_response_code"] == 200
    assert row["http_request_user_agent"] == "curl/8.6.0"
    assert row["datetime"] == "2026-03-30T04:12:31.250000+00:00"
    assert row["timestamp"] == 1774843951250000
    assert row["timestamp_desc"] == "Recorded Time"
    assert row["tag"] == ["clerk-logscan", "off-host-target", "critical", "presumed-sent"]


def test_rows_are_in_order_of_time_and_none_is_missing() -> None:
    """Every finding's line, and the gap, the outage, the release and the context beside them."""
    report = documents.exposed()
    times = [row["timestamp"] for row in rows(report)]
    others = [row for row in report.data["timeline"] if row["kind"] != "finding"]
    assert times == sorted(times)
    assert len(times) == len(report.data["findings"]) + len(others)
    assert {"Gap", "Outage", "Release"} <= {row["timestamp_desc"] for row in rows(report)}


def test_no_value_is_too_long_for_a_keyword() -> None:
    """OpenSearch refuses 32,766 bytes: longer ones are cut, at a character."""
    report = documents.hostile()
    report.data["findings"][0]["raw"] = "é" * 40_000
    for row in rows(report):
        for value in row.values():
            assert not isinstance(value, str) or len(value.encode()) < 32_766


def test_a_line_without_a_time_stands_at_the_epoch_and_says_so() -> None:
    """As plaso does: no row is dropped for want of a time."""
    report = documents.exposed()
    report.data["findings"][0]["timestamp"] = None
    row = rows(report)[0]
    assert (row["timestamp"], row["timestamp_desc"]) == (0, "Not a time")
