"""Requests of many inputs as one frame, and fewer of them where the inputs are thousands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from clerk_logscan import schema
from clerk_logscan.packed import Packed

TYPICAL: Final = 20_000  # rows that are only typical, of all inputs together
_SHARE: Final = 50  # an input gives at most such a part of what is left of them, rounded up: so each gives one


@dataclass
class Gathered:
    """Takes frames (schema.FRAME), each of one input; `frame` is all of them, in their order.

    Rows for which `needed` holds all stay; of the others, which are typical of their input, fewer and fewer.
    """

    needed: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    _left: int = TYPICAL
    _packed: Packed = field(default_factory=lambda: Packed(schema.empty()))

    def add(self, requests: pl.DataFrame) -> None:
        """Take the requests of one input."""
        if not requests.is_empty():
            self._packed.add(self._thinned(requests))

    @property
    def frame(self) -> pl.DataFrame:
        """What was taken."""
        return self._packed.frame

    def _thinned(self, requests: pl.DataFrame) -> pl.DataFrame:
        typical = requests.select(~self.needed.fill_null(value=False)).to_series()
        count = int(typical.sum())
        most = -(-self._left // _SHARE) if self._left else 1
        if count > most:
            step = -(-count // most)
            requests = requests.filter(~typical | (typical.cum_sum() % step == 1 % step))
            count = -(-count // step)
        self._left = max(0, self._left - count)
        return requests
