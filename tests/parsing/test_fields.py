"""Text becomes the schema's types: exact, or null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.parsing import escapes
from clerk_logscan.parsing.definitions import Condition, Definition
from clerk_logscan.parsing.field_requests import join_query, split_request, split_request_url, split_url
from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.field_values import read_bytes, read_duration, read_status, read_text
from clerk_logscan.parsing.fields import RESULT, holds, typed, without_missing
from clerk_logscan.parsing.library import parse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def texts(*values: str | None) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def time(text: str, kind: str, zone: str = "UTC") -> str | None:
    found = read_time(texts(text), kind, zone)[0]
    return found and found.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("clf", "24/Nov/2026:20:21:38 +0530", "2026-11-24T14:51:38.000000Z"),
        ("clf", "24/Nov/2026:14:49:21.910", "2026-11-24T14:49:21.910000Z"),
        ("clf", "24/Nov/2026:14:49:21", "2026-11-24T14:49:21.000000Z"),
        ("clf", "31/Feb/2026:14:49:21 +0000", None),
        ("iso8601", "2026-11-24T20:21:38+05:30", "2026-11-24T14:51:38.000000Z"),
        ("iso8601", "2026-11-24T14:51:38.1234567Z", "2026-11-24T14:51:38.123456Z"),
        ("iso8601", "2026-11-24T14:51:38.123456789Z", "2026-11-24T14:51:38.123456Z"),
        ("iso8601", "2026-11-24 14:51:38,5 UTC", "2026-11-24T14:51:38.500000Z"),
        ("iso8601", "2026-11-24T14:51:38-01", "2026-11-24T15:51:38.000000Z"),
        ("iso8601", "2026-11-24 14:51:38", "2026-11-24T14:51:38.000000Z"),
        ("iso8601", "yesterday", None),
        ("epoch-s", "1795532496.123456", "2026-11-24T15:01:36.123456Z"),
        ("epoch-s", "1795532496.1234567891", "2026-11-24T15:01:36.123456Z"),
        ("epoch-s", "1.795532496e9", "2026-11-24T15:01:36.000000Z"),
        ("epoch-s", "1e400", None),
        ("epoch-ms", "1795532496123.4567", "2026-11-24T15:01:36.123456Z"),
        ("epoch-us", "1795532496123456", "2026-11-24T15:01:36.123456Z"),
        ("epoch-ns", "1795532496123456789", "2026-11-24T15:01:36.123456Z"),
        ("epoch-s", "1795532496123456", None),
        ("epoch-auto", "1795532496", "2026-11-24T15:01:36.000000Z"),
        ("epoch-auto", "1795532496123", "2026-11-24T15:01:36.123000Z"),
        ("epoch-auto", "1795532496123456", "2026-11-24T15:01:36.123456Z"),
        ("strftime(%d/%b/%Y:%H:%M:%S %z %3f)", "25/Nov/2026:01:21:26 +0000 971", "2026-11-25T01:21:26.971000Z"),
    ],
)
def test_a_time_keeps_its_microseconds(kind: str, text: str, expected: str | None) -> None:
    assert time(text, kind) == expected


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("+05:30", "2026-11-24 20:21:38", "2026-11-24T14:51:38.000000Z"),
        ("Europe/Berlin", "2026-07-01 12:00:00", "2026-07-01T10:00:00.000000Z"),
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00.000000Z"),
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00.000000Z"),
        ("Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00.000000Z"),
    ],
)
def test_a_zone_is_assumed_only_where_none_is_stated(zone: str, text: str, expected: str) -> None:
    assert time(text, "iso8601", zone) == expected


TIMES = [
    *(
        "2026-11-24 20:21:38",
        "2026-02-30 20:21:38",
        "2026-11-24 23:59:60",
        "2026-11-24T14:51:38",
        "2026-11-24T14:51:38Z",
    ),
    *("1795532496", " 1795532496 ", "1795532496.5", "1795532496123", "1795532496123456", "1.795532496e9", "-1", "NaN"),
    *("yesterday", "", None),
]
VALUES = [
    "0",
    "-3",
    "5,123",
    "512B",
    "1e3",
    "0.5",
    "-",
    "",
    None,
    "192.0.2.1",
    "192.0.2.1:80",
    "[2001:db8::1]:80",
    "unix:",
]
READERS: list[tuple[list[str | None], Callable[[pl.Series], pl.Series]]] = [
    *(
        (TIMES, partial(read_time, kind=kind, zone=zone))
        for kind in ("iso8601", "epoch-auto")
        for zone in ("UTC", "+05:30")
    ),
    *((VALUES, read) for read in (read_status, read_bytes, partial(read_text, kind="address"))),
    (VALUES, lambda some: read_duration([some], "s")),
]


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(READERS))
def test_a_text_is_read_by_itself_as_it_is_among_others(
    data: st.DataObject, chosen: tuple[list[str | None], Callable[[pl.Series], pl.Series]]
) -> None:
    values, read = chosen
    some = data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=4))
    assert read(texts(*some)).to_list() == [read(texts(one))[0] for one in some]


@given(st.integers(0, 4_102_444_800_000_000))
def test_every_unit_of_epoch_is_exact(micros: int) -> None:
    expected = EPOCH + timedelta(microseconds=micros)
    spellings = {
        "epoch-s": f"{micros // 10**6}.{micros % 10**6:06d}",
        "epoch-ms": f"{micros // 1000}.{micros % 1000:03d}",
        "epoch-us": str(micros),
        "epoch-ns": f"{micros}999",
    }
    assert {read_time(texts(text), kind, "UTC")[0] for kind, text in spellings.items()} == {expected}


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("GET /a?b=c HTTP/1.1", ("GET", "/a?b=c", "HTTP/1.1")),
        ("GET /sp ace//x HTTP/1.1", ("GET", "/sp ace//x", "HTTP/1.1")),
        ("GET /nover", ("GET", "/nover", None)),
        ("GET  /two  HTTP/1.0", ("GET", "/two", "HTTP/1.0")),
        ("GET", (None, None, None)),
        ("", (None, None, None)),
        ("  ", (None, None, None)),
        ("GET HTTP/1.1", (None, None, None)),
        ("\x16\x03\x01\x02", (None, None, None)),
        ("\x16\x03 \x01\x02", (None, None, None)),
        ("\x16 /__clerk//evil.example/ HTTP/1.1", (None, "/__clerk//evil.example/", "HTTP/1.1")),
        ("OPTIONS * HTTP/1.1", ("OPTIONS", "*", "HTTP/1.1")),
        ("GET /x HTTP/9.9", ("GET", "/x", "HTTP/9.9")),
    ],
)
def test_a_request_line_is_split_at_its_ends(line: str, parts: tuple[str | None, ...]) -> None:
    assert split_request(texts(line)).row(0) == parts


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://app.example.com:443/__clerk//e.example/", ("app.example.com", "/__clerk//e.example/")),
        ("http://app.example.com:443/", ("app.example.com:443", "/")),
        ("http://u:p@[::1]:80?x", ("[::1]", "/?x")),
        ("HTTPS://a", ("a", "/")),
        ("//evil.example/__clerk/", (None, "//evil.example/__clerk/")),
        ("/a?u=http://b/", (None, "/a?u=http://b/")),
        ("https://a.example\\b", ("a.example", "\\b")),
    ],
)
def test_an_absolute_url_is_split_and_a_path_never_is(url: str, parts: tuple[str | None, str]) -> None:
    assert split_url(texts(url)).row(0) == parts


def test_albs_malformed_request_gives_the_host_alone() -> None:
    row = split_request_url(texts("- http://app.example.com:80- ")).row(0, named=True)
    assert row == {"method": None, "protocol": None, "host": "app.example.com", "request_target": None}


def test_a_query_is_joined_once() -> None:
    paths, queries = texts("/a", "/a", "/a", "/a?b"), texts("b=c", "?b=c", None, "b")
    assert join_query(paths, queries).to_list() == ["/a?b=c", "/a?b=c", "/a", "/a?b"]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("address", "203.0.113.9", "203.0.113.9"),
        ("address", "203.0.113.9:51515", "203.0.113.9"),
        ("address", "[2001:db8::17]:40014", "2001:db8::17"),
        ("address", "2001:db8::17", "2001:db8::17"),
        ("address", "::ffff:203.0.113.9", "::ffff:203.0.113.9"),
        ("address", "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        ("address", "unix:", None),
        ("last-address", "198.51.100.1, 203.0.113.9:80", "203.0.113.9"),
        ("trace", "Self=1-2;Root=1-67400006-36d2", "1-67400006-36d2"),
        ("trace", "1-67400006-36d2", "1-67400006-36d2"),
        ("plus", "curl/8+(x)", "curl/8 (x)"),
        ("captured-host", "app.example.com:8443", "app.example.com:8443"),
        ("captured-host", "Mozilla/5.0 (X11)", None),
        ("captured-domain", "curl", None),
        ("captured-text", "tab\there", "tab\there"),
        ("captured-text", "https://a.example/", None),
        ("captured-agent", "x", None),
        ("captured-addresses", "203.0.113.7, 2001:db8::1", "203.0.113.7, 2001:db8::1"),
    ],
)
def test_a_text_is_read_by_its_kind(kind: str, text: str, expected: str | None) -> None:
    assert read_text(texts(text, None), kind).to_list() == [expected, None]


def test_of_several_tries_the_last_status_counts() -> None:
    logged = texts("200", "502, 200", "502, -", "000", "-1", "200.0", "x", None)
    assert read_status(logged).to_list() == [200, 200, None, 0, -1, 200, None, None]


def test_bytes_are_counts() -> None:
    assert read_bytes(texts("0", "18", "-3", "512B", "9007199254740993", "", None)).to_list() == [
        *(0, 18, None, 512, 9007199254740993, None, None)
    ]


def test_a_duration_is_exact_and_a_negative_part_means_none() -> None:
    def seconds(kind: str, *parts: str) -> float | None:
        found = read_duration([texts(part) for part in parts], kind)[0]
        return found and found.total_seconds()

    assert seconds("s", "0.001") == 0.001
    assert seconds("s", "0.001", "0.020", "0.002") == 0.023
    assert seconds("s", "-1", "-1", "-1") is None
    assert seconds("ms", "12.345678") == 0.012346
    assert seconds("ns", "1234567") == 0.001235
    assert [seconds("duration", text) for text in ("12ms", "0.001s", "1m2.5s", "3 s", "x", "")] == [
        *(0.012, 0.001, 62.5, 3.0, None, None)
    ]


ALL = """
title = "all"
grammar = "json"
escape = "none"
[columns]
request_target = "target"
request = "request"
path = "path"
query = "query"
host = "host"
protocol = "protocol"
user_agent = "agent"
request_id = "id"
ids = ["trace:trace", "ray"]
[[evidence]]
when = { upstream = "-", status = { lacks = "2" } }
shows = "not-forwarded"
reason = "upstream is {upstream} ({nothing})"
[[evidence]]
when = { upstream = { present = true } }
shows = "forwarded"
reason = "upstream is {upstream}"
"""
DEFINITION: Definition = parse(ALL, "all")


def row(**fields: str | None) -> dict[str, object]:
    frame = pl.DataFrame({name: [value] for name, value in fields.items()}, schema=dict.fromkeys(fields, pl.String))
    return typed(frame, DEFINITION, "UTC").row(0, named=True)


def test_the_result_has_every_column_of_the_schema_in_its_order() -> None:
    frame = typed(pl.DataFrame({"target": ["/a"]}), DEFINITION, "UTC")
    assert dict(frame.schema) == RESULT
    assert typed(frame.clear().select(target="request_target"), DEFINITION, "UTC").height == 0
    assert typed(pl.DataFrame({"other": ["a", "b"]}), DEFINITION, "UTC").height == 2


def test_the_first_source_with_a_value_wins() -> None:
    assert row(target="/a", request="GET /b HTTP/1.1")["request_target"] == "/a"
    assert row(target="-", request="GET /b HTTP/1.1")["request_target"] == "/b"
    assert row(target="", path="/c", query="d=e")["request_target"] == "/c?d=e"


def test_missing_is_null_never_a_dash() -> None:
    found = row(agent="-", host="", id="-", trace="-", target="-")
    assert [found[name] for name in ("user_agent", "host", "request_id", "_ids", "request_target", "_non_ascii")] == [
        None
    ] * 6


def test_an_absolute_target_of_http2_is_its_fronts_spelling() -> None:
    found = row(request="GET https://app.example.com/__clerk//e.example/ HTTP/2.0")
    assert (found["host"], found["request_target"]) == ("app.example.com", "/__clerk//e.example/")
    assert row(request="GET http://a.example/x HTTP/1.1")["request_target"] == "http://a.example/x"


def test_every_id_of_a_line_is_kept_once() -> None:
    assert row(id="a", trace="Root=b;Self=c", ray="a")["_ids"] == ["a", "b"]


@pytest.mark.parametrize(
    ("target", "flag", "written"),
    [
        ("/plain", False, "/plain"),
        ("/caf\u00e9", True, "/caf\u00e9"),
        ("/sp ace", True, "/sp ace"),
        ("/" + chr(escapes.LONE + 0xE9), True, r"/\xE9"),
        (r"/\xE9", False, r"/\xE9"),
    ],
)
def test_a_target_that_node_refuses_is_marked(target: str, flag: bool, written: str) -> None:
    found = row(target=target)
    assert (found["_non_ascii"], found["request_target"]) == (flag, written)


def test_evidence_says_what_the_log_shows_with_the_value() -> None:
    found = row(target="/", upstream="-", status="403")
    assert (found["forwarded"], found["_hint"], found["_hint_reason"]) == (False, "not-forwarded", "upstream is - (-)")
    found = row(target="/", upstream="10.0.0.1", status="403")
    assert (found["forwarded"], found["_hint_reason"]) == (True, "upstream is 10.0.0.1")
    assert row(target="/", upstream="-", status="200")["_hint"] is None
    assert row(target="/")["_hint"] is None


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("equals", ("waf,forward",), [True, False, False]),
        ("in", ("waf,forward", "fixed"), [True, True, False]),
        ("contains", ("forward",), [True, False, False]),
        ("lacks", ("forward",), [False, True, False]),
        ("starts", ("waf", "x"), [True, False, False]),
        ("token", ("forward",), [True, False, False]),
        ("no-token", ("forward",), [False, True, False]),
        ("matches", ("^f",), [False, True, False]),
        ("absent", (), [False, False, True]),
        ("present", (), [True, True, False]),
    ],
)
def test_a_condition_is_never_null(operator: str, values: tuple[str, ...], expected: list[bool]) -> None:
    frame = pl.DataFrame({"actions": ["waf,forward", "fixed", None]}, schema={"actions": pl.String})
    test = holds((Condition("actions", operator, values),), frozenset(frame.columns))
    assert frame.select(test).to_series().to_list() == expected


def test_a_field_that_no_row_has_is_absent() -> None:
    frame = pl.DataFrame({"a": ["x"]})
    tests = [holds((Condition("b", operator, ("x",)),), frozenset("a")) for operator in ("absent", "equals", "lacks")]
    assert frame.select(test.alias(str(i)) for i, test in enumerate(tests)).row(0) == (True, False, False)


def test_taking_out_what_is_missing_twice_changes_nothing() -> None:
    raw = pl.DataFrame({"upstream": ["-", "10.0.0.1"], "status": ["403", "-"], "other": ["a", "b"]})
    once = without_missing(raw, DEFINITION)
    assert without_missing(once, DEFINITION).equals(once)
    assert "other" not in once.columns
