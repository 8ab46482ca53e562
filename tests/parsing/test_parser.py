"""The Parser: every line is a request, none, or malformed; and every format reads its own sample."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from envelope_wrappers import cri, docker, fluentd
from hypothesis import given, settings
from hypothesis import strategies as st
from parsing_help import LIBRARY, frame_of, parse, targets

from clerk_logscan import schema
from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import Template
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.parser import Parsed, Parser

SAMPLES = Path(__file__).parent.parent.parent / "sample_logs"
OWN = [name for name in LIBRARY if LIBRARY[name].grammar in ("json", "w3c")]
NGINX = LIBRARY["nginx_combined"].samples[0].line
ERROR = '2026/11/24 14:51:35 [error] 1#1: *1 open() failed, request: "GET /x HTTP/1.1", host: "a"'


@pytest.mark.parametrize("name", OWN)
def test_a_format_s_sample_says_what_its_definition_expects(name: str) -> None:
    for sample in LIBRARY[name].samples:
        parsed, parser = parse(sample.line.split("\n"))
        assert dict(parser.log_formats) == {name: 1}
        row = parsed.requests.row(0, named=True)
        found = {column: row[column] for column in sample.expect}
        if found.get("timestamp") is not None:
            found["timestamp"] = found["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert found == dict(sample.expect)


@pytest.mark.parametrize("name", OWN)
def test_a_format_s_sample_log_is_read_to_the_last_line(name: str) -> None:
    [path] = SAMPLES.glob(f"{name}.*")
    parsed, parser = parse(path.read_text().splitlines(), 3)
    assert set(parser.log_formats) == {name} and parsed.malformed.is_empty()
    wanted = ["/", "/__clerk/v1/client?_clerk_js_version=5.60.0", "/__clerk//evil.example/v1/client"]
    if LIBRARY[name].hidden_by:
        wanted = [None] * len(wanted)
    assert parsed.requests["request_target"].to_list() == wanted


def test_the_frame_is_that_of_the_schema() -> None:
    parsed, _ = parse([NGINX])
    assert dict(parsed.requests.schema) == dict(schema.FRAME)
    assert parse(["text"])[0].requests.schema == parsed.requests.schema


def test_error_logs_and_talk_are_no_requests_and_broken_lines_are_malformed() -> None:
    lines = [NGINX, ERROR, "", "# comment", "npm start", '{"level":"info","msg":"up"}', NGINX[:70]]
    parsed, _ = parse(lines)
    assert parsed.requests["line_number"].to_list() == [1]
    assert parsed.malformed["line_number"].to_list() == [7] and parsed.not_requests == 5


def test_a_line_that_shows_a_request_is_never_read_without_one() -> None:
    short = replace(LIBRARY["nginx_combined"], templates=(Template("cut short", "$remote_addr - $rest"),), shapes={})
    parser = Parser(Library([], [short]), "test.log")
    frame = frame_of([NGINX, NGINX[: NGINX.index('"')]])
    parsed = parser.read(frame)
    assert parsed.malformed["line_number"].to_list() == [1]
    assert parsed.requests["line_number"].to_list() == [2] and parsed.not_requests == 0


def test_a_whole_line_in_an_agent_is_no_request_of_its_own() -> None:
    agent = NGINX.replace('"', r"\x22")
    assert targets([NGINX.replace("curl/8.5.0", agent)]) == ["/__clerk/\\evil.example/v1/client"]


PIECES = [NGINX, ERROR, "", "text", "{", "}", "[", "#Fields: date time", *(LIBRARY[n].samples[0].line for n in OWN)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text('{}[]",:GET /\\\t#', max_size=20), min_size=1, max_size=12))
def test_the_ledger_adds_up_and_no_line_raises(pieces: list[str]) -> None:
    lines = [line for piece in pieces for line in piece.split("\n")]
    parsed, _ = parse(lines, 4)
    seen = parsed.requests.height + parsed.not_requests + parsed.malformed.height
    assert seen == len(lines) or any(line.strip(" ,[]{}") != line for line in lines)
    assert parsed.requests["line_number"].is_between(1, len(lines)).all()


def test_pretty_records_need_every_line_and_are_counted_as_records() -> None:
    record = json.loads(LIBRARY["gcp_lb"].samples[0].line)
    parsed, parser = parse(json.dumps([record, record], indent=2).split("\n"), 5)
    assert parser.needs_all and parsed.requests.height == 2 and parsed.not_requests == 0
    assert parsed.requests["raw"].str.starts_with("{").all()


def test_records_inside_an_envelope_are_read_by_their_own_format() -> None:
    inner = LIBRARY["caddy_json"].samples[0].line
    docker = [json.dumps({"log": inner + "\n", "stream": "stdout", "time": "2026-11-24T14:51:36.1Z"})] * 3
    _, parser = parse(docker)
    assert dict(parser.log_formats) == {"caddy_json": 3}
    assert "docker-json-file" in parser.why[0]


def test_a_line_without_a_time_has_its_envelope_s() -> None:
    inner = json.dumps({"method": "GET", "path": "/a", "status": 200, "srcIp": "203.0.113.9"})
    line = json.dumps({"log": inner + "\n", "stream": "stdout", "time": "2026-11-24T14:51:36.123456Z"})
    assert parse([line] * 3)[0].requests["timestamp"].dt.microsecond().to_list() == [123456] * 3


def test_times_without_a_zone_are_of_the_zone_that_was_given() -> None:
    from parsing_help import frame_of

    from clerk_logscan.parsing.parser import Parser

    parser = Parser(LIBRARY, "x", "+05:30")
    flow = "fe be/s1 0/0/0/7/8 200 141 - - ---- 1/1/0/0/0 0/0"
    frame = frame_of([f'203.0.113.9:36189 [24/Nov/2026:05:30:00.000] {flow} "GET /a HTTP/1.1"'])
    assert str(parser.read(frame).requests["timestamp"][0]) == "2026-11-24 00:00:00+00:00"


def test_finish_before_any_line_is_empty() -> None:
    from clerk_logscan.parsing.parser import Parser

    parsed = Parser(LIBRARY, "x").finish()
    assert parsed.requests.is_empty() and parsed.not_requests == 0 and isinstance(parsed.malformed, pl.DataFrame)


def test_a_counter_is_the_log_s_id_of_a_request_and_no_id_to_find_it_by_elsewhere() -> None:
    row = parse([LIBRARY["fastify_pino"].samples[0].line])[0].requests.row(0, named=True)
    assert row["request_id"] == "req-1" and row["_ids"] is None
    row = parse([LIBRARY["cloudflare_logpush"].samples[0].line])[0].requests.row(0, named=True)
    assert row["_ids"] == ["8e7a1b2c3d4e5f60"]


def test_an_unread_line_with_two_slashes_together_is_malformed_in_whatever_notation() -> None:
    """A layout that nothing reads must not pass as no request when it holds what is looked for."""
    for line in (
        "<x u='/__clerk//evil.example/x' m='GET' s='502'/>",
        '[2026-11-24] app.INFO: done {"uri":"https:\\/\\/a.example\\/__clerk\\/\\/evil.example","method":"GET"} [] []',
    ):
        parsed, _ = parse([line, "started"])
        assert parsed.requests.height + parsed.malformed.height == 1, line


LEADING = [
    "apache_combined",
    "apache_common",
    "apache_vhost_plain",
    "aws_alb",
    "aws_elb_classic",
    "aws_s3",
    "haproxy_clf",
    "haproxy_httplog",
    "jetty",
    "kong",
    "lighttpd",
    "morgan_combined",
    "morgan_tiny",
    "nginx_combined",
    "nginx_ingress",
    "nginx_main",
    "nginx_proxy_manager",
    "nginx_timed",
    "nginx_vhost",
    "render",
    "varnish",
]
BY_ALL = [sample.line for name in sorted(LIBRARY) for sample in LIBRARY[name].samples]
HOSTILE = [
    NGINX.replace("curl/8.5.0", f"{before}a{after}")
    for before, after in (
        ("\x1b[31m", ""),
        ("#011", "#011"),
        ('"', '" - - ['),
        ("{", "}"),
        ("\\", "\\x22"),
        ("\x00", ""),
    )
]
LONG = NGINX.replace("curl/8.5.0", "a" * 20_000)
WORN = [*docker([NGINX, LONG, ERROR]), *cri([NGINX, ERROR]), *fluentd([NGINX, LONG])]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(LEADING),
    st.lists(st.sampled_from([*BY_ALL, *HOSTILE, *PIECES]) | st.just("\n".join(WORN)) | st.none(), max_size=10),
    st.sampled_from([8, 1000]),
)
def test_what_the_leading_format_reads_first_is_what_the_usual_order_reads(
    name: str, others: list[str | None], block: int
) -> None:
    own = LIBRARY[name].samples[0].line
    mixed = [line for other in others for line in (own if other is None else other).split("\n")]
    found = []
    for usual in (False, True):
        parser = Parser(LIBRARY, "test.log")
        parser.detect(frame_of([own] * 12))
        assert parser.settling.leading is not None
        if usual:
            parser.settling.leading = None
        parts = [*(parser.read(some) for some in frame_of(mixed).iter_slices(block)), parser.finish()]
        requests, malformed = (pl.concat([part[at] for part in parts]) for at in (0, 2))
        order = ["line_number", "byte_offset", "raw"]
        found.append((requests.sort(order), sum(part.not_requests for part in parts), malformed.sort(order)))
    (requests, counted, malformed), (requests_so, counted_so, malformed_so) = found
    assert requests.equals(requests_so, null_equal=True) and counted == counted_so and malformed.equals(malformed_so)


def test_what_api_gateway_passes_on_lacks_the_stage() -> None:
    record = {"requestId": "1-a", "httpMethod": "GET", "path": "/prod/__clerk//evil.example/x", "status": "200"}
    for more in (
        {"stage": "prod", "requestTimeEpoch": 1795531895123},
        {"domainName": "a.execute-api.eu.amazonaws.com"},
    ):
        parsed, _ = parse([json.dumps(record | more)])
        assert parsed.requests["_other_targets"].to_list() == ["/__clerk//evil.example/x"]
        assert parsed.requests["request_target"].to_list() == ["/prod/__clerk//evil.example/x"]
    parsed, _ = parse([json.dumps(record | {"stage": "dev", "requestTimeEpoch": 1795531895123})])
    assert parsed.requests["_other_targets"].null_count() == 1


@pytest.mark.parametrize("name", [name for name in sorted(LIBRARY) if LIBRARY[name].grammar == "template"])
def test_what_is_settled_in_short_is_what_detection_finds(name: str) -> None:
    """Where one format reads every line, it is the one that detection tries first; else detection itself is asked."""
    for sample in LIBRARY[name].samples:
        lines = frame_of([*sample.line.split("\n"), "", *sample.line.split("\n")] * 2)
        short, full = Parser(LIBRARY, "test.log"), Parser(LIBRARY, "test.log")
        short.settle(lines)
        full.detect(lines)
        assert short.settling.leading is full.settling.leading
        assert short.settling.cascade.templates[0] is full.settling.cascade.templates[0]
        assert set(short.ranking.matches.items()) <= set(full.ranking.matches.items())
        assert_same(short.read(lines), full.read(lines))


def assert_same(one: Parsed, other: Parsed) -> None:
    assert one.requests.equals(other.requests, null_equal=True) and one.malformed.equals(other.malformed)
    assert one.not_requests == other.not_requests


@pytest.mark.parametrize("name", ["nginx_combined", "aws_alb", "lighttpd"])
def test_lines_that_settle_a_log_are_cut_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for a format with templates that prove nothing: they may read what the others were asked for first."""
    cut, lines = template.cut, frame_of([LIBRARY[name].samples[0].line] * 12)
    counts: list[int] = []
    monkeypatch.setattr(
        template, "cut", lambda texts, *more, **how: counts.append(len(texts)) or cut(texts, *more, **how)
    )
    parser = Parser(LIBRARY, "test.log")
    parser.settle(lines)
    assert parser.read(lines).requests.height == 12
    weak = any(one.weak for one in LIBRARY[name].templates)
    assert counts.count(12) == 1 + weak
    assert parser.read(lines.head(5)).requests.height == 5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([line for line in BY_ALL if "\n" not in line]), min_size=1, max_size=4))
def test_mixed_lines_are_settled_as_detection_does(lines: list[str]) -> None:
    short, full = Parser(LIBRARY, "test.log"), Parser(LIBRARY, "test.log")
    short.settle(frame_of(lines))
    full.detect(frame_of(lines))
    assert short.settling.cascade.templates[:1] == full.settling.cascade.templates[:1]
    assert short.settling.leading is full.settling.leading
    assert_same(short.read(frame_of(lines)), full.read(frame_of(lines)))


def test_an_attack_beside_the_line_in_an_envelope_is_malformed() -> None:
    """Syslog's structured data is no part of the line: what it holds is not passed over when the line says nothing."""
    header = "<134>1 2026-11-24T14:51:35Z web app 1 REQ"
    lines = [
        f'{header} [req@1 method="GET" path="{path}" status="200"] done' for path in ("/a", "/__clerk//evil.example")
    ]
    parsed, _ = parse(lines)
    assert parsed.malformed["line_number"].to_list() == [2] and parsed.not_requests == 1
