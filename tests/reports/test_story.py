"""The grouping of rows for people: hops in their order, repeats counted, sweeps bundled, nothing left out."""

from __future__ import annotations

import polars as pl
import report_documents as documents

from clerk_logscan.reports.runs import runs
from clerk_logscan.reports.story import Story
from clerk_logscan.rows import Rows


def test_the_lines_of_an_event_stand_in_the_order_of_the_hops() -> None:
    """The outermost log first, whatever the order of the findings, and each by its own source."""
    report = documents.exposed()
    report.data["findings"].reverse()
    story = Story(report.data)
    chapter = story.chapter(1)
    lines = chapter.lines_of(chapter.runs(40))["E1"]
    assert [row["source"] for row in lines] == ["edge.log.gz", "access.log"]
    assert [story.roles[row["source"]] for row in lines] == ["edge", "proxy"]


def test_repeats_are_one_run_with_an_exact_count() -> None:
    """The same request of one client again and again is one line; another answer is another."""
    row = {"kind": "finding", "client_ip": "a", "method": "GET", "request_target": "/x?1", "status": 200}
    row |= {"outcome": "none", "target_host": None}
    rows = [row] * 300 + [row | {"request_target": "/x?2"}, row | {"status": 500}]
    for told in (rows, Rows(pl.DataFrame(rows))):
        assert [run.count for run in runs(told, 8)] == [301, 1]


def test_the_other_requests_give_way_to_findings() -> None:
    """Of more lines than there is room for the findings are told first, all in the order of time."""
    rows = [{"kind": "context", "client_ip": str(at)} for at in range(5)]
    rows += [{"kind": "finding", "client_ip": "x"}, {"kind": "outage", "client_ip": "y"}]
    blank = dict.fromkeys(["method", "status", "outcome", "target_host", "request_target"])
    for told in (rows, Rows(pl.DataFrame([row | blank for row in rows]))):
        found = runs(told, 2, findings_first=True)
        assert [run.row["client_ip"] for run in found] == ["0", "x"]


def test_every_incident_is_told_or_bundled() -> None:
    """What is not told one by one is counted in a bundle, each exactly once."""
    for make in (documents.exposed, documents.sweep, documents.hostile):
        story = Story(make().data)
        for most in (1, 5, 10_000):
            told, bundled = story.told(most)
            assert len(told) <= most
            numbers = [c.number for c in told] + [number for bundle in bundled for number in bundle.numbers]
            assert sorted(numbers) == list(range(1, story.count + 1))


def test_a_sweep_does_not_hide_an_incident_of_another_kind() -> None:
    """Among thousands of like incidents the one that differs is told by itself."""
    report = documents.sweep(500)
    report.data["incidents"][400]["outcome"] = "undetermined"
    told, _ = Story(report.data).told(5)
    assert 401 in [chapter.number for chapter in told]


def test_an_outage_is_said_once() -> None:
    """A moment that stands in an incident that is told is not repeated beside it; others are."""
    report = documents.exposed()
    outage = next(row for row in report.data["timeline"] if row["kind"] == "outage")
    outage["incident_id"] = "I1"
    story = Story(report.data)
    told, _ = story.told(5)
    assert [row["kind"] for row in story.moments_beside(told)] == ["release", "gap"]
    assert len(story.moments) == 3
