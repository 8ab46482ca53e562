"""One layer of envelopes of an input: those chosen for it, those that are certain by shape, and waiting pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from clerk_logscan.parsing.envelopes import detection, journal, octets, trying, yaml_documents
from clerk_logscan.parsing.envelopes.canonical import Canonical
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.prefixes import Prefix
from clerk_logscan.parsing.envelopes.records import Records
from clerk_logscan.parsing.envelopes.tables import Table
from clerk_logscan.parsing.envelopes.work import PLACE, WORK, Taken
from clerk_logscan.parsing.pieces import Joiner, Reads

_SEVERAL: Final = r"^\s*\[|\}\s*,?\s*\{"  # an array of objects, or one after another

_NEWLINE_AT_END: Final = '\\n"'  # of a JSON string


class Layer:
    """Peels one layer; what was chosen is tried on every line, what is certain on the few lines that look so."""

    def __init__(self, envelopes: Sequence[Envelope], reads: Reads | None) -> None:
        self._envelopes = tuple(envelopes)
        self._reads = reads
        self._chosen: list[Envelope] = []
        self._keeps_newline = True  # Docker's own newline stands at the end of each `log`
        self._table: Table | None = None
        self._whole: journal.Export | yaml_documents.Documents | None = None  # what takes every line
        self.reset()

    @property
    def names(self) -> list[str]:
        """The envelopes that were chosen."""
        if self._whole:
            return [journal.NAME if isinstance(self._whole, journal.Export) else yaml_documents.NAME]
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
        return self._sure_records.hidden + (self._records.hidden if self._records else 0)

    def choose(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> None:
        """Choose the envelopes that explain the sampled `texts`; unknown ones are tried on what is left over."""
        if journal.is_export(texts):
            self._whole = journal.Export()
        elif yaml_documents.is_yaml(texts):
            self._whole = yaml_documents.Documents()
        else:
            readable.learn(texts)
            self._choose_by_line(texts, readable, depth)
        self.reset()

    def _choose_by_line(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> None:
        """Choose a table, the declared envelopes, and on what is left over an unknown one."""
        for one in self._envelopes:
            if one.table and (table := Table.find(one, texts, readable, depth)):
                self._table = table
                texts = [text for text in texts if table.line(text) is None]
        texts = [message for text in texts for message in octets.messages(text) or [text]]
        self._keeps_newline = any(_NEWLINE_AT_END in text for text in texts)
        names = detection.choose(texts, readable, depth) or self._around_a_table(texts, readable, depth)
        self._chosen = [one for one in self._envelopes if one.name in names]
        self._chosen.sort(key=lambda one: names.index(one.name))
        left = [text for text in texts if text and not readable.plain(text) and not readable.wears(text, names)]
        if len(left) >= trying.MIN_LINES and (unknown := trying.invent(left, readable, depth)):
            self._chosen.append(unknown)

    def _around_a_table(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> list[str]:
        """Return the envelope whose lines are rows of a table, which by themselves no format reads."""
        tables = [one for one in self._envelopes if one.table]
        inside: dict[str, list[str]] = {}
        for text in texts[: detection.MAX_LINES]:
            for name, lines in readable.opened(text).items():
                inside.setdefault(name, []).extend(lines)
        for name, lines in inside.items():
            if any(Table.find(one, lines, readable, depth - 1) for one in tables):
                return [name]
        return []

    def reset(self) -> None:
        """Forget the lines seen, keep what was chosen."""
        self._joiner = Joiner(self._reads)
        if self._table:
            self._table = self._table.fresh()
        if self._whole:
            self._whole = type(self._whole)()
        records = [one for one in self._chosen if one.record]
        self._prefixes = [Prefix(one) for one in self._chosen if one.prefix is not None]
        self._records = Records(records, keeps_newline=self._keeps_newline) if records else None
        canonical = [Canonical(one, self._keeps_newline) for one in records if one.record and one.record.line]
        chosen = [self._table, *self._prefixes, *canonical, self._records]
        self._takes = [*(one.take for one in chosen if one), self._take_sure_prefix, self._take_sure_record]
        sure = [one for one in self._envelopes if one.certain and one not in self._chosen]
        self._sure_prefixes = [Prefix(one) for one in sure if one.prefix is not None]
        self._sure_records = Records([one for one in sure if one.record], keeps_newline=self._keeps_newline)
        self._marks = self._sure_records.marks
        starts = [engine.envelope.starts for engine in self._sure_prefixes]
        self._starts = "|".join(starts or ["^\\b\\B"])

    def opaque(self, hits: pl.DataFrame) -> bool:
        """Tell whether `hits`, peeled by this layer, hold an envelope whose line the raw bytes do not show."""
        hidden = [one.name for one in self._envelopes if one.opaque]
        innermost = hits["envelopes"].str.extract("([^>]*)$")
        return bool(innermost.is_in(hidden).any()) or self._whole is not None or self.joined > 0

    def run(self, rows: pl.DataFrame) -> Taken:
        """Return the rows peeled, pieces joined, and the rows that wear no envelope of this layer."""
        if self._whole:
            return self._whole.take(rows)
        rows = octets.split(rows)
        done: list[pl.DataFrame] = []
        for take in self._takes:
            hits, rows = take(rows) if rows.height else (rows, rows)
            done += [hits] if hits.height else []
        found = pl.concat(done).sort("line_number", PLACE) if len(done) > 1 else done[0] if done else rows.clear()
        joined = self._joiner.join(found)
        return joined if joined is found else joined.sort("line_number", PLACE), rows

    def finish(self) -> pl.DataFrame:
        """Return the lines that still wait for pieces."""
        late = self._joiner.finish(WORK)
        rows = [*(self._table.finish() if self._table else []), *(self._whole.finish() if self._whole else [])]
        return pl.concat([late, pl.DataFrame(rows, schema=WORK)]) if rows else late

    def _take_sure_prefix(self, rows: pl.DataFrame) -> Taken:
        """Peel what its prefix alone proves; one cheap test lets nearly all lines of a plain log pass by."""
        like = rows["text"].str.contains(self._starts)
        if not like.any():
            return rows.clear(), rows
        rest, rows = rows.filter(~like), rows.filter(like)
        done = []
        for engine in self._sure_prefixes:
            hits, rows = engine.take(rows)
            done.append(hits)
        return pl.concat(done), pl.concat([rest, rows])

    def _take_sure_record(self, rows: pl.DataFrame) -> Taken:
        """Peel what its keys alone prove, and set records apart that stand in one line."""
        like = rows["text"].str.contains(r"^\s*[\[{]")
        if not like.any():
            return rows.clear(), rows
        like &= rows["text"].str.contains_any(self._marks) | rows["text"].str.contains(_SEVERAL)
        if not like.any():
            return rows.clear(), rows
        hits, other = self._sure_records.take(rows.filter(like))
        return hits, pl.concat([rows.filter(~like), other])
