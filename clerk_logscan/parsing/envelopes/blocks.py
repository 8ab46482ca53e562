"""Peel records that are printed a field a line: each becomes a record of JSON, for what reads those.

Whoever prints rows that are too wide for a table: `\\G` of mysql (https://dev.mysql.com/doc/refman/8.4/en/mysql-commands.html),
`\\x` of psql (https://www.postgresql.org/docs/current/app-psql.html), sqlite's `.mode line`, ClickHouse's Vertical,
PowerShell's Format-List, PHP's print_r. Above a record stands a mark or a blank line; it ends where a key comes again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from clerk_logscan.parsing.envelopes.entries import Held, Row

NAME: Final = "blocks"
_FIELD: Final = re.compile(r"\s*\[?([A-Za-z_@][\w@./-]*)\]?[ \t]*(=>|[|=:])(?:[ \t]+(.*))?", re.DOTALL)
_MARK: Final = re.compile(
    r"\s*(?:\*{3,} [0-9]+\. row \*{3,}|-\[ RECORD [0-9]+ \][-+]*|Row [0-9]+:|[─-]{3,}|stdClass Object|Array|[()])?\s*"
)
_NOTHING: Final = frozenset(("", "NULL", "\\N", "ᴺᵁᴸᴸ", "<null>", "(null)"))
_FEWEST: Final = 3  # keys of a record
_MOSTLY: Final = 0.8  # of the lines are fields and marks, nearly all fields of one notation


def is_blocks(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are such records: the same keys again and again, of which one names a target."""
    fields = [found for text in texts if (found := _FIELD.fullmatch(text))]
    filled = sum(1 for text in texts if not _MARK.fullmatch(text))
    if len(fields) < _FEWEST or len(fields) < _MOSTLY * filled:
        return False
    (_, agreed), *_ = Counter(found[2] for found in fields).most_common(1)
    keys = Counter(found[1] for found in fields)
    if agreed < _MOSTLY * len(fields) or not _FEWEST <= len(keys) <= max(len(fields) / 2, _FEWEST):
        return False
    from clerk_logscan.parsing.inference import names

    roles = ("target", "method", "status")
    known = [role for role in roles if any(names.rank(key, role) is not None for key in keys)]
    return "target" in known and len(known) > 1


class Blocks(Held):
    """The records of one input, across blocks; the row of a record is that of its first field."""

    name: Final = NAME

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, str | None] = {}

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, and itself where it is of no record."""
        field = _FIELD.fullmatch(row["text"])
        if field is None or field[1] in self._values or self.ends_before(row):
            yield from self.end()
        if field is None:
            yield row
            return
        value = (field[3] or "").strip()
        self._values[field[1]] = None if value in _NOTHING else value
        self.hold(row)

    def end(self) -> Iterator[Row]:
        """Yield the record that ends here; its lines as they stand where they are too few."""
        rows, values, self._values = self.release(), self._values, {}
        if len(values) < _FEWEST:
            yield from rows
            return
        from clerk_logscan.parsing.envelopes.values import dump

        yield self.inner_of(rows, dump(values))
