"""Times by their shape: which kind of fields.py reads the texts of a column, and the pattern of a single one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.zone_names import NAMES

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_ZONE = rf"(?:Z|z|[+-][0-9]{{2}}:?[0-9]{{2}}|[+-][0-9]{{2}}|{NAMES})"  # a method may stand there instead


_NOON: Final = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}[ \u202f][AP]M"
_MONTH_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"


class Form(NamedTuple):
    """One way to write a time: the pattern of the whole text, and the kinds that may read it, the first that does.

    either: day and month may stand in both orders, one of which the texts must exclude.
    """

    pattern: str
    kinds: tuple[str, ...]
    either: bool = False


# In the order in which they are looked for in a line; each may hold blanks.
FORMS: Final = (
    Form(
        rf"[0-9]{{1,2}}/{_MONTH}/[0-9]{{4}}:{_CLOCK}(?:\.[0-9]+)?(?: (?:[+-][0-9]{{4}}|{NAMES}))?",
        ("clf", "strftime(%d/%b/%Y:%H:%M:%S%.f %Z)"),
    ),
    Form(
        rf"[0-9]{{1,2}}/{_MONTH}/[0-9]{{4}} {_CLOCK}(?:\.[0-9]+)?(?: [+-][0-9]{{4}})?",
        ("strftime(%d/%b/%Y %H:%M:%S%.f %z)", "strftime(%d/%b/%Y %H:%M:%S%.f)"),
    ),
    Form(  # Go's time.Time.String()
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}(?:\.[0-9]+)? [+-][0-9]{{4}} [A-Z]{{3,5}}(?: m=[+-][0-9.]+)?",
        ("iso8601",),
    ),
    Form(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}:[0-9]{{3}}", ("strftime(%Y-%m-%d %H:%M:%S:%3f)",)),  # winston
    Form(
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?:[.,][0-9]+)?(?: ?{_ZONE})?",
        ("iso8601", "strftime(%Y-%m-%d %H:%M:%S%.f %Z)"),
    ),
    Form(
        rf"[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}[ T]{_CLOCK}(?:\.[0-9]+)?(?: ?[+-][0-9]{{4}})?",
        ("strftime(%Y/%m/%d %H:%M:%S%.f)", "strftime(%Y/%m/%d %H:%M:%S%.f %z)", "strftime(%Y/%m/%dT%H:%M:%S%.f)"),
    ),
    Form(rf"[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} - {_CLOCK}", ("strftime(%Y/%m/%d - %H:%M:%S)",)),  # Gin
    Form(
        rf"{_DAY}, [0-9]{{2}} {_MONTH} [0-9]{{4}} {_CLOCK} (?:GMT|UTC|[+-][0-9]{{4}})",
        (
            "strftime(%a, %d %b %Y %H:%M:%S GMT)",
            "strftime(%a, %d %b %Y %H:%M:%S UTC)",
            "strftime(%a, %d %b %Y %H:%M:%S %z)",
        ),
    ),
    Form(
        rf"{_DAY} {_MONTH} [ 0-9][0-9] {_CLOCK}(?:\.[0-9]+)? [0-9]{{4}}",
        ("strftime(%a %b %e %H:%M:%S%.f %Y)",),
    ),
    Form(  # a browser's toLocaleString, in which Nest writes, and Azure's portal
        r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4},? [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?\W[AP]M",
        (
            "strftime(%m/%d/%Y, %I:%M:%S%.f %p)",
            "strftime(%m/%d/%Y, %I:%M:%S%.f\u202f%p)",
            "strftime(%m/%d/%Y %I:%M:%S%.f %p)",
        ),
    ),
    Form(
        rf"[0-9]{{1,2}}-{_MONTH}-[0-9]{{4}} {_CLOCK}(?:\.[0-9]+)?",
        ("strftime(%d-%b-%Y %H:%M:%S%.f)",),
    ),
    Form(
        rf"[0-9]{{1,2}} {_MONTH} [0-9]{{4}} {_CLOCK}(?:\.[0-9]+)?",
        ("strftime(%d %b %Y %H:%M:%S%.f)",),
    ),
    Form(
        rf"{_MONTH} [0-9]{{1,2}}, [0-9]{{4}} (?:@ )?{_CLOCK}(?:\.[0-9]+)?",
        ("strftime(%b %d, %Y %H:%M:%S%.f)", "strftime(%b %d, %Y @ %H:%M:%S%.f)"),
    ),
    Form(
        rf"{_MONTH}/[0-9]{{2}}/[0-9]{{4}}:{_CLOCK}(?: [+-][0-9]{{4}})?",
        ("strftime(%b/%d/%Y:%H:%M:%S %z)", "strftime(%b/%d/%Y:%H:%M:%S)"),
    ),
    Form(
        rf"[0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}},? {_CLOCK}(?:\.[0-9]+)?",
        ("strftime(%d.%m.%Y %H:%M:%S%.f)", "strftime(%d.%m.%Y, %H:%M:%S%.f)"),
    ),
    Form(rf"[0-9]{{4}}\.[0-9]{{2}}\.[0-9]{{2}} {_CLOCK}(?:\.[0-9]+)?", ("strftime(%Y.%m.%d %H:%M:%S%.f)",)),
    Form(
        rf"[0-9]{{4}}:[0-9]{{2}}:[0-9]{{2}}[- ]{_CLOCK}", ("strftime(%Y:%m:%d-%H:%M:%S)", "strftime(%Y:%m:%d %H:%M:%S)")
    ),  # Sophos
    Form(
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[_-]{_CLOCK}(?:\.[0-9]+)?",
        ("strftime(%Y-%m-%d_%H:%M:%S%.f)", "strftime(%Y-%m-%d-%H:%M:%S%.f)"),
    ),
    Form(
        rf"20[0-9]{{2}}{_MONTH_DAY}[ T-]{_CLOCK}(?:\.[0-9]+)?Z?",
        (
            "strftime(%Y%m%d %H:%M:%S%.f)",
            "strftime(%Y%m%dT%H:%M:%S%.f)",
            "strftime(%Y%m%d-%H:%M:%S%.f)",
            "strftime(%Y%m%dT%H:%M:%S%.fZ)",
        ),
    ),
    Form(rf"20[0-9]{{2}}{_MONTH_DAY}T[0-9]{{6}}Z?", ("strftime(%Y%m%dT%H%M%SZ)", "strftime(%Y%m%dT%H%M%S)")),
    Form(rf"[0-9]{{2}}{_MONTH_DAY} {_CLOCK}(?:\.[0-9]+)?", ("strftime(%y%m%d %H:%M:%S%.f)",)),  # Tornado
    Form(
        rf"{_DAY} {_MONTH} [0-9]{{2}} [0-9]{{4}} {_CLOCK} GMT[+-][0-9]{{4}}", ("strftime(%a %b %d %Y %H:%M:%S GMT%z)",)
    ),  # Node's Date
    Form(
        rf"{_DAY} {_MONTH} [ 0-9][0-9] {_CLOCK} (?:{NAMES}) [0-9]{{4}}",
        ("strftime(%a %b %e %H:%M:%S %Z %Y)",),
    ),  # date(1)
    Form(
        rf"[A-Z][a-z]{{5,8}}, [0-9]{{2}}-{_MONTH}-[0-9]{{2}} {_CLOCK} (?:GMT|UTC)",
        ("strftime(%A, %d-%b-%y %H:%M:%S GMT)", "strftime(%A, %d-%b-%y %H:%M:%S UTC)"),
    ),  # RFC 850
    Form(
        rf"{_MONTH} [0-9]{{1,2}}, [0-9]{{4}},? {_NOON}",
        ("strftime(%b %d, %Y %I:%M:%S %p)", "strftime(%b %d, %Y, %I:%M:%S %p)"),
    ),  # java.util.logging
    Form(rf"{_MONTH} [ 0-9][0-9] [0-9]{{4}} {_CLOCK}(?:\.[0-9]+)?", ("strftime(%b %e %Y %H:%M:%S%.f)",)),
    Form(
        rf"[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}},? {_NOON}",
        ("strftime(%m/%d/%Y %I:%M:%S %p)", "strftime(%d/%m/%Y %I:%M:%S %p)", "strftime(%d/%m/%Y, %I:%M:%S %p)"),
        either=True,
    ),
    Form(
        rf"[0-9]{{1,2}}[/-][0-9]{{1,2}}[/-][0-9]{{4}},?[ :-]{_CLOCK}(?:[.,][0-9]+)?(?: [+-][0-9]{{4}})?",
        tuple(
            f"strftime({date}{sign}%H:%M:%S{rest})"
            for date in ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
            for sign in (" ", ", ", ":", "-")
            for rest in ("%.f", "%.f %z")
        ),
        either=True,
    ),
    # The year, or the zone and the day, is not stated: a time by its look, which no kind reads.
    Form(rf"{_MONTH} [ 0-9][0-9] {_CLOCK}(?:\.[0-9]+)?", ()),
)
# A text that is nothing but a number is a time only where the whole column lies within these years.
EPOCH: Final = r"[0-9]{10}(?:[0-9]{3}|[0-9]{6}|[0-9]{9})?(?:\.[0-9]{1,9})?"
ISO_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATES: Final = (
    (ISO_DATE, "%Y-%m-%d"),
    (r"[0-9]{4}/[0-9]{2}/[0-9]{2}", "%Y/%m/%d"),
    (rf"[0-9]{{1,2}}/{_MONTH}/[0-9]{{4}}", "%d/%b/%Y"),
    (rf"[0-9]{{1,2}}-{_MONTH}-[0-9]{{4}}", "%d-%b-%Y"),
    (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    (rf"20[0-9]{{2}}{_MONTH_DAY}", "%Y%m%d"),
)
ISO_CLOCK: Final = rf"{_CLOCK}(?:[.,][0-9]+)?"
_SHORT_DATE: Final = r"[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{2}|[0-9]{4})"
ANY: Final = re.compile("|".join(f"(?:{form.pattern})" for form in FORMS))
_WHOLE: Final = [(re.compile(form.pattern), form) for form in FORMS]
_YEARS: Final = (1.0e9, 2.2e9)  # seconds: 2001 to 2039
_ENOUGH: Final = 0.95


class Time(NamedTuple):
    """How a column of times is read: its kind, the pattern of its texts, and how well it tells the moment."""

    kind: str
    shape: str
    rank: tuple[bool, bool]  # a zone is stated, parts of a second are


def time_of(texts: Sequence[str]) -> Time | None:
    """Return how the non-missing `texts` of a column state times, or None where they do not, nearly all of them."""
    if not texts:
        return None
    for pattern, form in _WHOLE:
        fits = [text for text in texts if pattern.fullmatch(text)]
        if len(fits) >= _ENOUGH * len(texts):
            kind = (_only_reading if form.either else _reading)(fits, form.kinds)
            return Time(kind, form.pattern, _precision(fits)) if kind else None
    return _epoch(texts)


def _reading(texts: Sequence[str], kinds: Sequence[str]) -> str | None:
    """Return the first of `kinds` that reads nearly all of the texts."""
    series = pl.Series(texts, dtype=pl.String)
    for kind in kinds:
        if len(texts) - read_time(series, kind, "UTC").null_count() >= _ENOUGH * len(texts):
            return kind
    return None


def _only_reading(texts: Sequence[str], kinds: Sequence[str]) -> str | None:
    """Return the one of `kinds` that reads all of the texts; None where two do, as 3/4 and 4/3 are both days."""
    series = pl.Series(texts, dtype=pl.String)
    found = [kind for kind in kinds if not read_time(series, kind, "UTC").null_count()]
    return found[0] if len(found) == 1 else None


def _epoch(texts: Sequence[str]) -> Time | None:
    if not all(re.fullmatch(EPOCH, text) for text in texts):
        return None
    sizes = {len(text.partition(".")[0]) for text in texts}
    unit = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}.get(max(sizes), 0.0)
    if len(sizes) != 1 or not unit or not all(_YEARS[0] <= float(text) / unit <= _YEARS[1] for text in texts):
        return None
    kind = {1.0: "epoch-s", 1e3: "epoch-ms", 1e6: "epoch-us", 1e9: "epoch-ns"}[unit]
    return Time(kind, r"[0-9]+(?:\.[0-9]+)?", (True, unit > 1 or "." in texts[0]))


def _precision(texts: Sequence[str]) -> tuple[bool, bool]:
    zoned = all(re.search(rf"(?:{_ZONE})$", text) for text in texts)
    return zoned, all(re.search(r":[0-9]{2}[.,][0-9]", text) for text in texts)


def is_date(texts: Sequence[str]) -> str | None:
    """Return the strftime form of texts that are dates alone, and read in one way only; or None."""
    for pattern, form in _DATES:
        if texts and all(re.fullmatch(pattern, text) for text in texts):
            return form
    return is_short_date(texts)


def is_clock(texts: Sequence[str]) -> bool:
    """Tell whether the texts are times of day alone."""
    return bool(texts) and all(re.fullmatch(ISO_CLOCK, text) for text in texts)


def is_short_date(texts: Sequence[str]) -> str | None:
    """Return the strftime form of dates such as `11/24/2026`, where only one order of day and month fits; or None."""
    if not texts or not all(re.fullmatch(_SHORT_DATE, text) for text in texts):
        return None
    parts = [tuple(map(int, text.split("/"))) for text in texts]
    year = "%Y" if len(texts[0].rsplit("/", 1)[1]) == 4 else "%y"
    if any(first > 12 for first, _, _ in parts):
        return f"%d/%m/{year}" if all(second <= 12 for _, second, _ in parts) else None
    return f"%m/%d/{year}" if any(second > 12 for _, second, _ in parts) else None
