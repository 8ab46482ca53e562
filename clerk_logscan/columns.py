"""Work on columns that a flood makes worth its while: no value is looked at twice, no wide frame copied for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl


def mapped(column: pl.Series, of: Callable[[Any], Any], dtype: pl.DataType) -> pl.Series:
    """Return `of` of every value of `column`, nulls included, as a series of type `dtype` and of the same name."""
    return mapped_rows(column.to_frame(), of, dtype).alias(column.name)


def mapped_rows(frame: pl.DataFrame, of: Callable[..., Any], dtype: pl.DataType) -> pl.Series:
    """Return `of` of every row of `frame` (its values as arguments) as a series of type `dtype`."""
    known = frame.unique(maintain_order=True)
    values = pl.Series("_value", [of(*row) for row in known.iter_rows()], dtype=dtype)
    joined = frame.join(
        known.with_columns(values), on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["_value"]


def ordered(frame: pl.DataFrame, *by: str, nulls_last: bool = False) -> pl.DataFrame:
    """Return the rows in the order of these columns, equal ones in theirs; the frame itself where they are already."""
    return gathered(frame, frame.select(pl.arg_sort_by(by, nulls_last=nulls_last, maintain_order=True)).to_series())


def gathered(frame: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    """Return the rows at these places; the frame itself where they are all its rows in their order."""
    if len(places) == frame.height and (places == pl.int_range(frame.height, eager=True)).all():
        return frame
    return frame[places]


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
