"""Which times lie near findings, and so which stretches of the inputs tell what else happened then."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from functools import cached_property
from itertools import accumulate, repeat, takewhile
from operator import mul
from typing import Final

import polars as pl

# Around the findings of one log: to have loaded pages before, or to have come back to life, takes less.
ONE_LOG: Final = timedelta(hours=2)
# Around those of several: a clock may be a zone apart (UTC-12 to UTC+14).
SEVERAL: Final = timedelta(hours=26)
# Ordinary proxy requests of an input, those nearest to findings: more say no more of hops and clocks.
ENOUGH: Final = 100_000
# Other requests of the findings' clients, of all inputs: an address that sent more is no single client's.
OTHERS: Final = 50_000
_PLACE: Final = 4 << 20  # bytes of an input for which its times are known together


class Near:
    """The times within `reach` of any of `times` (Datetime, some null); all are, where there is none."""

    def __init__(self, times: pl.Series, reach: timedelta) -> None:
        self._times, self.reach = times.drop_nulls().unique().sort(), reach
        apart = (self._times.diff() > 2 * reach).fill_null(value=True)  # the first of those whose reaches adjoin
        self._starts = self._times.filter(apart) - reach
        self._ends = self._times.filter(apart.shift(-1, fill_value=True)) + reach
        self._spans = self._starts.to_list(), self._ends.to_list()

    def of(self, times: pl.Series) -> pl.Series:
        """Return whether each time is near; a request without one may be."""
        if self._starts.is_empty():
            return pl.Series([True]).new_from_index(0, len(times))
        last = self._starts.search_sorted(times.fill_null(self._starts[0]), side="right").cast(pl.Int64) - 1
        within = times.fill_null(self._starts[0]) <= self._ends.gather(last.clip(0))
        return within & (last >= 0)

    def nearest(self, times: pl.Series, most: int) -> pl.Series:
        """Return which of `times` are the `most` nearest to these, the earlier ones where several are as near; those
        that are null as if they were.
        """
        if len(times) <= most or self._times.is_empty():
            return pl.int_range(len(times), eager=True) < most
        after = self._times.search_sorted(times.fill_null(self._times[0])).cast(pl.Int64)
        around = [self._times.gather(place.clip(0, len(self._times) - 1)) for place in (after - 1, after)]
        away = pl.select(pl.min_horizontal((times - one).abs() for one in around)).to_series()
        ordered = away.fill_null(timedelta()).alias("away").to_frame().with_row_index().sort("away", "index")
        chosen = ordered["index"].head(most)
        return pl.Series([False]).new_from_index(0, len(times)).scatter(chosen, True)

    def touches(self, first: datetime | None, last: datetime | None) -> bool:
        """Return whether a time from `first` to `last` is near; None: unknown, and so it may be."""
        starts, ends = self._spans
        if first is None or last is None or not starts:
            return True
        before = bisect_right(starts, last)  # they do not overlap, so that the last of these ends last
        return before > 0 and ends[before - 1] >= first

    def enough(self, places: Places) -> Near:
        """Return this, or with a shorter reach, ONE_LOG at least, where in an input that holds ENOUGH requests."""
        return next((shorter for shorter in self._shorter if places.hits(shorter) >= ENOUGH), self)

    @cached_property
    def _shorter(self) -> list[Near]:
        """The same with shorter reaches, each twice the one before: made once, as they are asked of every input."""
        reaches = takewhile(self.reach.__gt__, accumulate(repeat(2), mul, initial=ONE_LOG))
        return [Near(self._times, reach) for reach in reaches]


class Places:
    """The times of a long input by the place where their lines stand, as samples show them, and how many of the lines
    hold a proxy path.
    """

    def __init__(self) -> None:
        self._spans: dict[int, tuple[datetime, datetime]] = {}
        self._hits: dict[int, int] = {}

    def count(self, offset: int, hits: int) -> None:
        """Take how many lines of a block that begins at `offset` hold a proxy path."""
        self._hits[offset // _PLACE] = self._hits.get(offset // _PLACE, 0) + hits

    def hits(self, near: Near) -> int:
        """Return how many lines that hold a proxy path stand in places of times `near` findings."""
        return sum(self._hits.get(place, 0) for place, span in self._spans.items() if near.touches(*span))

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
