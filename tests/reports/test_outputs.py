"""The registry: an output is a file, decided by suffix, written whole or not at all; hostile text is inert in all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest
import report_documents as documents

from clerk_logscan import reports
from clerk_logscan.report import Report
from clerk_logscan.schema import FINDING_COLUMNS

EVERY = reports.suffixes()


def test_the_outputs_are_found_in_their_folder() -> None:
    """The contract's suffixes, each one file."""
    assert {".json", ".jsonl", ".csv", ".parquet", ".md"} <= set(EVERY)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("make", [documents.exposed, documents.clean, documents.hostile])
def test_equal_reports_give_equal_bytes(name: str, make) -> None:
    """Every output is a pure function of the document: a saved report gives the same bytes again."""
    report = make()
    again = Report.from_json(report.to_json())
    assert reports.render(report, "x" + name) == reports.render(again, "x" + name)


@pytest.mark.parametrize("name", EVERY)
def test_a_report_without_anything_optional_is_written(name: str) -> None:
    """A document with the bare tables is enough for each output."""
    assert reports.render(Report({"verdict": "incomplete"}), "x" + name) is not None


@pytest.mark.parametrize("name", [name for name in EVERY if name != ".parquet"])
def test_hostile_text_is_inert_in_every_output(name: str) -> None:
    """No byte of any text output commands a terminal, hides or reorders."""
    text = reports.render(documents.hostile(), "x" + name).decode()
    allowed = {"\n", "\t", "\r"} if name == ".csv" else {"\n"}
    assert not {char for char in text if not char.isprintable()} - allowed - {"\u00a0", "\u3000"}


def test_jsonl_and_parquet_are_exact() -> None:
    """Every value of every finding comes back as it was in the document."""
    report = documents.hostile()
    rows = [json.loads(line) for line in reports.render(report, "x.jsonl").splitlines()]
    assert [list(row) for row in rows] == [list(FINDING_COLUMNS)] * len(rows)
    assert rows == [{name: row.get(name) for name in FINDING_COLUMNS} for row in report.data["findings"]]
    frame = pl.read_parquet(io.BytesIO(reports.render(report, "x.parquet")))
    assert frame.equals(report.findings)
    assert frame["raw"].to_list() == list(documents.HOSTILE.values())


def test_csv_cells_are_guarded_and_no_row_is_torn() -> None:
    """As many rows as findings; a cell that begins a formula has one apostrophe before it."""
    text = reports.render(documents.hostile(), "x.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(documents.HOSTILE)
    assert list(rows[0]) == list(FINDING_COLUMNS)
    for row, value in zip(rows, documents.HOSTILE.values(), strict=True):
        assert not row["raw"].startswith(("=", "+", "-", "@", "\t", "\r"))
        if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            assert row["raw"] == "'" + value


def test_an_unknown_suffix_is_one_clear_sentence(tmp_path: Path) -> None:
    """It names the suffixes that are known, and nothing is written."""
    with pytest.raises(reports.OutputError, match=r"must end in one of .*\.stix|must end in one of"):
        reports.write(documents.clean(), str(tmp_path / "report.pdf"))
    assert list(tmp_path.iterdir()) == []


def test_the_longest_suffix_decides() -> None:
    """`.timesketch.jsonl` is not `.jsonl`; upper case is no other form; `-` is JSONL."""
    assert reports.suffix("a.jsonl") == ".jsonl"
    assert reports.suffix("A.JSON") == ".json"
    assert reports.suffix("-") == ".jsonl"
    for name in EVERY:
        assert reports.suffix("x" + name) == name


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails, the former report stands untouched and no half of the new one is left."""
    path = tmp_path / "r.md"
    path.write_text("former")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reports.os, "fsync", full)
    with pytest.raises(reports.OutputError, match="No space left"):
        reports.write(documents.exposed(), str(path))
    assert path.read_text() == "former"
    assert [file.name for file in tmp_path.iterdir()] == ["r.md"]


def test_a_place_that_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    """No such folder, or a folder in the file's place: one sentence each."""
    with pytest.raises(reports.OutputError, match="there is no folder"):
        reports.check(str(tmp_path / "none" / "r.md"))
    (tmp_path / "d.md").mkdir()
    with pytest.raises(reports.OutputError, match="is a folder"):
        reports.check(str(tmp_path / "d.md"))


def test_a_pipe_in_the_place_of_a_file_is_written_to() -> None:
    """`-o /dev/null`-like places are written as they are, never renamed over."""
    link = Path("/dev/null")
    if not link.exists():
        pytest.skip("no /dev/null on this machine")
    reports._replace(link, [b"x"])
    assert not link.is_file()


def test_dash_writes_jsonl_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The findings, one a line, and nothing else."""
    reports.write(documents.exposed(), "-")
    assert capfdbinary.readouterr().out == reports.render(documents.exposed(), "x.jsonl")
