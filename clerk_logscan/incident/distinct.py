"""A function of a column's value, called once for each distinct value: a flood has few of them."""

from __future__ import annotations

from collections.abc import Callable
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
