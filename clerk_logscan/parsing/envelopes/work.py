"""The working frame of the peeler: the columns that travel with a line from layer to layer."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from clerk_logscan.parsing import octets
from clerk_logscan.parsing.pieces import KEY, MORE, ORDER, PART, RUN

PLACE: Final = "_n"  # place of the row among those of its layer

WORK: Final = pl.Schema(
    {
        "line_number": pl.Int64(),
        "byte_offset": pl.Int64(),
        "raw": pl.String(),
        "text": pl.String(),  # the inner line
        "envelope_time": pl.String(),  # of the innermost envelope that states one
        "envelopes": pl.String(),  # names from the outside in, "docker-json-file>cri"; null where nothing wraps
        KEY: pl.String(),
        PART: pl.String(),
        MORE: pl.String(),
        ORDER: pl.Int64(),
        RUN: pl.Int64(),
        PLACE: pl.Int64(),
    }
)
NONE: Final = pl.DataFrame(schema=WORK)  # no row
COLUMNS: Final = ("line_number", "byte_offset", "raw", "text", "envelope_time", "envelopes")

# Colours (SGR) that a terminal program wrote: those before the first quote. Behind it a client may have sent them.
# Messages that are told by their length keep theirs until they are apart.
# Werkzeug colours the request within its quotes: no client's method begins so.
_COLOURED: Final = '^[^"]*(?:"(?:\x1b\\[[0-9;]*m)+[A-Z]+ |\x1b\\[[0-9;]*m)'
_COLOUR: Final = "\x1b\\[[0-9;]*m"
# rsyslog spells a tab `#011`. Only a line whose first fields are set apart by it is undone: elsewhere it is a client's.
_TABBED: Final = '^[^ "#]+#011[^ "#]*#011'
_LEADING: Final = "\x00\ufeff"  # copytruncate leaves NULs before a line, concatenation byte order marks

_SIGNS: Final = (  # three times faster than the patterns
    pl.col("text").str.contains_any(list(_LEADING)).any().alias("led"),
    pl.col("text").str.contains("\x1b", literal=True).any().alias("coloured"),
    pl.col("text").str.contains("#011", literal=True).any().alias("tabbed"),
)

# Stands for a line that a record does not show: Unicode's sign for an object that cannot be shown.
HIDDEN: Final = "\ufffc"

Taken = tuple[pl.DataFrame, pl.DataFrame]  # the rows that were peeled, the rows left over


def start(frame: pl.DataFrame, runs: pl.Series) -> pl.DataFrame:
    """Return `frame` (line_number, byte_offset, raw) with every working column."""
    return frame.select(
        "line_number",
        "byte_offset",
        "raw",
        pl.col("raw").alias("text"),
        pl.lit(None, pl.String).alias("envelope_time"),
        pl.lit(None, pl.String).alias("envelopes"),
        pl.lit("").alias(KEY),
        pl.lit("").alias(PART),
        pl.lit("no").alias(MORE),
        pl.lit(None, pl.Int64).alias(ORDER),
        runs.alias(RUN),
        pl.int_range(pl.len(), dtype=pl.Int64).alias(PLACE),
    ).cast(WORK)


def named(name: pl.Expr | pl.Series) -> pl.Expr:
    """Return the column `envelopes` with `name` added as the innermost; a null adds nothing."""
    joined = pl.concat_str(pl.col("envelopes"), name, separator=">", ignore_nulls=True)
    return pl.when(joined != "").then(joined).otherwise(None).alias("envelopes")


def clean(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with NULs and byte order marks before each text, and colours, taken away, and tabs for `#011`."""
    if rows.is_empty():
        return rows
    led, coloured, tabbed = rows.select(_SIGNS).row(0)
    text = pl.col("text")
    if led:
        leads = text.str.contains(f"^[{_LEADING}]")
        rows = rows.with_columns(pl.when(leads).then(text.str.strip_chars_start(_LEADING)).otherwise(text))
    if coloured:
        outside = text.str.contains(_COLOURED) & ~text.str.contains(octets.STARTS)
        rows = rows.with_columns(pl.when(outside).then(text.str.replace_all(_COLOUR, "")).otherwise(text))
    if tabbed:
        untabbed = text.str.replace_all("#011", "\t", literal=True)
        rows = rows.with_columns(pl.when(text.str.contains(_TABBED)).then(untabbed).otherwise(text))
    return rows


def clean_text(text: str) -> str:
    """Return one text as `clean` leaves it."""
    text = text.lstrip(_LEADING)
    if "#011" in text and re.match(_TABBED, text):
        text = text.replace("#011", "\t")
    coloured = "\x1b" in text and re.match(_COLOURED, text) and not re.match(octets.STARTS, text)
    return re.sub(_COLOUR, "", text) if coloured else text
