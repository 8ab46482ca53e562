"""Values of JSON records, whole ones and broken ones."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.parsing import escapes
from clerk_logscan.parsing.json_values import end_of_object, read_object, read_objects, read_raw

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def read(text: str) -> dict[str, object] | None:
    return next(iter(read_objects(pl.Series([text]))))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=6), st.sampled_from([None, (", ", " : ")]))
def test_sound_records_are_read_as_json_reads_them(
    record: dict[str, object], separators: tuple[str, str] | None
) -> None:
    text = json.dumps(record, ensure_ascii=False, separators=separators)
    found = read(text)
    assert found is not None
    assert json.dumps(found).replace('"', "") == json.dumps(record).replace('"', "")


@pytest.mark.parametrize(
    "planted",
    ['"request_uri":"/b"', '"request_uri" : "/b"', r'"request\u005furi":"/b"', '"x":1,"request_uri":{"a":"/b"}'],
)
def test_of_equal_keys_the_first_counts_however_the_second_is_spelled(planted: str) -> None:
    found = read('{"request_uri":"/a","agent":"x",' + planted + ',"status":"200"}')
    assert found is not None and found["request_uri"] == "/a" and str(found["status"]) == "200"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("", None),
        ("-", None),
        ("502, 200", "502, 200"),
        ("NaN", "NaN"),
        ("1e400", "1e400"),
        ("0.1.2", "0.1.2"),
        ('"say "hi""', 'say "hi"'),
        ('"a", b"', 'a", b'),
        ('"x"}"', 'x"}'),
        (r'"\evil"', r"\evil"),
        (r'"\x5Cevil"', r"\evil"),
        (r'"\ud83d"', r"\ud83d"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\xE9"', chr(escapes.LONE + 0xE9)),
        (r'"\xC3\xA9"', "é"),
    ],
)
def test_one_bad_value_costs_no_other(written: str, value: str | None) -> None:
    found = read('{"uri":"/a","bad":' + written + ',"status":"200"}')
    assert found is not None
    assert (found["uri"], found["bad"], str(found["status"])) == ("/a", value, "200")


def test_of_a_record_cut_short_what_is_whole_is_read() -> None:
    assert read('{"status":"200","uri":"/whole","agent":"cu') == {"status": "200", "uri": "/whole"}
    assert read('{"req":{"url":"/whole","host":"a') == {"req": {"url": "/whole"}}


def test_deep_nesting_exhausts_nothing() -> None:
    for depth in (60, 1000, 5000):
        found = read('{"uri":"/a","x":' + '{"a":' * depth + "1" + "}" * depth + "}")
        assert found is not None and found["uri"] == "/a"


def test_raw_strings_keep_their_backslashes() -> None:
    assert read_raw(r'{"uri":"/__clerk/\\evil\n","status":200}') == {"uri": r"/__clerk/\\evil\n", "status": "200"}


@pytest.mark.parametrize("text", ["", "{", "}", "null", "[1]", '"a"', "{]", '{"a', "{" * 5000, '{"a":[' + "[" * 5000])
def test_what_is_no_record_gives_none_and_never_raises(text: str) -> None:
    assert not read(text)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(['{"a":1,"a":2', '{"a" :1,"a":2', '{"a\\":":1', "{"]), st.text('{}[]",:\\a\t ', max_size=12))
def test_one_text_is_read_as_it_is_among_others(begun: str, rest: str) -> None:
    for text in (begun + rest, begun + rest + "}"):
        assert [read_object(text)] * 2 == list(read_objects(pl.Series([text, text])))


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('{}[]",:\\ux0aé- '), max_size=40))
def test_no_line_raises(text: str) -> None:
    read("{" + text)
    assert 0 < end_of_object("{" + text, 0) <= len(text) + 1


def test_a_hostile_line_takes_linear_time() -> None:
    for text in ('{"a":"' + '"' * 50_000, '{"a":' + " " * 50_000 + "x", '{"a":"' + '","' * 20_000 + "}"):
        read(text)
