"""Pieces of one line are joined again, per stream and container, across blocks, in bounded memory.

Docker's json-file driver cuts a line at 16 KiB and only its last piece ends in a newline; CRI marks every
piece but the last with `P`; the fluentd driver numbers them. A joined line keeps the place of its first piece.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

MAX_TEXT: Final = 1 << 20  # characters of one joined line; no server logs a longer one
MAX_WAITING: Final = 4096  # lines waiting for their next piece, over all streams

# What the joiner needs of a row, beside what travels with it.
KEY: Final = "_key"  # stream and container, String
PART: Final = "_part"  # what the pieces of one line share beyond that, String
RUN: Final = "_run"  # changes where the input was not read line by line, Int64
MORE: Final = "_more"  # "no": last piece; "yes": another follows; "maybe": short, but without its newline
ORDER: Final = "_order"  # number of the piece where the record has one, Int64

Row = dict[str, Any]
Reads = Callable[[str], bool]


@dataclass(slots=True)
class _Waiting:
    """A line of which pieces are still to come."""

    first: Row
    parts: list[tuple[int | None, str]] = field(default_factory=list)
    size: int = 0
    maybe: bool = False
    last: int | None = None  # order of the last piece, once that came

    def add(self, row: Row) -> None:
        """Append the piece in `row`."""
        self.parts.append((row[ORDER], row["text"]))
        self.size += len(row["text"])
        self.maybe = row[MORE] == "maybe"
        if row[MORE] == "no":
            self.last = row[ORDER] if row[ORDER] is not None else len(self.parts)

    def whole(self) -> bool:
        """Tell whether no piece is missing; numbered pieces may come in any order."""
        return self.last is not None and len(self.parts) >= self.last

    def text(self) -> str:
        """Return the pieces as one text, numbered ones in their order."""
        if all(order is not None for order, _ in self.parts):
            self.parts.sort(key=lambda part: part[0] or 0)
        return "".join(text for _, text in self.parts)

    def row(self) -> Row:
        """Return the joined row, at the place of the first piece, which alone is `raw`: of a secret that is cut the end
        could not be told, and so not masked.
        """
        return {**self.first, "text": self.text(), MORE: "no", PART: "", ORDER: None}


class Joiner:
    """Joins the pieces of one kind of record; `joined` counts the rows that went into another one, `short` those of
    them behind a short piece, which only lacks its newline.

    `reads` tells whether a text is a whole line of some format. It decides where a short piece lacks its
    newline: the end of a container's output, or a driver that cuts earlier.
    """

    def __init__(self, reads: Reads | None = None) -> None:
        self._reads = reads
        self._waiting: dict[str, _Waiting] = {}
        self.joined = self.short = 0
        self.cut = 0

    def join(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` with pieces joined; a line whose end has not come yet waits."""
        open_ended = frame[MORE] != "no"
        if not self._waiting and not open_ended.any():
            return frame
        keys = frame.select(pl.concat_str(KEY, PART, separator="\x1e").alias(KEY))[KEY]
        touched = keys.is_in([*keys.filter(open_ended), *self._waiting])
        rows: list[Row] = []
        for row in frame.filter(touched).iter_rows(named=True):
            self._take(row, rows)
        return pl.concat([frame.filter(~touched), pl.DataFrame(rows, schema=frame.schema)])

    def finish(self) -> list[Row]:
        """Return the lines that still waited, as far as they came."""
        rows: list[Row] = []
        for key in list(self._waiting):
            self._give(key, rows, cut=not self._waiting[key].maybe)
        return rows

    def _take(self, row: Row, rows: list[Row]) -> None:
        """Add one row to the line that waits for it, or let it wait, or pass it on."""
        key = f"{row[KEY]}\x1e{row[PART]}"
        waiting = self._waiting.get(key)
        if waiting and (waiting.first[RUN] != row[RUN] or self._stands_alone(waiting)):
            self._give(key, rows, cut=not waiting.maybe)
            waiting = None
        if waiting is None:
            if row[MORE] == "no" and (row[ORDER] or 1) == 1:
                rows.append(row)
                return
            self._make_room(rows)
            waiting = self._waiting[key] = _Waiting(row)
        else:
            self.joined += 1
            self.short += waiting.maybe
        waiting.add(row)
        if waiting.whole() or waiting.size > MAX_TEXT:
            self._give(key, rows, cut=not waiting.whole())

    def _stands_alone(self, waiting: _Waiting) -> bool:
        return waiting.maybe and self._reads is not None and self._reads(waiting.text())

    def _make_room(self, rows: list[Row]) -> None:
        """Give up the line that has waited longest where too many wait."""
        if len(self._waiting) >= MAX_WAITING:
            self._give(next(iter(self._waiting)), rows, cut=True)

    def _give(self, key: str, rows: list[Row], *, cut: bool) -> None:
        self.cut += cut
        rows.append(self._waiting.pop(key).row())
