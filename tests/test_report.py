"""The Report: read and written without loss, its frames typed, its errors one sentence."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import polars as pl
import pytest

from clerk_logscan.report import Report, ReportError
from clerk_logscan.schema import FINDING_COLUMNS


def document() -> dict[str, object]:
    finding = dict.fromkeys(FINDING_COLUMNS) | {
        "rule_id": "off-host-target",
        "severity": "critical",
        "timestamp": "2026-03-30T04:12:07.000001Z",
        "status": 200,
        "line_number": 3,
        "byte_offset": 2**40,
        "raw": "x\x9by\u202ez",
    }
    return {
        "verdict": "key-exposed",
        "findings": [finding, dict.fromkeys(FINDING_COLUMNS)],
        "incidents": [{"incident_id": "I1", "events": 1, "target_hosts": ["a.example"], "first_seen": None}],
        "timeline": [{"timestamp": "2026-03-30T04:12:07.000001Z", "kind": "finding", "hops": ["edge", "app"]}],
        "inputs": [
            {
                "source": "a",
                "lines": 3,
                "complete": True,
                "log_formats": {"nginx": 3},
                "gaps": [{"from": "2026-03-30T04:00:00.000000Z", "to": "2026-03-30T05:00:00.000000Z"}],
            },
            {"source": "b", "log_formats": {"alb": 1}},
        ],
    }


def test_a_report_reads_back_as_it_was_written() -> None:
    """Saved and read again, the document is the same, and so are its bytes."""
    saved = Report(document()).to_json()
    again = Report.from_json(saved)
    assert again.to_json() == saved
    assert again.data["findings"] == document()["findings"]


def test_the_key_order_of_a_document_does_not_change_its_bytes() -> None:
    """Equal documents give equal bytes, however they were put together."""
    backwards = dict(reversed(document().items()))
    assert Report(backwards).to_json() == Report(document()).to_json()


def test_saved_bytes_hold_no_character_that_steers_a_terminal() -> None:
    """C1 controls and bidi marks are spelled, and read back exactly."""
    saved = Report(document()).to_json()
    assert "\x9b".encode() not in saved
    assert "\u202e".encode() not in saved
    assert Report.from_json(saved).data["findings"][0]["raw"] == "x\x9by\u202ez"


def test_the_findings_frame_has_exactly_the_columns_of_a_finding() -> None:
    """Names, order and types of the contract; times are Datetime in microseconds, UTC."""
    frame = Report(document()).findings
    assert frame.columns == list(FINDING_COLUMNS)
    assert frame.schema["timestamp"] == pl.Datetime("us", "UTC")
    assert frame.schema["status"] == pl.Int32
    assert frame.schema["byte_offset"] == pl.Int64
    assert frame["timestamp"][0] == dt.datetime(2026, 3, 30, 4, 12, 7, 1, tzinfo=dt.UTC)
    assert frame["timestamp"][1] is None


def test_the_other_frames_hold_lists_counts_and_spans() -> None:
    """Incidents, timeline and inputs are typed frames too."""
    report = Report(document())
    assert report.incidents["target_hosts"].to_list() == [["a.example"]]
    assert report.timeline["hops"].to_list() == [["edge", "app"]]
    assert report.inputs["log_formats"].to_list() == [{"nginx": 3, "alb": None}, {"nginx": None, "alb": 1}]
    assert report.inputs["gaps"].to_list()[0][0]["to"] == dt.datetime(2026, 3, 30, 5, tzinfo=dt.UTC)
    assert report.inputs.schema["gaps"] == pl.List(
        pl.Struct({"from": pl.Datetime("us", "UTC"), "to": pl.Datetime("us", "UTC")})
    )


def test_an_empty_report_has_frames_of_the_same_types() -> None:
    """A clean log gives empty frames with every column."""
    empty = Report({"verdict": "no-evidence"})
    full = Report(document())
    for name in ("findings", "incidents", "timeline"):
        assert getattr(empty, name).schema == getattr(full, name).schema
        assert getattr(empty, name).is_empty()
    assert empty.inputs.columns == full.inputs.columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not valid JSON"),
        ("[1]", "no object"),
        ("{}", "`verdict`"),
        ('{"verdict":"maybe","findings":[],"incidents":[],"timeline":[],"inputs":[]}', "its verdict is none of"),
        ('{"verdict":"probed","findings":{},"incidents":[],"timeline":[],"inputs":[]}', "`findings` is not a list"),
        ('{"verdict":"probed","findings":[1],"incidents":[],"timeline":[],"inputs":[]}', "row of `findings`"),
        ('{"verdict":"probed","findings":[],"incidents":[],"timeline":[],"inputs":[],"next_steps":[{}]}', "next_steps"),
    ],
)
def test_a_file_that_is_no_report_is_refused_in_one_sentence(text: str, said: str) -> None:
    """The error names what is wrong and has no line break."""
    with pytest.raises(ReportError, match=said) as caught:
        Report.from_json(text)
    assert "\n" not in str(caught.value)


def test_a_report_on_the_screen_loads_no_polars() -> None:
    """Reading a saved report and printing it never pays for polars, rich, jinja2 or stix2."""
    code = (
        "import sys; from clerk_logscan.report import Report; from clerk_logscan.reports import terminal;"
        "r = Report.from_json(sys.stdin.read()); terminal.show(r);"
        "print([m for m in ('polars', 'rich', 'jinja2', 'stix2') if m in sys.modules], file=sys.stderr)"
    )
    saved = Report(document()).to_json()
    done = subprocess.run([sys.executable, "-c", code], input=saved, capture_output=True, check=True)
    assert done.stderr.decode().strip() == "[]"
    assert done.stdout.decode().splitlines()[-1] == " verdict: key-exposed"
