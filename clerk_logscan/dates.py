"""Reads the dates, durations and zones that a person types, and refuses what can be read in two ways.

python-dateutil alone guesses: `March 2026` becomes today's day of March, `04/03/2026` the third of April,
`EST` silently UTC. In an incident a date that is a month off turns a leak into a false all-clear.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

DAY: Final = timedelta(days=1)
_FIRST_DEFAULT: Final = datetime(2001, 1, 1)
_OTHER_DEFAULT: Final = datetime(2002, 2, 2, 1, 1, 1, 1)
_YEAR_FIRST: Final = re.compile(r"(?<!\d)\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}(?!\d)")
_DAY_AND_ZONE: Final = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})\s*([A-Za-z]{1,5})")
_LOG_TIME: Final = re.compile(r"(\d{1,2}/[A-Za-z]{3}/\d{4}):(?=\d\d:)")
_COMPACT: Final = re.compile(r"\d{8}(?:T?\d{4}(?:\d{2})?)?", re.IGNORECASE)
_ZONE_AND_OFFSET: Final = re.compile(r"(?<![A-Za-z])(?!T[+-])[A-Za-z]{1,5}\s?[+-]\s?\d{1,2}(?::?\d{2})?\s*$")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION: Final = re.compile(r"(?:\d+\s*[dhms]\s*)+", re.ASCII | re.IGNORECASE)


class DateError(ValueError):
    """A date, duration or zone that is wrong or has more than one reading; the text is one sentence."""


def parse_date(text: str, *, end: bool = False) -> datetime:
    """Return the one time that `text` can mean, in UTC; a day alone is its start, or its last microsecond if `end`.

    A date with the year first (ISO 8601) has one reading. Without a zone the time is UTC.
    Raises DateError where year, month or day is missing, where the day first gives another date,
    and for a zone that is not an offset, `Z`, `UTC` or `GMT`.
    """
    text = _prepared(text.strip())
    _refuse_by_shape(text)
    readings = _readings(text)
    if len(readings) > 1:
        raise DateError(
            f"{text!r} can be read as {_list(readings)}: write the date with the year first, as {_iso(readings[0])}"
        )
    moment = readings[0]
    _refuse_missing(text, moment)
    _refuse_weekday(text, moment)
    if _names_no_time(text) and end:
        moment = moment + DAY - timedelta(microseconds=1)
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise DateError(f"{text!r} is out of range: years 1 to 9999 can be used") from None


def _prepared(text: str) -> str:
    """Mend two usual spellings that dateutil refuses: a time as access logs write it, and a day with `Z` or `UTC`."""
    text = _LOG_TIME.sub(r"\1 ", text)
    if match := _DAY_AND_ZONE.fullmatch(text):
        _zone(match[2], None)
        return match[1]
    return text


def _refuse_by_shape(text: str) -> None:
    """Refuse what dateutil reads differently from release to release: bare numbers, a zone with an offset."""
    if text.isdigit() and not _COMPACT.fullmatch(text):
        raise DateError(f"{text!r} is no date: write it as 2026-03-27 or 2026-03-27T04:12:07Z")
    if (match := _ZONE_AND_OFFSET.search(text)) and not _is_month(match[0]):
        zone = match[0].strip()
        raise DateError(
            f"{text!r}: {zone!r} can be read as ahead of UTC or as behind it: write the offset alone, as +03:00"
        )


def _is_month(text: str) -> bool:
    """Whether the letters of `text` name a month (`27-Mar-2026` holds no zone)."""
    from dateutil.parser import parserinfo

    name = re.match(r"[A-Za-z]+", text)
    return name is not None and parserinfo().month(name[0]) is not None


def _readings(text: str) -> list[datetime]:
    """Return every different time that `text` can mean: month first, day first, and with a two-digit year first."""
    if _YEAR_FIRST.search(text) or _COMPACT.match(text):
        return [_parse(text, _FIRST_DEFAULT, year_first=True)]
    found: list[datetime] = []
    for year_first in (False, True):
        for day_first in (False, True):
            try:
                reading = _parse(text, _FIRST_DEFAULT, day_first=day_first, year_first=year_first)
            except DateError:
                if found or (year_first and day_first):
                    continue
                raise
            if reading not in found:
                found.append(reading)
    return found


def _parse(text: str, default: datetime, *, day_first: bool = False, year_first: bool = False) -> datetime:
    """Call dateutil with its guesses switched off; a text that it cannot read is a DateError."""
    from dateutil.parser import parse

    try:
        return parse(text, default=default, dayfirst=day_first, yearfirst=year_first, tzinfos=_zone)
    except DateError:
        raise
    except (ValueError, OverflowError, TypeError, AttributeError, ArithmeticError) as error:
        reason = str(error).removesuffix(f": {text}")
        raise DateError(
            f"{text!r} cannot be read as a date ({reason}): write it as 2026-03-27 or 2026-03-27T04:12:07Z"
        ) from None


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    """Return the zone for dateutil, which itself takes an unknown one for UTC, or for the machine's own."""
    from dateutil.tz import tzoffset

    if name is not None and name.upper() not in {"UTC", "GMT", "Z"}:
        raise DateError(f"the zone {name!r} is not known, or not one zone: write an offset from UTC, as -05:00")
    if offset:
        return tzoffset(None, offset)
    return UTC if name is not None or offset == 0 else None


def _refuse_missing(text: str, moment: datetime) -> None:
    """Refuse a date of which dateutil took year, month or day from its default."""
    other = _other(text)
    missing = [part for part in ("year", "month", "day") if getattr(moment, part) != getattr(other, part)]
    if missing:
        raise DateError(f"{text!r} names no {_join(missing, 'and')}: write the whole date, as 2026-03-27")


def _names_no_time(text: str) -> bool:
    """Whether `text` is a day alone: the hour comes from the default."""
    return _other(text).hour != _parse(text, _FIRST_DEFAULT, year_first=True).hour


def _other(text: str) -> datetime:
    """Read `text` over another default, so that what the text leaves open differs."""
    year_first = bool(_YEAR_FIRST.search(text) or _COMPACT.match(text))
    return _parse(text, _OTHER_DEFAULT, year_first=year_first)


def _refuse_weekday(text: str, moment: datetime) -> None:
    """Refuse a weekday that contradicts its date: one of the two is a slip."""
    from dateutil.parser import parserinfo

    for word in re.findall(r"[A-Za-z]{3,}", text):
        weekday = parserinfo().weekday(word)
        if weekday is not None and weekday != moment.weekday():
            raise DateError(f"{text!r}: {moment:%Y-%m-%d} is a {moment:%A}, so the date or the weekday is wrong")


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` names: `10m`, `1h30m`, `90s`, `2d`, or `0`. Raises DateError."""
    text = text.strip()
    if text == "0":
        return timedelta()
    if not _DURATION.fullmatch(text):
        raise DateError(f"{text!r} is no duration: write it as 10m, 1h30m, 90s, 2d, or 0 for none")
    try:
        return sum(
            (
                timedelta(**{_UNITS[unit.lower()]: int(number)})
                for number, unit in re.findall(r"(\d+)\s*([A-Za-z])", text)
            ),
            timedelta(),
        )
    except (OverflowError, ValueError):
        raise DateError(f"{text!r} is too long a duration") from None


def parse_zone(text: str) -> str:
    """Return the name of a time zone as the tz database and polars spell it. Raises DateError.

    `Europe/Berlin` and `UTC` stand for themselves; whole hours of offset have names there too (`+02:00` is `Etc/GMT-2`,
    with the sign of POSIX). `EST` and its like are refused: they know no summer time, and most who write them mean it.
    """
    from zoneinfo import ZoneInfo, available_timezones

    text = text.strip()
    if text.upper() in {"UTC", "GMT", "Z"}:
        return "UTC"
    if match := re.fullmatch(r"([+-])(\d{1,2})(?::?00)?", text, re.ASCII):
        return _whole_hours(text, match[1], int(match[2]))
    try:
        if "/" in text and ZoneInfo(text):
            return text
    except (KeyError, ValueError, OSError):
        pass
    alike = [
        name
        for name in available_timezones()
        if text and f"/{name.lower()}".endswith(f"/{text.lower()}") and "/" in name
    ]
    hint = (
        f"did you mean {min(alike, key=lambda name: (len(name), name))}"
        if alike
        else "name a place, as Asia/Kolkata, UTC, or full hours, as +02:00"
    )
    raise DateError(f"{text!r} is no time zone that can be used: {hint}")


def _whole_hours(text: str, sign: str, hours: int) -> str:
    """Return the tz database's name of a whole-hour offset; its signs are those of POSIX, west positive."""
    if hours == 0:
        return "UTC"
    if hours > (14 if sign == "+" else 12):
        raise DateError(f"{text!r} is no offset that is in use: they go from -12:00 to +14:00")
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"


def _iso(moment: datetime) -> str:
    """Write a reading as a person would type it: the day, with the time only where there is one."""
    text = moment.isoformat(timespec="seconds").removesuffix("+00:00")
    return text.removesuffix("T00:00:00")


def _list(readings: list[datetime]) -> str:
    """Write several readings in a sentence."""
    return _join([_iso(reading) for reading in readings], "or")


def _join(words: list[str], last: str) -> str:
    """Join words as a sentence does."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
