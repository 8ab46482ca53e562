"""Requests in two records of a log, of which the search finds the one that holds the target: the other is found by the
id that both hold, so that not every line must be parsed.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan.packed import Packed
from clerk_logscan.reading import Keep, Reading

# Ids beyond which every line is parsed: to look for more takes as long.
MOST: Final = 20_000


def of(reading: Reading, needed: Keep) -> pl.DataFrame:
    """Return the requests of a reading of which one record was read only; none, unless one of them is `needed`."""
    held = reading.requests
    mine = held.filter(held["line_number"].is_in(list(reading.parser.halves)))
    return mine if needed(mine).height else mine.clear()


def texts(reading: Reading, halves: pl.DataFrame) -> list[bytes] | None:
    """Return texts of which the other record of each of the `halves` holds one, and its own line, too.

    None where that cannot be told of one, or where they are too many.
    """
    if halves.height > MOST:
        return None
    ids, found = reading.parser.halves, dict[str, None]()
    for number, raw in halves.select("line_number", "raw").iter_rows():
        spellings = ids[number].spellings(raw)
        if not spellings:
            return None
        found.update(dict.fromkeys(spellings))
    return [text.encode() for text in found]


def keep(halves: pl.DataFrame, needed: Keep) -> Keep:
    """Return what keeps, of what these texts find, the `halves`, and what is `needed` besides."""
    lines = halves["line_number"].to_list()
    return lambda found: found.filter(found["line_number"].is_in([*lines, *needed(found)["line_number"]]))


def complete(reading: Reading, again: Reading, held: Packed) -> None:
    """Put what was read `again`, by these texts, in the place of the halves; `held`, empty, is to hold all."""
    found, joined = again.requests, again.parser.joined
    done = {*joined} | ({*found["line_number"]} & reading.parser.halves.keys())
    kept = reading.requests.filter(~pl.col("line_number").is_in(list(done)))
    new = found.filter(~found["line_number"].is_in(kept["line_number"].implode()))
    held.add(pl.concat([kept, new]).sort("line_number", "byte_offset", maintain_order=True))
    reading.held = held
    twice = reading.parser.recount(again.parser)
    reading.request_count -= twice
    reading.not_requests += twice
