"""Records: the fields that a definition cut of some lines, beside where these stand; and their rows in the schema."""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan import schema
from clerk_logscan.parsing import slices
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.fields import holds, typed_known, without_missing
from clerk_logscan.parsing.joins import PLACE, Records

PLACES: Final = ("source", "line_number", "byte_offset", "raw", "envelope_time")
LASTING: Final = 10  # characters of an id that names one request anywhere; the shortest known has 13
_OTHERS: Final = f"{PLACE}others"


def records_of_cut(cut: Cut, taken: pl.DataFrame, others: pl.Series | None) -> Records:
    """Return the records that a cut holds of its rows `taken` (PLACES); `others`: other targets that these may mean."""
    fields = without_missing(cut.raw, cut.definition)
    places = taken[list(PLACES)]
    places.columns = [PLACE + name for name in PLACES]
    if others is not None:
        places = places.hstack([others.alias(_OTHERS)])
    records = places.hstack(fields)
    if not cut.definition.other:
        return records
    present = frozenset(fields.columns)
    return records.filter(~pl.any_horizontal([holds(group, present) for group in cut.definition.other]))


def requests_of(definition: Definition, records: Records, zone: str) -> pl.DataFrame:
    """Return complete records of a definition as rows of schema.FRAME; a line without a time has its envelope's.

    `zone`: of times that state none.
    """
    names = [name for name in records.columns if not name.startswith(PLACE)]
    fields = records[names] if names else pl.DataFrame(height=records.height)
    places = records[[PLACE + name for name in PLACES]]
    places.columns = list(PLACES)
    parts = slices.side_by_side(lambda some: typed_known(some, definition, zone, some.height), fields)
    frame = pl.concat(parts).hstack(places)
    if frame["timestamp"].has_nulls() and (outer := places["envelope_time"]).null_count() < len(outer):
        frame = frame.with_columns(frame["timestamp"].fill_null(read_time(outer, "iso8601", zone)))
    if _OTHERS in records.columns:
        frame = frame.with_columns(records[_OTHERS].alias("_other_targets"))
    ids = [] if frame["_ids"].null_count() == frame.height else [_lasting_ids()]
    frame = frame.with_columns(*ids, log_format=pl.lit(definition.name))
    return schema.conform(frame)


def _lasting_ids() -> pl.Expr:
    """Return `_ids` less those that are mere counters (Fastify's `req-1`): other processes count the same."""
    lasting = pl.col("_ids").list.filter(pl.element().str.len_bytes() >= LASTING)
    return pl.when(lasting.list.len() > 0).then(lasting).alias("_ids")
