"""Records that are not lines."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from parsing_help import frame_of

from clerk_logscan.parsing.batches import AZURE
from clerk_logscan.parsing.json_documents import Assembler, is_pretty, records, split

RECORDS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.text('{}[]",x', max_size=8) | st.lists(st.integers()), min_size=1),
    min_size=1,
    max_size=4,
)


def assembled(texts: list[str], block: int) -> list[tuple[int, dict[str, object]]]:
    assembler = Assembler()
    frames = [*(assembler.feed(some) for some in frame_of(texts).iter_slices(block)), assembler.finish()]
    return [(row[0], json.loads(row[2])) for frame in frames for row in frame.iter_rows()]


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.integers(1, 5), st.booleans())
def test_pretty_records_come_whole_across_blocks(records: list[dict[str, object]], block: int, array: bool) -> None:
    text = json.dumps(records, indent=2) if array else "\n".join(json.dumps(record, indent=2) for record in records)
    found = assembled(text.split("\n"), block)
    assert [record for _, record in found] == records
    starts = [number for number, line in enumerate(text.split("\n"), 1) if line.startswith("  {" if array else "{")]
    assert [number for number, _ in found] == starts


def test_a_miscounted_record_does_not_swallow_the_next() -> None:
    texts = ["{", '  "agent": "x" {",', '  "uri": "/a"', "}", "{", '  "uri": "/b"', "}"]
    assembler = Assembler()
    raws = assembler.feed(frame_of(texts))["raw"].to_list()
    assert len(raws) == 2 and json.loads(raws[1]) == {"uri": "/b"}


def test_records_in_one_line_have_their_own_offsets() -> None:
    for line in ('{"a":"é}{"}{"b":1}', '[{"a":"é}{"}, {"b":1}]', '{"a":"é}{"} , {"b":1}'):
        found = split(frame_of(["x", line]))
        assert found["raw"].to_list() == ["x", '{"a":"é}{"}', '{"b":1}']
        data = ("x\n" + line).encode()
        assert all(data[offset:].startswith(raw.encode()) for _, offset, raw in found.iter_rows())
        assert found["line_number"].to_list() == [1, 2, 2]


def test_one_record_and_other_text_stay_as_they_are() -> None:
    texts = ['{"a":"}{\\""}', "[2026-11-24] GET /", "{} {}", "plain"]
    assert split(frame_of(texts))["raw"].to_list() == texts


def test_lines_of_records_are_not_pretty() -> None:
    assert not is_pretty(frame_of(['{"a":1}', '{"b":2}', "[", "text"])["raw"])
    assert not is_pretty(frame_of(["{", '  "a" => "GET /"', "}"] * 9)["raw"])  # Ruby's
    assert is_pretty(frame_of(json.dumps([{"a": 1, "b": [1, "x"]}], indent=1).split("\n"))["raw"])


def test_the_elements_of_a_pretty_batch_are_records_of_their_own() -> None:
    """Azure's `{"records": [...]}` over many lines: each element at its own line, however long the batch is."""
    records = [{"a": 1, "properties": {"x": [{"y": "["}]}}, {"a": 2}]
    assembler = Assembler()
    frame = assembler.feed(frame_of(json.dumps({"records": records}, indent=4).split("\n")))
    found = [(number, json.loads(raw)) for number, _, raw in frame.iter_rows() if "{" in raw]
    assert found == [(3, records[0]), (13, records[1])]


def test_sampled_records_end_before_a_hole() -> None:
    """Picked lines of the middle of a record have no keys of their own: a guess would take them for the outer ones."""
    frame = frame_of(json.dumps([{"a": {"url": "/x"}}, {"a": {"url": "/y"}}], indent=1).split("\n"))
    picked = frame.filter(frame["line_number"] != 7)
    assert list(map(json.loads, records(picked, AZURE)["raw"])) == [{"a": {"url": "/x"}}]
    assert len(records(frame, AZURE)) == 2
