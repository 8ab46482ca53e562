"""Rows of the report document: a list of dicts, or a frame of which dicts are made only as they are asked for.

A flood has a hundred thousand findings and more: as dicts they would take a gigabyte, and seconds to be made. What is
asked of rows is asked here, of the frame where there is one; a report read from JSON costs no polars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, overload

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]

_SLICE: Final = 10_000  # rows made at once


class Rows(Sequence[Row]):
    """The rows of a frame, all or those at some `places`, equal to a list of the same dicts."""

    def __init__(self, frame: pl.DataFrame, places: pl.Series | None = None) -> None:
        self._whole, self._places = frame, places

    @cached_property
    def frame(self) -> pl.DataFrame:
        """These rows as a frame."""
        return self._whole if self._places is None else self._whole[self._places]

    def columns(self, *names: str) -> pl.DataFrame:
        """Return some of the columns; where the rows are some of many, the others are not copied."""
        return Rows(self._whole.select(names), self._places).frame

    def at(self, places: pl.Series) -> Rows:
        """Return the rows at these places among them."""
        return Rows(self._whole, places if self._places is None else self._places[places])

    def __len__(self) -> int:
        return self._whole.height if self._places is None else len(self._places)

    def __iter__(self) -> Iterator[Row]:
        for part in self.slices():
            yield from part

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return self._whole[index if self._places is None else self._places[index]].to_dicts()
        return self._whole.row(index if self._places is None else self._places[index], named=True)

    def slices(self) -> Iterator[list[Row]]:
        """Yield the rows, many at a time."""
        for part in self.frame.iter_slices(_SLICE):
            yield part.to_dicts()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def __repr__(self) -> str:
        return f"<{len(self):,} rows: {', '.join(self._whole.columns)}>"


def distinct(rows: Sequence[Row], *names: str) -> list[tuple[Any, ...]]:
    """Return the different values of these fields, in the order of their first row; lists as tuples."""
    if isinstance(rows, Rows):
        values = rows.columns(*names).unique(maintain_order=True).iter_rows()
    else:
        values = (tuple(row.get(name) for name in names) for row in rows)
    plain = (tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in values)
    return list(dict.fromkeys(plain))


def fields(rows: Sequence[Row], *names: str) -> Iterator[tuple[Any, ...]]:
    """Yield these fields of each row."""
    if isinstance(rows, Rows):
        return rows.columns(*names).iter_rows()
    return (tuple(row.get(name) for name in names) for row in rows)


def items(rows: Sequence[Row], name: str) -> list[Any]:
    """Return what the lists in this field hold, each once, in the order of its first row."""
    if isinstance(rows, Rows):
        return rows.columns(name).to_series().explode().drop_nulls().unique(maintain_order=True).to_list()
    return list(dict.fromkeys(item for row in rows for item in row.get(name) or ()))


def grouped(rows: Sequence[Row], name: str, field: str, most: int) -> dict[Any, list[Any]]:
    """Return for each value of the field `name` the first few different ones of another, in the order of their rows."""
    if isinstance(rows, Rows):
        import polars as pl

        values = pl.col(field).unique(maintain_order=True).head(most)
        return dict(rows.columns(name, field).group_by(name).agg(values).iter_rows())
    found: dict[Any, dict[Any, None]] = {}
    for row in rows:
        found.setdefault(row.get(name), {})[row.get(field)] = None
    return {value: list(others)[:most] for value, others in found.items()}


def picked(rows: Sequence[Row], places: Sequence[int]) -> Sequence[Row]:
    """Return the rows at these places."""
    if isinstance(rows, Rows):
        import polars as pl

        return rows.at(pl.Series(places, dtype=pl.UInt32))
    return [rows[place] for place in places]


def counts(rows: Sequence[Row], name: str) -> dict[Any, int]:
    """Return how many rows have each value of a field, null left out."""
    if isinstance(rows, Rows):
        return dict(rows.columns(name).to_series().drop_nulls().value_counts().iter_rows())
    return dict(Counter(row[name] for row in rows if row.get(name) is not None))


def having(rows: Sequence[Row], name: str, *values: Any) -> Sequence[Row]:
    """Return the rows whose field `name` is one of `values`."""
    if isinstance(rows, Rows):
        return rows.at(rows.columns(name).to_series().is_in(values).arg_true())
    return [row for row in rows if row.get(name) in values]


def lacking(rows: Sequence[Row], name: str, *values: Any) -> Sequence[Row]:
    """Return the rows whose field `name` is none of `values`."""
    if isinstance(rows, Rows):
        return rows.at((~rows.columns(name).to_series().is_in(values).fill_null(value=False)).arg_true())
    return [row for row in rows if row.get(name) not in values]


class Shelf:
    """Rows by one of their fields, null left out."""

    def __init__(self, rows: Sequence[Row], name: str) -> None:
        self._rows, self._name = rows, name
        self._lists: dict[Any, list[Row]] = {}
        self._of_frame: tuple[dict[Any, int], pl.Series] | None = None
        for row in () if isinstance(rows, Rows) else rows:
            if row.get(name) is not None:
                self._lists.setdefault(row[name], []).append(row)

    def of(self, value: Any) -> Sequence[Row]:
        """Return the rows with this value, in their order."""
        if isinstance(self._rows, Rows):
            numbers, places = self._of_frame = self._of_frame or _places(self._rows.columns(self._name), self._name)
            found = numbers.get(value)
            return [] if found is None else self._rows.at(places[found])
        return self._lists.get(value, [])


def _places(frame: pl.DataFrame, name: str) -> tuple[dict[Any, int], pl.Series]:
    """Return the number of each value of a column, and in a list a number the places of its rows."""
    import polars as pl

    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias("_place")
    told = frame.select(name, place).filter(pl.col(name).is_not_null())
    groups = told.group_by(name).agg("_place")
    return {value: number for number, value in enumerate(groups[name])}, groups["_place"]


def ordered(rows: Sequence[Row], key: Callable[[Row], Any], columns: Callable[[], Sequence[pl.Expr]]) -> Sequence[Row]:
    """Return the rows in the order of `key`, which `columns` computes of a frame."""
    if isinstance(rows, Rows):
        return Rows(rows.frame.sort(columns(), maintain_order=True))
    return sorted(rows, key=key)
