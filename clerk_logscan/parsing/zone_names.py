"""Names of time zones behind a time: those that mean one offset, everywhere; of the others nobody can tell.

https://www.iana.org/time-zones. EST is New York's and Sydney's, CST Chicago's and Shanghai's, IST India's, Israel's and
Ireland's, BST London's and Dhaka's, PST Los Angeles' and Manila's: a time with such a name is none.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_OFFSETS: Final = {
    **dict.fromkeys(("UTC", "GMT", "WET"), "+0000"),
    **dict.fromkeys(("CET", "WEST"), "+0100"),
    **dict.fromkeys(("CEST", "EET", "SAST"), "+0200"),
    **dict.fromkeys(("EEST", "MSK"), "+0300"),
    **dict.fromkeys(("AWST", "HKT", "SGT"), "+0800"),
    **dict.fromkeys(("JST", "KST"), "+0900"),
    "ACST": "+0930",
    "AEST": "+1000",
    "ACDT": "+1030",
    "AEDT": "+1100",
    "NZST": "+1200",
    "NZDT": "+1300",
    "EDT": "-0400",
    "MDT": "-0600",
    "PDT": "-0700",
    "AKDT": "-0800",
    "AKST": "-0900",
    "HST": "-1000",
}
NAMES: Final = "UTC|GMT|[AECMPN][SD]T|AK[SD]T|HST|[CEW]ES?T|[BIJK]ST|MSK|SAST|HKT|SGT|A[CEW][SD]T|NZ[SD]T"
_NAMED: Final = r"^(.*?[0-9])\s?([A-Z]{3,5})( [0-9]{4})?$"
_OFFSET: Final = r"[+-][0-9]{2}:?[0-9]{2}$"


def spelled(texts: pl.Series) -> pl.Series:
    """Return times with an offset in place of a zone's name, null where the name has several; others as they are.

    Behind an offset (Go writes both) a name says nothing more.
    """
    parts = texts.str.extract_groups(_NAMED).struct.rename_fields(["time", "name", "year"]).struct.unnest()
    named = parts["name"].is_not_null()
    if not named.any():
        return texts
    both = parts["time"].str.contains(_OFFSET)
    offset = parts["name"].replace_strict(_OFFSETS, default=None, return_dtype=pl.String)
    zoned = parts.select(pl.concat_str("time", pl.lit(" ") + offset, pl.col("year").fill_null(""))).to_series()
    bare = parts.select(pl.concat_str("time", pl.col("year").fill_null(""))).to_series()
    return texts.zip_with(~named.fill_null(False), bare.zip_with(both.fill_null(False), zoned))
