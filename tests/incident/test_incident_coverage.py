"""Gaps by the contract's formula, over sets of inputs, and which time is covered."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from incident_story import KEY, Story, at

from clerk_logscan.incident.coverage import Coverage, gaps, uncovered, union
from clerk_logscan.incident.times import HOUR, MINUTE


def steps(*lengths: int) -> list[int]:
    """Times with these silences between them, in minutes."""
    times = [0]
    for length in lengths:
        times.append(times[-1] + length * MINUTE)
    return times


def test_a_silence_of_an_hour_is_a_gap_where_lines_are_dense() -> None:
    assert len(gaps(steps(*[1] * 50, 60, *[1] * 50))) == 1
    assert gaps(steps(*[1] * 50, 59, *[1] * 50)) == []


def test_ten_times_the_fourth_longest_silence_is_needed_where_lines_are_rare() -> None:
    assert gaps(steps(*[10] * 20, 99, *[10] * 20)) == []
    assert len(gaps(steps(*[10] * 20, 100, *[10] * 20))) == 1


def test_three_long_silences_do_not_hide_themselves() -> None:
    assert len(gaps(steps(*[2] * 30, 500, *[2] * 30, 600, *[2] * 30, 700, *[2] * 30))) == 3


def test_the_percentile_decides_where_there_are_many_lines() -> None:
    nights = [*[1] * 1200, 480] * 9
    assert len(gaps(steps(*nights))) == 9
    sampled = steps(*[*[5] * 240, 480] * 9)
    assert gaps(sampled) == [] and len(gaps(sampled, count=10_809)) == 9


def test_one_line_has_no_gap() -> None:
    assert gaps([]) == gaps([5]) == []


@given(st.lists(st.integers(0, 600), max_size=60))
def test_a_gap_is_never_shorter_than_an_hour_and_never_overlaps(lengths: list[int]) -> None:
    found = gaps(steps(*lengths))
    assert all(end - start >= HOUR for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


def test_a_gap_between_two_files_of_a_rotation_stands_at_the_later_one() -> None:
    story = Story()
    story.log("access.log.1", set="access.log").covers("00:00:00", "02:10:00")
    story.log("access.log", set="access.log").covers("03:55:00", "09:00:00")
    report = story.told()
    gap = {"from": "2026-03-30T02:10:00.000000Z", "to": "2026-03-30T03:55:00.000000Z"}
    assert [row["gaps"] for row in report["inputs"]] == [[], [gap]]
    row = next(row for row in report["timeline"] if row["kind"] == "gap")
    assert (row["timestamp"], row["source"]) == (gap["from"], "access.log")
    assert "1 h 45 min" in row["text"]
    assert "a hole: 2026-03-30 02:10:00 to 03:55:00 UTC" in fact(report)


def test_files_that_are_no_set_are_read_alone() -> None:
    story = Story()
    story.log("a.log").covers("00:00:00", "02:10:00")
    story.log("b.log").covers("03:55:00", "09:00:00")
    report = story.told()
    assert [row["gaps"] for row in report["inputs"]] == [[], []]
    assert "a hole: 2026-03-30 02:10:00 to 03:55:00 UTC" in fact(report)


def test_a_replica_fills_the_silence_of_another_of_its_set() -> None:
    story = Story()
    story.log("web-1/x.gz", set="alb").covers("00:00:00", "03:00:00")
    story.log("web-2/x.gz", set="alb").covers("02:00:00", "09:00:00")
    assert [row["gaps"] for row in story.told()["inputs"]] == [[], []]


def test_a_log_of_the_same_requests_fills_a_hole() -> None:
    story = Story()
    edge = story.log("edge.gz", "cloudfront").covers("00:00:00", "09:00:00")
    app = story.log("app.log", "fastify").covers("00:00:00", "02:00:00").covers("06:00:00", "09:00:00")
    for number in range(4):
        edge.line(f"01:00:0{number}", "198.51.100.3", f"/__clerk/v1/client?n={number}")
        app.line(f"01:00:0{number}", "130.176.0.1", f"/__clerk/v1/client?n={number}", forwarded_for="198.51.100.3")
    report = story.told()
    assert len(report["inputs"][1]["gaps"]) == 1
    assert "no holes" in fact(report)


def test_what_covers_a_time() -> None:
    coverage = Coverage(0, 100, [(20, 30), (50, 60)])
    times = pl.Series([-1, 0, 20, 25, 30, 55, 100, 101])
    assert coverage.covers(times).to_list() == [False, True, True, False, True, False, True, False]
    assert coverage.spans() == [(0, 20), (30, 50), (60, 100)]
    assert union([(0, 5), (3, 8), (9, 10)]) == [(0, 8), (9, 10)]
    assert uncovered((0, 12), [(0, 8), (9, 10)]) == [(8, 9), (10, 12)]
    assert not Coverage().covers(pl.Series([0])).any()


def test_a_finding_in_time_of_two_samples_is_no_gap() -> None:
    story = Story()
    log = story.log("access.log").covers("00:00:00", "09:00:00", timedelta(minutes=5))
    log.line("04:12:07", "203.0.113.77", KEY)
    assert story.told()["inputs"][0]["first_timestamp"] == "2026-03-30T00:00:00.000000Z"
    assert at("00:00:00") in log.extra_times


def fact(report: dict[str, Any]) -> str:
    """What the statement says of the time covered."""
    return next(fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "covered")
