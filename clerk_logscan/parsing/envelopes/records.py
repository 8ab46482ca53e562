"""Peel envelopes that are JSON objects: one loop parses each line once for all of them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from clerk_logscan.parsing.envelopes import times, values
from clerk_logscan.parsing.envelopes.declarations import Envelope, Path_, Pieces, Record
from clerk_logscan.parsing.envelopes.work import HIDDEN, Taken, named
from clerk_logscan.parsing.pieces import KEY, MORE, ORDER, PART

_JSON: Final = ("{", "[")


_Piece = tuple[str, str, int | None]  # does another follow (pieces.MORE), pieces.PART, pieces.ORDER
_WHOLE: Final[_Piece] = ("no", "", None)


@dataclass(slots=True)
class _Found:
    """The lines found, column by column: a list of tuples would cost more than the JSON."""

    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    times: list[str | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    order: list[int | None] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def add(
        self,
        row: int,
        text: str,
        name: str | None,
        time: Any = None,
        key: str = "",
        piece: _Piece = _WHOLE,
    ) -> None:
        """Append one line found in row number `row`."""
        self.rows.append(row)
        self.texts.append(text)
        self.times.append(time if isinstance(time, str) or time is None else times.iso(time))
        self.keys.append(key)
        more, part, order = piece
        self.more.append(more)
        self.parts.append(part)
        self.order.append(order)
        self.names.append(name)

    def frame(self, parents: pl.DataFrame) -> pl.DataFrame:
        """Return a row for each line, with what its row of `parents` had and what was found."""
        texts = pl.Series("text", self.texts, dtype=pl.String)
        stated = times.iso_all(pl.Series("envelope_time", self.times, dtype=pl.String))
        keys = pl.Series("key", self.keys, dtype=pl.String)
        return parents[self.rows].with_columns(
            texts,
            pl.coalesce(stated, pl.col("envelope_time")).alias("envelope_time"),
            pl.concat_str(pl.col(KEY), keys, separator="\x1f").alias(KEY),
            pl.Series(PART, self.parts, dtype=pl.String),
            pl.Series(MORE, self.more, dtype=pl.String),
            pl.Series(ORDER, self.order, dtype=pl.Int64),
            named(pl.Series("name", self.names, dtype=pl.String)),
        )


class Records:
    """All envelopes that are JSON objects, so that each line is parsed once."""

    def __init__(self, envelopes: Sequence[Envelope], *, keeps_newline: bool = True) -> None:
        self.envelopes = envelopes
        self.hidden = 0  # records that do not show their line: journald's null for one that was too long to print
        self._readers = [_Reader(one, one.record, keeps_newline) for one in envelopes if one.record]

    def opened(self, text: str) -> dict[str, list[str]]:
        """Return, by name, the lines that each envelope for itself finds inside `text`."""
        lines: dict[str, list[str]] = {}
        for value, _ in values.records(text):
            for reader in self._readers:
                found = _Found()
                if reader.read(0, value, found):
                    lines.setdefault(reader.name, []).extend(found.texts)
        return lines

    def take(self, frame: pl.DataFrame) -> Taken:
        """Peel the rows of `frame` (work.WORK) that are such envelopes; set objects that stand back to back apart.

        Garbage collection rests meanwhile: it would walk all the objects again and again.
        """
        found = _Found()
        collecting = gc.isenabled()
        gc.disable()
        try:
            taken = [
                text.lstrip().startswith(_JSON) and self._look(row, text, found)
                for row, text in enumerate(frame["text"].to_list())
            ]
        finally:
            if collecting:
                gc.enable()
        if not found.rows:
            return frame.clear(), frame
        return found.frame(frame), frame.filter(~pl.Series(taken, dtype=pl.Boolean))

    def _look(self, row: int, text: str, found: _Found) -> bool:
        """Add the lines in the JSON of `text`; false where it is one object that no envelope fits."""
        before = len(found.rows)
        for value, source in values.records(text):
            if not any(reader.read(row, value, found) for reader in self._readers) and source is not text:
                found.add(row, source, None)
        self.hidden += found.texts[before:].count(HIDDEN)
        return len(found.rows) > before


class _Reader:
    """Reads the lines out of the records of one envelope."""

    def __init__(self, envelope: Envelope, record: Record, keeps_newline: bool) -> None:
        self.record = record
        self.name = envelope.name
        self._pieces = envelope.pieces
        self._keeps_newline = keeps_newline
        self._times = [getter(path) for path in record.time]
        self._keys = [getter(path) for path in record.key]

    def read(self, row: int, value: Any, found: _Found) -> bool:
        """Add the lines in `value`, the object of row number `row`; false where it is no such envelope."""
        if not fits(self.record, value):
            return False
        if not self.record.each:
            return self._item(row, value, value, found)
        return sum([self._item(row, value, item, found) for item in values.each(value, self.record.each)]) > 0

    def _item(self, row: int, outer: Any, item: Any, found: _Found) -> bool:
        """Add the lines of one element of a record."""
        for path in self.record.text:
            if values.has(item, path):
                value = values.get(item, path)
                break
        else:
            return False
        text, whole = self._text(value)
        if text is None:
            return False
        time = next((one for get in self._times for place in (item, outer) if (one := get(place)) is not None), None)
        key = "\x1f".join([str(get(item)) for get in self._keys])
        piece = self._piece(self._pieces, item, text) if self._pieces else _WHOLE
        for line in split(text) if whole else [*split(text), HIDDEN]:
            found.add(row, line, self.name, time, key, piece)
        return True

    def _text(self, value: Any) -> tuple[str | None, bool]:
        """Return the text that `value` stands for, and whether it shows all of that."""
        if type(value) is str:
            opened = values.open_base64(value) if self.record.encoded else None
            return opened or (values.text_of(value) if self.record.encoded else value, True)
        if value is None and self.record.null_hides:
            return HIDDEN, True
        return values.text_of(value), True

    def _piece(self, pieces: Pieces, item: Any, text: str) -> _Piece:
        """Tell whether another piece follows, and which one this is."""
        if pieces.newline:
            if text.endswith("\n"):
                return _WHOLE
            short = len(text.encode("utf-8", "replace")) < pieces.size
            return ("maybe" if self._keeps_newline else "no") if short else "yes", "", None
        number = values.get(item, pieces.order) if pieces.order else None
        order = int(number) if isinstance(number, int | str) and str(number).isdecimal() else None
        part = str(values.get(item, pieces.part)) if pieces.part else ""
        unfinished = any(str(values.get(item, path)) == wanted for path, wanted in pieces.more)
        return "yes" if unfinished else "no", part, order


def getter(path: Path_) -> Callable[[Any], Any]:
    """Return a function that reads `path` from an object; the short way for a single key."""
    if len(path) == 1:
        key = path[0]
        return lambda value: value.get(key) if type(value) is dict else values.get(value, path)
    return lambda value: values.get(value, path)


def fits(record: Record, value: Any) -> bool:
    """Tell whether the object `value` has the shape of `record`."""
    if record.only and not record.only.issuperset(value):
        return False
    for path in record.requires:
        if path[0] not in value and not values.has(value, path):
            return False
        if len(path) > 1 and not values.has(value, path):
            return False
    return not any(values.has(value, path) for path in record.unless)


def split(text: str) -> list[str]:
    """Return the lines of `text` without their ends; JSON printed over several lines is one."""
    text = text.removesuffix("\n").removesuffix("\r")
    if "\n" not in text or (text.lstrip()[:1] in ("{", "[") and values.records(text)):
        return [text]
    return [line.removesuffix("\r") for line in text.split("\n")]
