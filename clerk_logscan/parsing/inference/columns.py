"""The columns of an unknown layout, and what was decided of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from clerk_logscan.parsing.definitions import Source
from clerk_logscan.parsing.inference import names, shapes


@dataclass(frozen=True)
class Column:
    """One place of a layout over all lines.

    field    what the definition will call it: a key path, a CSV column, a template's variable
    values   its text in each line, None where the line has none
    name     its key, where the layout writes one
    place    its order in the line, from 0
    quoted   it stands between quotes, brackets or delimiters, so that it may hold blanks
    listed   it is one of several with slashes between, as HAProxy writes times and counts
    """

    field: str
    values: tuple[str | None, ...]
    name: str | None = None
    place: int = 0
    quoted: bool = False
    listed: bool = False

    @cached_property
    def known(self) -> list[str]:
        """The values that are there."""
        return shapes.present(self.values)

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(set(self.known))

    @property
    def constant(self) -> bool:
        """Whether the same value stands in each of several lines."""
        return len(self.known) > 2 and self.distinct == 1

    def share(self, pattern: str) -> float:
        """Return which part of the values that are there match `pattern` wholly."""
        return shapes.share(self.values, pattern)

    def rank(self, column: str) -> int | None:
        """Return how well the key is known as a name of a schema column; None: not at all, or there is no key."""
        return names.rank(self.name, column) if self.name is not None else None


@dataclass
class Roles:
    """What was decided: the sources of each schema column (or pseudo-column), and why, a sentence each."""

    sources: dict[str, tuple[Source, ...]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def give(self, column: str, kind: str, chosen: Iterable[Column], why: str) -> None:
        """Let the `chosen` columns, joined by a blank, be the source of a schema column."""
        fields = tuple(one.field for one in chosen)
        self.sources[column] = (*self.sources.get(column, ()), Source(fields, kind))
        self.used.update(fields)
        self.reasons.append(f"{column} is {' '.join(fields)}: {why}")

    def free(self, columns: Iterable[Column]) -> list[Column]:
        """Return the columns that have no role yet."""
        return [one for one in columns if one.field not in self.used]

    def place_of(self, columns: Iterable[Column], *roles: str) -> int | None:
        """Return where in the line the source of the first of these roles stands; None where there is none."""
        places = {one.field: one.place for one in columns}
        for role in roles:
            for source in self.sources.get(role, ()):
                if source.fields[0] in places:
                    return places[source.fields[0]]
        return None
