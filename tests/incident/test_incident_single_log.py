"""Verdict, outcome, incidents and words where one log is all there is."""

from __future__ import annotations

from typing import Any

import pytest
from incident_story import CHROME, CURL, KEY, Story

from clerk_logscan import schema
from clerk_logscan.reports import frames


def alone(status: int | None = 200, target: str = KEY, **more: Any) -> dict[str, Any]:
    """The report of one request in one nginx log."""
    story = Story()
    story.log("access.log").covers("00:00:00", "09:00:00").line("04:12:07", "203.0.113.77", target, status, **more)
    return story.told()


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 405, 410, 499, 500, 503, None])
def test_no_status_alone_clears_a_request(status: int | None) -> None:
    report = alone(status)
    assert report["verdict"] == "key-exposed"
    assert report["findings"][0]["outcome"] == "presumed-sent"


@pytest.mark.parametrize("status", [502, 504, 301, 302, 303, 307, 308])
def test_a_failed_gateway_or_a_redirect_leaves_it_open_and_says_to_rotate(status: int) -> None:
    report = alone(status)
    assert (report["verdict"], report["incidents"][0]["outcome"]) == ("attempted", "undetermined")
    assert any("Rotate" in step for step in report["next_steps"])
    assert "rotate" in report["statement"]["sentence"]


def test_the_first_screen_answers_when_to_whom_by_whom_and_how_sure() -> None:
    statement = alone()["statement"]
    facts = {fact["label"]: fact["text"] for fact in statement["facts"]}
    assert statement["headline"] == "KEY EXPOSED"
    assert "collect.evil.example" in statement["sentence"] and "2026-03-30 04:12:07 UTC" in statement["sentence"]
    assert facts["to"] == "collect.evil.example"
    assert facts["by"] == "203.0.113.77"
    assert facts["how sure"].startswith("presumed: answered 200")
    assert "2026-03-30 00:00:00 to 09:00:00 UTC, no holes" in facts["covered"]
    assert list(facts)[:4] == ["first", "to", "by", "how sure"]


def test_findings_have_exactly_the_contracts_columns_and_times_as_text() -> None:
    report = alone()
    assert tuple(report["findings"][0]) == schema.FINDING_COLUMNS
    assert report["findings"][0]["timestamp"] == "2026-03-30T04:12:07.000000Z"
    assert frames.frame("findings", report["findings"]).height == 1
    assert frames.frame("timeline", report["timeline"]).height == len(report["timeline"])
    assert frames.frame("incidents", report["incidents"])["events"].to_list() == [1]


def test_a_url_that_fetch_refuses_is_low_and_keeps_its_rule_and_host() -> None:
    report = alone(502, "/__clerk//user:pw@evil.example/")
    finding = report["findings"][0]
    assert (finding["outcome"], finding["severity"]) == ("refused", "low")
    assert (finding["rule_id"], finding["target_host"]) == ("off-host-target", "evil.example")
    assert report["verdict"] == "attempted"


def test_a_log_that_shows_that_it_never_went_on_clears_it_with_the_reason() -> None:
    report = alone(403, _hint="not-forwarded", _hint_reason="$upstream_addr is -")
    assert (report["findings"][0]["outcome"], report["findings"][0]["severity"]) == ("not-forwarded", "low")
    assert report["verdict"] == "attempted"
    assert "$upstream_addr is -" in next(row["text"] for row in report["timeline"] if row["kind"] == "finding")


def test_a_log_that_cannot_tell_leaves_it_open() -> None:
    report = alone(200, _hint="undetermined", _hint_reason="served from the cache")
    assert report["findings"][0]["outcome"] == "undetermined"


def test_what_a_decoding_hop_would_make_of_it_stays_possible() -> None:
    report = alone(200, "/__clerk/%2fevil.example/x")
    finding = report["findings"][0]
    assert (finding["rule_id"], finding["severity"]) == ("off-host-after-decoding", "medium")
    assert (finding["outcome"], report["verdict"], report["incidents"][0]["events"]) == ("undetermined", "probed", 0)


def test_the_applications_own_log_alone_voids_what_was_not_decoded() -> None:
    story = Story()
    story.log("app.log", "fastify").line("04:12:07", "203.0.113.77", "/__clerk/%2fevil.example/x")
    report = story.told()
    assert (report["findings"][0]["outcome"], report["findings"][0]["severity"]) == ("none", "low")
    assert report["verdict"] == "probed"


@pytest.mark.parametrize("target", ["/__clerk//", "/__clerk/v1//client"])
def test_probes_are_probed(target: str) -> None:
    report = alone(500, target)
    assert report["verdict"] == "probed"
    assert report["findings"][0]["outcome"] == "none"
    assert report["findings"][0]["target_host"] is None


def test_the_known_client_bug_is_noise_and_no_evidence() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(5):
        log.line(f"04:12:{number:02}", "198.51.100.4", "/__clerk//v1/client", 502, user_agent=CHROME)
    report = story.told()
    assert report["verdict"] == "no-evidence"
    assert {row["severity"] for row in report["findings"]} == {"info"}
    assert report["incidents"][0]["attacker_clients"] == []
    assert any("5 requests" in fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "noise")


def test_the_size_of_an_answer_is_shown_and_clears_nothing() -> None:
    report = alone(502, bytes_sent=119)
    assert "119 bytes" in next(row["text"] for row in report["timeline"] if row["kind"] == "finding")
    assert report["findings"][0]["outcome"] == "undetermined"
    assert "Fastify" in next(row["text"] for row in alone(500, "/__clerk//", bytes_sent=99)["timeline"])


def test_hosts_of_one_registrable_domain_are_one_incident_whoever_asked() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", "203.0.113.77", "/__clerk//a.evil.example/x")
    log.line("04:13:07", "203.0.113.78", "/__clerk//b.evil.example/x")
    log.line("04:14:07", "203.0.113.78", "/__clerk//other.test/x", 502)
    incidents = story.told()["incidents"]
    assert [row["target_hosts"] for row in incidents] == [["a.evil.example", "b.evil.example"], ["other.test"]]
    assert incidents[0]["attacker_clients"] == ["203.0.113.77", "203.0.113.78"]
    assert (incidents[0]["first_seen"], incidents[0]["events"]) == ("2026-03-30T04:12:07.000000Z", 2)


def test_internal_targets_of_one_client_are_one_incident() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", "203.0.113.77", "/__clerk//169.254.169.254/latest")
    log.line("04:12:08", "203.0.113.77", "/__clerk//localhost/")
    log.line("04:12:09", "203.0.113.99", "/__clerk//localhost/")
    incidents = story.told()["incidents"]
    assert [row["target_hosts"] for row in incidents] == [["169.254.169.254", "localhost"], ["localhost"]]
    assert incidents[0]["target_kinds"] == ["metadata", "loopback"]


def test_findings_without_a_host_are_one_incident_by_client() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", "203.0.113.77", "/__clerk//", 500)
    log.line("04:12:08", "203.0.113.77", "/__clerk/v1//client")
    log.line("04:12:09", "203.0.113.99", "/__clerk//", 500)
    incidents = story.told()["incidents"]
    assert sorted(len(row["rule_ids"]) for row in incidents) == [1, 2]


def test_two_lines_of_one_log_are_two_events() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", "203.0.113.77", KEY)
    log.line("04:12:07", "203.0.113.77", KEY)
    report = story.told()
    assert len({row["event_id"] for row in report["findings"]}) == 2
    assert report["incidents"][0]["events"] == 2


def test_the_timeline_shows_what_the_same_client_did_around_it_and_nothing_else() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("03:50:00", "203.0.113.77", "/robots.txt")
    log.line("04:11:40", "203.0.113.77", "/")
    log.line("04:11:50", "198.51.100.9", "/")
    log.line("04:12:07", "203.0.113.77", KEY)
    rows = story.told()["timeline"]
    assert [(row["kind"], row["request_target"]) for row in rows] == [("context", "/"), ("finding", KEY)]
    assert rows[0]["incident_id"] == rows[1]["incident_id"]


def test_equal_inputs_give_equal_documents() -> None:
    assert alone() == alone()


def test_a_request_without_a_time_still_counts() -> None:
    story = Story()
    story.log("access.log").line(None, "203.0.113.77", KEY, user_agent=CURL)
    report = story.told(vulnerable_from="05:00:00", vulnerable_until="06:00:00", since="05:00:00")
    assert report["verdict"] == "key-exposed"
    assert report["incidents"][0]["first_seen"] is None
    assert "unknown time" in report["statement"]["sentence"]


def test_internal_targets_are_named_for_what_they_are() -> None:
    report = alone(200, "/__clerk//169.254.169.254/latest/meta-data/")
    assert "metadata service" in next(fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "kind")
    assert "metadata service" in report["incidents"][0]["summary"]
    assert any("internal hosts" in step for step in report["next_steps"])


def test_context_belongs_to_the_gravest_incident_near_it_and_honest_browsers_have_none() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:11:40", "203.0.113.77", "/")
    log.line("04:11:58", "203.0.113.77", "/__clerk//", 500)
    log.line("04:12:07", "203.0.113.77", KEY)
    log.line("04:12:08", "198.51.100.4", "/")
    log.line("04:12:09", "198.51.100.4", "/__clerk//v1/client", 502)
    report = story.told()
    context = [row for row in report["timeline"] if row["kind"] == "context"]
    assert [(row["client_ip"], row["incident_id"]) for row in context] == [
        ("203.0.113.77", report["incidents"][0]["incident_id"])
    ]
