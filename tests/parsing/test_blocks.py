"""Records that are printed a field a line."""

from __future__ import annotations

import json

import pytest
from parsing_help import frame_of, targets

from clerk_logscan.parsing.envelopes import blocks, work

RECORD = ["url: /__clerk//evil.example/x", "method: GET", "status: 502", "note:", "agent: NULL"]


def test_a_record_ends_where_a_key_comes_again_or_another_line_stands() -> None:
    lines = [*RECORD, *RECORD, "2 rows in set", "url: /a", "method: GET", "status: 1"]
    frame = frame_of(lines)
    found = blocks.Blocks()
    hits, _ = found.take(work.start(frame, frame["line_number"] * 0))
    rows = [*hits.iter_rows(named=True), *found.finish()]
    assert [row["line_number"] for row in rows] == [1, 6, 11, 12]
    assert json.loads(rows[0]["text"]) == {
        "url": "/__clerk//evil.example/x",
        "method": "GET",
        "status": "502",
        "note": None,
        "agent": None,
    }
    assert rows[2]["text"] == "2 rows in set" and found.joined == len(lines) - 4


@pytest.mark.parametrize("form", ["{}: {}", "[{}] => {}", "{} | {}", "  {} = {}"])
def test_an_attack_is_read_whatever_stands_between_key_and_value(form: str) -> None:
    record = [form.format(*field.split(": ")) for field in RECORD[:3]]
    assert targets([*record, "", *record, ""]) == ["/__clerk//evil.example/x"] * 2


def test_a_few_fields_of_a_program_s_own_are_no_records() -> None:
    texts = ["Server: up", "Port: 3000", "Path: /srv/app", "listening", "GET / 200", "ready: yes"]
    assert not blocks.is_blocks(texts)
