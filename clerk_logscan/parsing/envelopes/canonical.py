"""Peel records written by one program, whose form never varies, by a pattern: many times faster than parsing them.

Only what such a pattern proves is taken; every other row is left for the JSON loop, which says the same of these.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.work import Taken, named
from clerk_logscan.parsing.pieces import KEY, MORE, ORDER, PART

# The escapes that Go's encoder writes for a log line; a row with another one goes to the loop.
_ESCAPES: Final = {
    r"\\": "\\",
    r"\"": '"',
    r"\n": "\n",
    r"\r": "\r",
    r"\t": "\t",
    r"\u003c": "<",
    r"\u003e": ">",
    r"\u0026": "&",
}
_PLAIN: Final = r'^(?:[^\\]|\\(?:[\\"nrt]|u003[ce]|u0026))*$'


class Canonical:
    """One envelope whose declaration has the `line` of its program, with the groups text, key and time."""

    def __init__(self, envelope: Envelope, keeps_newline: bool) -> None:
        assert envelope.record is not None
        assert envelope.pieces is not None
        self._name = envelope.name
        self._line = envelope.record.line
        self._size = envelope.pieces.size
        self._short = "maybe" if keeps_newline else "no"

    def take(self, frame: pl.DataFrame) -> Taken:
        """Peel the rows of `frame` (work.WORK) that are of the canonical form and hold one line."""
        groups = frame["text"].str.extract_groups(self._line).struct.unnest()
        found = (groups["text"].str.contains(_PLAIN) & ~groups["text"].str.contains(r"\\n.")).fill_null(False)
        if not found.any():
            return frame.clear(), frame
        groups = groups.filter(found)
        text = groups["text"].str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
        short = pl.when(text.str.len_bytes() < self._size).then(pl.lit(self._short)).otherwise(pl.lit("yes"))
        hits = frame.filter(found).with_columns(
            text.str.strip_suffix("\n").str.strip_suffix("\r"),
            pl.coalesce(times.iso_all(groups["time"]), pl.col("envelope_time")).alias("envelope_time"),
            named(pl.lit(self._name)),
            pl.concat_str(pl.col(KEY), groups["key"].alias("key"), separator="\x1f").alias(KEY),
            pl.lit("").alias(PART),
            pl.when(text.str.ends_with("\n")).then(pl.lit("no")).otherwise(short).alias(MORE),
            pl.lit(None, pl.Int64).alias(ORDER),
        )
        return hits, frame.filter(~found)
