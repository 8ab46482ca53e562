"""What a detector rule is: an expression over requests and destinations, and the words that go with it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import polars as pl

from clerk_logscan.schema import SEVERITIES

# Where a rule's finding takes its target columns from: the request as logged, as a decoding hop in front would pass
# it on, or nowhere, because no foreign host is named.
SENT: Final = "sent"
DECODED: Final = "decoded"
NOWHERE: Final = "nowhere"


class Example(NamedTuple):
    """A request target that a rule must match, or must leave alone; `why` says what it shows."""

    target: str
    matches: bool
    why: str
    host: str = "app.example.com"
    method: str = "GET"


class Rule(NamedTuple):
    """One reason to report a request.

    `when` is a Boolean expression over the columns of `schema.FRAME` and `destinations.DESTINATION_COLUMNS`; null is no
    match. `target` names where the finding's host comes from. `reason` and `harmless` are prose for the report.
    """

    id: str
    severity: str
    title: str
    reason: str
    harmless: str
    when: pl.Expr
    examples: tuple[Example, ...]
    target: str = SENT

    @property
    def rank(self) -> tuple[int, str]:
        """Return the order in which rules are tried: the gravest first, then by name."""
        return SEVERITIES.index(self.severity), self.id

    def words(self) -> dict[str, Any]:
        """Return the rule as it stands in the report document under `rules`."""
        return {name: getattr(self, name) for name in ("id", "severity", "title", "reason", "harmless")}
