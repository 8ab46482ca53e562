"""What a grammar gives: the rows that one definition reads, with their fields as text."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from clerk_logscan.parsing.definitions import Definition


@dataclass(frozen=True, slots=True)
class Cut:
    """`rows` (UInt32) are indices into the texts that were cut; `raw` has the fields of each as String columns."""

    definition: Definition
    rows: pl.Series
    raw: pl.DataFrame
