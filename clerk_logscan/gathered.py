"""Requests of many inputs as one frame, so that thousands of small inputs take no more memory than a large one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from clerk_logscan import schema

# Each column of texts of a small frame has a buffer of its own, far larger than the texts; put together they need one.
_FRAMES: Final = 64
TYPICAL: Final = 20_000  # rows that are only typical, of all inputs together
_SHARE: Final = 50  # an input gives at most such a part of what is left of them, rounded up: so each gives one


@dataclass
class Gathered:
    """Takes frames (schema.FRAME), each of one input; `frame` is all of them, in their order.

    Rows for which `needed` holds all stay; of the others, which are typical of their input, fewer and fewer.
    """

    needed: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    _left: int = TYPICAL
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _packed: list[pl.DataFrame] = field(default_factory=list)

    def add(self, requests: pl.DataFrame) -> None:
        """Take the requests of one input."""
        if requests.is_empty():
            return
        self._frames.append(self._thinned(requests))
        if len(self._frames) == _FRAMES:
            together = pl.concat(self._frames)
            self._packed.append(together[list(range(together.height))])  # copies what is held, and no more
            self._frames = []

    @property
    def frame(self) -> pl.DataFrame:
        """What was taken."""
        return pl.concat([schema.empty(), *self._packed, *self._frames])

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
