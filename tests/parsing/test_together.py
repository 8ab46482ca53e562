"""Small inputs together: each gets what its own parser gives, in far fewer passes over the lines."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parsing_help import LIBRARY, frame_of

from clerk_logscan.parsing import template, together
from clerk_logscan.parsing.parser import Parsed, Parser

NAMES = [name for name in sorted(LIBRARY) if LIBRARY[name].grammar == "template"]
SAMPLES = {name: [line for one in LIBRARY[name].samples for line in one.line.split("\n")] for name in sorted(LIBRARY)}
NGINX = SAMPLES["nginx_combined"][0]
ODD = [
    "",
    " ",
    "\ufeff",
    "started",
    NGINX.replace('"GET', '"G\\x22ET'),
    NGINX.replace(" - - ", ' - a "b [ '),
    NGINX[:40],
]

# Lines of one format, as most inputs have them, now and then with others among them.
inputs = st.tuples(
    st.sampled_from([*NAMES[:6], "nginx_combined", "aws_alb"]) | st.sampled_from(sorted(LIBRARY)),
    st.integers(0, 3),
    st.lists(st.sampled_from([*ODD, *(line for lines in SAMPLES.values() for line in lines)]), max_size=2),
)


def lines_of(name: str, times: int, others: list[str]) -> pl.DataFrame:
    """Return the lines of an input."""
    return frame_of([*SAMPLES[name] * times, *others, *SAMPLES[name] * times])


@settings(max_examples=12, deadline=None)
@given(st.lists(inputs, min_size=2, max_size=6))
def test_inputs_together_give_what_each_gives_alone(some: list[tuple[str, int, list[str]]]) -> None:
    frames = [frame for one in some if (frame := lines_of(*one)).height]
    parsers, alone = ([Parser(LIBRARY, f"{at}.log") for at in range(len(frames))] for _ in range(2))
    together.settle(list(zip(parsers, frames, strict=True)))
    found = together.read(list(zip(parsers, frames, strict=True)))
    for parser, parsed, other, frame in zip(parsers, found, alone, frames, strict=True):
        other.settle(frame)
        assert parser.settling.leading is other.settling.leading
        assert parser.ranking.matches == other.ranking.matches
        assert_same(parsed, other.read(frame))
        assert_same(parser.finish(), other.finish())
        assert parser.log_formats == other.log_formats
        assert_same(parser.read(frame), other.read(frame))  # nothing is left that could do harm later


def assert_same(one: Parsed, other: Parsed) -> None:
    assert one.requests.equals(other.requests, null_equal=True) and one.malformed.equals(other.malformed)
    assert one.not_requests == other.not_requests


@pytest.mark.parametrize("name", ["nginx_combined", "aws_alb", "apache_combined"])
def test_lines_of_many_inputs_are_cut_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    cut = template.cut
    monkeypatch.setattr(
        template, "cut", lambda texts, *more, **how: counts.append(len(texts)) or cut(texts, *more, **how)
    )
    frame = frame_of(SAMPLES[name][:1] * 5)
    some = [(Parser(LIBRARY, f"{at}.log"), frame) for at in range(20)]
    together.settle(some)
    assert [parsed.requests.height for parsed in together.read(some)] == [5] * 20
    weak = any(one.weak for one in LIBRARY[name].templates)
    assert counts == [100] * (1 + weak)


def test_an_input_with_a_line_of_another_format_does_not_keep_the_others_from_going_together() -> None:
    frames = [frame_of([NGINX] * 3), frame_of([NGINX, SAMPLES["aws_alb"][0], NGINX]), frame_of([NGINX] * 2)]
    parsers = [Parser(LIBRARY, f"{at}.log") for at in range(3)]
    together.settle(list(zip(parsers, frames, strict=True)))
    found = together.read(list(zip(parsers, frames, strict=True)))
    assert [parser.log_formats for parser in parsers] == [
        {"nginx_combined": 3},
        {"nginx_combined": 2, "aws_alb": 1},
        {"nginx_combined": 2},
    ]
    assert [parsed.requests["source"].unique().to_list() for parsed in found] == [["0.log"], ["1.log"], ["2.log"]]
