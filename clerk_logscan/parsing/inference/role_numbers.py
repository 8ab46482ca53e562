"""Which number of an unknown layout is the status, which the duration; `role_bytes` finds the bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.definitions import TARGETS
from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles
from clerk_logscan.parsing.inference.role_bytes import add_bytes

_NEARLY_ALL: Final = 0.98
_TRIES: Final = rf"(?:{shapes.STATUS}|-)(?:[ ,:]+(?:{shapes.STATUS}|-))*"
_FAST: Final = 100.0  # seconds; a median above is no number of seconds
_USUAL: Final = re.compile("20[01246]|30[1-478]|40[01345]|42[29]|50[0234]")
_FRACTION: Final = r"[0-9]+\.[0-9]{3,9}"


def add_numbers(columns: Sequence[Column], roles: Roles) -> None:
    """Give the roles status, upstream_status, bytes_sent and duration."""
    for add in (_add_status, _add_upstream, add_bytes, _add_duration):
        add(roles.free(columns), columns, roles)


def _add_status(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and _is_status(one)]
    named = [one for one in found if one.rank("status") is not None]
    if named:
        roles.give("status", "status", [min(named, key=lambda one: one.rank("status") or 0)], "named so")
        return
    unnamed = [one for one in found if one.name is None and not one.quoted] or [o for o in found if o.name is None]
    behind = [one for one in unnamed if any(_is_less(one, other) for other in unnamed)]
    unnamed = [one for one in unnamed if one not in behind]
    request = roles.place_of(columns, *TARGETS) or 0
    best = min(unnamed, key=lambda one: (one.place < request, _is_rare(one), abs(one.place - request)), default=None)
    if best is not None:
        roles.give("status", "status", [best], "each of its values is a status that servers answer with")


def _is_less(one: Column, other: Column) -> bool:
    """Tell whether a column is the status of the hop behind another: the same, but for lines in which there is none."""
    return len(one.known) < len(other.known) and _follows(one, other)


def _is_rare(one: Column) -> bool:
    """Tell whether no value is a status that applications answer with: a length may look like a rare one (495)."""
    return not any(_USUAL.match(value) for value in one.known)


def _is_status(one: Column) -> bool:
    first = [value.split(" ", 1)[0] if one.name is not None else value for value in one.known]
    if one.name is None and not any(len(value) == 3 for value in first):
        return False
    return sum(map(shapes.is_status, first)) >= _NEARLY_ALL * len(first)


def _add_upstream(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and one.share(_TRIES) == 1.0 and one.rank("upstream_status") is not None]
    if found:
        roles.give("upstream_status", "status", found[:1], "named so")
        return
    status = next((one for one in columns if one.field in _fields(roles, "status")), None)
    if status is None:
        return
    for one in free:
        if one.name is None and one.place > status.place and one.known and _follows(one, status):
            roles.give("upstream_status", "status", [one], "it agrees with the status wherever it is one")
            return


def _follows(one: Column, status: Column) -> bool:
    """Tell whether a column holds the status of the hop behind: the same, or none, or that of several tries."""
    pairs = [(a, b) for a, b in zip(one.values, status.values, strict=True) if a not in shapes.MISSING and a]
    if len(pairs) < 2 or one.share(_TRIES) < 1.0:
        return False
    return all((a.split()[-1] == b) for a, b in pairs if b)


def _fields(roles: Roles, role: str) -> set[str]:
    return {field for source in roles.sources.get(role, ()) for field in source.fields}


def _add_duration(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [(one, unit) for one in free if one.known and (unit := _unit(one)) is not None]
    most = max((len(one.known) for one, _ in found), default=0)  # what the hop behind took is missing in some lines
    named = [(one, unit) for one, unit in found if one.rank("duration") is not None]
    if named:
        one, unit = min(named, key=lambda pair: (len(pair[0].known) < most, pair[0].rank("duration") or 0))
        roles.give("duration", unit, [one], "named so")
        return
    unnamed = [(one, unit) for one, unit in found if one.name is None]
    if unnamed:
        one, unit = max(unnamed, key=lambda pair: (len(pair[0].known), _mean(pair[0]), -pair[0].place))
        roles.give("duration", unit, [one], "the longest of the durations")


def _mean(one: Column) -> float:
    numbers = [
        float(value) for value in one.known if shapes.whole(r"[0-9.]+").fullmatch(value) and value.count(".") < 2
    ]
    return sum(numbers) / len(numbers) if numbers else 0.0


def _unit(one: Column) -> str | None:
    """Return the unit of a column of durations: as the values or the name say, or by their magnitude; else None."""
    if one.share(shapes.WITH_UNIT) == 1.0:
        return "duration"
    if one.share(rf"{shapes.NUMBER}|{shapes.DECIMAL}") < _NEARLY_ALL:
        return None
    named = names.unit(one.name) if one.name is not None else None
    if named is not None:
        return named
    seconds = one.share(_FRACTION) == 1.0 and _mean(one) < 10.0
    return "s" if seconds else None
