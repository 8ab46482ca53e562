"""The Peeler of one input: which envelopes its lines wear, layer by layer, and the lines inside."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clerk_logscan.parsing.envelopes import detection
from clerk_logscan.parsing.envelopes.declarations import MAX_DEPTH, Envelope, load_all
from clerk_logscan.parsing.envelopes.layers import Layer
from clerk_logscan.parsing.envelopes.work import COLUMNS, NONE, PLACE, clean, start
from clerk_logscan.parsing.pieces import Reads


class Peeler:
    """Peels the lines of one input, given in order by frames of line_number, byte_offset and raw.

    `reads` tells whether a text is a whole line of some format: what only looks like an envelope is decided by it.
    Without it only those envelopes are peeled that their shape alone proves.
    `needs_all`: the requests cannot be searched in the raw bytes of this input, or a piece was seen whose
    neighbours were not given: read it whole, with a new Peeler.
    """

    def __init__(
        self, source: str = "", reads: Reads | None = None, envelopes: Sequence[Envelope] | None = None
    ) -> None:
        self.source = source
        self._reads = reads
        self._envelopes = load_all() if envelopes is None else tuple(envelopes)
        self._layers = [Layer(self._envelopes, reads) for _ in range(MAX_DEPTH)]
        self._opaque = False
        self.pieced = False  # detection saw lines in pieces
        self._run = 0
        self._next_line: int | None = None
        self._passed, self._before = pl.Series(dtype=pl.Int64), 0  # lines passed by, of this frame and before it

    @property
    def names(self) -> list[str]:
        """The envelopes that detection settled on, from the outside in."""
        return [name for layer in self._layers for name in layer.names]

    @property
    def needs_all(self) -> bool:
        """Whether a search of the raw bytes would miss requests, so that every line must be given."""
        return self._opaque or any(layer.cut for layer in self._layers)

    @property
    def joined(self) -> int:
        """Lines that were pieces of a line before them: rows given to `peel` that gave none of their own."""
        return sum(layer.joined for layer in self._layers)

    @property
    def hidden(self) -> int:
        """Rows whose text is HIDDEN: records that hold a line which they do not show, or not to its end."""
        return sum(layer.hidden for layer in self._layers)

    def detect(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Settle which envelopes the input wears by the sampled lines in `frame` (line_number, byte_offset, raw).

        Returns those lines as `peel` and `finish` give them, for detecting formats by, without parts of entries that
        were not sampled whole; none counts as peeled.
        Lines that follow one another, as the first ones of a file, show more than single ones.
        """
        rows, untold = self._start(frame), pl.Series(dtype=pl.Int64)
        readable = detection.Readable(self._envelopes, self._reads)
        for depth, layer in enumerate(self._layers):
            layer.choose(rows["text"].to_list(), readable, MAX_DEPTH - depth)
            hits, _ = layer.run(rows)
            self._opaque |= layer.opaque(hits, outermost=depth == 0)
            self.pieced |= layer.joined > 0
            found = pl.concat([hits, layer.finish()])
            told = layer.telling(found)
            untold.append(found["line_number"].filter(~told))
            rows = clean(found.filter(told))
            if rows.is_empty():
                break
        self.reset()
        peeled = pl.concat([self.peel(frame), self.finish()])
        self.reset()
        return peeled.filter(~peeled["line_number"].is_in(untold.implode()))

    def reset(self) -> None:
        """Forget the lines seen, keep what was settled."""
        for layer in self._layers:
            layer.reset()
        self._run, self._next_line = 0, None
        self._passed, self._before = pl.Series(dtype=pl.Int64), 0

    def pass_by(self, numbers: pl.Series) -> None:
        """Count lines (numbers, ascending) as read that wear nothing; the next `peel` is given those between them."""
        self._before += len(self._passed)
        self._passed = numbers

    def peel(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` with text, envelope_time and envelopes; one row a line found inside.

        `text` is `raw` where nothing wraps it; a blank `text` is an envelope's own line, which holds none. The
        pieces of a line become one row, at the place of the first; those unfinished wait for the next call.
        """
        return self._descend(self._start(frame), 0).select(COLUMNS)

    def finish(self) -> pl.DataFrame:
        """Return the lines whose last piece never came, as far as they came; the columns are those of `peel`."""
        late = [self._descend(clean(layer.finish()), depth + 1) for depth, layer in enumerate(self._layers)]
        if not any(rows.height for rows in late):
            return NONE.select(COLUMNS)
        return pl.concat(late).sort("line_number", maintain_order=True).select(COLUMNS)

    def _start(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` with the working columns; the holes between the lines given so far are counted."""
        numbers = frame["line_number"]
        if self._before or len(self._passed):  # lines that were passed by make no hole
            numbers = numbers - self._passed.search_sorted(numbers).cast(pl.Int64) - self._before
            self.pass_by(self._passed.clear())
        return clean(start(frame, self._runs(numbers)))

    def _runs(self, numbers: pl.Series) -> pl.Series:
        """Number the stretches of lines that follow one another without a hole."""
        if numbers.is_empty():
            return numbers
        before = numbers.shift(1, fill_value=self._next_line - 1 if self._next_line else numbers[0] - 1)
        steps = numbers - before
        runs = ((steps > 1) | (steps < 0)).cast(pl.Int64).cum_sum() + self._run
        self._run, self._next_line = int(runs[-1]), int(numbers[-1]) + 1
        return runs

    def _descend(self, rows: pl.DataFrame, depth: int) -> pl.DataFrame:
        """Peel the layer `depth` off `rows`, and the deeper ones off what was in it."""
        if depth == MAX_DEPTH or rows.is_empty():
            return rows
        rows = rows.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(PLACE)) if depth else rows
        hits, rest = self._layers[depth].run(rows)
        if rest.height == rows.height and hits.is_empty():
            return rows
        inner = self._descend(clean(hits), depth + 1)
        return pl.concat([inner, rest]).sort("line_number", PLACE, maintain_order=True)
