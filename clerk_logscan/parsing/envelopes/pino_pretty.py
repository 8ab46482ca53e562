"""Peel what pino-pretty prints for people: a line of time, level and message, the other keys below it, indented.

https://github.com/pinojs/pino-pretty: four blanks before each key, its value as JSON over as many lines as that takes.
The record becomes pino's own JSON again, for what reads that; its row is that of its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from clerk_logscan.parsing.envelopes.entries import Held, Row
from clerk_logscan.parsing.pieces import KEY

NAME: Final = "pino-pretty"
_HEAD: Final = re.compile(
    r"\[(?P<time>[^\]]*)\] (?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL|[A-Z]{3,9})"
    r"(?: \((?:[^/()]*/)?(?P<pid>\d+)(?: on (?P<hostname>[^()]*))?\))?: ?(?P<msg>.*)"
)
_KEY: Final = re.compile(r"    ([A-Za-z_$][\w.$-]*): ?(.*)")
_INDENT: Final = "    "


def is_pretty(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are such records: first lines with keys right below, and little else."""
    filled = [text for text in texts if text.strip()]
    heads = [place for place, text in enumerate(filled) if _HEAD.fullmatch(text)]
    keyed = sum(1 for place in heads if place + 1 < len(filled) and _KEY.fullmatch(filled[place + 1]))
    below = sum(1 for text in filled if text.startswith(_INDENT))
    return keyed > 0 and (len(heads) + below) * 2 > len(filled)


class Documents(Held):
    """The records of one input, across blocks."""

    name: Final = NAME

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        text = row["text"]
        inside = self.held and text.startswith(_INDENT) and self.held[-1][KEY] == row[KEY]
        if not inside or self.ends_before(row):
            yield from self.end()
        if not self.held and not _HEAD.fullmatch(text):
            yield row
            return
        self.hold(row)

    def end(self) -> Iterator[Row]:
        """Return the record that ends here; a first line with nothing below it as it stands."""
        rows = self.release()
        if len(rows) < 2:
            yield from rows
            return
        from clerk_logscan.parsing.envelopes.values import dump

        yield self.inner_of(rows, dump(_record([row["text"] for row in rows])))


def _record(texts: Sequence[str]) -> dict[str, Any]:
    """Return the record of a first line and those below it; the first line's own keys win, as pino writes them once."""
    head = _HEAD.fullmatch(texts[0])
    record: dict[str, Any] = {name: text for name, text in head.groupdict().items() if text} if head else {}
    key = ""
    lines: list[str] = []
    for text in [*texts[1:], ""]:
        found = _KEY.fullmatch(text)
        if found or not text:
            if key:
                record.setdefault(key, _value("\n".join(lines)))
            key, lines = (found[1], [found[2]]) if found else ("", [])
        else:
            lines.append(text)
    return record


def _value(text: str) -> Any:
    """Return a value that was printed as JSON; else the text itself."""
    from clerk_logscan.parsing import json_values

    if text.startswith("{"):
        return json_values.read_object(text) or text
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' and "\\" not in text else text
