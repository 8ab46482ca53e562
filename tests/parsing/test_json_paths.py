"""Key paths into records."""

from __future__ import annotations

import pytest

from clerk_logscan.parsing.json_paths import find, getter, joined, presence, text

RECORD = {
    "a.b": "dotted",
    "a": {"b": "nested", "c": {"d": 1}},
    "http.request": {"method": "GET"},
    "list": [{"x": 1}, {"x": 2}],
    "headers": [{"name": "host", "value": "h"}, {"name": "User-Agent", "value": "ua"}],
    "labels": {"Host": "i"},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", "dotted"),
        ("a.c.d", 1),
        ("http.request.method", "GET"),
        ("list.x", 1),
        ("headers[user-agent]", "ua"),
        ("headers[Host]", "h"),
        ("labels[host]", "i"),
        ("a.missing", None),
        ("headers[x]", None),
        ("missing[x]", None),
    ],
)
def test_a_path_finds_its_value(path: str, value: object) -> None:
    assert find(RECORD, path) == value
    get = getter(tuple(RECORD), path)
    assert (get(RECORD) if get else None) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("x", "x"),
        (1, "1"),
        (True, "true"),
        (None, None),
        ({}, None),
        ([], None),
        (["a", "b"], "a"),
        (0.000021362, "0.000021362"),
        (1795531764.516545, "1795531764.516545"),
        (1e22, "10000000000000000000000"),
    ],
)
def test_values_become_the_text_that_was_written(value: object, written: str | None) -> None:
    assert text(value) == written


def test_header_lines_of_one_name_are_one_list() -> None:
    assert joined(["203.0.113.7", "198.51.100.9"]) == "203.0.113.7, 198.51.100.9"
    assert joined("203.0.113.7") == "203.0.113.7"


def test_presence_looks_into_the_record_where_its_keys_leave_it_open() -> None:
    tests = presence(("req",), [("req.url", "req.uri"), ("req.method",)])
    assert tests is not None and len(tests) == 1
    assert tests[0]({"req": {"uri": "/", "method": "GET"}})
    assert not tests[0]({"req": {"uri": "/"}})
    assert not tests[0]({"req": "text"})
    assert presence(("res",), [("req.url",)]) is None
