"""Which times are near findings is exact, and which parts of an input may hold such times is never too few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan import near as near_module
from clerk_logscan.near import ONE_LOG, SEVERAL, Near, Places

START = datetime(2026, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIME = pl.Datetime("us", "UTC")
MINUTES = st.integers(0, 500)
BYTES = st.integers(0, 40 << 20)


def at(minute: int | None) -> datetime | None:
    return None if minute is None else START + timedelta(minutes=minute)


@given(st.lists(st.none() | MINUTES), st.integers(0, 90), st.lists(st.none() | MINUTES), MINUTES, MINUTES)
def test_a_time_is_near_where_a_finding_is_within_reach(
    findings: list[int | None], reach: int, times: list[int | None], first: int, length: int
) -> None:
    """Each time, and each span of times, against all findings one by one; without a time anything may be near."""
    near = Near(pl.Series(map(at, findings), dtype=TIME), timedelta(minutes=reach))
    known = [minute for minute in findings if minute is not None]

    def close(start: int, end: int) -> bool:
        return not known or any(start <= minute + reach and minute - reach <= end for minute in known)

    found = near.of(pl.Series(map(at, times), dtype=TIME)).to_list()
    assert found == [minute is None or close(minute, minute) for minute in times]
    assert near.touches(at(first), at(first + length)) is close(first, first + length)
    assert near.touches(None, at(first)) and near.touches(at(first), None)


@given(st.lists(st.tuples(BYTES, st.none() | MINUTES)), BYTES, st.integers(0, 9 << 20))
def test_the_times_of_a_place_hold_those_of_its_lines(
    lines: list[tuple[int, int | None]], offset: int, size: int
) -> None:
    """Whatever order lines have, and in however many parts they come; unknown where no line shows a time."""
    places = Places()
    for part in (lines[::2], lines[1::2]):
        rows = [(line, at(minute)) for line, minute in part]
        places.add(pl.DataFrame(rows, schema={"byte_offset": pl.Int64, "timestamp": TIME}, orient="row"))
    first, last = places.between(offset, size)
    inside = [at(minute) for line, minute in lines if minute is not None and offset <= line < offset + size]
    assert (first is None) is (last is None)
    if first is not None and last is not None:
        assert all(first <= time <= last for time in inside if time)


def test_a_place_of_which_no_line_shows_a_time_is_unknown() -> None:
    places = Places()
    frame = pl.DataFrame({"byte_offset": [0, 1 << 20, 20 << 20], "timestamp": [at(1), at(2), at(9)]})
    places.add(frame)
    assert places.between(0, 4 << 20) == (at(1), at(2))
    assert places.between(0, 5 << 20) == (None, None)
    assert places.between(20 << 20, 4 << 20) == (at(9), at(9))


def test_of_an_input_full_of_requests_those_nearest_to_findings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reach is the shortest, from two hours on, with enough requests within; of a quiet input all is wanted."""
    monkeypatch.setattr(near_module, "ENOUGH", 100)
    near, places = Near(pl.Series([at(50 * 60)], dtype=TIME), SEVERAL), Places()
    for hour in range(100):
        frame = pl.DataFrame({"byte_offset": [hour * (4 << 20)], "timestamp": [at(hour * 60)]})
        places.add(frame.cast({"timestamp": TIME}))
    assert near.enough(places) is near
    for hits, hours in ((10, 8), (2, 4), (10, 2), (1000, 2)):
        for hour in range(100):
            places.count(hour * (4 << 20) + 5, hits)
        assert near.enough(places).reach == timedelta(hours=hours)
    assert near.enough(places).touches(at(48 * 60), at(48 * 60))
    assert not near.enough(places).touches(at(47 * 60), at(47 * 60 + 59))
    one = Near(pl.Series([at(50 * 60)], dtype=TIME), ONE_LOG)
    assert one.enough(places) is one


def test_the_nearest_times_are_told_whatever_their_order() -> None:
    found = Near(pl.Series([START, START + 10 * HOUR]), HOUR)
    hours = [5.0, 0.5, None, 9.0, 12.0, -1.0, 10.0]
    times = pl.Series([None if hour is None else START + hour * HOUR for hour in hours], dtype=TIME)
    for most, expected in ((3, [0.5, None, 10.0]), (4, [0.5, None, 9.0, 10.0]), (5, [0.5, None, 9.0, -1.0, 10.0])):
        assert [hour for hour, near in zip(hours, found.nearest(times, most), strict=True) if near] == expected
    assert found.nearest(times, 7).all()
    assert Near(times.clear(), HOUR).nearest(times, 2).to_list() == [True, True, False, False, False, False, False]
