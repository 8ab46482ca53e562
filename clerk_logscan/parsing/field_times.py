"""Times of logs to UTC: every kind of definitions.TIMES, exact to the microsecond, further digits cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import polars as pl

from clerk_logscan.parsing.zone_names import spelled

UTC: Final = pl.Datetime("us", "UTC")
_EPOCH_DIGITS: Final = {"epoch-s": 6, "epoch-ms": 3, "epoch-us": 0, "epoch-ns": -3}  # decimal places to microseconds
_W3C: Final = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\z"  # its date and its time
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")


def read_time(texts: pl.Series, kind: str, zone: str) -> pl.Series:
    """Return a Datetime(us, UTC) series: the times that `texts` state, null where they state none.

    `kind`: one of definitions.TIMES or `strftime(FORMAT)` in chrono's notation. `zone`: for times without one.
    """
    if kind.startswith("strftime("):
        return _formatted(texts, kind[len("strftime(") : -1], zone)
    return _READERS[kind](texts, zone)


def _clf(texts: pl.Series, zone: str) -> pl.Series:
    """Read `24/Nov/2026:20:21:38 +0530`, with a fraction and without a zone too (HAProxy)."""
    return _first_of(texts, zone, ("%d/%b/%Y:%H:%M:%S%.f %z", "%d/%b/%Y:%H:%M:%S%.f"))


def _iso8601(texts: pl.Series, zone: str) -> pl.Series:
    """Read ISO 8601: `T` or a blank, `.` or `,` before any digits, `Z`, an offset, ` CEST`, ` +0000 UTC` or nothing."""
    shape = r"^\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?"
    shape += r"(?: [A-Z]{3,5}(?: m=[+-][0-9.]+)?)?\s*$"  # Go's time.Time.String() names the zone once more
    times = _first_of(texts, zone, ("%Y-%m-%dT%H:%M:%S%.f%#z",))
    if times.null_count() == len(texts) and texts.str.contains(_W3C).all():
        times = _first_of(texts, zone, ("%Y-%m-%d %H:%M:%S",))
    return _patched(times, texts, lambda odd: _iso_parts(spelled(odd).str.extract_groups(shape).struct.unnest(), zone))


def _iso_parts(parts: pl.DataFrame, zone: str) -> pl.Series:
    day, clock, fraction, offset = parts.get_columns()
    offset = offset.str.replace("^(?i:Z|UTC|GMT)$", "+0000").str.replace(r"^([+-]\d\d)$", "${1}00").fill_null("")
    plain = day + "T" + clock + "." + fraction.fill_null("0") + offset
    return _first_of(plain, zone, ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f"))


def _epoch(digits: int) -> Callable[[pl.Series, str], pl.Series]:
    """Return a reader of numbers whose unit has `digits` decimal places to a microsecond (negative: is finer)."""

    most = min(18 - digits, 19)  # more would not fit into 64 bits

    def read(texts: pl.Series, zone: str) -> pl.Series:
        parts = texts.str.strip_chars().str.extract_groups(rf"^(-?\d{{1,{most}}})(?:\.(\d*))?$").struct.unnest()
        whole, fraction = parts.to_series(0).cast(pl.Int64, strict=False), parts.to_series(1).fill_null("")
        if digits <= 0:
            return _micros(whole // int(10**-digits))
        finer = fraction.str.slice(0, digits).str.pad_end(digits, "0").cast(pl.Int64, strict=False)
        times = _micros(whole * 10**digits + finer)
        return _patched(times, texts, lambda odd: _micros((odd.cast(pl.Float64, strict=False) * 10**digits).round()))

    return read


def _micros(numbers: pl.Series) -> pl.Series:
    """Return microseconds since 1970 as times; what lies outside the years 1 to 9999 is null."""
    inside = (numbers >= -62_135_596_800_000_000) & (numbers < 253_402_300_800_000_000)
    kept = pl.select(pl.when(inside).then(numbers).otherwise(None)).to_series()
    return kept.cast(pl.Int64, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _epoch_auto(texts: pl.Series, zone: str) -> pl.Series:
    """Read seconds, milli-, micro- or nanoseconds, told by their magnitude (each holds for 1973 to 5138)."""
    size = pl.first().cast(pl.Float64, strict=False).abs()
    unit = pl.when(size < 1e11).then(pl.lit("epoch-s")).when(size < 1e14).then(pl.lit("epoch-ms"))
    units = texts.to_frame().select(unit.when(size < 1e17).then(pl.lit("epoch-us")).otherwise(pl.lit("epoch-ns")))
    kinds = units.to_series().unique()
    times = [_epoch(_EPOCH_DIGITS[kind])(texts, zone) for kind in kinds]
    if len(times) == 1:  # as in most logs
        return times[0]
    found = (pl.when(pl.first() == kind).then(some) for kind, some in zip(kinds, times, strict=True))
    return units.select(pl.coalesce([pl.lit(None, UTC), *found])).to_series()


def _formatted(texts: pl.Series, form: str, zone: str) -> pl.Series:
    if "%Z" in form:  # chrono reads over names
        texts, form = spelled(texts), form.replace("%Z", "%z")
    return _first_of(texts, zone, (form,))


def _first_of(texts: pl.Series, zone: str, forms: tuple[str, ...]) -> pl.Series:
    """Read by the first of `forms` (chrono's notation) that fits; the later ones only see what is left."""
    times = _localised(_parsed(texts, forms[0]), zone)
    for form in forms[1:]:
        times = _patched(times, texts, lambda odd, form=form: _localised(_parsed(odd, form), zone))  # type: ignore[misc]
    return times


def _parsed(texts: pl.Series, form: str) -> pl.Series:
    return texts.str.to_datetime(form, strict=False, time_unit="us", ambiguous="earliest")


def _localised(times: pl.Series, zone: str) -> pl.Series:
    """Return times in UTC; those that state no zone are of `zone`, the earlier of two, the later of a skipped hour."""
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        return times.dt.convert_time_zone("UTC")
    if zone == "UTC":
        return times.dt.replace_time_zone("UTC")
    offset = _OFFSET.fullmatch(zone)
    if offset:
        minutes = (int(offset[2]) * 60 + int(offset[3])) * (1 if offset[1] == "+" else -1)
        return times.dt.offset_by(f"{-minutes}m").dt.replace_time_zone("UTC")
    there = times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = times.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return there.fill_null(later).dt.convert_time_zone("UTC")


def _patched(times: pl.Series, texts: pl.Series, reader: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Read once more, with `reader`, the texts that gave no time."""
    if times.null_count() == texts.null_count():
        return times
    left = times.is_null() & texts.is_not_null()
    return times.scatter(left.arg_true(), reader(texts.filter(left)).cast(UTC))


_READERS: Final[dict[str, Callable[[pl.Series, str], pl.Series]]] = {
    "clf": _clf,
    "iso8601": _iso8601,
    "epoch-auto": _epoch_auto,
    **{kind: _epoch(digits) for kind, digits in _EPOCH_DIGITS.items()},
}
