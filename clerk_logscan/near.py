"""Which times lie near findings, and so which stretches of the inputs tell what else happened then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import polars as pl

# Around the findings of one log: to have loaded pages before, or to have come back to life, takes less.
ONE_LOG: Final = timedelta(hours=2)
# Around those of several: a clock may be a zone apart (UTC-12 to UTC+14).
SEVERAL: Final = timedelta(hours=26)
_PLACE: Final = 4 << 20  # bytes of an input for which its times are known together


class Near:
    """The times within `reach` of any of `times` (Datetime, some null); all are, where there is none."""

    def __init__(self, times: pl.Series, reach: timedelta) -> None:
        middle = times.drop_nulls().unique().sort()
        apart = (middle.diff() > 2 * reach).fill_null(value=True)  # the first of those whose reaches adjoin
        self._starts = middle.filter(apart) - reach
        self._ends = middle.filter(apart.shift(-1, fill_value=True)) + reach

    def of(self, times: pl.Series) -> pl.Series:
        """Return whether each time is near; a request without one may be."""
        if self._starts.is_empty():
            return pl.Series([True]).new_from_index(0, len(times))
        last = self._starts.search_sorted(times.fill_null(self._starts[0]), side="right").cast(pl.Int64) - 1
        within = times.fill_null(self._starts[0]) <= self._ends.gather(last.clip(0))
        return within & (last >= 0)

    def touches(self, first: datetime | None, last: datetime | None) -> bool:
        """Return whether a time from `first` to `last` is near; None: unknown, and so it may be."""
        if first is None or last is None or self._starts.is_empty():
            return True
        return bool(((self._starts <= last) & (self._ends >= first)).any())


class Places:
    """The times of a long input by the place where their lines stand, as samples show them."""

    def __init__(self) -> None:
        self._spans: dict[int, tuple[datetime, datetime]] = {}

    def add(self, requests: pl.DataFrame) -> None:
        """Take the times of parsed requests: `byte_offset` and `timestamp`."""
        timed = requests.select(pl.col("byte_offset") // _PLACE, "timestamp").drop_nulls()
        spans = timed.group_by("byte_offset").agg(first=pl.col("timestamp").min(), last=pl.col("timestamp").max())
        for place, first, last in spans.iter_rows():
            known = self._spans.get(place, (first, last))
            self._spans[place] = min(known[0], first), max(known[1], last)

    def between(self, offset: int, size: int) -> tuple[datetime | None, datetime | None]:
        """Return the first and last time of the lines that begin in these bytes, and somewhat around; None: unknown."""
        places = range(offset // _PLACE - 1, (offset + size) // _PLACE + 2)
        known = [self._spans[place] for place in places if place in self._spans]
        inner = range(offset // _PLACE, (offset + max(size, 1) - 1) // _PLACE + 1)
        if not all(place in self._spans for place in inner):
            return None, None
        return min(first for first, _ in known), max(last for _, last in known)
