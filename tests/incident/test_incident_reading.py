"""What could not be read, cannot be seen or was forgotten: reasons for `incomplete`, said beside every verdict."""

from __future__ import annotations

from typing import Any

import pytest
from incident_story import KEY, Story

OK = "/__clerk/v1/client"


def quiet(**ledger: Any) -> dict[str, Any]:
    """A log without findings, and the report of it with these keys of its ledger row changed."""
    story = Story()
    story.log("access.log", **ledger).covers("00:00:00", "09:00:00").line("04:00:00", "198.51.100.3", OK)
    return story.told()


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        ({"complete": False, "error": "gzip cut short"}, "breaks off after"),
        ({"complete": False, "error": "no such file", "lines": 0}, "could not be read"),
        ({"suspicious_malformed": 1}, "1 line of access.log could not be read"),
        ({"requests": 0, "log_formats": {}, "_named": True}, "no format reads any of them"),
        ({"requests": 0, "log_formats": {}, "_requestlike": 3}, "no format reads any of them"),
        ({"lines": 0, "requests": 0, "log_formats": {}, "_named": True}, "access.log holds no line"),
        ({"_hidden": ["$uri"]}, "its path field `$uri` is normalised"),
        ({"_foreign_prefixes": {"/api/clerk": 12}}, "/api/clerk"),
    ],
)
def test_a_reason_makes_the_verdict_incomplete_and_is_said(ledger: dict[str, Any], words: str) -> None:
    report = quiet(**ledger)
    assert report["verdict"] == "incomplete"
    assert any(words in reason for reason in report["statement"]["reasons"])
    assert any(words in fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "why")


@pytest.mark.parametrize(
    "ledger",
    [
        {},
        {"requests": 0, "log_formats": {}},
        {"malformed": 3},
        {"_foreign_prefixes": {"/api/clerk": 0}},
    ],
)
def test_what_is_no_reason(ledger: dict[str, Any]) -> None:
    assert quiet(**ledger)["verdict"] == "no-evidence"


def test_an_empty_input_beside_others_is_no_reason() -> None:
    story = Story()
    story.log("access.log").covers("00:00:00", "09:00:00").line("04:00:00", "198.51.100.3", OK)
    story.log("empty.log", lines=0, requests=0, log_formats={}, _named=True)
    assert story.told()["verdict"] == "no-evidence"


def test_a_forgotten_proxy_path_is_named_with_what_to_do() -> None:
    report = quiet(_foreign_prefixes={"/api/clerk": 12})
    assert "Run it again with --proxy-path /api/clerk." in report["next_steps"]


def test_a_finding_comes_before_what_could_not_be_read_and_both_are_said() -> None:
    story = Story()
    story.log("access.log", complete=False, error="cut").line("04:00:00", "198.51.100.3", KEY)
    report = story.told()
    assert report["verdict"] == "key-exposed"
    assert report["statement"]["reasons"]
    assert any(fact["label"] == "not read" for fact in report["statement"]["facts"])


def test_a_log_that_cannot_show_it_is_excused_by_one_of_the_same_requests() -> None:
    story = Story()
    alb = story.log("alb.gz", "alb").covers("00:00:00", "09:00:00")
    nginx = story.log("access.log", "nginx_uri").covers("00:00:00", "09:00:00")
    for number in range(4):
        alb.line(f"04:00:0{number}", "198.51.100.3", f"{OK}?n={number}")
        nginx.line(f"04:00:0{number}", "10.0.1.9", OK, forwarded_for="198.51.100.3")
    assert story.told()["verdict"] == "no-evidence"
    alb.extra_times = alb.extra_times[:60]  # covers half of the other's time now
    assert story.told()["verdict"] == "incomplete"


def test_another_log_of_other_requests_excuses_nothing() -> None:
    story = Story()
    story.log("alb.gz", "alb").covers("00:00:00", "09:00:00").line("04:00:00", "198.51.100.3", OK)
    story.log("access.log", "nginx_uri").covers("00:00:00", "09:00:00").line("06:00:00", "198.51.100.8", OK)
    report = story.told()
    assert report["verdict"] == "incomplete"
    assert "`$uri`" in report["statement"]["reasons"][0]


def test_no_evidence_says_what_was_covered_how_much_was_seen_and_how_far_back_logs_must_go() -> None:
    facts = {fact["label"]: fact["text"] for fact in quiet()["statement"]["facts"]}
    assert "2026-03-30 00:00:00 to 09:00:00 UTC" in facts["covered"]
    assert facts["proxy requests"].startswith("1 line")
    assert "first deployment of an affected version" in facts["still"]


def test_no_proxy_path_request_at_all_is_said_loudly() -> None:
    story = Story()
    story.log("access.log").covers("00:00:00", "09:00:00")
    report = story.told()
    assert report["verdict"] == "no-evidence"
    assert "no proxy-path request at all" in report["statement"]["sentence"]
    assert any(fact["text"].startswith("NONE") for fact in report["statement"]["facts"])


def test_best_effort_logs_are_named() -> None:
    story = Story()
    story.log("alb.gz", "alb").line("04:00:00", "198.51.100.3", OK)
    report = story.told()
    assert any("best effort" in fact["text"] for fact in report["statement"]["facts"])
    assert any("best-effort" in limit for limit in report["limits"])


def test_nothing_at_all_is_no_traceback() -> None:
    assert Story().told()["verdict"] == "no-evidence"


def test_internal_keys_do_not_leave_the_program() -> None:
    assert not [name for name in quiet()["inputs"][0] if name.startswith("_")]
