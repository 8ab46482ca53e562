"""Syslog messages behind their lengths: each found, as it stands in the file, however they are spelled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clerk_logscan as cl
from clerk_logscan.parsing import lines, octets
from clerk_logscan.readers import blocks, ranges, scan

TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12).map(str.encode)
BYTES = st.binary(max_size=6).map(lambda data: data.translate(None, b"\r\n"))  # some are no UTF-8
HEADERS = st.sampled_from([b" 17 <13>", b"9 ", b"<190>1 "])
BODIES = st.one_of(*(st.lists(TEXTS | others, max_size=6).map(b"".join) for others in (BYTES, HEADERS)))


def framed(bodies: Sequence[bytes], end: bytes = b"") -> list[bytes]:
    return [b"%d %s" % (len(body), body) for body in (b"<190>1 " + body + end for body in bodies)]


def row(data: bytes) -> pl.DataFrame:
    text = lines.decode(data)
    return pl.DataFrame([(7, 100, text)], schema=lines.SCHEMA, orient="row")


@given(st.lists(BODIES, min_size=2, max_size=6), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_every_message_of_a_line_is_a_row_at_its_own_offset(bodies: list[bytes], end: bytes) -> None:
    data = b"".join(framed(bodies, end)).removesuffix(b"\n").removesuffix(b"\r")
    found = octets.split(row(data))
    assert found["raw"].to_list() == [lines.decode(b"<190>1 " + body) for body in bodies]
    assert set(found["line_number"]) == {7}
    for (_, offset, _), body in zip(found.iter_rows(), bodies, strict=True):
        assert data[offset - 100 :].startswith(b"<190>1 " + body)


def test_text_that_spells_a_byte_is_told_from_that_byte_in_one_line() -> None:
    bodies = [rb"GET /caf\xE9", b"GET /caf\xe9", rb"GET /\x9F\x98", b"GET /"]
    assert octets.split(row(b"".join(framed(bodies))))["raw"].to_list() == [
        "<190>1 " + text for text in (r"GET /caf\xE9", r"GET /caf\xE9", r"GET /\x9F\x98", "GET /")
    ]


@given(st.lists(st.just(b"GET /"), min_size=3, max_size=6), st.integers(1, 9))
def test_what_was_cut_off_or_is_no_message_costs_itself_alone(bodies: list[bytes], cut: int) -> None:
    data = b"".join(framed(bodies))
    assert octets.split(row(data[:-cut]))["raw"].to_list()[:-1] == ["<190>1 GET /"] * (len(bodies) - 1)
    found = octets.split(row(data + b"12 <190>1 GET /rest"))["raw"].to_list()
    assert found == ["<190>1 GET /"] * len(bodies) + ["12 <190>1 GET /rest"]


@pytest.mark.parametrize("text", ["14 <190>1 GET /", "12 <190>1 GET /", "99 <190>1 GET /", "200 - - x", "13 <190>1 x"])
def test_a_line_that_is_one_message_or_none_is_left_as_it_stands(text: str) -> None:
    frame = row(text.encode())
    assert octets.split(frame).equals(frame)


def test_a_line_too_long_is_cut_between_two_messages_and_each_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in ((ranges, "BLOCK", 4096), (scan, "BLOCK", 4096), (ranges, "LONGEST_LINE", 8192)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(ranges, "WORTH", 8192)
    monkeypatch.setattr(blocks.cut, "__defaults__", (4096, 8192, 0))
    where = [f"/page-{number}" for number in range(400)]
    where[200] = "/__clerk//evil.example/x"
    bodies = [
        f'1 2026-03-07T18:{n // 60:02}:{n % 60:02}Z host heroku router - at=info method=GET path="{path}" '
        f'host=app.example.com fwd="192.0.2.{n % 250}" dyno=web.1 status=200 bytes=17 protocol=https'
        for n, path in enumerate(where)
    ]
    log = tmp_path / "drain.log"
    log.write_bytes(b"".join(b"%d <158>%s" % (len(body) + 5, body.encode()) for body in bodies))
    report = cl.analyze(str(log))
    assert report.inputs["requests"].to_list() == [400]
    assert report.inputs["malformed"].to_list() == [0]
    [offset] = report.findings["byte_offset"]
    assert log.read_bytes()[offset:].startswith(b"<158>1 2026-03-07T18:03:20Z")
    assert report.verdict == "key-exposed"
