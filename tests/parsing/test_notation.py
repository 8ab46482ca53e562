"""A pasted format becomes a definition, or an error that names the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import clerk_logscan as cl
from clerk_logscan.parsing.definitions import Definition, DefinitionError
from clerk_logscan.parsing.fields import typed
from clerk_logscan.parsing.notation import from_option
from clerk_logscan.parsing.template import cut


def only(text: str) -> Definition:
    (definition,) = from_option(text)
    return definition


def row(definition: Definition, line: str) -> dict[str, Any]:
    matched, raw = cut(pl.Series([line]), definition)
    assert matched.to_list() == [True]
    found = typed(raw, definition, "UTC").row(0, named=True)
    found["timestamp"] = found["timestamp"] and found["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return found


def check(text: str, line: str, **expected: object) -> Definition:
    definition = only(text)
    found = row(definition, line)
    assert {name: found[name] for name in expected} == expected
    return definition


def test_an_nginx_string_needs_no_quotes() -> None:
    check(
        '$time_iso8601 $remote_addr $host "$request_method $request_uri $server_protocol" $status $request_time '
        "$upstream_addr",
        r'2026-11-24T20:21:36+05:30 1.2.3.4 a.example "GET /__clerk/\x5Ce.example/ HTTP/1.1" 502 0.012 backend',
        timestamp="2026-11-24T14:51:36.000000Z",
        client_ip="1.2.3.4",
        host="a.example",
        method="GET",
        request_target="/__clerk/\\e.example/",
        protocol="HTTP/1.1",
        forwarded=False,
        _hint_reason="$upstream_addr is backend, the group: no server could be chosen",
    )


def test_a_directive_in_quoted_pieces_over_lines_is_joined() -> None:
    text = """log_format timed escape=none '$msec|$remote_addr|'  # the time
        "$request_uri|" '$status|$http_user_agent';"""
    definition = check(
        text,
        '1795532496.123|1.2.3.4|/__clerk//e.example/?a|200|say "hi" | x',
        timestamp="2026-11-24T15:01:36.123000Z",
        request_target="/__clerk//e.example/?a",
        user_agent='say "hi" | x',
    )
    assert (definition.name, definition.escape) == ("timed", "none")
    check("'$remote_addr - ' '\"$request\"'", '1.2.3.4 - "GET /a HTTP/1.1"', request_target="/a")


def test_a_format_whose_path_is_normalised_names_it() -> None:
    assert only('$remote_addr "$request_method $uri$is_args$args" $status').hidden_by == "$uri"
    assert only('%h "%m %U%q %H" %>s').hidden_by == "%U"
    assert only('$remote_addr "$request" $uri').hidden_by is None
    assert row(only("$remote_addr $uri$is_args$args $status"), "1.2.3.4 /x?a=b 200")["request_target"] == "/x?a=b"


def test_a_log_format_that_writes_objects_becomes_key_paths() -> None:
    text = """log_format j escape=json '{"time":"$time_iso8601","r":{"m":"$request_method","u":"$request_uri"},'
        '"s":$status,"up":"$upstream_addr"}';"""
    definition = only(text)
    assert (definition.grammar, definition.name) == ("json", "j")
    assert definition.columns["request_target"][0].fields == ("r.u",)
    assert definition.columns["status"][0].fields == ("s",)
    assert set(definition.requires) == {"time", "r.m", "r.u", "s", "up"}
    assert {c.field for e in definition.evidence for c in e.when} == {"up", "s"}


def test_a_whole_nginx_configuration_gives_every_log_format_includes_too(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text(
        "http {\n  log_format one '$remote_addr \"$request\"'; # '\n  include conf.d/*.conf;\n  include missing.conf;\n"
        '  server { location ~ ^/a{2} { return 200 "x;y"; } }\n}\n'
    )
    (tmp_path / "conf.d" / "b.conf").write_text(
        "log_format two '$request_uri '\n  '$status';\ninclude conf.d/b.conf;\n"
    )
    names = [definition.name for definition in from_option(str(tmp_path / "nginx.conf"))]
    assert names[:2] == ["one", "two"] and set(names) == {"one", "two"}


def test_an_apache_format_with_headers_modifiers_and_a_time_in_pieces() -> None:
    check(
        'LogFormat "%v:%p %a %{X-Forwarded-For}i [%{%d/%b/%Y:%T}t.%{usec_frac}t %{%z}t] \\"%r\\" %>s %b %D '
        '\\"%{Referer}i\\" \\"%400,501{User-agent}i\\" %{c}a %L" timed',
        r'a.example:443 1.2.3.4 5.6.7.8 [24/Nov/2026:20:21:38.123456 +0530] "GET /\"a HTTP/1.1" 200 12 1500 '
        r'"-" "c\t" 9.9.9.9 id1',
        timestamp="2026-11-24T14:51:38.123456Z",
        client_ip="1.2.3.4",
        forwarded_for="5.6.7.8",
        host="a.example",
        request_target='/"a',
        status=200,
        bytes_sent=12,
        user_agent="c\t",
        request_id="id1",
    )


@pytest.mark.parametrize(
    ("form", "text", "time"),
    [
        ("%t", "[24/Nov/2026:20:21:38 +0530]", "2026-11-24T14:51:38.000000Z"),
        ("%{sec}t.%{usec_frac}t", "1795532496.123456", "2026-11-24T15:01:36.123456Z"),
        ("%{msec}t", "1795532496123", "2026-11-24T15:01:36.123000Z"),
        (
            "%{begin:%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t",
            "2026-11-24T20:21:38.123+0530",
            "2026-11-24T14:51:38.123000Z",
        ),
        ("%{%F %T}t", "2026-11-24 20:21:38", "2026-11-24T20:21:38.000000Z"),
    ],
)
def test_every_time_that_apache_can_write_is_read(form: str, text: str, time: str) -> None:
    check(f'%h {form} "%r" %>s', f'1.2.3.4 {text} "GET /a HTTP/1.1" 200', timestamp=time, request_target="/a")


def test_an_haproxy_format_finds_its_captures_by_their_shapes() -> None:
    text = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
    head = "1.2.3.4:5 [24/Nov/2026:14:49:22.019] fe be/<NOSRV> 0/0/0/0/8 403 141 - - ---- 1/1/0/0/0 0/0 "
    wanted = {"timestamp": "2026-11-24T14:49:22.019000Z", "request_target": '/a"', "status": 403, "forwarded": False}
    check(
        text,
        head + '{app.example.com|curl/8} {nginx} "GET /a#22 HTTP/1.1"',
        host="app.example.com",
        user_agent="curl/8",
        **wanted,
    )
    check(text, head + '"GET /a#22 HTTP/1.1"', host=None, user_agent=None, **wanted)


def test_an_haproxy_format_may_quote_its_captures_itself() -> None:
    check(
        r'[%pid]\ [%Ts.%ms]\ %ci:%cp\ %ft\ %{+Q}r\ %ST\ %b:%s\ "%hr"\ "%hs"\ resp_size=%B',
        '[17] [1795531896.125] 203.0.113.7:2842 web "GET /__clerk//evil.example/ HTTP/1.1" 200 be:s1'
        ' "{app.example.com|curl/8.5.0}" "" resp_size=314',
        client_ip="203.0.113.7",
        request_target="/__clerk//evil.example/",
        host="app.example.com",
        bytes_sent=314,
    )


@pytest.mark.parametrize(
    "text",
    [
        r'"%h %l %u %t \"%r\" %>s %b" common',
        "%h %l %u %t &quot;%r&quot; %s %b",
        '<Valve className="org.apache.catalina.valves.AccessLogValve" pattern="%h %l %u %t &quot;%r&quot; %s %b" />',
    ],
)
def test_a_format_is_read_as_its_configuration_writes_it(text: str) -> None:
    line = '203.0.113.7 - - [24/Nov/2026:14:51:36 +0000] "GET /__clerk//evil.example/ HTTP/1.1" 200 314'
    check(text, line, request_target="/__clerk//evil.example/", status=200, bytes_sent=314)


def test_an_haproxy_format_is_quoted_as_its_flags_say() -> None:
    check(
        'log-format "%{+Q}o %{-Q}ci [%trg] %HM %HU %[capture.req.hdr(0)] %[req.hdr(Host)] %ST %s"',
        '1.2.3.4 [24/Nov/2026:14:49:22 +0000] "GET" "/a" "x" "h.example" 200 "s1"',
        method="GET",
        request_target="/a",
        host="h.example",
        status=200,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("foo", "is no known format, no file"),
        ("$remote_addr $", "no variable name after the $ at character 14"),
        ("${request $status", "no variable name after the $ at character 1"),
        ("$remote_addr $status", "nothing in it holds the request target"),
        ("escape=xml '$request'", "escape=xml is none of default, json, none"),
        ("log_format a\n  '$request;", "line 2: the ' at character 16 has no end"),
        ("log_format a;\nlog_format b '$request';", "line 1: log_format needs a name and a format"),
        ('%h "%r" %', "no directive after the % at character 9"),
        ("%h %t %>s", "nothing in it holds the request target"),
        ("%ci %ST %r %(", "no variable after the % at character 12"),
        ("%ci %ST", "nothing in it holds the request target"),
        ("LogFormat combined extra words here\n", "LogFormat needs a format between double quotes"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_its_place(text: str, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        from_option(text)
    assert words in str(caught.value)


def test_a_file_without_any_format_says_so(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\n")
    with pytest.raises(DefinitionError, match="holds no log_format"):
        from_option(str(path))


def test_of_two_formats_of_a_configuration_the_one_that_hides_takes_no_whole_request_line(tmp_path: Path) -> None:
    """`$uri` may hold blanks, and still a line with a protocol is not its: an attack would be read as harmless."""
    (tmp_path / "nginx.conf").write_text(
        "log_format hidden '$remote_addr [$time_iso8601] \"$request_method $uri\" $status';\n"
        "log_format plain '$remote_addr [$time_iso8601] \"$request\" $status';\n"
    )
    head = "203.0.113.9 [2026-03-30T04:12:07+00:00] "
    (tmp_path / "plain.log").write_text(f'{head}"GET /__clerk//evil.example/x HTTP/1.1" 200\n')
    (tmp_path / "hidden.log").write_text(f'{head}"GET /__clerk/evil.example/x y" 200\n')
    configuration = str(tmp_path / "nginx.conf")
    assert cl.analyze(str(tmp_path / "plain.log"), log_format=configuration).verdict == "key-exposed"
    assert cl.analyze(str(tmp_path / "hidden.log"), log_format=configuration).verdict == "incomplete"
