"""Dates, durations and zones: one reading or a refusal."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.dates import DateError, parse_date, parse_duration, parse_zone


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-27T04:12:07Z", utc(2026, 3, 27, 4, 12, 7)),
        ("2026-03-27 04:12", utc(2026, 3, 27, 4, 12)),
        ("2026-03-27T04:12:07.1234567Z", utc(2026, 3, 27, 4, 12, 7, 123456)),
        ("2026-03-27T10:00+03:00", utc(2026, 3, 27, 7)),
        ("2026-03-27 10:00 -0500", utc(2026, 3, 27, 15)),
        ("20260327T041207Z", utc(2026, 3, 27, 4, 12, 7)),
        ("20260327", utc(2026, 3, 27)),
        ("2026/3/4", utc(2026, 3, 4)),
        ("2026-03-27Z", utc(2026, 3, 27)),
        ("2026-03-27 UTC", utc(2026, 3, 27)),
        ("27 March 2026", utc(2026, 3, 27)),
        ("27-Mar-2026 10:00:01.5", utc(2026, 3, 27, 10, 0, 1, 500000)),
        ("Fri, 27 Mar 2026 04:12:07 GMT", utc(2026, 3, 27, 4, 12, 7)),
        ("30/Mar/2026:04:12:07 +0000", utc(2026, 3, 30, 4, 12, 7)),
        ("03/27/2026", utc(2026, 3, 27)),
        ("04/04/2026", utc(2026, 4, 4)),
        ("10:15 2026-03-04", utc(2026, 3, 4, 10, 15)),
    ],
)
def test_a_date_with_one_reading_is_read(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize("text", ["2026-03-04", "4 March 2026", "20260304"])
def test_a_day_alone_is_its_start_or_its_end(text: str) -> None:
    assert parse_date(text) == utc(2026, 3, 4)
    assert parse_date(text, end=True) == utc(2026, 3, 4, 23, 59, 59, 999999)


@pytest.mark.parametrize("text", ["2026-03-04T00:00", "4 March 2026 00:00:00", "2026-03-04 12am"])
def test_a_named_midnight_is_no_day_alone(text: str) -> None:
    assert parse_date(text, end=True) == utc(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("March 2026", "names no day"),
        ("27 March", "names no year"),
        ("10:00", "names no year, month and day"),
        ("2026-03", "names no day"),
        ("2026", "is no date"),
        ("1774843927", "is no date"),
        ("260327", "is no date"),
        ("04/03/2026", "2026-04-03 or 2026-03-04"),
        ("03.04.2026", "2026-03-04 or 2026-04-03"),
        ("04/03/2026 10:15", "2026-04-03T10:15:00 or 2026-03-04T10:15:00"),
        ("27 Mar 26", "2026-03-27 or 2027-03-26"),
        ("2026-03-27 10:00 EST", "'EST'"),
        ("2026-03-27 EST", "'EST'"),
        ("2026-03-27 10:00 CET", "'CET'"),
        ("2026-03-27 10:00 GMT+3", "'GMT+3' can be read as"),
        ("2026-03-27T10:00 BRST-3", "'BRST-3' can be read as"),
        ("Monday 27 March 2026", "is a Friday"),
        ("2026-27-03", "cannot be read"),
        ("2026-02-30", "cannot be read"),
        ("2026-03-27 25:00", "cannot be read"),
        ("yesterday", "cannot be read"),
        ("", "cannot be read"),
        ("0001-01-01T00:00+10:00", "out of range"),
    ],
)
def test_what_is_missing_ambiguous_or_unknown_is_refused_with_the_readings(text: str, words: str) -> None:
    with pytest.raises(DateError) as refused:
        parse_date(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_machines_own_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """dateutil takes the names of the machine's zone for local time: `EST` would mean something in New York alone."""
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert parse_date("2026-03-27 10:00") == utc(2026, 3, 27, 10)
        with pytest.raises(DateError):
            parse_date("2026-03-27 10:00 EST")
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_a_date_error(text: str) -> None:
    for read in (parse_date, parse_duration, parse_zone):
        try:
            read(text)
        except DateError as refused:
            assert str(refused)


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 12, 31)))
def test_every_iso_time_is_read_as_written(moment: datetime) -> None:
    assert parse_date(moment.isoformat()) == moment.replace(tzinfo=UTC)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_in_numbers_is_refused_unless_day_first_and_month_first_agree(day: date) -> None:
    text = f"{day:%m/%d/%Y}"
    if day.day > 12 or day.day == day.month:
        assert parse_date(text).date() == day
    else:
        with pytest.raises(DateError, match="can be read as"):
            parse_date(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta()),
        ("10m", timedelta(minutes=10)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("90s", timedelta(seconds=90)),
        ("2d", timedelta(days=2)),
        ("1 h 30 m", timedelta(hours=1, minutes=30)),
        ("10M", timedelta(minutes=10)),
    ],
)
def test_durations_are_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["10", "1.5h", "-5m", "m", "", "ten minutes", "999999999999d"])
def test_a_duration_without_a_unit_or_sense_is_refused(text: str) -> None:
    with pytest.raises(DateError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "name", "hours"),
    [
        ("utc", "UTC", 0),
        ("Z", "UTC", 0),
        ("+02:00", "Etc/GMT-2", 2),
        ("-5", "Etc/GMT+5", -5),
        ("Asia/Tokyo", "Asia/Tokyo", 9),
    ],
)
def test_zones_get_a_name_that_polars_reads_with_that_offset(text: str, name: str, hours: int) -> None:
    assert parse_zone(text) == name
    noon = pl.Series([datetime(2026, 1, 1, 12)]).dt.replace_time_zone(name).dt.convert_time_zone("UTC")
    assert noon.dt.hour().item() == 12 - hours


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("EST", "name a place"),
        ("+5:30", "Asia/Kolkata"),
    ],
)
def test_an_unusable_zone_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(DateError, match=hint):
        parse_zone(text)


@pytest.mark.parametrize("text", ["../../etc/passwd", "/etc/passwd", "+15", "-13:00", "Mars/Olympus"])
def test_a_zone_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(DateError):
        parse_zone(text)
