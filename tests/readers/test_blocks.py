"""Blocks: a stream cut at newlines, nothing lost and nothing twice, whatever the chunks and the length of lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.readers.blocks import Block, cut

texts = st.lists(st.sampled_from([b"", b"a", b"bb" * 20, b"\r", b"\xff", b"\n", b"\n\n", b"x" * 90]), max_size=40).map(
    b"".join
)


@given(texts, st.integers(1, 50), st.integers(1, 60), st.integers(20, 100))
@settings(max_examples=300, deadline=None)
def test_blocks_joined_are_the_text_and_end_at_newlines(text: bytes, chunk: int, size: int, longest: int) -> None:
    """Offsets are exact; only pieces of a long line and the end of the input lack a newline."""
    blocks = list(cut((text[at : at + chunk] for at in range(0, len(text), chunk)), size, longest))
    assert b"".join(block.data for block in blocks) == text
    at = 0
    for block in blocks:
        assert block.offset == at
        at += len(block)
        assert block.data.endswith(b"\n") or block.in_pieces or at == len(text)
        assert len(block) <= max(size, longest) + 2 * chunk


def test_a_line_too_long_is_cut_between_json_objects() -> None:
    """Firehose writes objects back to back with no newline: each stays whole."""
    text = b'{"request":"/__clerk/v1"}' * 1000
    blocks = list(cut([text[at : at + 100] for at in range(0, len(text), 100)], 500, 1000))
    assert len(blocks) > 10
    assert all(block.data.startswith(b"{") and block.data.endswith(b"}") for block in blocks)
    assert all(block.in_pieces for block in blocks[:-1])


def test_runs_of_nul_bytes_are_dropped_without_being_held() -> None:
    """copytruncate leaves a hole as long as the old log before the next line."""
    blocks = list(cut([bytes(1000)] * 50 + [b"\0\0first\nsecond\n"], 500, 2000))
    assert [block.data.lstrip(b"\0") for block in blocks] == [b"first\nsecond\n"]
    line = blocks[0].line(blocks[0].start, 1)
    assert (line.data, line.offset) == (b"first", 50_002)


def test_a_line_is_given_without_newline_and_carriage_return() -> None:
    """The offset is that of its first byte in the input; a last line may lack its newline."""
    block = Block(b"--one\r\ntwo", 2, 10, 100)
    assert block.line(2, 1).data == b"one"
    assert (block.line(7, 2).data, block.line(7, 2).offset) == (b"two", 105)
