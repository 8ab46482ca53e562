"""Unknown layouts: what people really write is read field by field, said to be guessed, and kept as a definition."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_layouts import FIELDS, LAYOUTS, NAMED, TEXTS, Layout, requests, words
from parsing_help import LIBRARY, frame_of, parse

from clerk_logscan.commands.format_check import faults
from clerk_logscan.parsing import record_readers
from clerk_logscan.parsing.cells import may_have
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.inference import infer
from clerk_logscan.parsing.inference.text_layout import cells
from clerk_logscan.parsing.inference.toml_text import document
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.parser import Parser

COUNT = 24


@cache
def read(layout: Layout) -> tuple[dict[int, dict[str, Any]], Parser]:
    """Return the requests of a layout's log by line number, and the parser."""
    parsed, parser = parse(layout.lines(COUNT))
    return {row["line_number"]: row for row in parsed.requests.to_dicts()}, parser


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_field_of_every_line_of_a_layout_that_people_use_is_right(layout: Layout) -> None:
    rows, _ = read(layout)
    for number, right in enumerate(layout.right(COUNT), len(layout.head) + 1):
        assert {field: rows[number][field] for field in FIELDS} == right


@pytest.mark.parametrize("layout", (*TEXTS, *NAMED)[::9], ids=lambda layout: layout.name)
def test_a_guess_is_written_as_a_definition_that_reads_the_same(layout: Layout, tmp_path: Path) -> None:
    guess = next(infer(layout.lines(COUNT)))
    path = tmp_path / "mine.toml"
    path.write_text(document(guess, "some.log", []), encoding="utf-8")
    assert [fault for fault in faults(path) if "there is no [[samples]]" not in fault] == []


def test_what_was_guessed_is_said_with_how_sure_it_is_and_the_runner_up() -> None:
    _, parser = read(next(one for one in LAYOUTS if one.name == "Django"))
    assert f"guessed is a guess: it reads {COUNT} of the {COUNT} lines that it was made from" in parser.why
    assert parser.guesses[0].definition.guessed is not None
    _, piped = read(next(one for one in LAYOUTS if one.name == "CSV without a header"))
    assert any("runner-up" in sentence for sentence in piped.why)


def test_a_format_that_the_user_named_is_never_replaced_by_a_guess() -> None:
    parser = Parser(Library([], [LIBRARY["nginx_combined"]]), "x")
    frame = frame_of(LAYOUTS[0].lines(8))
    parser.detect(frame)
    assert parser.read(frame).requests.is_empty() and not parser.guesses


def test_a_log_whose_format_changed_half_way_is_read_by_two() -> None:
    lines = [words(one) for one in requests(8)]
    old = ['{ip} - - [{clf}] "{line}" {status} {bytes} "-" "{agent}"'.format(**one) for one in lines]
    new = ['{ip} - - [{clf}] "{line}" {status} {bytes} "-" "{agent}" "{host}" rt={took}'.format(**one) for one in lines]
    parsed, parser = parse(old + new)
    assert dict(parser.log_formats) == {"nginx_combined": 8, "guessed": 8}
    assert parsed.requests["user_agent"].to_list() == [one["agent"] for one in lines] * 2
    assert parsed.requests["host"].to_list() == [None] * 8 + ["app.example.com"] * 8


def test_prose_that_mentions_a_request_is_no_request() -> None:
    prose = [
        "Error: failed to GET /api/foo",
        "at /app/x.js:10:20",
        "GET request to /x took long",
        "Listening on /tmp/s",
    ]
    parsed, parser = parse(prose * 3)
    assert parsed.requests.is_empty() and not parser.guesses


@pytest.mark.parametrize("wrap", ["docker", "message", "csv"])
def test_a_layout_is_guessed_inside_an_envelope(wrap: str) -> None:
    import json

    lines = ["{iso} {ip} {host} {method} {target} {status} {bytes}".format(**words(one)) for one in requests(8)]
    wrapped = {
        "docker": [
            json.dumps({"log": line + "\n", "stream": "stdout", "time": "2026-11-24T14:51:36Z"}) for line in lines
        ],
        "message": [json.dumps({"@timestamp": "2026-11-24T14:51:36Z", "message": line}) for line in lines],
        "csv": ["timestamp,message", *(f'"2026-11-24 14:51:36","{line}"' for line in lines)],
    }[wrap]
    parsed, _ = parse(wrapped)
    assert parsed.requests["request_target"].to_list() == [one["target"] for one in requests(8)]
    assert parsed.requests["host"].unique().to_list() == ["app.example.com"]


def test_lines_that_a_guessed_layout_leaves_make_the_reading_incomplete() -> None:
    from clerk_logscan.incident.reading import reasons

    row = {
        "source": "x.log",
        "complete": True,
        "lines": 40,
        "requests": 30,
        "malformed": 10,
        "log_formats": {"guessed": 30},
    }
    assert reasons([row], {}, [], None) == []  # type: ignore[arg-type]
    ((why, do),) = reasons([{**row, "_guessed": ["guessed"]}], {}, [], None)  # type: ignore[arg-type]
    assert "10 of its lines (25.0%" in why and "--infer" in do


def test_the_frame_of_no_lines_is_empty() -> None:
    assert list(infer([])) == [] and isinstance(parse([""])[0].requests, pl.DataFrame)


def test_one_line_with_raw_quotes_takes_no_column_from_the_others_of_a_short_log() -> None:
    line = '{iso} {method} {host} {target} {status} {bytes} {ip} "{agent}" {took}'
    made = [words(one) for one in requests(6)]
    made[3]["agent"] = 'say "hi" \\x'
    parsed, parser = parse([line.format(**one) for one in made])
    assert dict(parser.log_formats) == {"guessed": 6}
    assert parsed.requests["user_agent"].to_list() == [one["agent"] for one in made]


def test_milliseconds_behind_a_status_are_not_called_bytes() -> None:
    line = "{sql}|{ip}|{method}|{target}|{status}|{took}|{agent}"
    made = [words(one) | {"took": str(7 + 31 * n % 900)} for n, one in enumerate(requests(6))]
    parsed, _ = parse([line.format(**one) for one in made])
    assert parsed.requests["bytes_sent"].null_count() == parsed.requests.height == 6


def test_a_layout_of_long_lines_is_made_from_few_of_them_and_reads_all() -> None:
    """400 lines that end in 6,000 words took a minute: each kind of layout looks at every character of its lines."""
    layout = next(one for one in LAYOUTS if one.name == "wide pipes")
    lines = [f"{line} | {'[a, b=c] ' * 1000}" for line in layout.lines(100)]
    guess = next(infer(lines))
    assert 20 <= guess.lines < 40
    assert parse(lines)[0].requests.height == 100


def test_a_text_of_hundreds_of_words_is_one_field() -> None:
    """A layout of each of its words took a minute for 20,000 lines."""
    layout = next(one for one in LAYOUTS if one.name == "Django")
    lines = [f"{line} {f'word{number} ' * 250}" for number, line in enumerate(layout.lines(COUNT))]
    guess = next(infer(lines))
    assert guess.how == "words around a free text"
    assert parse(lines)[0].requests.height == COUNT


@given(line=st.text(alphabet='ab"\\| ,=', max_size=40), delimiter=st.sampled_from([",", "|", " | ", ", ", "\t"]))
def test_a_line_has_no_more_cells_than_delimiters_divide_it_into(line: str, delimiter: str) -> None:
    """So a layout of cells can be left out where most lines hold too few delimiters."""
    csv = record_readers.csv_cells(Definition("x", "", "", "csv", delimiter=delimiter), line)
    for found in (csv, record_readers.labelled_cells(line, delimiter), cells(line, delimiter)):
        assert may_have(len(found), [line], delimiter, 1.0)
        assert not may_have(line.count(delimiter) + 2, [line], delimiter, 1.0)


def test_words_that_some_lines_have_more_of_shift_no_column() -> None:
    """As Ktor's reasons do: in a long log few words stand at each place, whatever they are."""
    answers = ("200 OK", "304 Not Modified", "502 Bad Gateway", "301 Moved Permanently")
    lines = [
        f"2026-11-24 14:{n // 60:02}:{n % 60:02}.125 [w-{n % 7}] INFO  App - {answers[n % 4]}: GET - /page/{n} in {n}ms"
        for n in range(400)
    ]
    requests = parse(lines)[0].requests
    assert requests["request_target"].to_list() == [f"/page/{n}" for n in range(400)]
    assert set(requests["method"]) == {"GET"}


def test_a_guess_that_finds_no_target_where_a_line_shows_one_reads_none_of_it() -> None:
    lines = [f"2026-11-24T14:{n // 60:02}:{n % 60:02}Z 200 GET /page/{n} done" for n in range(60)]
    shifted = "2026-11-24T14:59:00Z 502 GET - /__clerk//evil.example/x"
    parsed, _ = parse([*lines, shifted])
    assert parsed.requests.height == 60 and parsed.malformed["raw"].to_list() == [shifted]
