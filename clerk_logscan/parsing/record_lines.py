"""The grammars `csv` and `pairs`: lines to records, and these to String columns as JSON's are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from clerk_logscan.parsing import escapes, template
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.json_lines import JsonLines
from clerk_logscan.parsing.record_readers import reader

GRAMMARS = ("csv", "pairs")


class _OneLayout(JsonLines):
    """Cuts the lines of one definition by its own reader."""

    def __init__(self, definition: Definition) -> None:
        super().__init__([definition], definition.grammar)
        self._read_line = reader(definition)

    def _record(self, text: str) -> dict[str, Any] | None:
        return self._read_line(text)

    def _records(self, texts: pl.Series) -> Iterator[dict[str, Any] | None]:
        return map(self._read_line, texts.to_list())


class RecordLines:
    """Cuts lines by the first definition that reads them; those that require more are tried first."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        found = [definition for definition in definitions if definition.grammar in GRAMMARS]
        self.definitions = sorted(found, key=lambda one: (one.guessed is not None, -len(one.requires), one.name))
        self._layouts = [_OneLayout(definition) for definition in self.definitions]

    def extended(self, definition: Definition) -> RecordLines:
        """Return what cuts by one more definition."""
        return RecordLines([*self.definitions, definition])

    def reads(self, text: str) -> bool:
        """Tell whether a definition reads one text."""
        return any(layout.reads(text) for layout in self._layouts)

    def cut(self, texts: pl.Series) -> list[Cut]:
        """Return what the definitions read of `texts`; other rows are in no Cut."""
        rows = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
        found: list[Cut] = []
        for layout in self._layouts:
            if not len(rows):
                break
            for cut in layout.cut(texts.gather(rows) if found else texts):
                taken = rows.gather(cut.rows)
                found.append(Cut(cut.definition, taken, escapes.undo_frame(cut.raw, cut.definition.escape)))
                rows = rows.filter(~rows.is_in(taken.implode()))
        return found


def read_by(definition: Definition, texts: pl.Series) -> Iterable[Cut]:
    """Return what one definition, of whatever grammar, reads of texts."""
    if definition.grammar == "template":
        matched, raw = template.cut(texts, definition)
        return [Cut(definition, matched.arg_true().cast(pl.UInt32), raw)] if raw.height else []
    return (JsonLines if definition.grammar == "json" else RecordLines)([definition]).cut(texts)
