"""Work on columns that a flood makes worth its while: no value is looked at twice, no wide frame copied for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import polars as pl


def mapped(column: pl.Series, of: Callable[[Any], Any], dtype: pl.DataType) -> pl.Series:
    """Return `of` of every value of `column`, nulls included, as a series of type `dtype` and of the same name."""
    return mapped_rows(column.to_frame(), of, dtype).alias(column.name)


def mapped_rows(frame: pl.DataFrame, of: Callable[..., Any], dtype: pl.DataType) -> pl.Series:
    """Return `of` of every row of `frame` (its values as arguments) as a series of type `dtype`."""
    firsts, numbers = different(frame)
    return pl.Series("_value", [of(*row) for row in frame[firsts].iter_rows()], dtype=dtype).gather(numbers)


def different(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return the places of the first row of each different one, and for every row the number of the one it equals."""
    places = alike(frame)
    each = places.to_frame().with_row_index("_number").explode(places.name)
    numbers = pl.Series([0], dtype=pl.get_index_type()).new_from_index(0, frame.height)
    return places.list.first(), numbers.scatter(each[places.name], each["_number"])


def alike(frame: pl.DataFrame) -> pl.Series:
    """Return the places of the rows that equal one another, a list for each different row, by its first."""
    telling = frame.select(column for column in frame if not _is_constant(column))
    rows = telling if telling.width else frame.select(frame.columns[0])  # of one log, say, all lines have one source
    return rows.with_row_index("_row").group_by(rows.columns, maintain_order=True).agg("_row")["_row"]


def _is_constant(column: pl.Series) -> bool:
    """Return whether all values (null is one) are the same."""
    return bool(column.eq_missing(column.head(1)).all())


def ordered(frame: pl.DataFrame, *by: str, nulls_last: bool = False) -> pl.DataFrame:
    """Return the rows in the order of these columns, equal ones in theirs; the frame itself where they are already."""
    return gathered(frame, frame.select(pl.arg_sort_by(by, nulls_last=nulls_last, maintain_order=True)).to_series())


def gathered(frame: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """Return the rows at these places; the frame itself where they are all its rows in their order."""
    if len(places) == frame.height and (places == pl.int_range(frame.height, eager=True)).all():
        return frame
    return frame[places]


def copied(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the same rows in memory of their own, so that what they were taken from can be let go.

    To filter, to gather and to concatenate all share the buffers of texts with the frame before, however few they are
    (https://arrow.apache.org/docs/format/Columnar.html, "Variable-size Binary View Layout").
    """
    memory = BytesIO()
    frame.write_ipc(memory)
    memory.seek(0)
    return pl.read_ipc(memory)


def firsts(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the first row of each value of a column."""
    return held(frame, frame[name].is_first_distinct())


def held(frame: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    """Return the rows of which `wanted` (none of it null) holds; the frame itself where they are all."""
    return frame if wanted.all() else frame.filter(wanted)


def rank(column: str, order: Sequence[str]) -> pl.Expr:
    """Return the place of each value of a column in `order`; behind all for another."""
    ranks = {name: place for place, name in enumerate(order)}
    return pl.col(column).replace_strict(ranks, default=len(order), return_dtype=pl.Int64)
