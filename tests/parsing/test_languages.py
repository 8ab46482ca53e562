"""Records in a language's notation are read as they were written, or stay as they stand."""

from __future__ import annotations

import json

import pytest
from parsing_help import frame_of, parse, targets

from clerk_logscan.parsing.envelopes import work
from clerk_logscan.parsing.envelopes.languages import Records, is_printed

LINE = '192.0.2.1 - - [24/Nov/2026:14:51:35 +0000] "GET /__clerk//evil.example/x HTTP/1.1" 200 3 "-" "{}"'
FLUENT = '[0] nginx.0: [[1795531895.123456789, {{}}], {{"log"=>"{}"}}]'


def texts_of(lines: list[str]) -> list[str]:
    frame = frame_of(lines)
    hashes = Records()
    hits, _ = hashes.take(work.start(frame, frame["line_number"] * 0))
    return [*hits["text"], *(row["text"] for row in hashes.finish())]


def test_values_of_every_kind_are_read() -> None:
    text = """{
        "message" => "a \\"b\\" \\\\ \\u00e9 \\n \\e[0m \\#{x}",
         "tags" => [
        [0] "one",
        [1] "two"
    ],
         "host" => {
        "name" => "web"
    },
     "@timestamp" => 2026-11-24T14:51:35.123Z,
          "count" => 3,
          "none" => nil
}"""
    [found] = texts_of(text.split("\n"))
    assert json.loads(found) == {
        "message": 'a "b" \\ é \n \x1b[0m #{x}',
        "tags": ["one", "two"],
        "host": {"name": "web"},
        "@timestamp": "2026-11-24T14:51:35.123Z",
        "count": "3",
        "none": None,
    }


def test_fluent_bit_s_texts_hold_quotes_and_newlines_as_they_are() -> None:
    lines = [FLUENT.format('say "hi", he said\n').split("\n")[0], '"}]', FLUENT.format("b")]
    assert [json.loads(text) for text in texts_of(lines)] == [{"log": 'say "hi", he said\n'}, {"log": "b"}]


def test_a_record_that_cannot_be_read_in_one_way_stays_as_it_stands() -> None:
    planted = '[0] a: [1795531895.123456789, {"path"=>"/a", "agent"=>"x", "path"=>"/b"}]'
    cut = ["{", '  "a" => "b",']
    assert texts_of([planted, *cut]) == [planted, *cut]


def test_an_attack_in_either_notation_is_read() -> None:
    assert targets([FLUENT.format(LINE.format("curl/8.5.0"))] * 3) == ["/__clerk//evil.example/x"] * 3
    escaped = LINE.format("curl/8.5.0").replace('"', '\\"')
    record = ["{", f'    "message" => "{escaped}",', '    "@version" => "1"', "}"]
    assert targets(record * 3) == ["/__clerk//evil.example/x"] * 3


def test_a_planted_key_makes_the_record_one_that_was_not_read() -> None:
    agent = 'x"}], "log"=>"y'
    parsed, _ = parse([FLUENT.format(LINE.format("curl/8.5.0"))] * 4 + [FLUENT.format(LINE.format(agent))])
    assert parsed.requests.height + parsed.malformed.height == 5


@pytest.mark.parametrize(
    "line",
    [
        "INFO:app:{'time': datetime.datetime(2026, 11, 24, 14, 51, 35, 5), 'url': '/a', 'agent': \"it's\", 'n': None}",
        "{ time: 2026-11-24T14:51:35.000005Z, url: '/a', agent: `it's`, n: undefined }",
        '%{time: ~U[2026-11-24 14:51:35.000005Z], url: "/a", agent: "it\'s", n: nil}',
        'Entry(time="2026-11-24T14:51:35.000005", url="/a", agent="it\'s", n=None)',
        "Entry{time=2026-11-24T14:51:35.000005Z, url=/a, agent=it's, n=null}",
    ],
)
def test_a_record_on_a_line_is_read_in_each_language(line: str) -> None:
    [found] = texts_of([line])
    value = json.loads(found)
    assert (value["url"], value["agent"], value["n"]) == ("/a", "it's", None)
    assert value["time"].replace(" ", "T").startswith("2026-11-24T14:51:35.000005")


def test_a_text_without_quotes_that_plants_a_key_makes_no_record() -> None:
    planted = "Entry{url=/a, agent=x, url=/b, n=1}"
    assert texts_of([planted]) == [planted]


def test_json_is_no_other_language_s_record() -> None:
    assert not is_printed(['{"url": "/a", "b": 1, "c": {"d": 2}}'] * 3)


def test_go_sorts_the_keys_of_a_map_so_others_are_part_of_a_text() -> None:
    [found] = texts_of(["2026/11/24 map[agent:x (rv:132.0) a:b method:GET url:/a z:<nil>]"])
    assert json.loads(found) == {"agent": "x (rv:132.0) a:b", "method": "GET", "url": "/a", "z": None}
