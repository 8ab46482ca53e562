"""Peel the envelopes that their shape alone proves, from the few lines that look so."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import polars as pl

from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.engines import Engines
from clerk_logscan.parsing.envelopes.work import Taken

_SEVERAL: Final = r"^\s*\[|\}\s*,?\s*\{"  # an array of objects, or one after another
_NEVER: Final = r"^\b\B"


class Sure:
    """The certain ones among `envelopes`; `keeps_newline` as for Records."""

    def __init__(self, envelopes: Sequence[Envelope], *, keeps_newline: bool) -> None:
        self._envelopes = [one for one in envelopes if one.certain]
        self._engines = Engines(self._envelopes, keeps_newline=keeps_newline)
        self.hidden = 0  # records that do not show their line, or not to its end

    @cached_property
    def _starts(self) -> str:
        starts = "|".join(one.starts for one in self._envelopes if one.prefix is not None) or _NEVER
        return starts.replace(r"\d", "[0-9]")  # compiled in a tenth of the time: `\d` are the digits of all scripts

    @cached_property
    def _marks(self) -> list[str]:
        """Texts of which each line has one that one of the records could be: a key in its quotes."""
        keys = {path[0] for one in self._envelopes if one.record for path in one.record.requires[:1]}
        return sorted(f'"{key}"' for key in keys)

    def take_prefix(self, rows: pl.DataFrame) -> Taken:
        """Peel what its prefix alone proves; one cheap test lets nearly all lines of a plain log pass by."""
        like = rows["text"].str.contains(self._starts)
        if not like.any():
            return rows.clear(), rows
        rest, rows = rows.filter(~like), rows.filter(like)
        done = []
        for engine in self._engines.prefixes:
            hits, rows = engine.take(rows)
            done.append(hits)
        return pl.concat(done), pl.concat([rest, rows])

    def take_record(self, rows: pl.DataFrame) -> Taken:
        """Peel what its keys alone prove, and set records apart that stand in one line."""
        like = rows["text"].str.contains(r"^\s*[\[{]")
        if not like.any():
            return rows.clear(), rows
        like &= rows["text"].str.contains_any(self._marks) | rows["text"].str.contains(_SEVERAL)
        if not like.any():
            return rows.clear(), rows
        hits, other = self._engines.records.take(rows.filter(like))
        self.hidden = self._engines.records.hidden
        return hits, pl.concat([rows.filter(~like), other])
