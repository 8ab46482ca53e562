"""Lines cut at their quotes give what the pattern of the whole line gives."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.parsing import quoted, template
from clerk_logscan.parsing.library import load_definitions

LIBRARY = load_definitions()
IN_PIECES = [
    (definition, pattern)
    for definition in LIBRARY.of_grammar("template")
    for one in definition.templates
    if (pattern := template.compile_template(one, definition)).pieces
]
LINES = [sample.line for definition, _ in IN_PIECES for sample in definition.samples]
NGINX = next(pattern for definition, pattern in IN_PIECES if definition.name == "nginx_combined")


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a line of some format with a few pieces put in or taken out."""
    line = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        end = start + draw(st.integers(0, 3))
        line = (
            line[:start]
            + draw(st.sampled_from(['"', '" "', " ", "\\", "\\x22", "-", "é", "\n", "", "200"]))
            + line[end:]
        )
    return line


def test_the_common_formats_are_cut_in_pieces() -> None:
    names = {definition.name for definition, _ in IN_PIECES}
    assert {"nginx_combined", "apache_combined", "nginx_main", "apache_common"} <= names


@settings(max_examples=15, deadline=None)
@given(st.lists(damaged(), min_size=60, max_size=80))
def test_pieces_and_the_pattern_agree_on_every_line(lines: list[str]) -> None:
    """For every shipped format that is cut so, fields and lines that do not match, whatever was put between."""
    texts = pl.Series(lines + LINES)
    for definition, pattern in IN_PIECES:
        whole = template._groups(texts, pattern)
        pieces = template._groups_in_pieces(texts, pattern)
        matched = whole.to_series(0).is_not_null()
        assert matched.to_list() == pieces.to_series(0).is_not_null().to_list(), definition.name
        assert pieces.filter(matched).equals(whole.filter(matched)), definition.name


@pytest.mark.parametrize("change", ['"', "\\x5C", "\\"])
def test_a_line_in_doubt_is_left_to_the_pattern(change: str) -> None:
    line = LIBRARY["nginx_combined"].samples[0].line.replace("\\x5C", "")
    fits, _ = quoted.cut(pl.Series([line, line.replace("curl", change)]), NGINX.pieces)
    assert fits.to_list() == [True, False]


def test_a_template_with_an_open_end_has_no_pieces() -> None:
    for definition in LIBRARY.of_grammar("template"):
        for one in definition.templates:
            if one.open or one.tail:
                assert template.compile_template(one, definition).pieces == ()
