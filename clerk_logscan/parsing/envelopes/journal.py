"""Peel journalctl -o export and -o verbose: entries of `FIELD=value` lines.

In an export a blank line stands between entries, and binary values have a length:
https://systemd.io/JOURNAL_EXPORT_FORMATS/: a value that is not plain text stands on its own: the field's name, a
newline, its length in eight bytes (little endian), the bytes, a newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.entries import Entries, Row
from clerk_logscan.parsing.pieces import MAX_TEXT, RUN

NAME: Final = "journald-export"
_TIMES: Final = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
VERBOSE: Final = "journald-verbose"
_HEAD: Final = re.compile(r"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([A-Z]{3,5}) \[[a-z]=.*\]")
_INDENT: Final = "    "
_FIELD: Final = re.compile(r"([A-Z_][A-Z0-9_]{0,63})(?:=(.*))?", re.DOTALL)
_BYTE: Final = re.compile(r"\\x([89A-F][0-9A-F])|(.)", re.DOTALL)  # one that lines.py spelled, or a character


def is_export(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are of an export: each entry begins with its cursor."""
    return any(text.startswith("__CURSOR=") for text in texts) and any(text.startswith("MESSAGE") for text in texts)


def is_verbose(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are of journalctl -o verbose: each entry begins with its time and its cursor."""
    return any(_HEAD.fullmatch(text) for text in texts) and any(text.startswith("    MESSAGE=") for text in texts)


class Verbose(Entries):
    """The entries of one verbose output, across blocks; the row of an entry is that of its first line."""

    name: Final = VERBOSE

    def __init__(self) -> None:
        super().__init__()
        self._row: Row | None = None
        self._message: list[str] = []
        self._in_message = False

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        text = row["text"]
        if (head := _HEAD.fullmatch(text)) or (self._row and self._row[RUN] != row[RUN]):
            yield from self.end()
        if head:
            zone = "Z" if head[2] in ("UTC", "GMT") else ""  # another zone's letters are none that can be read
            self._row = {**row, "envelope_time": times.iso(head[1] + zone) or row["envelope_time"]}
        elif self._row is None:
            yield row
        elif field := _FIELD.fullmatch(text.removeprefix(_INDENT)) if text.startswith(_INDENT) else None:
            self._in_message = field[1] == "MESSAGE"
            self._message += [field[2] or ""] if self._in_message else []
        elif self._in_message:  # a message of several lines is indented further
            self._message.append(text.strip())

    def end(self) -> Iterator[Row]:
        """Return the lines of the message of the entry that ends here."""
        row, message = self._row, self._message
        self._row, self._message, self._in_message = None, [], False
        if row is not None:
            yield from (self.inner(row, text) for text in message or [""])


class Export(Entries):
    """The entries of one export, across blocks; the row of an entry is that of its message."""

    name: Final = NAME

    def __init__(self) -> None:
        super().__init__()
        self._fields: dict[str, str] = {}
        self._message: Row | None = None
        self._binary: list[str] | None = None  # lines of a binary value whose end has not come
        self._name = ""
        self._run: int | None = None

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        if self._run is not None and row[RUN] != self._run:
            self._binary = None
        self._run = row[RUN]
        if self._binary is not None:
            self._more(row)
        elif not row["text"]:
            yield from self.end()
        elif match := _FIELD.fullmatch(row["text"]):
            self._field(match[1], match[2], row)

    def _field(self, name: str, value: str | None, row: Row) -> None:
        """Note a field that the entry needs; a name alone announces a binary value."""
        if name == "MESSAGE":
            self._message = row
        self._name = name
        if value is None:
            self._binary = []
        else:
            self._fields[name] = value

    def _more(self, row: Row) -> None:
        """Add a line to a binary value: its length counts, since the bytes may hold newlines."""
        assert self._binary is not None
        self._binary.append(row["raw"])
        text = "\n".join(self._binary)
        length, start = _length(text)
        if start and (len(text[start:].encode()) >= length or len(text) > MAX_TEXT):
            self._fields[self._name] = text[start:]
            self._binary = None
        elif len(text) > MAX_TEXT:
            self._binary = None

    def end(self) -> Iterator[Row]:
        """Return the message of the entry that ends here."""
        fields, row = self._fields, self._message
        self._fields, self._message, self._binary = {}, None, None
        if row is None:
            return
        stated = next((fields[name] for name in _TIMES if name in fields), None)
        yield self.inner(row, fields.get("MESSAGE", ""), envelope_time=times.iso(stated) or row["envelope_time"])


def _length(text: str) -> tuple[int, int]:
    """Return the length that the first eight bytes of `text` state, and where the value starts; 0 if too short."""
    data = b""
    for match in _BYTE.finditer(text):
        data += bytes.fromhex(match[1]) if match[1] else match[2].encode()
        if len(data) >= 8:
            return int.from_bytes(data[:8], "little"), match.end()
    return 0, 0
