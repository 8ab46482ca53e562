"""Requests of many inputs as one frame, and fewer of them where the inputs are thousands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from clerk_logscan import schema
from clerk_logscan.columns import held
from clerk_logscan.packed import Packed

TYPICAL: Final = 20_000  # rows that are only typical, of all inputs together
_TOGETHER: Final = 64  # inputs that are thinned at once,
_LARGE: Final = 5000  # unless one gives more rows than this
_SHARE: Final = 50  # an input gives at most such a part of what is left of them, rounded up: so each gives one


@dataclass
class Gathered:
    """Takes frames (schema.FRAME), each of one input; `frame` is all of them, in their order.

    Rows of which `needed` is true all stay; of the others, which are typical of their input, fewer and fewer.
    """

    needed: Callable[[pl.DataFrame], pl.Series]
    _left: int = TYPICAL
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _packed: Packed = field(default_factory=lambda: Packed(schema.empty()))

    def add(self, requests: pl.DataFrame) -> None:
        """Take the requests of one input."""
        if requests.is_empty():
            return
        self._waiting.append(requests)
        if len(self._waiting) == _TOGETHER or requests.height > _LARGE:
            self._thin()

    @property
    def frame(self) -> pl.DataFrame:
        """What was taken."""
        self._thin()
        return self._packed.frame

    def _thin(self) -> None:
        """Take what is needed of the inputs that wait, and some of what is typical of each."""
        if not self._waiting:
            return
        heights = pl.DataFrame({"input": range(len(self._waiting)), "rows": [one.height for one in self._waiting]})
        number = heights.select(pl.col("input").repeat_by("rows").explode()).to_series()
        requests, self._waiting = pl.concat(self._waiting), []
        typical = pl.DataFrame([number, (~self.needed(requests)).alias("_typical")])
        counts = typical.group_by("input", maintain_order=True).agg(pl.col("_typical").sum())["_typical"]
        steps = pl.Series([self._step(count) for count in counts]).gather(number)
        rank = typical.select(pl.col("_typical").cum_sum().over("input")).to_series()
        kept = ~typical["_typical"] | (rank % steps == 1 % steps)
        self._packed.add(held(requests, kept), among=requests.height)

    def _step(self, count: int) -> int:
        """Return of how many typical rows of an input that has so many one stays."""
        most = max(1, -(-self._left // _SHARE))
        step = max(1, -(-count // most))
        self._left = max(0, self._left - -(-count // step))
        return step
