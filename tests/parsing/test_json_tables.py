"""Tables in JSON: names once, rows as lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parsing_help import frame_of, parse, targets

from clerk_logscan.parsing.json_tables import unfold

NAMES = ["time", "client_ip", "method", "url", "status"]
ROWS = [
    ["2026-11-24T14:51:35Z", "203.0.113.66", "GET", target, "200"] for target in ("/a[[", "/__clerk//evil.example/x")
]
TYPED = [{"name": name, "type": "String"} for name in NAMES]
DOCUMENTS: list[dict[str, Any]] = [
    {"meta": TYPED, "data": ROWS, "rows": 2, "statistics": {"elapsed": 0.1}},
    {"tables": [{"name": "PrimaryResult", "columns": TYPED, "rows": ROWS}]},
    {"preview": False, "messages": [], "fields": NAMES, "rows": ROWS},
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_row_is_a_record_at_its_own_place(document: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    found = unfold(frame_of([text]))
    assert [list(json.loads(raw).values()) for raw in found["raw"]] == ROWS
    for number, offset, raw in found.iter_rows():
        assert text.encode()[offset:].startswith(b"[") and number == 1 + text[:offset].count("\n"), raw


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_attack_in_a_table_is_read_however_it_is_printed(document: dict[str, Any], indent: int | None) -> None:
    assert targets(json.dumps(document, indent=indent).split("\n")) == ["/a[[", "/__clerk//evil.example/x"]


def test_lists_under_a_list_of_names_are_rows() -> None:
    lines = [json.dumps(row) for row in [NAMES, *ROWS]]
    assert targets(lines) == ["/a[[", "/__clerk//evil.example/x"]
    assert not parse(lines[1:])[0].requests["request_target"].is_in(["url"]).any()


def test_what_has_no_names_stays_as_it_stands() -> None:
    for document in ({"rows": ROWS}, {"fields": NAMES[1:], "rows": ROWS}, {"fields": NAMES, "rows": [1]}):
        text = json.dumps(document)
        assert unfold(frame_of([text]))["raw"].to_list() == [text]


def test_bigquery_s_rows_and_grafana_s_columns_are_records() -> None:
    cells = [{"f": [{"v": value} for value in row]} for row in ROWS]
    columns = [list(column) for column in zip(*ROWS, strict=True)]
    for document in (
        {"schema": {"fields": TYPED}, "rows": cells, "totalRows": "2"},
        {"schema": {"refId": "A", "fields": TYPED}, "data": {"values": columns}},
    ):
        assert targets(json.dumps(document, indent=1).split("\n")) == ["/a[[", "/__clerk//evil.example/x"]


def test_records_of_a_map_by_their_ids_are_rows_and_parts_of_one_record_are_not() -> None:
    records = {f"id{n}": dict(zip(NAMES, row, strict=True)) for n, row in enumerate(ROWS)}
    text = json.dumps(records, indent=1)
    assert targets(text.split("\n")) == ["/a[[", "/__clerk//evil.example/x"]
    assert unfold(frame_of([text]))["line_number"].to_list() == [2, 9]
    whole = json.dumps({"request": {"url": "/a", "method": "GET"}, "response": {"status": 200}})
    assert unfold(frame_of([whole]))["raw"].to_list() == [whole]
