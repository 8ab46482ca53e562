"""Two records that are one request, and one request in several records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parsing_help import LIBRARY, parse

from clerk_logscan.parsing import joins
from clerk_logscan.parsing.joins import Half


def request(number: int, target: str, pid: int = 1) -> str:
    record = {"level": 30, "time": 1795531811000 + number, "pid": pid, "hostname": "h", "reqId": f"req-{number}"}
    return json.dumps(record | {"req": {"method": "GET", "url": target, "remoteAddress": "203.0.113.9"}})


def response(number: int, status: int, pid: int = 1) -> str:
    record = {"level": 30, "time": 1795531812000 + number, "pid": pid, "hostname": "h", "reqId": f"req-{number}"}
    return json.dumps(record | {"res": {"statusCode": status}, "responseTime": 1.5})


def statuses(lines: list[str], block: int) -> dict[str, int | None]:
    parsed, _ = parse(lines, block)
    return dict(parsed.requests.select("request_target", "status").iter_rows())


@pytest.mark.parametrize("block", [1, 2, 100])
def test_answers_find_their_requests_across_blocks(block: int) -> None:
    lines = [request(1, "/a"), request(2, "/b"), request(1, "/other", pid=2), response(2, 201), response(1, 200)]
    assert statuses(lines, block) == {"/a": 200, "/b": 201, "/other": None}


def test_the_event_has_the_time_and_place_of_its_request() -> None:
    parsed, parser = parse([request(1, "/a"), "text", response(1, 200)])
    row = parsed.requests.row(0, named=True)
    assert (row["line_number"], row["status"], row["timestamp"].microsecond) == (1, 200, 1000)
    assert parsed.not_requests == 2 and parser.settling.joins and parser.log_formats == {"fastify_pino": 1}


def test_an_id_that_starts_again_belongs_to_the_latest_request() -> None:
    assert statuses([request(1, "/a"), request(1, "/b"), response(1, 200), response(1, 500)], 1) == {
        "/a": None,
        "/b": 200,
    }


def test_waiting_is_bounded_and_loses_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "WAITING", 3)
    assert statuses([request(n, f"/{n}") for n in range(9)], 2) == {f"/{n}": None for n in range(9)}


def test_a_logger_without_process_and_host_still_joins() -> None:
    lines = [line.replace('"pid": 1, "hostname": "h", ', "") for line in (request(1, "/a"), response(1, 200))]
    assert statuses(lines, 1) == {"/a": 200}


def pino(number: int, **more: Any) -> str:
    req = {"id": number, "method": "GET", "url": f"/{number}", "headers": {}, "remoteAddress": "203.0.113.9"}
    return json.dumps({"level": 30, "time": 1795531811000, "pid": 1, "hostname": "h", "req": req} | more)


def test_one_record_with_both_sides_is_a_request_of_its_own_or_the_answer_to_the_one_that_waits() -> None:
    done = {"res": {"statusCode": 200}, "responseTime": 2}
    assert statuses([pino(1, **done), pino(2), pino(2, **done), pino(3)], 1) == {"/1": 200, "/2": 200, "/3": None}


def test_a_drain_s_repeats_are_one_request() -> None:
    line = LIBRARY["vercel"].samples[0].line
    other = line.replace("0123456789ab", "fedcba987654")
    parsed, _ = parse([line, line.replace('"level":"error"', '"level":"info"'), other], 1)
    assert parsed.requests.height == 2 and parsed.not_requests == 1


def test_an_answer_that_names_its_target_is_a_request_where_none_came_before() -> None:
    """Koa's lines, of which someone kept the answers: an attack among them is read, and no request twice."""
    lines = ["--> GET /__clerk//evil.example/x 502 12ms 157b", "<-- GET /a", "--> GET /a 200 3ms 12b"]
    assert statuses(lines, 1) == {"/__clerk//evil.example/x": 502, "/a": 200}


@pytest.mark.parametrize(
    ("raw", "name", "text", "expected"),
    [
        ('{"pid":1,"reqId":"req-1","x":1}', "reqId", "req-1", ['"reqId":"req-1"']),
        ('{"pid":1, "reqId": "req-1"}', "reqId", "req-1", ['"reqId": "req-1"']),
        ('{"req":{"id":17,"url":"/"},"pid":17}', "id", "17", ['"id":17']),
        (r'{"log":"{\"reqId\":\"req-1\",", "id":7}', "reqId", "req-1", [r'"reqId\":\"req-1\"']),
        (
            r'{"reqId":"req-2","req":{"url":"/?\"reqId\":\"req-2\""}}',
            "reqId",
            "req-2",
            ['"reqId":"req-2"', r'"reqId\":\"req-2\"'],
        ),
        (r'{"reqId":"req\u002d1"}', "reqId", "req-1", []),
        ("--> GET /__clerk//e.example 200 5ms", "", "/__clerk//e.example", ["/__clerk//e.example"]),
        ("--> GET /a 200 5ms", "", "/b", []),
    ],
)
def test_an_id_is_looked_for_as_its_line_spells_it(raw: str, name: str, text: str, expected: list[str]) -> None:
    """With its name, so that a short one is not found everywhere; each spelling, where a client wrote one, too."""
    assert Half(name, text).spellings(raw) == expected
