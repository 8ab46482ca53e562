"""Peel ModSecurity's native audit log: entries of sections, each begun by a boundary, as the JSON that it writes, too.

https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats: `--0a1b2c3d-A--` time, id and
addresses; B the request line and header lines; F the answer's status line; Z ends the entry. Bodies (C, E, I) and the
rest hold what clients and servers sent, and are passed over. A boundary that a body imitates begins an entry, too: it
adds one that was not, and hides none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from clerk_logscan.parsing.envelopes.entries import Entries, Row
from clerk_logscan.parsing.pieces import RUN

NAME: Final = "modsecurity-audit"
_BOUNDARY: Final = re.compile(r"-{2,3}([0-9A-Za-z]{6,16})-{1,3}([A-KZ])--")  # version 3 writes a dash more
_HEAD: Final = re.compile(r"\[([^\]]+)\] (\S+) (\S+) ([0-9]+) (\S+) ([0-9]+)")
_STATUS: Final = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})(?: .*)?")
_MOST: Final = 400  # header lines of an entry


def is_audit(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are of such a log: an entry's first boundary, and its head behind it."""
    pairs = pairwise(texts)
    return any((found := _BOUNDARY.fullmatch(one)) and found[2] == "A" and _HEAD.fullmatch(two) for one, two in pairs)


class Sections(Entries):
    """The entries of one input, across blocks; the row of an entry is that of its first boundary."""

    name: Final = NAME

    def __init__(self) -> None:
        super().__init__()
        self._row: Row | None = None
        self._boundary = ""
        self._section = ""
        self._lines: dict[str, list[str]] = {}

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        boundary = _BOUNDARY.fullmatch(row["text"].rstrip())
        if self._row is not None and self._row[RUN] != row[RUN]:
            yield from self.end()
        if boundary and boundary[2] == "A":
            yield from self.end()
            self._row, self._boundary = row, boundary[1]
        if self._row is None:
            yield row
        elif boundary and boundary[1] == self._boundary:
            self._section = boundary[2]
            if self._section == "Z":
                yield from self.end()
        elif self._section in "ABF" and len(kept := self._lines.setdefault(self._section, [])) < _MOST:
            kept.append(row["text"].rstrip())

    def end(self) -> Iterator[Row]:
        """Return the entry that ends here, as one row."""
        from clerk_logscan.parsing.envelopes.values import dump

        row, lines = self._row, self._lines
        self._row, self._lines, self._section = None, {}, ""
        if row is None:
            return
        yield self.inner(row, dump(_entry(lines)))


def _entry(lines: dict[str, list[str]]) -> dict[str, Any]:
    """Return an entry as ModSecurity 2 writes it in JSON, as far as its sections tell."""
    head = next((found for text in lines.get("A", ()) if (found := _HEAD.fullmatch(text))), None)
    request, *headers = lines.get("B", [""])
    status = next((found[1] for text in lines.get("F", ()) if (found := _STATUS.fullmatch(text))), None)
    transaction = dict(zip(("time", "transaction_id", "remote_address"), head.groups(), strict=False)) if head else {}
    return {
        "transaction": transaction,
        "request": {"request_line": request, "headers": _headers(headers)},
        "response": {"status": status},
    }


def _headers(lines: Sequence[str]) -> dict[str, str]:
    """Return header lines by name; the first of equal ones counts."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name, value.strip())
    return found
