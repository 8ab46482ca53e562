"""The times that the user gave: which leaks still matter, and what the sentences then say."""

from __future__ import annotations

from typing import Any

import pytest
from incident_story import KEY, Story

CLIENT = "203.0.113.77"


def story(*clocks: str) -> Story:
    """One log with the attack at each of `clocks`."""
    told = Story()
    log = told.log("access.log").covers("00:00:00", "09:00:00")
    for clock in clocks:
        log.line(clock, CLIENT, KEY)
    return told


def fact(report: dict[str, Any], label: str) -> str:
    """A fact of the statement."""
    return next((fact["text"] for fact in report["statement"]["facts"] if fact["label"] == label), "")


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ({"vulnerable_from": "05:00:00"}, "before the vulnerable release was live"),
        ({"vulnerable_until": "04:00:00"}, "against a fixed version"),
    ],
)
def test_a_hit_while_no_vulnerable_version_was_live_is_ruled_out(windows: dict[str, str], words: str) -> None:
    report = story("04:12:07").told(**windows)
    finding = report["findings"][0]
    assert (finding["outcome"], finding["severity"], finding["rule_id"]) == ("not-vulnerable", "low", "off-host-target")
    assert report["verdict"] == "attempted"
    assert words in next(row["text"] for row in report["timeline"] if row["kind"] == "finding")


def test_the_ends_of_the_window_are_within_it() -> None:
    report = story("04:12:07").told(vulnerable_from="04:12:07", vulnerable_until="04:12:07")
    assert report["verdict"] == "key-exposed"


def test_a_hit_after_the_rotation_says_that_the_new_key_leaked_too() -> None:
    report = story("04:12:07", "06:00:00").told(key_rotated="05:00:00")
    assert "The new key leaked too" in report["statement"]["sentence"]
    assert "rotate again" in report["statement"]["sentence"]
    assert any(step.startswith("Rotate the secret key again") for step in report["next_steps"])


def test_a_hit_after_the_rotation_but_fixed_by_then_leaked_nothing_new() -> None:
    report = story("04:12:07", "06:00:00").told(key_rotated="05:00:00", vulnerable_until="05:30:00")
    assert "new key" not in report["statement"]["sentence"]
    assert "old key leaked" in report["statement"]["sentence"]
    assert not any(step.startswith("Rotate") for step in report["next_steps"])
    assert not any(step.startswith("Upgrade") for step in report["next_steps"])


def test_the_times_given_stand_in_the_timeline() -> None:
    report = story("04:12:07").told(vulnerable_from="01:00:00", vulnerable_until="07:00:00", key_rotated="08:00:00")
    kinds = [(row["timestamp"][11:16], row["kind"]) for row in report["timeline"]]
    assert kinds == [("01:00", "release"), ("04:12", "finding"), ("07:00", "release"), ("08:00", "release")]


def test_only_requests_of_the_time_asked_for_are_findings() -> None:
    report = story("04:12:07", "06:00:00").told(since="05:00:00", until="07:00:00")
    assert [row["timestamp"][11:16] for row in report["findings"]] == ["06:00"]


def test_what_the_logs_do_not_cover_of_the_vulnerable_time_is_said() -> None:
    told = Story()
    told.log("access.log").covers("02:00:00", "06:00:00").line("04:12:07", CLIENT, KEY)
    covered = fact(told.told(vulnerable_from="01:00:00", vulnerable_until="08:00:00"), "covered")
    assert "2026-03-30 01:00:00 to 02:00:00 UTC" in covered and "2026-03-30 06:00:00 to 08:00:00 UTC" in covered
