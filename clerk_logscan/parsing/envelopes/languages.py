"""Peel records that a program printed in its language's notation, on one line or over several.

Logstash's rubydebug (https://www.elastic.co/guide/en/logstash/current/plugins-codecs-rubydebug.html), `print` of a
Python dict, `console.log` of a Node object, `IO.inspect`, Java's toString, with whatever a logger wrote before it on
the line. Fluent Bit's standard output (https://docs.fluentbit.io/manual/pipeline/outputs/standard-output) is
`[0] tag: [[time, {}], {"log"=>"..."}]`, where texts are not escaped at all. Each record becomes one of JSON, for what
reads those. One that is not clear stays as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from clerk_logscan.parsing.envelopes import literals, times
from clerk_logscan.parsing.envelopes.entries import Row
from clerk_logscan.parsing.envelopes.printed import Printed

NAME: Final = "literal"
_FLUENT: Final = re.compile(
    r"\[[0-9]+\] .+?: \[(?:\[([0-9]+\.[0-9]+), \{[^{}]*\}\]|([0-9]+\.[0-9]+)), (\{.*)", re.DOTALL
)
_FIELD: Final = re.compile(r"""\s+(?:"[^"]+" => |(?:'[^']+'|[\w@$]+)(?::\s| => ))\S.*""")
# Where a record of one line begins: its first key is none of JSON.
_BEGINS: Final = re.compile(
    r"""(?:^|(?<=[\s:]))(?:(?:%|[A-Z][\w.]*\s?)?\{(?=\s*(?:'[^']+'\s*(?::|=>)|"[^"]+"\s*=>|:?[A-Za-z_@$][\w@.$]*\s*(?::\s|=)))"""
    r"""|[A-Z][\w.]*\((?=[A-Za-z_]\w*=)|map\[(?=[A-Za-z_][\w.-]*:))"""
)
_LONGEST: Final = 256  # characters before a record on its line
_FEWEST: Final = 3  # keys of a record on a line


def is_printed(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are such records: on their lines, or fields between braces at the margin."""
    fields = sum(1 for text in texts if _FIELD.fullmatch(text))
    braces = sum(1 for text in texts if text.rstrip() in ("{", "}"))
    fluent = sum(1 for text in texts if _FLUENT.fullmatch(text))
    if (fields > 1 and braces > 0 and (fields + braces) * 2 > len(texts)) or fluent * 2 > len(texts):
        return True
    begun = [text for text in texts if _BEGINS.search(text, 0, _LONGEST)]
    return len(begun) * 2 > len(texts) and sum(on_line(text) is not None for text in begun) * 2 > len(texts)


def on_line(text: str) -> tuple[str, literals.Value] | None:
    """Return what stands before the record that ends a line, and the record; None where there is none."""
    begins = _BEGINS.search(text, 0, _LONGEST)
    if begins is None or '"' in text[: begins.start()]:
        return None
    value = literals.read(text[begins.start() :])
    return (text[: begins.start()], value) if value and len(value) >= _FEWEST else None


class Records(Printed):
    """The records of one input, across blocks; the row of a record is that of its first line."""

    name: Final = NAME

    def begins(self, text: str) -> bool:
        """Tell whether a record begins with this line, wherever the one before has ended."""
        return text.rstrip() == "{" or _FLUENT.fullmatch(text) is not None or on_line(text) is not None

    def ends(self, rows: list[Row]) -> bool:
        """Tell whether the last of `rows` ends the record."""
        first, last = rows[0]["text"], rows[-1]["text"]
        if first.rstrip() == "{":
            return bool(last.rstrip() == "}")
        return _FLUENT.fullmatch(first) is None or last.endswith("}]")

    def record(self, rows: list[Row]) -> Iterator[Row]:
        """Return the record that `rows` are, as one row; themselves where they are none."""
        from clerk_logscan.parsing.envelopes.values import dump

        text = "\n".join(row["text"] for row in rows)
        before, value = _read(text)
        if value is None:
            yield from rows
            return
        yield self.inner_of(rows, dump(value), envelope_time=before or rows[0]["envelope_time"])


def _read(text: str) -> tuple[str | None, literals.Value | None]:
    """Return the time that is stated before a record, and the record, or None."""
    if fluent := _FLUENT.fullmatch(text):
        return times.iso(fluent[1] or fluent[2]), literals.read(fluent[3].removesuffix("]"), raw=True)
    if text.startswith("{\n"):
        return None, literals.read(text)
    found: Any = on_line(text)
    before, value = found if found else ("", None)
    return times.stated(before), value
