"""Lines under `#Fields:`, and without."""

from __future__ import annotations

import polars as pl
import pytest
from parsing_help import LIBRARY, frame_of, parse, targets

from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.parsing.w3c import W3c, align

HEAD = "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)"


@pytest.mark.parametrize("block", [1, 100])
def test_the_header_may_change_within_a_file(block: int) -> None:
    lines = [
        "#Software: Microsoft Internet Information Services 10.0",
        HEAD,
        "2026-11-24 14:51:36 203.0.113.9 GET /a x=%2F 200 curl/8+(x)",
        "#Fields: date time sc-status cs-uri-stem cs-method c-ip",
        "2026-11-24 14:51:37 404 /b POST 203.0.113.9",
    ]
    parsed, _ = parse(lines, block)
    assert parsed.requests["request_target"].to_list() == ["/a?x=%2F", "/b"]
    assert parsed.requests["status"].to_list() == [200, 404]
    assert parsed.requests["user_agent"].to_list() == ["curl/8 (x)", None]
    assert parsed.not_requests == 3


def test_a_line_cut_short_gives_what_is_whole() -> None:
    lines = [HEAD, "2026-11-24 14:51:36 203.0.113.9 GET /a - 2", "2026-11-24 14:51:36 203.0.113.9 GET /__cl"]
    parsed, _ = parse(lines)
    assert parsed.requests["request_target"].to_list() == ["/a"]
    assert parsed.requests["status"].to_list() == [None]
    assert parsed.malformed["line_number"].to_list() == [3]


def test_a_time_alone_is_of_the_day_that_the_header_states() -> None:
    lines = ["#Date: 2026-11-24 00:00:00", "#Fields: time c-ip cs-method cs-uri-stem", "14:51:36 203.0.113.9 GET /a"]
    assert str(parse(lines)[0].requests["timestamp"][0]) == "2026-11-24 14:51:36+00:00"


def test_cloudfront_s_own_encoding_is_undone_once() -> None:
    line = LIBRARY["cloudfront_v1"].samples[0].line
    assert targets([line.replace("/%5Cevil", "/%252Fevil")]) == ["/__clerk/%2Fevil.example/x"]


def test_cloudfront_s_results_show_what_they_prove_and_no_more() -> None:
    line = LIBRARY["cloudfront_v1"].samples[0].line
    kinds = ["Hit", "Error", "LimitExceeded", "OriginConnectError", "OriginCommError", "ClientGeoBlocked"]
    parsed, _ = parse([line.replace("\tMiss\ttext/html", f"\t{kind}\ttext/html") for kind in kinds])
    hints = dict(zip(kinds, parsed.requests["_hint"], strict=True))
    stopped = {"LimitExceeded", "OriginConnectError", "ClientGeoBlocked"}
    assert {kind for kind, hint in hints.items() if hint == "not-forwarded"} == stopped
    assert {kind for kind, hint in hints.items() if hint not in {None, "not-forwarded"}} == {"Hit"}
    assert hints["Hit"] == "served-before"


def realtime(*names: str) -> str:
    definition = LIBRARY["cloudfront_realtime"]
    values = dict(zip(definition.order, definition.samples[0].line.split("\t"), strict=False))
    values["sc-bytes"] = "51200"
    return "\t".join(values[name] for name in definition.order if name in names)


@pytest.mark.parametrize(
    "names",
    [
        ("timestamp", "c-ip", "sc-status", "cs-method", "cs-uri-stem", "x-edge-location", "cs-user-agent"),
        ("timestamp", "c-ip", "sc-bytes", "cs-method", "cs-protocol", "cs-uri-stem", "x-host-header", "c-country"),
        ("timestamp", "cs-method", "cs-uri-stem", "x-edge-request-id", "c-country"),
    ],
)
def test_a_chosen_subset_of_real_time_columns_is_found_by_shape(names: tuple[str, ...]) -> None:
    line = realtime(*names)
    found = align(LIBRARY["cloudfront_realtime"], [line.split("\t")] * 3)
    assert found is not None and set(names) == set(found)
    parsed, parser = parse([line] * 3)
    assert set(parser.log_formats) == {"cloudfront_realtime"}
    assert parsed.requests["request_target"].to_list() == ["/__clerk//evil.example/x?a=1"] * 3


def test_columns_that_the_vendor_adds_later_do_no_harm() -> None:
    definition = LIBRARY["cloudfront_realtime"]
    line = definition.samples[0].line + "\t-" * (len(definition.order) - 40) + "\tnew\tnewer"
    assert targets([line]) == ["/__clerk//evil.example/x?a=1"]


def test_other_columns_of_words_are_no_log() -> None:
    parsed, _ = parse(["a\tb\tc\td", "one two three four five six seven", "1\t2\t3\t4\t5"])
    assert parsed.requests.is_empty() and parsed.not_requests == 3


def test_a_text_between_quotes_is_one_column_where_that_makes_the_line_as_wide_as_its_header() -> None:
    lines = [
        "#Software: SGOS 6.5",
        "#Fields: date time c-ip sc-status sc-bytes cs-method cs-uri-path cs-uri-query cs(User-Agent)",
        '2026-11-24 14:51:36 192.0.2.1 200 512 GET /__clerk//evil.example/x ?a=1 "Mozilla/5.0 (X11) ""q"""',
        "2026-11-24 14:51:37 192.0.2.2 404 12 GET /b - curl/8.5.0",
    ]
    parsed, _ = parse(lines)
    assert parsed.requests["request_target"].to_list() == ["/__clerk//evil.example/x?a=1", "/b"]
    assert parsed.requests["user_agent"].to_list() == ['Mozilla/5.0 (X11) "q"', "curl/8.5.0"]
    assert parsed.requests["log_format"].unique().to_list() == ["w3c_extended"]


@pytest.mark.parametrize("before", [[], [""]])
def test_a_sample_is_cut_once_and_what_is_another_anew(before: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a blank line the sample that decides is not all that is read."""
    cut: list[int] = []
    read = W3c._read
    monkeypatch.setattr(W3c, "_read", lambda self, texts: cut.append(len(texts)) or read(self, texts))
    lines = [*before, HEAD, *["2026-11-24 14:51:36 203.0.113.9 GET /a x=%2F 200 curl/8"] * 6]
    parser = Parser(LIBRARY, "test.log")
    parser.settle(frame_of(lines))
    assert parser.read(frame_of(lines)).requests["request_target"].to_list() == ["/a?x=%2F"] * 6
    more = frame_of(["2026-11-24 14:51:37 203.0.113.9 GET /b - 200 curl/8"])
    assert parser.read(more).requests["request_target"].to_list() == ["/b"]
    assert cut == ([7, 1] if not before else [7, 8, 8, 1])


def test_a_header_is_offered_to_no_template_whose_literals_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[str] = []
    cut = template.cut

    def told(lines: pl.Series, definition: Definition, **how: bool) -> tuple[pl.Series, pl.DataFrame]:
        offered.append(definition.name)
        return cut(lines, definition, **how)

    monkeypatch.setattr(template, "cut", told)
    parsed, _ = parse(["#Version: 1.0", HEAD, *["2026-11-24 14:51:36 203.0.113.9 GET /a x=%2F 200 curl/8"] * 6])
    assert parsed.requests.height == 6
    assert 2 * len(set(offered)) < len(LIBRARY.of_grammar("template"))
