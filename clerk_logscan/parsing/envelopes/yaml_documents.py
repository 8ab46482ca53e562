"""Peel YAML documents, as gcloud prints log entries, and lists of records: each becomes one of JSON.

https://cloud.google.com/sdk/gcloud/reference/logging/read (the default of --format is YAML). Numbers stay the text
that was written. Documents with anchors are left alone: they could grow without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from clerk_logscan.parsing.envelopes.entries import Held, Row

NAME: Final = "yaml"
_MARK: Final = "---"
_FIELD: Final = re.compile(r"(?:- )?[A-Za-z_@][\w.@-]*:(?: .*)?")
_ITEM: Final = re.compile(r"- [A-Za-z_@][\w.@-]*:(?: .*)?")  # of a list of records at the margin
_ANCHOR: Final = re.compile(r"(?:^|[:\-] )\s*[&*][\w-]", re.MULTILINE)


def is_yaml(texts: Sequence[str]) -> bool:
    """Tell whether sampled `texts` are YAML documents: marks, and nothing at the margin but fields; or one list."""
    if len(texts) > 1 and all(_ITEM.fullmatch(text) for text in texts if text[:1].strip()):
        return sum(1 for text in texts if text.startswith("- ")) > 1
    margin = [text for text in texts if text and not text.startswith((" ", "#", "- ", "..."))]
    fields = sum(1 for text in margin if _FIELD.fullmatch(text))
    marks = margin.count(_MARK)
    return marks > 0 and fields > marks and fields + marks == len(margin)


class Documents(Held):
    """The YAML documents of one input, across blocks; the row of a document is that of its first line."""

    name: Final = NAME

    def line(self, row: Row) -> Iterator[Row]:
        """Yield what this line ends, or itself where it is of no entry."""
        text = row["text"]
        listed = text.startswith("- ") and self.held and self.held[0]["text"].startswith("- ")
        if text == _MARK or listed or self.ends_before(row):
            yield from self.end()
        if text != _MARK:
            self.hold(row)

    def end(self) -> Iterator[Row]:
        """Return the document that ends here; its lines as they stand where it is none."""
        rows = self.release()
        if not rows:
            return
        value = _load("\n".join(row["text"] for row in rows))
        from clerk_logscan.parsing.envelopes.values import dump

        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                yield from rows
                return
            yield self.inner(rows[0], dump(item))


def _load(text: str) -> Any:
    """Return the value of one document with every scalar as text, or None."""
    if _ANCHOR.search(text):
        return None
    import yaml  # ten milliseconds that only such a log pays

    try:
        return yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
