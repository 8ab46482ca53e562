"""A template cuts each line as its server wrote it, whatever was sent."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.escapes import lone
from clerk_logscan.parsing.library import Library, load_definitions, parse
from clerk_logscan.parsing.template import compile_template, cut

LIBRARY: Library = load_definitions()
TEMPLATES = [definition.name for definition in LIBRARY.of_grammar("template")]
HEAD = "203.0.113.9 - - [24/Nov/2026:14:51:36 +0000] "


def rows(definition: Definition, *lines: str, loose: bool = False) -> list[dict[str, str | None] | None]:
    """Return the fields of each line, None where it is not of the format."""
    matched, raw = cut(pl.Series(lines), definition, loose=loose)
    assert raw.height == matched.sum() and matched.null_count() == 0
    found = iter(raw.to_dicts())
    return [next(found) if yes else None for yes in matched]


def simple(pattern: str, escape: str = "none", more: str = "") -> Definition:
    return parse(f"title = 'x'\ngrammar = 'template'\nescape = '{escape}'\ntemplates = ['{pattern}']\n{more}", "x")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_shipped_pattern_compiles_and_stays_within_one_pass(name: str) -> None:
    """polars' regular expressions read up to sixteen groups in one pass; with more they are many times slower."""
    definition = LIBRARY[name]
    for template in definition.templates:
        for loose in (False, True):
            pattern = compile_template(template, definition, loose)
            assert len(pattern.fields) <= 16, template.name
            assert re.compile(pattern.regex).groups == len(pattern.fields)
            assert pl.Series(["x"]).str.extract_groups(pattern.regex).len() == 1


def test_a_line_that_does_not_match_gives_no_row() -> None:
    definition = simple('$remote_addr "$request"')
    assert rows(definition, '1.2.3.4 "GET / HTTP/1.1"', "", "noise", '5.6.7.8 ""') == [
        {"remote_addr": "1.2.3.4", "request": "GET / HTTP/1.1"},
        None,
        None,
        {"remote_addr": "5.6.7.8", "request": ""},
    ]


def test_several_patterns_keep_the_order_of_the_lines() -> None:
    definition = simple('b "$request"')
    both = parse("title = 'x'\ngrammar = 'template'\ntemplates = ['a \"$request\"', 'b \"$request\" $status']", "x")
    assert [row and row["request"] for row in rows(both, 'b "1" 200', 'a "2"', 'c "3"', 'b "4" 404')] == [
        *("1", "2", None, "4")
    ]
    assert rows(definition, 'a "1"') == [None]


def test_a_tail_may_be_missing_from_the_right_and_an_open_end_may_go_on() -> None:
    definition = parse(
        "title = 'x'\ngrammar = 'template'\n"
        "templates = [{ pattern = '$a \"$request\"', tail = ['$b', '\"$c\"'], open = true }]\n"
        "[columns]\nrequest_id = 'a'\nreferer = 'b'\nuser_agent = 'c'\n",
        "x",
    )
    assert [
        row and (row["b"], row["c"]) for row in rows(definition, '1 "r"', '1 "r" 2', '1 "r" 2 "3"', '1 "r" 2 "3" 4 5')
    ] == [*((None, None), ("2", None), ("2", "3"), ("2", "3"))]


def test_variables_with_nothing_between_are_told_by_how_they_begin() -> None:
    definition = simple("$scheme://$host$request_uri $status")
    row = rows(definition, "https://a.example//b?c=d 200")[0]
    assert row is not None and (row["host"], row["request_uri"]) == ("a.example", "//b?c=d")


def test_only_the_fields_that_the_definition_reads_are_cut() -> None:
    _, raw = cut(pl.Series([HEAD + '"GET / HTTP/1.1" 200 3 "-" "x"']), LIBRARY["nginx_combined"])
    assert "remote_user" not in raw.columns and set(raw.columns) == LIBRARY["nginx_combined"].fields


def test_a_weak_pattern_does_not_prove_a_format() -> None:
    line = pl.Series(['203.0.113.9 - - [24/Nov/2026:14:51:36 +0000] "  " 400 345 "-" "-"'])
    assert cut(line, LIBRARY["lighttpd"])[0].to_list() == [True]
    assert cut(line, LIBRARY["lighttpd"], detecting=True)[0].to_list() == [False]


def escaped(data: bytes) -> str:
    """Escape as nginx does."""
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b not in b'"\\' else f"\\x{b:02X}" for b in data)


def haproxy(data: bytes) -> str:
    """Escape as HAProxy does in captured headers."""
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b not in b'"#{|}' else f"#{b:02X}" for b in data)


PLANTS = st.sampled_from(
    [b'" 200 5 "-" "', b"GET /__clerk//evil.example/ HTTP/1.1", b" [24/Nov/2026:14:51:36 +0000] ", b"\x00"]
)
HOSTILE = st.lists(st.one_of(PLANTS, st.binary(max_size=12)), max_size=4).map(b"".join)


@given(request=HOSTILE, referer=HOSTILE, agent=HOSTILE)
def test_what_a_client_sends_never_moves_to_another_field_of_nginx(
    request: bytes, referer: bytes, agent: bytes
) -> None:
    line = f'{HEAD}"{escaped(request)}" 200 3 "{escaped(referer)}" "{escaped(agent)}"'
    row = rows(LIBRARY["nginx_combined"], line)[0]
    assert row is not None
    read = (row["request"], row["http_referer"], row["http_user_agent"])
    assert read == (lone(request), lone(referer), lone(agent))


@given(target=HOSTILE, agent=HOSTILE)
def test_what_a_client_sends_never_moves_to_another_field_of_haproxy(target: bytes, agent: bytes) -> None:
    line = (
        "203.0.113.66:36189 [24/Nov/2026:14:49:22.019] fe be/s1 0/0/0/7/8 200 141 - - ---- 1/1/0/0/0 0/0 "
        f'{{app.example.com|{haproxy(agent)}}} "GET {haproxy(target)} HTTP/1.1"'
    )
    row = rows(LIBRARY["haproxy_httplog"], line)[0]
    assert row is not None and (row["c1"], row["status"]) == ("app.example.com", "200")
    assert (row["request"], row["c2"]) == (f"GET {lone(target)} HTTP/1.1", lone(agent))


RAW = st.text(st.characters(codec="ascii", exclude_characters=" \n"), max_size=12)


@given(target=RAW, agent=st.one_of(RAW, st.just('x" 404 1 "-" "GET /__clerk//e.example/ HTTP/1.1" 200 5')))
def test_raw_quotes_are_read_from_both_ends(target: str, agent: str) -> None:
    """Traefik escapes nothing; a target without blanks ends at its protocol, whatever the agent imitates."""
    line = f'{HEAD}"GET /{target} HTTP/1.1" 200 18 "-" "{agent}" 7 "web@docker" "http://172.18.0.3:3000" 12ms'
    definition = LIBRARY["traefik_common"]
    row = rows(definition, line)[0] or rows(definition, line, loose=True)[0]
    assert row is not None
    assert (row["request"], row["user_agent"], row["backend"]) == (
        f"GET /{target} HTTP/1.1",
        agent,
        "http://172.18.0.3:3000",
    )


def test_long_lines_and_nuls_before_a_line_are_read() -> None:
    target = "/__clerk//evil.example/" + "c" * 40_000
    line = f'{HEAD}"GET {target} HTTP/1.1" 200 3 "-" "-"'
    row = rows(LIBRARY["nginx_combined"], line)[0]
    assert row is not None and row["request"] == f"GET {target} HTTP/1.1"
    after_copytruncate = rows(LIBRARY["nginx_combined"], "\0" * 500 + line, loose=True)[0]
    assert after_copytruncate is not None and after_copytruncate["remote_addr"] == "203.0.113.9"


def test_a_user_name_with_blanks_is_read_loosely() -> None:
    line = '203.0.113.9 - a b [24/Nov/2026:14:51:36 +0000] "GET / HTTP/1.1" 401 3 "-" "-"'
    assert rows(LIBRARY["nginx_combined"], line) == [None]
    row = rows(LIBRARY["nginx_combined"], line, loose=True)[0]
    assert row is not None and row["request"] == "GET / HTTP/1.1"


def test_a_line_that_ends_inside_the_request_is_not_nginx() -> None:
    cut_short = HEAD + '"GET /__clerk//e'
    for loose in (False, True):
        assert rows(LIBRARY["nginx_combined"], cut_short, loose=loose) == [None]


@pytest.mark.parametrize("length", [130, 200, 260])
def test_what_is_whole_of_a_line_that_syslog_cut_is_read(length: int) -> None:
    line = (
        "203.0.113.66:36189 [24/Nov/2026:14:49:22.019] fe be/s1 0/0/0/7/8 200 141 - - ---- 1/1/0/0/0 0/0 "
        f'{{app.example.com|curl/8.5.0}} "GET /__clerk//evil.example/{"a" * 300} HTTP/1.1"'
    )
    row = rows(LIBRARY["haproxy_httplog"], line[:length])[0]
    assert row is not None and (row["status"], row["server"]) == ("200", "s1")
    assert (row["request"] or "") == line[:length].partition(' "')[2]


@pytest.mark.parametrize("fields", range(12, 35))
def test_alb_lines_are_read_with_any_number_of_fields_from_twelve_on(fields: int) -> None:
    whole = LIBRARY["aws_alb"].samples[0].line
    pieces = re.findall(r'"[^"]*"|[^ ]+', whole)
    row = rows(LIBRARY["aws_alb"], " ".join(pieces[:fields]))[0]
    assert len(pieces) == 34 and row is not None and row["sent"] == "512"
    assert row["trace_id"] == ("Root=1-67400006-36d228ad5d99923122bbe354" if fields >= 18 else None)
    assert row["actions"] == ("waf,forward" if fields >= 23 else None)


@pytest.mark.parametrize("pattern", ["$remote_addr $request", "$remote_addr $request $status"])
def test_a_request_without_quotes_is_read_by_its_form_and_nothing_else_is_taken_for_it(pattern: str) -> None:
    definition = simple(pattern)
    tail = " 200" if pattern.endswith("$status") else ""
    lines = ["1.2.3.4 GET /a b HTTP/1.1", "1.2.3.4 -", '1.2.3.4 - - [30/Mar/2026:04:12:07 +0000] "GET /x HTTP/1.1"']
    mask, raw = cut(pl.Series([line + tail for line in lines]), definition)
    assert mask.to_list() == [True, True, False]
    assert raw["request"].to_list() == ["GET /a b HTTP/1.1", "-"]
