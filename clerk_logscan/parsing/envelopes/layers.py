"""One layer of envelopes of an input: those chosen for it, those that are certain by shape, and waiting pieces."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clerk_logscan.parsing.envelopes import detection
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.prefixes import Prefix
from clerk_logscan.parsing.envelopes.records import Records
from clerk_logscan.parsing.envelopes.work import WORK, Taken
from clerk_logscan.parsing.pieces import Joiner, Reads


class Layer:
    """Peels one layer; what was chosen is tried on every line, what is certain on the few lines that look so."""

    def __init__(self, envelopes: Sequence[Envelope], reads: Reads | None) -> None:
        self._envelopes = envelopes
        self._reads = reads
        self._joiner = Joiner(reads)
        self.names: list[str] = []
        self._keeps_newline = True
        self._arrange()

    @property
    def cut(self) -> int:
        """Lines that were given up before their last piece came."""
        return self._joiner.cut

    @property
    def joined(self) -> int:
        """Rows that went into the row of an earlier piece."""
        return self._joiner.joined

    @property
    def empty(self) -> int:
        """Records whose value is null."""
        return sum(engine.empty for engine in self._chosen if isinstance(engine, Records)) + self._sure_records.empty

    def choose(self, texts: Sequence[str], readable: detection.Readable, depth: int) -> None:
        """Choose the envelopes that explain `texts`, the best first, each for the texts left over by those before."""
        texts = list(texts)
        open_ = {
            one.name: engine for one, engine in zip(self._envelopes, detection.engines(self._envelopes), strict=True)
        }
        while texts and open_:
            worths = {name: detection.worth(engine, texts, readable, depth) for name, engine in open_.items()}
            best = max(worths, key=lambda name: worths[name])
            if worths[best] <= 0:
                break
            engine = open_.pop(best)
            self.names.append(best)
            texts = [text for text in texts if not engine.one(text)]
        self._arrange()

    def reset(self) -> None:
        """Forget the lines seen, keep what was chosen."""
        self._joiner = Joiner(self._reads)
        self._arrange()

    def opaque(self, hits: pl.DataFrame) -> bool:
        """Tell whether `hits`, peeled by this layer, hold an envelope whose line the raw bytes do not show."""
        hidden = [one.name for one in self._envelopes if one.opaque]
        innermost = hits["envelopes"].str.extract("([^>]*)$")
        return bool(innermost.is_in(hidden).any()) or self.joined > 0

    def run(self, rows: pl.DataFrame) -> Taken:
        """Return the rows peeled, pieces joined, and the rows that wear no envelope of this layer."""
        done: list[pl.DataFrame] = []
        for engine in self._chosen:
            hits, rows = engine.take(rows) if rows.height else (rows, rows)
            done.append(hits)
        if rows.height:
            hits, rows = self._take_sure(rows)
            done.append(hits)
        found = pl.concat(done) if done else rows.clear()
        return self._joiner.join(found), rows

    def finish(self) -> pl.DataFrame:
        """Return the lines that still wait for pieces."""
        return self._joiner.finish(WORK)

    def _arrange(self) -> None:
        by_name = {one.name: one for one in self._envelopes}
        chosen = [by_name[name] for name in self.names]
        records = [one for one in chosen if one.record]
        self._chosen: list[detection.Engine] = [Prefix(one) for one in chosen if one.prefix is not None]
        if records:
            self._chosen.append(Records(records, keeps_newline=self._keeps_newline))
        sure = [one for one in self._envelopes if one.certain and one not in chosen]
        self._sure_prefixes = [Prefix(one) for one in sure if one.prefix is not None]
        self._sure_records = Records([one for one in sure if one.record])
        gates = [engine.gate for engine in self._sure_prefixes]
        self._gate = "|".join([*gates, r"^\s*[\[{]"])

    def _take_sure(self, rows: pl.DataFrame) -> Taken:
        """Peel what its shape alone proves; one cheap test lets nearly all lines of a plain log pass by."""
        like = rows["text"].str.contains(self._gate)
        if not like.any():
            return rows.clear(), rows
        rest, rows = rows.filter(~like), rows.filter(like)
        done = []
        for engine in self._sure_prefixes:
            hits, rows = engine.take(rows)
            done.append(hits)
        like = rows["text"].str.contains(self._sure_records.gate) | rows["text"].str.contains(r"^\s*\[|\}\s*,?\s*\{")
        hits, other = self._sure_records.take(rows.filter(like))
        return pl.concat([*done, hits]), pl.concat([rest, other, rows.filter(~like)])
