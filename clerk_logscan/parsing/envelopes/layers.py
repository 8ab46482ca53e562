"""One layer of envelopes of an input: those chosen for it, those that are certain by shape, and waiting pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan.parsing import octets
from clerk_logscan.parsing.envelopes import (
    audit_sections,
    blocks,
    cef,
    detection,
    journal,
    json_rows,
    languages,
    pino_pretty,
    printed,
    yaml_documents,
)
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.sure import Sure
from clerk_logscan.parsing.envelopes.work import NONE, PLACE, WORK, Taken
from clerk_logscan.parsing.pieces import RUN, Joiner, Reads
from clerk_logscan.readers.blocks import DOCKER

# What opens an envelope is imported when there is one: most logs wear none.
if TYPE_CHECKING:
    from clerk_logscan.parsing.envelopes.records import Records
    from clerk_logscan.parsing.envelopes.tables import Table

Take = Callable[[pl.DataFrame], Taken]

_Whole = (
    journal.Export
    | journal.Verbose
    | yaml_documents.Documents
    | pino_pretty.Documents
    | printed.Printed
    | audit_sections.Sections
    | blocks.Blocks
    | cef.Events
    | json_rows.Rows
)
_WHOLES: Final[tuple[tuple[Callable[[Sequence[str]], bool], type[_Whole]], ...]] = (
    (journal.is_export, journal.Export),
    (journal.is_verbose, journal.Verbose),
    (yaml_documents.is_yaml, yaml_documents.Documents),
    (pino_pretty.is_pretty, pino_pretty.Documents),
    (languages.is_printed, languages.Records),
    (audit_sections.is_audit, audit_sections.Sections),
    (printed.is_json, printed.Json),
    (blocks.is_blocks, blocks.Blocks),
    (cef.is_cef, cef.Events),
    (json_rows.is_rows, json_rows.Rows),
)

# Envelopes of which the search takes each piece, and the lines behind it: see readers.search and readers.pick.
# It knows the JSON of the latter only as it is written, not within a text, and Docker's by how a line begins.
_SEARCHED: Final = ("cri",)
_SEARCHED_OUTSIDE: Final = (*_SEARCHED, "docker-json-file", "docker-fluentd", "shipped-log")
_DOCKER: Final = "docker-json-file"
_BEGINS: Final = f"^[\0\ufeff]*{re.escape(DOCKER)}"
_NEWLINE_AT_END: Final = '\\n"'  # of a JSON string


class Layer:
    """Peels one layer; what was chosen is tried on every line, what is certain on the few lines that look so."""

    def __init__(self, envelopes: Sequence[Envelope], reads: Reads | None) -> None:
        self._envelopes = tuple(envelopes)
        self._reads = reads
        self._chosen: list[Envelope] = []
        self._keeps_newline = True  # Docker's own newline stands at the end of each `log`
        self._table: Table | None = None
        self._whole: _Whole | None = None  # what takes every line
        self.reset()

    @property
    def names(self) -> list[str]:
        """The envelopes that were chosen."""
        if self._whole:
            return [self._whole.name]
        return [*([self._table.name] if self._table else []), *(one.name for one in self._chosen)]

    @property
    def cut(self) -> int:
        """Lines that were given up before their last piece came."""
        return self._joiner.cut + (self._table.cut if self._table else 0)

    @property
    def joined(self) -> int:
        """Rows that went into the row of an earlier piece."""
        tables = self._table.joined if self._table else 0
        return self._joiner.joined + tables + (self._whole.joined if self._whole else 0)

    @property
    def hidden(self) -> int:
        """Records that do not show their line, or not to its end."""
        return self._sure.hidden + (self._records.hidden if self._records else 0)

    def choose(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> None:
        """Choose the envelopes that explain the sampled `texts`; unknown ones are tried on what is left over."""
        self._whole = next((make() for is_such, make in _WHOLES if is_such(texts)), None)
        if self._whole is None:
            readable.learn(texts)
            self._choose_by_line(texts, readable, depth)
        self.reset()

    def _choose_by_line(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> None:
        """Choose a table, the declared envelopes, and on what is left over an unknown one."""
        if not all(map(readable.plain, texts[: detection.HEADER_WITHIN])):
            texts = self._choose_table(texts, readable, depth)
        texts = [message for text in texts for message in octets.messages(text) or [text]]
        self._keeps_newline = any(_NEWLINE_AT_END in text for text in texts)
        names = detection.choose(texts, readable, depth) or self._around_several(texts, readable, depth)
        self._chosen = [one for one in self._envelopes if one.name in names]
        self._chosen.sort(key=lambda one: names.index(one.name))
        left = [text for text in texts if text and not readable.plain(text) and not readable.wears(text, names)]
        if len(left) >= detection.MIN_LINES or any(text.lstrip().startswith("{") for text in left):
            from clerk_logscan.parsing.envelopes import trying

            self._chosen += trying.invent(left, readable, depth)

    def _choose_table(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> Sequence[str]:
        """Choose the table whose header is among the first of `texts`; return those that are no rows of it."""
        from clerk_logscan.parsing.envelopes.tables import Table

        for one in self._envelopes:
            if one.table and (table := Table.find(one, texts, readable, depth)):
                self._table = table
                texts = [text for text in texts if table.line(text) is None]
        known = next((one for one in self._envelopes if one.table), None)
        if self._table is None and known and (unknown := Table.tried(known, texts, readable, depth)):
            self._table = unknown
            texts = [text for text in texts if unknown.line(text) is None]
        return texts

    def _around_several(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> list[str]:
        """Return the envelope whose lines are parts of a table or of records, which by themselves no format reads."""
        inside: dict[str, list[str]] = {}
        for text in texts[: detection.MAX_LINES]:
            for name, lines in readable.opened(text).items() if not readable.plain(text) else ():
                inside.setdefault(name, []).extend(lines)
        if not inside:
            return []
        from clerk_logscan.parsing.envelopes.tables import Table

        tables = [one for one in self._envelopes if one.table]
        for name, lines in inside.items():
            if any(Table.find(one, lines, readable, depth - 1) for one in tables):
                return [name]
            if any(is_such(lines) for is_such, _ in _WHOLES):
                return [name]
        return []

    def reset(self) -> None:
        """Forget the lines seen, keep what was chosen."""
        self._joiner = Joiner(self._reads)
        if self._table:
            self._table = self._table.fresh()
        if self._whole:
            self._whole = type(self._whole)()
        others = [one for one in self._envelopes if one not in self._chosen]
        self._sure = Sure(others, keeps_newline=self._keeps_newline)
        self._records: Records | None = None
        chosen = self._of_chosen() if self._chosen else []
        table = [self._table.take] if self._table else []
        self._takes = [*table, *chosen, self._sure.take_prefix, self._sure.take_record]

    def _of_chosen(self) -> list[Take]:
        """Return what peels the chosen envelopes, prefixes first; the pattern of a record before its parser."""
        from clerk_logscan.parsing.envelopes.canonical import Canonical
        from clerk_logscan.parsing.envelopes.prefixes import Prefix
        from clerk_logscan.parsing.envelopes.records import Records

        records = [one for one in self._chosen if one.record]
        found: list[Take] = [Prefix(one).take for one in self._chosen if one.prefix is not None]
        found += [Canonical(one, self._keeps_newline).take for one in records if one.record and one.record.line]
        if records:
            self._records = Records(records, keeps_newline=self._keeps_newline)
            found.append(self._records.take)
        return found

    def opaque(self, hits: pl.DataFrame, *, outermost: bool) -> bool:
        """Tell whether `hits`, peeled by this layer, hold an envelope whose line the raw bytes do not show."""
        hidden = [one.name for one in (*self._envelopes, *self._chosen) if one.opaque]
        innermost = hits["envelopes"].str.extract("([^>]*)$")
        if self._whole is not None or innermost.is_in(hidden).any():
            return True
        searched = innermost.is_in(_SEARCHED_OUTSIDE if outermost else _SEARCHED)
        searched &= (innermost != _DOCKER) | hits["raw"].str.contains(_BEGINS)
        found = self._joiner.joined if searched.all() and not self._joiner.short else 0
        return self.joined > found

    def run(self, rows: pl.DataFrame) -> Taken:
        """Return the rows peeled, pieces joined, and the rows that wear no envelope of this layer."""
        if self._whole:
            return self._whole.take(rows)
        rows = octets.split_texts(rows)
        done: list[pl.DataFrame] = []
        for take in self._takes:
            hits, rows = take(rows) if rows.height else (rows, rows)
            done += [hits] if hits.height else []
        found = pl.concat(done).sort("line_number", PLACE) if len(done) > 1 else done[0] if done else rows.clear()
        joined = self._joiner.join(found)
        return joined if joined is found else joined.sort("line_number", PLACE), rows

    def telling(self, rows: pl.DataFrame) -> pl.Series:
        """Tell which of the sampled rows that this layer gave tell what is within: where an entry takes several lines,
        single ones are of the middle of one.
        """
        every = pl.Series([True]).new_from_index(0, rows.height)
        if self._whole is None:
            return every
        entries = rows["envelopes"].str.ends_with(self._whole.name).fill_null(value=False)
        return rows[RUN].is_in(rows[RUN].filter(entries).unique().implode()) if entries.any() else every

    def finish(self) -> pl.DataFrame:
        """Return the lines that still wait for pieces."""
        rows = self._joiner.finish()
        rows += [*(self._table.finish() if self._table else []), *(self._whole.finish() if self._whole else [])]
        return pl.DataFrame(rows, schema=WORK) if rows else NONE
