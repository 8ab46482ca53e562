"""The ticket: complete, defanged, and no text of a log is markup, by a CommonMark parser's own reading."""

from __future__ import annotations

import re

import report_documents as documents
from markdown_it import MarkdownIt

from clerk_logscan.reports import render
from clerk_logscan.reports.markdown import code, fenced, sentence


def parsed(text: str):
    """The tokens of a text, inline ones flattened, with GFM's tables and link finding on."""
    reader = MarkdownIt("commonmark", {"linkify": False}).enable("table")
    for token in reader.parse(text):
        yield token
        yield from token.children or []


def test_the_ticket_says_what_the_screen_says() -> None:
    """Verdict, facts, steps to tick off, incidents with raw lines and places, rules with their harmless reading."""
    text = render(documents.exposed(), "x.md").decode()
    for piece in (
        "# KEY EXPOSED",
        "- [ ] 2: Rotate",
        "`collect.evil.example`",
        "access.log:88213",
        "`xn--pple-43d.example` (shown as `аpple.example`)",
        "Harmless if:",
        "hxxps://forum[.]lure[.]example/thread/1",
        "app.log",
    ):
        assert piece in text
    assert text.rstrip().endswith("**verdict: `key-exposed`**")


def test_hostile_text_becomes_no_link_image_heading_or_html() -> None:
    """Read as Markdown, the report of hostile texts has only our own headings, and no active element at all."""
    text = render(documents.hostile(), "x.md").decode()
    kinds = {token.type for token in parsed(text)}
    assert not kinds & {"link_open", "image", "html_block", "html_inline", "blockquote_open", "em_open", "s_open"}
    assert not re.search(r"https?://", text)
    ours = sum(line.startswith("#") for line in render(documents.exposed(), "x.md").decode().splitlines())
    assert sum(token.type == "heading_open" for token in parsed(render(documents.exposed(), "x.md").decode())) == ours


def test_every_row_of_a_table_has_its_cells() -> None:
    """A pipe in a log text ends no cell."""
    text = render(documents.hostile(), "x.md").decode()
    widths = {"| time": 7, "| input": 11}
    expected = 0
    for line in text.splitlines():
        if not line.startswith("| "):
            expected = 0
            continue
        expected = expected or next(number for start, number in widths.items() if line.startswith(start))
        assert line.count("|") == expected + 1


def test_code_spans_and_fences_cannot_be_left() -> None:
    """Backticks inside lengthen the fence outside."""
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert code("a|b") == "`a\\x7Cb`"
    assert code("") == ""
    assert fenced(["```", "x"]).splitlines()[0] == "````text"


def test_prose_keeps_words_and_fences_everything_else() -> None:
    """Hosts, names and markup are code; words, numbers and times are text."""
    said = sentence("Sent to evil.example at 04:12:07, by **you** and @all.")
    assert said == "Sent to `evil.example` at 04:12:07, by `**you**` and `@all`."


def test_a_sweep_stays_short() -> None:
    """Thousands of hosts are one line with their exact number."""
    text = render(documents.sweep(3000), "x.md").decode()
    assert "2,998 hosts" in text
    assert len(text) < 20_000
