"""The Report: the one result document, saved and read as JSON; every output is written from it.

`docs/report.md` lists the document's keys. Loading a Report costs no polars: frames are built when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

VERDICTS = ("key-exposed", "attempted", "probed", "incomplete", "no-evidence")

# The keys of docs/report.md in its order; the kind each must have.
_KEYS: dict[str, type] = {
    "verdict": str,
    "statement": dict,
    "proxy_requests": int,
    "findings": list,
    "incidents": list,
    "timeline": list,
    "inputs": list,
    "lured": list,
    "rules": list,
    "next_steps": list,
    "tool": dict,
}
_NEEDED = ("verdict", "findings", "incidents", "timeline", "inputs")


class ReportError(ValueError):
    """A document that is not a report; the message is one sentence for the user."""


class Report:
    """What an analysis found; `data` is the document of docs/report.md."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = _ordered(data)

    def __repr__(self) -> str:
        return (
            f"<Report {self.verdict}: {len(self.data['findings'])} findings, {len(self.data['incidents'])} incidents>"
        )

    def _repr_html_(self) -> str:
        """Return the report's first screen as a fragment of HTML, for notebooks."""
        from clerk_logscan.reports.notebook import fragment

        return fragment(self.data)

    @property
    def verdict(self) -> str:
        """Return `key-exposed`, `attempted`, `probed`, `incomplete` or `no-evidence`."""
        return str(self.data["verdict"])

    @cached_property
    def findings(self) -> pl.DataFrame:
        """Return the findings: a row a line of a log, exactly the columns of a finding."""
        return self._frame("findings")

    @cached_property
    def incidents(self) -> pl.DataFrame:
        """Return the incidents, the gravest first."""
        return self._frame("incidents")

    @cached_property
    def timeline(self) -> pl.DataFrame:
        """Return what happened, in the order of time."""
        return self._frame("timeline")

    @cached_property
    def inputs(self) -> pl.DataFrame:
        """Return the ledger: a row an input."""
        return self._frame("inputs")

    def _frame(self, name: str) -> pl.DataFrame:
        from clerk_logscan.reports import frames

        return frames.frame(name, self.data[name])

    def to_json(self) -> bytes:
        """Return the document as UTF-8 JSON; equal reports give equal bytes.

        Characters that could steer a terminal or reorder a line are spelled `\\uXXXX`, which reads back the same.
        """
        return b"".join(self.json_pieces())

    def json_pieces(self) -> Iterator[bytes]:
        """Yield the document as `to_json` returns it, in pieces: a long one need never be in memory as a whole."""
        from clerk_logscan.reports.inert import json_pieces

        return json_pieces(self.data)

    @classmethod
    def from_json(cls, data: bytes | str) -> Report:
        """Read a saved report; a ReportError says in one sentence why it is not one."""
        import orjson

        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ReportError(f"This is not a saved report: it is not valid JSON ({error}).") from None
        return cls(_checked(document))

    def redacted(self) -> Report:
        """Return a copy in which cookies, tokens, query values and bystanders' addresses are masked."""
        from clerk_logscan.reports.redaction import redact

        return Report(redact(self.data))


def _ordered(data: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its keys in the documented order, absent lists empty, others after them by name."""
    absent: dict[type, Any] = {list: [], dict: {}, int: 0, str: ""}
    known = {key: data.get(key, absent[kind]) for key, kind in _KEYS.items()}
    return known | {key: data[key] for key in sorted(data.keys() - known.keys())}


def _checked(document: Any) -> dict[str, Any]:
    """Return `document` if it is a report, else raise ReportError with one sentence."""
    advice = "give the .json that `clerk-logscan analyze -o FILE.json` wrote"
    if not isinstance(document, dict):
        raise ReportError(f"This is not a saved report: its JSON is no object; {advice}.")
    missing = [key for key in _NEEDED if key not in document]
    if missing:
        raise ReportError(f"This is not a saved report: it has no `{missing[0]}`; {advice}.")
    for key, kind in _KEYS.items():
        _check_value(key, document.get(key, kind()), kind)
    if document["verdict"] not in VERDICTS:
        raise ReportError(f"This is not a saved report: its verdict is none of {', '.join(VERDICTS)}; {advice}.")
    return document


_OF_TEXTS = ("next_steps",)


def _check_value(key: str, value: Any, kind: type) -> None:
    words = {list: "a list", dict: "an object", int: "a number", str: "a text"}
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ReportError(f"This is not a saved report: its `{key}` is not {words[kind]}.")
    if not isinstance(value, list):
        return
    row = str if key in _OF_TEXTS else dict
    if not all(isinstance(item, row) for item in value):
        raise ReportError(f"This is not a saved report: a row of `{key}` is not {words[row]}.")
