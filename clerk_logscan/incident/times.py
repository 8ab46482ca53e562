"""Times of the incident: whole microseconds since 1970 (UTC) inside, text in the document and in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 3600 * SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime | None) -> int | None:
    """Return an aware datetime as microseconds since 1970, None for None."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def as_micros(value: datetime | str | None) -> int | None:
    """Return a ledger's time, a datetime or the document's text, as microseconds since 1970."""
    return micros(datetime.fromisoformat(value) if isinstance(value, str) else value)


def moment(time: int) -> datetime:
    """Return microseconds since 1970 as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=time)


def text(time: int | None) -> str | None:
    """Return a time as the document writes it, `2026-03-30T04:12:07.000000Z`; None for None."""
    return None if time is None else moment(time).isoformat(timespec="microseconds")[:26] + "Z"


def texts(times: pl.Series) -> pl.Series:
    """Return many times as the document writes them."""
    known = times.cast(pl.Int64).alias("time").to_frame().unique()
    told = pl.col("time").cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").alias("text")
    return (
        times.cast(pl.Int64)
        .alias("time")
        .to_frame()
        .join(known.with_columns(told), on="time", how="left", nulls_equal=True, maintain_order="left")["text"]
    )


def earliest(times: pl.Series) -> int | None:
    """Return the first of many times, None where there is none."""
    return None if times.null_count() == len(times) else int(times.min())  # type: ignore[arg-type]


def latest(times: pl.Series) -> int | None:
    """Return the last of many times, None where there is none."""
    return None if times.null_count() == len(times) else int(times.max())  # type: ignore[arg-type]


def said(time: int | None) -> str:
    """Return a time as a sentence says it, `2026-03-30 04:12:07 UTC`."""
    return "an unknown time" if time is None else moment(time).strftime("%Y-%m-%d %H:%M:%S UTC")


def between(first: int, last: int) -> str:
    """Return a span as a sentence says it: the date once where both are of one day."""
    start, end = moment(first), moment(last)
    tail = "%H:%M:%S UTC" if start.date() == end.date() else "%Y-%m-%d %H:%M:%S UTC"
    return f"{start:%Y-%m-%d %H:%M:%S} to {end.strftime(tail)}"


def length(span: int) -> str:
    """Return a duration in words of one or two units: `45 s`, `1 h 45 min`, `3 d`."""
    seconds = (abs(span) + SECOND // 2) // SECOND
    if abs(span) < SECOND:
        return f"{abs(span) / SECOND:.2f} s"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        if seconds >= size:
            parts.append(f"{seconds // size} {name}")
            seconds %= size
    return " ".join(parts[:2])
