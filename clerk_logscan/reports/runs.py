"""Runs: like requests of one client made one line, with a count that is exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clerk_logscan.rows import Row, Rows

if TYPE_CHECKING:
    import polars as pl

_REQUESTS = ("finding", "context")


@dataclass
class Run:
    """Like requests as one line: the first of them, how many, and the last."""

    row: Row
    count: int = 1
    last: Row = field(default_factory=dict)


def runs(rows: Sequence[Row], most: int, *, findings_first: bool = False) -> list[Run]:
    """Return rows as lines in order of their first: like requests of one client are one line with a count.

    At most so many lines: the first ones, or `findings_first` rather than the other requests of the same clients.
    """
    spans = _spans_of_frame(rows.columns(*_LIKE, "request_target")) if isinstance(rows, Rows) else _spans(rows)
    order: Sequence[int] = range(len(spans))
    if findings_first and len(spans) > most:
        order = sorted(order, key=lambda at: (spans[at][3] != "finding", at))
    chosen = (spans[at] for at in sorted(order[:most]))
    return [Run(rows[first], count, rows[last]) for first, last, count, _ in chosen]


_Span = tuple[int, int, int, Any]  # the first row, the last, how many, their kind
_LIKE = ("kind", "client_ip", "method", "status", "outcome", "target_host")


def _spans(rows: Sequence[Row]) -> list[_Span]:
    found: dict[Any, _Span] = {}
    for at, row in enumerate(rows):
        key = _run_key(row) if row.get("kind") in _REQUESTS else at
        first, _, count, kind = found.get(key, (at, at, 0, row.get("kind")))
        found[key] = first, at, count + 1, kind
    return list(found.values())


def _run_key(row: Row) -> tuple[Any, ...]:
    target = str(row.get("request_target") or "").split("?")[0]
    return (*(row.get(name) for name in _LIKE), target)


def _spans_of_frame(frame: pl.DataFrame) -> list[_Span]:
    import polars as pl

    from clerk_logscan.columns import alike

    keys = frame.select(
        *_LIKE,
        pl.col("request_target").fill_null("").str.split_exact("?", 1).struct.field("field_0").alias("target"),
        pl.when(~pl.col("kind").is_in(_REQUESTS)).then(pl.int_range(pl.len())).alias("single"),
    )
    places = alike(keys).list
    first = places.first()
    spans = first, places.last(), places.len(), frame["kind"].gather(first)
    return list(zip(*(column.to_list() for column in spans), strict=True))
