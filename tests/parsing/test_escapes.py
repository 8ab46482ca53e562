"""A log's own escaping is undone once, and every byte that was sent can be told afterwards."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.parsing import escapes


@pytest.mark.parametrize(
    ("escape", "logged", "text"),
    [
        ("nginx", r"/\x5Cevil/\x22x", '/\\evil/"x'),
        ("nginx", r"caf\xC3\xA9", "café"),
        ("nginx", r"\t\\", r"\t\\"),
        ("apache", r"/\\evil/\"x\t\xc3\xa9", '/\\evil/"x\té'),
        ("c", r"\u0000\x1B\"", '\x00\x1b"'),
        ("c", r"/\evil", r"/\evil"),
        ("quote", r"/\evil/\"\\\x41", r'/\evil/"' + "\\" + r"\x41"),
        ("haproxy", "#22x#23#C3#A9\\", '"x#é\\'),
        ("percent-once", "%252F%5C", "%2F\\"),
        ("none", r"\x41%41#41", r"\x41%41#41"),
        ("json", r"\x41", r"\x41"),
    ],
)
def test_one_level_is_undone_and_no_more(escape: str, logged: str, text: str) -> None:
    assert escapes.decode(logged, escape) == text
    assert escapes.undo(pl.Series([logged, None, "plain"]), escape).to_list() == [text, None, "plain"]


def test_a_byte_that_is_no_utf8_is_told_from_a_literal_backslash() -> None:
    texts = escapes.undo(pl.Series([r"\xE9", r"\x5CxE9"]), "nginx")
    assert texts.to_list() == [chr(escapes.LONE + 0xE9), r"\xE9"]
    assert escapes.spell(texts).to_list() == [r"\xE9", r"\xE9"]


def nginx(data: bytes) -> str:
    """Escape as ngx_http_log_escape does."""
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b not in b'"\\' else f"\\x{b:02X}" for b in data)


def apache(data: bytes) -> str:
    """Escape as ap_escape_logitem does."""
    letters = {8: "\\b", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 0x22: '\\"', 0x5C: "\\\\"}
    return "".join(letters.get(b) or (chr(b) if 0x20 <= b <= 0x7E else f"\\x{b:02x}") for b in data)


def haproxy(data: bytes) -> str:
    """Escape as HAProxy's rec_encode_map does: `"`, `#` and what is not printable."""
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b not in b'"#' else f"#{b:02X}" for b in data)


@pytest.mark.parametrize(
    ("escape", "encode"), [("nginx", nginx), ("apache", apache), ("c", apache), ("haproxy", haproxy)]
)
@given(data=st.binary(max_size=40))
def test_what_a_server_escaped_comes_back_byte_by_byte(escape: str, encode, data: bytes) -> None:  # type: ignore[no-untyped-def]
    assert escapes.decode(encode(data), escape) == escapes.lone(data)


@given(st.binary(max_size=40))
def test_lone_bytes_lose_nothing(data: bytes) -> None:
    text = escapes.lone(data)
    back = b"".join(
        bytes([ord(c) - escapes.LONE]) if ord(c) >= escapes.LONE + 0x80 else c.encode("utf-8") for c in text
    )
    assert back == data
