"""Lines of W3C extended logs: `#Fields:` names the columns, and may change within an input.

https://www.w3.org/TR/WD-logfile.html. A definition reads the lines under a header that names the columns it
requires. Lines under no header are read by a definition that knows its columns' order (`order`), where their
texts have the shapes of those columns; a log for which users choose columns (CloudFront real-time) by the columns that
fit in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.columns import held
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import TARGETS, Definition

FIELDS: Final = "#Fields:"
DATE: Final = "#Date:"
# A name in `requires` that no column has: blanks between the names, tabs between the values, as only CloudFront writes.
TABS: Final = "(tabs)"
ENOUGH: Final = 0.8  # of the lines must fit a column; what clients choose may be anything in some
SAMPLED: Final = 200  # lines that decide which columns a headerless log has
_STRING_CELL: Final = re.compile(r'(?:^|(?<= ))(?:"(?:[^"]|"")*"(?= |$)|[^ ]*)')


class _First(NamedTuple):
    """The lines that a W3c cut first, what it found, and what holds behind them."""

    texts: pl.Series
    cuts: list[Cut]
    header: str
    day: str | None


class W3c:
    """Cuts the lines of one input; remembers the header that holds at the end of a batch.

    `layouts`: the columns that headerless lines of a definition and of a width were found to have.
    """

    def __init__(self, definitions: Iterable[Definition]) -> None:
        found = [definition for definition in definitions if definition.grammar == "w3c"]
        self.definitions = sorted(found, key=lambda d: -len(d.requires))
        self._header = ""
        self._day: str | None = None
        self.layouts: dict[tuple[str, int], tuple[str, ...] | None] = {}
        self._first: _First | None = None

    def again(self) -> W3c:
        """Return a W3c for the same input from its start, which knows the layouts that were found."""
        other = self.fresh()
        other.layouts = self.layouts
        return other

    def fresh(self) -> W3c:
        """Return a W3c of the same definitions; lines that this one cut for a trial are not cut again where they come
        first.
        """
        other = W3c(self.definitions)
        other._first = self._first
        return other

    def trial(self, texts: pl.Series) -> list[Cut]:
        """Do what `cut` does, and remember it for others."""
        found = self.cut(texts)
        self._first = _First(texts, found, self._header, self._day) if found else None
        return found

    def cut(self, texts: pl.Series) -> list[Cut]:
        """Return what the definitions read of `texts`, lines in file order; other rows are in no Cut."""
        first, self._first = self._first, None
        if first is None or not first.texts.equals(texts):
            return self._read(texts)
        self._header, self._day = first.header, first.day
        return first.cuts

    def _read(self, texts: pl.Series) -> list[Cut]:
        marked = texts.str.starts_with("#")
        if not (self._header or marked.any()):
            rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
            return self._headerless(pl.DataFrame({"text": texts, "row": rows}))
        frame = pl.DataFrame(
            {"text": texts, "row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True), "marked": marked}
        )
        lines = self._headed(frame).filter(~marked)
        found: list[Cut] = []
        for header in lines["header"].unique(maintain_order=True):
            for cut in self._under(header, lines.filter(pl.col("header") == header)):
                found.append(cut)
        return found + self._headerless(_without(lines, found))

    def _headed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return `frame` (text, marked) with the `header` that holds for each line, "" where none has come yet, and the
        `day` of the last `#Date:` before it: some servers log the time alone under it.
        """
        header, day = pl.lit(self._header), pl.lit(self._day, pl.String)
        if not frame["marked"].any():
            return frame.with_columns(header=header, day=day)
        text = pl.col("text")
        names = pl.when(text.str.starts_with(FIELDS)).then(text.str.strip_prefix(FIELDS).str.strip_chars())
        days = pl.when(text.str.starts_with(DATE)).then(text.str.extract(r"(\d{4}-\d\d-\d\d)"))
        headed = frame.with_columns(
            header=pl.coalesce(names.forward_fill(), header), day=pl.coalesce(days.forward_fill(), day)
        )
        self._header, self._day = headed["header"][-1], headed["day"][-1]
        return headed

    def _under(self, header: str, lines: pl.DataFrame) -> list[Cut]:
        names = tuple(header.split())
        tabbed = "\t" not in header and lines["text"].str.contains("\t", literal=True).any()
        marks = {*names, TABS} if tabbed else {*names}
        for definition in self.definitions:
            if names and all(marks.intersection(either.split("|")) for either in definition.requires):
                return _cut(definition, names, lines)
        return []

    def _headerless(self, lines: pl.DataFrame) -> list[Cut]:
        """Read lines under no known header by the definitions that say the order of their columns."""
        found: list[Cut] = []
        if lines.is_empty():
            return found
        delimiters = {definition.delimiter for definition in self.definitions if definition.order}
        held = {mark for mark in delimiters if lines["text"].str.contains(mark, literal=True).any()}
        for definition in self.definitions:
            if not definition.order or definition.delimiter not in held:
                continue
            some = lines.filter(lines["text"].str.contains(_beginning(definition)))
            widths = some["text"].str.count_matches(definition.delimiter, literal=True) + 1
            for width in widths.unique().sort(descending=True):
                wide = some.filter(widths == width)
                names = self._layout(definition, width, wide["text"])
                if names is not None:
                    found += _cut(definition, names, wide, whole=True)
            lines = _without(lines, found)
        return found

    def _layout(self, definition: Definition, width: int, texts: pl.Series) -> tuple[str, ...] | None:
        """Return the columns that lines of `width` columns have, or None; decided once for an input."""
        if width == len(definition.order):
            return definition.order
        if not definition.headerless or width < len(definition.requires) or width > 2 * len(definition.order):
            return None
        key = (definition.name, width)
        if key not in self.layouts:
            rows = [text.split(definition.delimiter) for text in texts.head(SAMPLED)]
            layout = align(definition, rows)
            if layout is None:
                return None
            self.layouts[key] = layout
        return self.layouts[key]


def reads_alone(definition: Definition, text: str) -> bool:
    """Tell whether `text` by itself, under no header, is a line of `definition`: by the shapes of its columns."""
    if not definition.order or not re.match(_beginning(definition), text):
        return False
    values = text.removesuffix("\r").split(definition.delimiter)
    if len(values) == len(definition.order):
        named = dict(zip(definition.order, values, strict=True))
        shapes = [(shape, named[name]) for name, shape in definition.shapes.items() if name in named]
        return sum(re.fullmatch(shape, value) is not None for shape, value in shapes) * 5 >= len(shapes) * 4
    few, many = len(definition.requires), 2 * len(definition.order)
    return definition.headerless and few < len(values) <= many and align(definition, [values]) is not None


def _beginning(definition: Definition) -> str:
    """Return the pattern of how a line begins: its first column and the delimiter; nearly all other lines fail it."""
    shape = definition.shapes.get(definition.order[0], f"[^{definition.delimiter}]*")
    return f"^(?:{shape}){definition.delimiter}"


def _without(lines: pl.DataFrame, cuts: Sequence[Cut]) -> pl.DataFrame:
    """Return the lines that no cut took."""
    if not cuts:
        return lines
    if sum(len(cut.rows) for cut in cuts) == lines.height:  # no cut takes what another took
        return lines.clear()
    return lines.filter(~pl.col("row").is_in(pl.concat([cut.rows for cut in cuts]).implode()))


def _cut(definition: Definition, names: Sequence[str], lines: pl.DataFrame, whole: bool = False) -> list[Cut]:
    """Return what `definition` reads of lines with these columns: of a line cut short, the columns before its last.

    `whole`: only lines that have every column.
    """
    tabbed = lines["text"].str.contains("\t", literal=True)
    found = []
    for delimiter, wanted in (("\t", tabbed), (" ", ~tabbed)):
        if not wanted.any():
            continue
        some = held(lines, wanted)
        parts = some.select(pl.col("text").str.strip_chars_end("\r").str.split(delimiter)).to_series()
        if delimiter == " ":
            parts = _unquoted(some["text"], parts, len(names))
        width = parts.list.len()
        taken = _columns(parts, width, names, [name for name in sorted(definition.fields) if name in names])
        if "date" not in names and "date" in definition.fields:
            taken = taken.with_columns(some["day"].alias("date"))
        fits = _fits(definition, names, taken, width, whole)
        if fits.any():
            found.append(Cut(definition, some["row"].filter(fits), held(taken, fits)))
    return found


def _unquoted(texts: pl.Series, parts: pl.Series, width: int) -> pl.Series:
    """Return the cells with texts between quotes as one (Blue Coat's agents), where that makes a line as wide as it is.

    https://www.w3.org/TR/WD-logfile.html: a quote within such a text is doubled.
    """
    quoted = texts.str.contains('"', literal=True)
    if not (quoted & (parts.list.len() > width)).any():
        return parts
    odd = quoted.arg_true()
    cells = [_STRING_CELL.findall(text.rstrip("\r")) for text in texts.gather(odd)]
    found = [[cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell for cell in row] for row in cells]
    fits = pl.Series([len(row) == width for row in found])
    wide = pl.Series([row for row in found if len(row) == width], dtype=parts.dtype)
    rows = pl.int_range(len(parts), dtype=pl.UInt32, eager=True)
    kept = rows.filter(~rows.is_in(odd.filter(fits).implode()))
    return parts.gather(kept).append(wide).gather(kept.append(odd.filter(fits)).arg_sort())


def _columns(parts: pl.Series, width: pl.Series, names: Sequence[str], wanted: Sequence[str]) -> pl.DataFrame:
    """Return the columns `wanted` of each line; null where the line ends before one, or within it."""
    short = bool((width < len(names)).any())
    cells, count = pl.first(), pl.first().list.len()

    def column(place: int) -> pl.Expr:
        cell = cells.list.get(place, null_on_oob=True)
        return pl.when((count >= len(names)) | (count > place + 1)).then(cell) if short else cell

    return pl.DataFrame([parts]).select(column(names.index(name)).alias(name) for name in wanted)


def _fits(
    definition: Definition, names: Sequence[str], taken: pl.DataFrame, width: pl.Series, whole: bool
) -> pl.Series:
    """Tell which lines are of the definition: by their number of columns, and half of the shapes that it knows."""
    fits = width == len(names)
    if not whole:
        target = {name for column in TARGETS for name in _named(definition, column)}
        last = max((names.index(name) for name in target if name in names), default=len(names))
        fits = fits | ((width < len(names)) & (width > last + 1))
    shapes = {name: shape for name, shape in definition.shapes.items() if name in taken.columns}
    if not shapes:
        return fits
    held = taken.select(pl.sum_horizontal(_has_shape(name, shape) for name, shape in shapes.items())).to_series()
    # Without a header nothing else tells what a line is.
    return fits & ((held * 5 >= len(shapes) * 4) if whole else (held * 2 >= len(shapes)))


def _has_shape(name: str, shape: str) -> pl.Expr:
    """Return whether a column has its shape (or is not there). The client chooses some columns: half must hold."""
    return pl.col(name).str.contains(rf"\A(?:{shape})\z").fill_null(True)


def _named(definition: Definition, column: str) -> set[str]:
    return {name for source in definition.columns.get(column, ()) for name in source.fields}


def align(definition: Definition, rows: list[list[str]]) -> tuple[str, ...] | None:
    """Return which of the definition's columns the `rows` (equally wide) hold, kept in its order, or None.

    Columns beyond the last known one are new ones of the vendor's. The choice is the one that fits the most shapes in
    all rows, where each column that has a shape must fit; the required columns must be among it.
    """
    width, order = len(rows[0]), definition.order
    patterns = [re.compile(definition.shapes[name]) if name in definition.shapes else None for name in order]
    columns = list(zip(*rows, strict=True))
    fits = [[_score(pattern, column) for column in columns] for pattern in patterns]
    best = _best(fits, width)
    if best is None:
        return None
    names = tuple(order[place] if place is not None else f"new-{at}" for at, place in enumerate(best))
    return names if set(definition.requires) <= set(names) else None


def _score(pattern: re.Pattern[str] | None, column: Sequence[str]) -> float | None:
    """Return how well a column's texts fit a known column: 0 where nothing is known of it, None where they do not."""
    if pattern is None:
        return 0.0
    share = sum(pattern.fullmatch(text) is not None for text in column) / len(column)
    if share < ENOUGH:
        return None
    return share if any(text != "-" for text in column) else share / 4


def _best(fits: list[list[float | None]], width: int) -> list[int | None] | None:
    """Return for each column which known one it is: an order-keeping assignment of the highest score.

    `fits[k][c]` is the score of known column k for column c. Dynamic programming over both.
    """
    known = len(fits)
    beyond = max(width - known, 0)  # a vendor adds columns at the end only
    scores: list[list[float | None]] = [[None] * (known + 1) for _ in range(width + 1)]
    scores[0] = [0.0] * (known + 1)
    for c in range(1, width + 1):
        for k in range(1, known + 1):
            before, fit = scores[c - 1][k - 1], fits[k - 1][c - 1]
            taken = before + fit if before is not None and fit is not None else None
            skipped = scores[c][k - 1]
            scores[c][k] = max((s for s in (taken, skipped) if s is not None), default=None)
    end = width - beyond
    if scores[end][known] is None:
        return None
    best: list[int | None] = [None] * width
    c, k = end, known
    while c:
        if scores[c][k] == scores[c][k - 1]:
            k -= 1
            continue
        best[c - 1] = k - 1
        c, k = c - 1, k - 1
    return best
