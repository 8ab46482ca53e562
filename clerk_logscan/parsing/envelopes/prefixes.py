"""Peel an envelope that is a text before the line, by one polars pattern."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

import polars as pl

from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.work import Taken, named
from clerk_logscan.parsing.pieces import KEY, MORE

_ADDRESS: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*")
_ESCAPED: Final = re.compile(r'\\(["\\])')
_TEXT: Final = "(?P<text>(?s:.*))$"


class Prefix:
    """One envelope that is a text before the line."""

    def __init__(self, envelope: Envelope) -> None:
        assert envelope.prefix is not None
        self.envelope = envelope
        self._pattern = envelope.prefix + ("" if "(?P<text>" in envelope.prefix else _TEXT)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern, re.ASCII)

    def one(self, text: str) -> list[str]:
        """Return the line inside `text`, in a list; nothing where it is not such an envelope.

        A stream or container is never named like an address: that would be the client's, at the head of a line.
        """
        match = self._compiled.match(text)
        if not match or any(_ADDRESS.fullmatch(word) for word in (match.groupdict().get("key") or "").split(" ")):
            return []
        return [_ESCAPED.sub(r"\1", match["text"]) if self.envelope.escaped else match["text"]]

    def take(self, frame: pl.DataFrame) -> Taken:
        """Peel the rows of `frame` (work.WORK) that are such an envelope."""
        groups = frame["text"].str.extract_groups(self._pattern).struct.unnest()
        found = groups["text"].is_not_null()
        if not found.any():
            return frame.clear(), frame
        if found.all():
            return frame.with_columns(self._columns(groups)), frame.clear()
        return frame.filter(found).with_columns(self._columns(groups.filter(found))), frame.filter(~found)

    def _columns(self, groups: pl.DataFrame) -> list[pl.Expr | pl.Series]:
        """Return the columns that change: the inner text, the time, and what tells pieces apart."""
        text = groups["text"].str.strip_suffix("\r")
        text = text.str.replace_all(_ESCAPED.pattern, "$1") if self.envelope.escaped else text
        changed: list[pl.Expr | pl.Series] = [text, named(pl.lit(self.envelope.name))]
        if "time" in groups.columns:
            stated = times.iso_all(groups["time"])
            changed.append(pl.coalesce(stated, pl.col("envelope_time")).alias("envelope_time"))
        if "key" in groups.columns:
            key = groups["key"].fill_null("").alias("key")
            changed.append(pl.concat_str(pl.col(KEY), key, separator="\x1f").alias(KEY))
        if self.envelope.pieces and "more" in groups.columns:
            unfinished = groups["more"].is_in([value for _, value in self.envelope.pieces.more])
            more = pl.when(unfinished.fill_null(False)).then(pl.lit("yes")).otherwise(pl.lit("no"))
            changed.append(more.alias(MORE))
        return changed
