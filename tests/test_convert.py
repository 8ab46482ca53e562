"""Every request of a log is written in the common schema, in each of the forms."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import clerk_logscan as cl
from clerk_logscan import logs, schema
from clerk_logscan.convert import DEFAULT, convert
from clerk_logscan.options import OptionError, Options

SAMPLE = Path(__file__).parent.parent / "sample_logs" / "nginx_timed.log"
FORMULA = '1.2.3.4 - - [30/Mar/2026:04:12:07 +0000] "GET / HTTP/1.1" 200 5 "-" "=cmd()"\n'


def written(suffix: str, tmp_path: Path, columns: list[str] | None = None, source: Path = SAMPLE) -> Path:
    out = tmp_path / f"out{suffix}"
    assert convert([str(source)], str(out), columns, Options()).failures == []
    return out


def test_parquet_has_the_types_of_the_schema(tmp_path: Path) -> None:
    frame = pl.read_parquet(written(".parquet", tmp_path))
    assert dict(frame.schema) == {name: schema.COLUMNS[name] for name in DEFAULT}
    assert frame.height == len(SAMPLE.read_text().splitlines())


def test_jsonl_has_iso_times_seconds_and_nulls(tmp_path: Path) -> None:
    exact = pl.read_parquet(written(".parquet", tmp_path)).row(0, named=True)
    row = json.loads(written(".jsonl", tmp_path).read_text().splitlines()[0])
    assert datetime.fromisoformat(row["timestamp"]) == exact["timestamp"] and row["timestamp"].endswith("Z")
    assert timedelta(seconds=row["duration"]) == exact["duration"]
    assert row["request_id"] is None and list(row) == list(DEFAULT)


def test_csv_guards_what_a_spreadsheet_would_run(tmp_path: Path) -> None:
    source = tmp_path / "formula.log"
    source.write_text(FORMULA)
    with written(".csv", tmp_path, source=source).open() as file:
        assert next(csv.DictReader(file))["user_agent"] == "'=cmd()"
    assert json.loads(written(".jsonl", tmp_path, source=source).read_text())["user_agent"] == "=cmd()"


def test_columns_choose_and_order(tmp_path: Path) -> None:
    frame = pl.read_parquet(written(".parquet", tmp_path, ["status", "raw", "status"]))
    assert frame.columns == ["status", "raw"]
    assert frame["raw"].to_list() == SAMPLE.read_text().splitlines()


def test_an_unknown_column_or_suffix_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"no column 'stats'.*status"):
        convert([str(SAMPLE)], str(tmp_path / "x.csv"), ["stats"], Options())
    with pytest.raises(OptionError, match=r"\.xlsx.*\.parquet"):
        convert([str(SAMPLE)], str(tmp_path / "x.xlsx"), None, Options())


def test_what_cannot_be_read_is_said_and_the_rest_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    logs = convert([str(tmp_path / "absent"), str(SAMPLE)], str(out), None, Options())
    assert len(logs.failures) == 1 and "absent" in logs.failures[0]
    assert pl.read_parquet(out).height > 0


def test_no_half_file_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot be written"):
        convert([str(SAMPLE)], str(tmp_path / "nowhere" / "out.csv"), None, Options())
    assert list(tmp_path.iterdir()) == []


def test_scan_logs_pushes_filters_and_columns_down() -> None:
    frame = cl.scan_logs(str(SAMPLE))
    assert dict(frame.collect_schema()) == schema.COLUMNS
    found = frame.filter(pl.col("timestamp") < datetime(2100, 1, 1, tzinfo=UTC)).select("status").collect()
    assert found.columns == ["status"] and found.height == len(SAMPLE.read_text().splitlines())
    assert frame.head(1).collect().height == 1


def test_blocks_are_parsed_together_in_their_order_to_the_last() -> None:
    parts = [pl.DataFrame({"line": [n]}) for n in range(5)]
    assert [frame["line"].to_list() for frame in logs._together(iter(parts))] == [[0, 1, 2], [3, 4]]
