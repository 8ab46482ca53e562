"""Log text is data: every trick is shown, none works."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.reports.inert import csv_cell, defang, evidence, host, json_bytes, prose, unicode_host
from clerk_logscan.visible import visible


@given(st.text())
def test_visible_text_holds_only_characters_that_can_be_seen(text: str) -> None:
    """No control, format, private or surrogate character, no other blank than a space, no right-to-left letter."""
    for char in visible(text):
        assert char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
        assert unicodedata.bidirectional(char) not in {"R", "AL", "AN", "RLE", "LRE", "RLO", "LRO"}


def test_plain_text_stays_as_it_is() -> None:
    """ASCII and usual letters are not touched, None is empty."""
    assert visible("GET /a?b=c é 日本") == "GET /a?b=c é 日本"
    assert visible(None) == ""
    assert visible(404) == "404"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1B[31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b2J", "\\x9B2J"),
        ("a\u202eb", "a\\u202Eb"),
        ("a\u200bb", "a\\u200Bb"),
        ("a\ufe0fb", "a\\uFE0Fb"),
        ("a\U000e0041", "a\\u{E0041}"),
        ("e\u0301", "e\u0301"),
        ("e\u0301\u0302", "e\u0301\\u0302"),
        ("\u05d0", "\\u05D0"),
        ("\ud800", "\\uD800"),
    ],
)
def test_what_cannot_be_seen_is_spelled(text: str, shown: str) -> None:
    """Each kind of hidden character has one spelling."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/x.y", "hxxps://evil[.]example/x.y"),
        ("see http://a.b:80/ and HTTPS://c.d", "see hxxp://a[.]b:80/ and HXXPS://c[.]d"),
        ("javascript://e.f/", "javascript[:]//e[.]f/"),
        ("https:\\/\\/e.f\\/x", "hxxps:\\/\\/e[.]f\\/x"),
        ("evil.example", "evil.example"),
        ("/__clerk//evil.example/x", "/__clerk//evil.example/x"),
        ("2026-03-30T04:12:07Z", "2026-03-30T04:12:07Z"),
    ],
)
def test_urls_are_defanged_hosts_and_targets_are_plain(text: str, shown: str) -> None:
    """Only what has a scheme and an authority is a URL."""
    assert defang(text) == shown


@given(st.text(alphabet="htps:/\\.ae1-[]x \n"))
def test_no_text_keeps_a_working_url(text: str) -> None:
    """No link finder meets `http://` or `https://`, whatever surrounds it."""
    assert "http://" not in evidence(text)
    assert "https://" not in evidence(text)


@given(st.text(alphabet="htps:/\\.ae1-[]x \n\u202e\x1b"))
def test_what_was_made_inert_stays_as_it_is(text: str) -> None:
    """Made inert twice is made inert once: templates may do it again without harm."""
    assert evidence(evidence(text)) == evidence(text)


def test_a_look_alike_host_is_shown_both_ways() -> None:
    """Punycode stands beside its Unicode form, which is itself made visible."""
    assert host("xn--pple-43d.example") == "xn--pple-43d.example (\u0430pple.example)"
    assert host("evil.example") == "evil.example"
    assert prose("sent to xn--pple-43d.example, twice") == "sent to xn--pple-43d.example (\u0430pple.example), twice"
    assert unicode_host("xn--\u00e9.example") is None
    assert unicode_host("xn--999999999.example") is None
    hidden = "ev\u200bil".encode("punycode").decode()
    assert "\u200b" not in host(f"xn--{hidden}.example")


@given(st.text())
def test_no_text_makes_the_look_alike_search_fail(text: str) -> None:
    """Broken punycode is shown as it stands."""
    assert host("xn--" + text)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_csv_cell_is_no_formula(start: str) -> None:
    """A cell that begins as a formula does gets one apostrophe, the rest exact."""
    assert csv_cell(start + "1+1") == "'" + start + "1+1"
    assert csv_cell("1" + start) == "1" + start
    assert csv_cell(5) == 5
    assert csv_cell(None) is None


@given(st.text())
def test_json_is_exact_and_holds_no_steering_byte(text: str) -> None:
    """What is read back is what was written; no control or format character stands raw in the bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    out = json_bytes({"a": text}).decode()
    assert json.loads(out) == {"a": text}
    assert not any(unicodedata.category(char) in {"Cc", "Cf"} for char in out)
