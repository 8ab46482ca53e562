"""What the notations of all servers share."""

from __future__ import annotations

from collections.abc import Mapping

from clerk_logscan.parsing.definitions import COLUMN_KINDS, TARGETS, DefinitionError, Source
from clerk_logscan.parsing.variables import Variable


class NotationError(DefinitionError):
    """A pasted format that cannot be read; its text is one sentence that names the place."""


def needs_target(columns: Mapping[str, tuple[Source, ...]], place: str, what: str) -> None:
    """Raise NotationError where no column holds the request target; `what` would hold it."""
    if set(TARGETS).isdisjoint(columns):
        raise NotationError(f"{place}: nothing in it holds the request target, such as {what}.")


def with_columns(known: dict[str, Variable], names: dict[str, str]) -> dict[str, list[Source]]:
    """Return the sources of a format by a table of its variables; `names`: directive to field name, in its order."""
    columns: dict[str, list[Source]] = {}
    for directive, variable in known.items():
        if directive in names and variable.column:
            kind = variable.kind or COLUMN_KINDS[variable.column]
            columns.setdefault(variable.column, []).append(Source((names[directive],), kind))
    return columns
