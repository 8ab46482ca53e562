"""Many small frames in the memory of one: each column of texts of a frame has a buffer, far larger than few texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from clerk_logscan.columns import copied

_TOGETHER: Final = 64  # small frames that are copied to one
_FEW: Final = 2  # times as many rows as are held: of so many the others are worth letting go
_SMALL: Final = 5000  # rows of all of them; beyond, a copy saves nothing


@dataclass
class Packed:
    """Takes frames of one schema, that of `empty`; `frame` is all of them, in their order."""

    empty: pl.DataFrame
    _small: list[pl.DataFrame] = field(default_factory=list)
    _done: list[pl.DataFrame] = field(default_factory=list)
    _rows: int = 0  # of the small ones

    def add(self, frame: pl.DataFrame, among: int = 0) -> None:
        """Take a frame, whose rows are of `among` that lie in the same memory: few of many are copied at once."""
        if frame.is_empty():
            return
        self._small.append(copied(frame) if frame.height * _FEW < among else frame)
        self._rows += frame.height
        if self._rows > _SMALL:
            self._done += self._small
        elif len(self._small) == _TOGETHER:
            self._done.append(copied(pl.concat(self._small)))
        else:
            return
        self._small, self._rows = [], 0

    @property
    def frame(self) -> pl.DataFrame:
        """What was taken."""
        held = [*self._done, *self._small]
        return held[0] if len(held) == 1 else pl.concat([self.empty, *held])


@dataclass(kw_only=True)
class Bounded(Packed):
    """The same; of more than `most` rows `thin` chooses which stay, again and again."""

    thin: Callable[[pl.DataFrame], pl.DataFrame]
    most: int
    _height: int = 0

    def add(self, frame: pl.DataFrame, among: int = 0) -> None:
        """Take a frame: see `Packed.add`."""
        super().add(frame, among)
        self._height += frame.height
        if self._height > 2 * self.most:
            left = copied(self.thin(self.frame))
            self._small, self._rows, self._done = [], 0, [left]
            self._height, self.most = left.height, max(self.most, left.height)
