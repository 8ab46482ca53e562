"""Which formats an input is of."""

from __future__ import annotations

import polars as pl
from parsing_help import LIBRARY, parse

from clerk_logscan.parsing import detection
from clerk_logscan.parsing.json_lines import JsonLines
from clerk_logscan.parsing.w3c import W3c

TEMPLATES = LIBRARY.of_grammar("template")
PLAIN = '203.0.113.9 - - [24/Nov/2026:14:51:36 +0000] "GET {} HTTP/1.1" 200 18 "-" "curl/8.5.0"'


def first(lines: list[str]) -> str:
    ranking = detection.rank(pl.Series(lines), TEMPLATES, lambda: JsonLines(LIBRARY.of_grammar("json")), W3c([]))
    return ranking.templates[0].name


def test_lines_that_many_formats_read_are_the_strictest_one_s() -> None:
    assert first([PLAIN.format("/a")] * 3) == "nginx_combined"


def test_a_format_s_own_escaping_is_evidence() -> None:
    assert first([PLAIN.format("/a"), PLAIN.format(r"/\"b\"")]) == "apache_combined"
    assert first([PLAIN.format("/a"), PLAIN.format(r"/\x22b\x22")]) == "nginx_combined"


def test_a_few_odd_lines_do_not_make_a_log_unescaped() -> None:
    odd = '203.0.113.9 -  [24/Nov/2026:14:51:36 +0000] "GET /" HTTP/1.1" 200 18 "" "x"'
    assert first([PLAIN.format("/a")] * 40 + [odd]) == "nginx_combined"


def test_of_a_mixed_file_every_line_is_read_by_its_own_format() -> None:
    samples = {n: LIBRARY[n].samples[0].line for n in ("nginx_combined", "caddy_json", "aws_alb", "haproxy_httplog")}
    parsed, parser = parse([*samples.values()] * 2)
    assert dict(parser.log_formats) == dict.fromkeys(samples, 2)
    assert parsed.requests["log_format"].to_list() == [*samples] * 2


def test_why_says_what_reads_how_many_lines() -> None:
    _, parser = parse([PLAIN.format("/a")] * 3 + ["text"])
    assert parser.why[0] == "nginx_combined reads 3 of 4 sampled lines"
    assert parse(["text"])[1].why == ["no format reads any of 1 sampled lines"]


def test_a_single_text_is_read_whole_or_not_at_all() -> None:
    reads = detection.Reads(TEMPLATES, lambda: JsonLines(LIBRARY.of_grammar("json")))
    assert reads(PLAIN.format("/a")) and reads(LIBRARY["caddy_json"].samples[0].line)
    assert not reads("2026-11-24 " + PLAIN.format("/a")) and not reads('{"log":"x"}') and not reads("")


def test_of_many_lines_the_first_and_some_of_all_others_decide() -> None:
    """A format that begins behind the first lines is seen as well."""
    frame = pl.DataFrame({"line_number": range(50_000)})
    lines = detection.sample(frame)["line_number"]
    assert lines.head(1000).to_list() == [*range(1000)] and len(lines) < 2100
    assert lines.filter(lines >= 1000).diff().max() == 50 and lines[-1] >= 49_900
    assert detection.sample(frame.head(2000)).height == 2000
