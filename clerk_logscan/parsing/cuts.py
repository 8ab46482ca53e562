"""What a grammar gives: the rows that one definition reads, with their fields as text."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from clerk_logscan.parsing.definitions import Definition


class Cut(NamedTuple):
    """`rows` (UInt32) are indices into the texts that were cut; `raw` has the fields of each as String columns."""

    definition: Definition
    rows: pl.Series
    raw: pl.DataFrame
