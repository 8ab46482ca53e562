"""A Report in a notebook: its answer as a fragment, inert and escaped."""

from __future__ import annotations

import re

import report_documents as documents


def test_a_notebook_shows_the_answer_first() -> None:
    """Verdict, facts, steps and the gravest incidents; the sweep is one row with its number."""
    shown = documents.exposed()._repr_html_()
    assert shown.index("KEY EXPOSED") < shown.index("collect.evil.example") < shown.index("Rotate the secret key")
    assert "verdict: <b>key-exposed</b>" in shown
    assert "<td>2998</td>" in documents.sweep(3000)._repr_html_()


def test_hostile_text_brings_no_element_of_its_own() -> None:
    """Only the tags that the fragment itself uses, and no working URL."""
    shown = documents.hostile()._repr_html_()
    assert set(re.findall(r"</?([a-z]+)", shown)) <= {
        "div",
        "p",
        "b",
        "dl",
        "dt",
        "dd",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert not re.search(r"https?://", shown)
    assert shown.isprintable()
