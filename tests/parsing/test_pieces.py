from __future__ import annotations

import polars as pl
import pytest

from clerk_logscan.parsing import pieces
from clerk_logscan.parsing.envelopes.work import WORK
from clerk_logscan.parsing.pieces import Joiner


def rows(*given: tuple[int, str, str, str]) -> pl.DataFrame:
    """Return a frame of (line number, stream, more, text)."""
    return pl.DataFrame(
        [
            {
                "line_number": n,
                "byte_offset": n,
                "raw": text,
                "text": text,
                "_key": key,
                "_part": "",
                "_more": more,
                "_run": 0,
                "_n": n,
            }
            for n, key, more, text in given
        ],
        schema=WORK,
    )


def texts(frame: pl.DataFrame) -> list[tuple[int, str]]:
    return frame.sort("line_number").select("line_number", "text").rows()


def test_pieces_join_within_their_stream_and_never_across() -> None:
    joiner = Joiner()
    found = joiner.join(
        rows((1, "out", "yes", "a"), (2, "err", "no", "x"), (3, "out", "yes", "b"), (4, "out", "no", "c"))
    )
    assert texts(found) == [(1, "abc"), (2, "x")]
    assert (joiner.joined, joiner.cut) == (2, 0)


def test_a_line_waits_over_frames_and_what_never_ends_comes_at_the_finish() -> None:
    joiner = Joiner()
    assert joiner.join(rows((1, "out", "yes", "a"))).is_empty()
    assert texts(joiner.join(rows((2, "out", "no", "b"), (3, "out", "yes", "c")))) == [(1, "ab")]
    assert [(row["line_number"], row["text"]) for row in joiner.finish()] == [(3, "c")]
    assert joiner.cut == 1


def test_lines_that_did_not_follow_one_another_are_not_joined_and_the_cut_is_counted() -> None:
    joiner = Joiner()
    hole = rows((9, "out", "no", "b")).with_columns(_run=pl.lit(1, pl.Int64))
    assert texts(joiner.join(pl.concat([rows((1, "out", "yes", "a")), hole]))) == [(1, "a"), (9, "b")]
    assert joiner.cut == 1


def test_a_short_piece_without_its_newline_stands_alone_where_a_format_reads_it() -> None:
    given = rows((1, "out", "maybe", "whole"), (2, "out", "no", "next"))
    assert texts(Joiner(lambda text: text == "whole").join(given)) == [(1, "whole"), (2, "next")]
    assert texts(Joiner(lambda _: False).join(given)) == [(1, "wholenext")]


def test_numbered_pieces_join_in_their_order() -> None:
    given = rows((1, "out", "no", "c"), (2, "out", "yes", "a"), (3, "out", "yes", "b"))
    ordered = given.with_columns(_order=pl.Series([3, 1, 2]), _part=pl.lit("id"))
    assert texts(Joiner().join(ordered)) == [(1, "abc")]


def test_a_stream_that_never_ends_a_line_gives_all_its_text_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_TEXT", 10)
    joiner = Joiner()
    found = [joiner.join(rows((n, "out", "yes", "abcd"))) for n in range(1, 8)]
    text = "".join(text for _, text in texts(pl.concat(found)))
    assert text + "".join(row["text"] for row in joiner.finish()) == "abcd" * 7


def test_too_many_waiting_streams_push_the_oldest_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_WAITING", 2)
    joiner = Joiner()
    assert texts(joiner.join(rows((1, "a", "yes", "1"), (2, "b", "yes", "2"), (3, "c", "yes", "3")))) == [(1, "1")]
