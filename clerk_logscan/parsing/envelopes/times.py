"""The time that an envelope states, as ISO 8601 text; null where it states none, or not in full."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

_ISO: Final = re.compile(
    r"(\d{4}[-/]\d\d[-/]\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,:](\d+))?\s?(Z|UTC|[+-]\d\d:?\d\d|)", re.ASCII
)
WITHIN: Final = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+|:\d{3}\b)?(?:\s?(?:Z|[+-]\d\d:?\d\d))?", re.ASCII
)  # as a program writes it before its records
_PLAIN: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?$"
_YEARLESS: Final = r"^[A-Z][a-z]{2} [ \d]\d \d\d:"
_KIBANA: Final = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) @ (\d\d:\d\d:\d\d)(?:\.(\d+))?", re.ASCII)
_SYSLOG: Final = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d)(?: (\d{4}))? (\d\d:\d\d:\d\d)(?:\.(\d+))?", re.ASCII)
_US: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2})(:\d\d:\d\d)(?:\.(\d+))?\s([AP])M", re.ASCII)
_NUMBER: Final = re.compile(r"(\d{9,20})(?:\.(\d+))?", re.ASCII)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso(value: Any) -> str | None:
    """Return `value` (ISO text, epoch number in s, ms, us or ns, a month's name with a year) as ISO 8601.

    A zone that is not stated stays unstated; epochs are UTC. Digits after the second are kept.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if match := _ISO.fullmatch(text):
        return _join(match[1].replace("/", "-"), match[2], match[3], "Z" if match[4] == "UTC" else match[4])
    if match := _NUMBER.fullmatch(text):
        return _epoch(match[1], match[2] or "")
    if match := _KIBANA.fullmatch(text):
        return _named(match[3], match[1], match[2], match[4], match[5])
    if match := _SYSLOG.fullmatch(text):
        return _named(match[3], match[1], match[2], match[4], match[5])
    if match := _US.fullmatch(text):
        hour = int(match[4]) % 12 + 12 * (match[7] == "P")
        return _join(f"{match[3]}-{int(match[1]):02}-{int(match[2]):02}", f"{hour:02}{match[5]}", match[6], "")
    return None


def stated(text: str) -> str | None:
    """Return the first ISO time within `text`, what a program wrote before a record, as `iso` does."""
    found = WITHIN.search(text)
    return iso(found[0].replace(",", ".")) if found else None


def iso_all(stated: pl.Series) -> pl.Series:
    """Return what `iso` says of each text of `stated`; ISO times, and those without a year, pass in one test."""
    plain = stated.str.contains(_PLAIN)
    if plain.all():
        return stated
    if stated.str.contains(_YEARLESS).all():
        return stated.clear(len(stated))
    return pl.Series(stated.name, [iso(text) for text in stated], dtype=pl.String)


def _join(date: str, clock: str, fraction: str | None, zone: str) -> str:
    return f"{date}T{clock}{'.' + fraction if fraction else ''}{zone}"


def _named(year: str | None, month: str, day: str, clock: str, fraction: str | None) -> str | None:
    if year is None or month not in MONTHS:
        return None
    return _join(f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}", clock, fraction, "")


def _epoch(digits: str, fraction: str) -> str | None:
    """Read an epoch; its size tells the unit: seconds have up to 10 digits in this century, milliseconds 13."""
    places = next((count for count, limit in ((0, 11), (3, 14), (6, 17), (9, 20)) if len(digits) <= limit), 9)
    seconds = int(digits[: len(digits) - places])
    part = (digits[len(digits) - places :] if places else "") + fraction
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return _join(moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S"), part or None, "Z")
