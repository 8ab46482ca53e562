"""No off-host request is lost in an unknown layout: it is read as it was sent, or counted as suspicious and unread."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_layouts import LAYOUTS, Layout, requests, words
from parsing_help import LIBRARY, frame_of

from clerk_logscan import destinations
from clerk_logscan.options import Options
from clerk_logscan.parsing.parser import Parsed, Parser

ORACLE = Path(__file__).parent.parent / "data" / "oracle.jsonl"
CASES = [json.loads(line) for line in ORACLE.read_text(encoding="utf-8").splitlines()]
OFF_HOST = [case["target"] for case in CASES if case["off_host"] and case["proxy_path"] == "/__clerk"]
PLANTED = (
    "/x|200|5|a|/../__clerk//evil.example/",
    '/a"b/../__clerk//evil.example/',
    '/__clerk/a"b/..//evil.example/',
    '/__clerk//evil.example/"_200_5_"-"_"curl',
    "/__clerk/\\tevil.example/",
    "/__clerk\\/evil.example/x",
    "/__clerk//evil.example/?a=1|2;3,4",
)
AGENTS = (
    'x" "y" z',
    "a|b|200|5|GET|/x",
    "a\tb\t200\t/ok",
    "k=v path=/ok status=200 method=GET",
    'x,y,"z",/ok,200',
    "; ;/ok;200",
    '" 200 5 "-" "ok',
    "[a] [b] /x",
    'x - - [24/Nov/2026:14:51:36 +0000] "GET /ok HTTP/1.1" 200 5 "-" "q"',
    '"}',
)
OPTIONS = Options.of()


def after_ordinary_lines(layout: Layout, hostile: list[str]) -> list[Parsed]:
    """Return what a parser that has seen ordinary lines of a layout makes of hostile ones."""
    parser = Parser(LIBRARY, "x")
    parser.detect(frame_of(layout.lines(24)))
    return [parser.read(frame_of(hostile)), parser.finish()]


def lost(layout: Layout, sent: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the (target, line) pairs that are neither found off-host nor counted as suspicious."""
    lines = [layout.write(words(requests(4)[3] | {"target": target, "agent": agent})) for target, agent in sent]
    parts = after_ordinary_lines(layout, lines)
    found = destinations.resolve(pl.concat([part.requests for part in parts]), OPTIONS)
    seen = set(found.filter(pl.col("off_host"))["line_number"])
    unread = pl.concat([part.malformed for part in parts])
    seen |= {
        number
        for number, raw in unread.select("line_number", "raw").iter_rows()
        if destinations.suspicious(raw, OPTIONS)
    }
    return [(sent[place][0], line) for place, line in enumerate(lines) if place + 1 not in seen]


# LTSV has a definition, which knows that its writers escape; these lines do not.
GUESSED = [layout for layout in LAYOUTS if layout.name != "LTSV"]
PLAIN = [layout for layout in GUESSED if "path and query" not in layout.name and layout.name != "IIS native"]


@pytest.mark.parametrize("layout", PLAIN[::3], ids=lambda layout: layout.name)
def test_no_planted_text_hides_an_attack_in_a_layout_that_was_guessed(layout: Layout) -> None:
    assert lost(layout, [(target, agent) for target in (OFF_HOST[0], *PLANTED) for agent in AGENTS]) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    layout=st.sampled_from(GUESSED),
    targets=st.lists(st.sampled_from(OFF_HOST), min_size=8, max_size=20),
    data=st.data(),
)
def test_no_case_of_the_oracle_is_lost_in_a_random_unknown_layout(
    layout: Layout, targets: list[str], data: st.DataObject
) -> None:
    sent = [(target, data.draw(st.sampled_from(("curl/8.5.0", *AGENTS)))) for target in targets]
    assert lost(layout, sent) == []


LINE = 'x - - [24/Nov/2026:14:51:36 +0000] "GET /ok HTTP/1.1" 200 5 "-" "q"'
CROWDS: dict[str, list[list[tuple[str, str]]]] = {
    "all in brackets": [
        [("/__clerk//evil.example/", "[a] [b] /x"), ("/./__clerk//[::1]/", 'x,y,"z",/ok,200')],
        [("/__clerk//evil.example/", LINE), ("/x/../__clerk//evil.example", LINE), ("/__clerk/", LINE)] * 2,
    ],
    "double colons": [[("/__clerk//evil.example/", LINE), ("/%2e/__clerk//[::1]/%2f", LINE)] * 2],
    "Gin's README": [[("/__clerk//evil.example/a?d=e#f", LINE), ("/__clerk//v1#h", AGENTS[6])]],
    "labels in a fixed order": [[("/__clerk\\\\evil.example\\y", '"}'), ("/__clerk//*.example/v1/client", '"}')] * 2],
    "common with host": [[("/__clerk\\\\evil.example/", AGENTS[1]), ("/./__clerk/\\attacker.test#h", "x")] * 2],
    "lengths before": [[("/__clerk/\\\\evil.example/", "x"), ("/__clerk//&evil.example=\\attacker.test", '"}')] * 2],
    "Nginx Proxy Manager": [[("/./__clerk/\\attacker.test#h", "x"), ("/__clerk\\\\evil.example", "a\tb")] * 3],
}


@pytest.mark.parametrize("name", CROWDS)
def test_what_several_attackers_sent_makes_no_layout_that_hides_it(name: str) -> None:
    """Their lines alone are left over from the guess; a second one from these took their words for the log's."""
    layout = next(layout for layout in LAYOUTS if layout.name == name)
    for sent in CROWDS[name]:
        assert [pair for pair in lost(layout, sent) if pair[0] != "/__clerk/"] == []  # that one is harmless
