"""Work on columns: each different value asked once, and no copy of what is in order already."""

from __future__ import annotations

import polars as pl

from clerk_logscan.columns import alike, different, firsts, gathered, held, mapped, mapped_rows, ordered


def test_each_different_value_is_asked_once() -> None:
    asked: list[str | None] = []

    def length(text: str | None) -> int:
        asked.append(text)
        return len(text or "")

    found = mapped(pl.Series("host", ["aa", None, "b", "aa", None]), length, pl.Int64())
    assert (found.name, found.to_list()) == ("host", [2, 0, 1, 2, 0])
    assert asked == ["aa", None, "b"]


def test_rows_are_asked_with_all_their_values() -> None:
    frame = pl.DataFrame({"a": ["x", "x", None], "b": [1, 1, 2]})
    assert mapped_rows(frame, lambda a, b: f"{a}{b}", pl.String()).to_list() == ["x1", "x1", "None2"]


def test_rows_that_equal_one_another_are_told_by_their_places() -> None:
    frame = pl.DataFrame({"log": ["a"] * 5, "host": ["x", None, "y", None, "x"]})
    assert alike(frame).to_list() == [[0, 4], [1, 3], [2]]
    assert [places.to_list() for places in different(frame)] == [[0, 1, 2], [0, 1, 2, 1, 0]]
    assert alike(frame.select("log")).to_list() == [[0, 1, 2, 3, 4]]
    assert alike(frame.clear()).to_list() == []
    assert mapped_rows(frame.clear(), lambda log, host: log, pl.String()).to_list() == []


def test_rows_in_order_are_the_frame_itself() -> None:
    frame = pl.DataFrame({"time": [1, 1, 2, None], "row": [0, 1, 2, 3]})
    assert ordered(frame, "time", nulls_last=True) is frame
    assert gathered(frame, frame["row"]) is frame
    assert held(frame, frame["row"] >= 0) is frame


def test_rows_out_of_order_keep_theirs_among_equals() -> None:
    frame = pl.DataFrame({"time": [2, 1, None, 1], "row": [0, 1, 2, 3]})
    assert ordered(frame, "time", nulls_last=True)["row"].to_list() == [1, 3, 0, 2]
    assert gathered(frame, pl.Series([3, 0]))["row"].to_list() == [3, 0]
    assert firsts(frame, "time")["row"].to_list() == [0, 1, 2]
    assert held(frame, frame["row"] > 1)["row"].to_list() == [2, 3]
