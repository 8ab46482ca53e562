"""Which number of an unknown layout is the status, which the bytes, which the duration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import StatisticsError, correlation
from typing import Final

from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles

_NEARLY_ALL: Final = 0.98
_TRIES: Final = rf"(?:{shapes.STATUS}|-)(?:[ ,:]+(?:{shapes.STATUS}|-))*"
_ALIKE: Final = 0.9  # correlation of a number with the length of what was sent
_HEADERS: Final = 1500  # bytes that the header lines of an answer may have
_FAST: Final = 100.0  # seconds; a median above is no number of seconds
_USUAL: Final = re.compile("20[01246]|30[1-478]|40[01345]|42[29]|50[0234]")
# Envoy writes flags behind the status, then bytes received, bytes sent and the duration.
_FLAGS: Final = r"[A-Z]{2,4}(?:,[A-Z]{2,4})*"
_FRACTION: Final = r"[0-9]+\.[0-9]{3,9}"


def add_numbers(columns: Sequence[Column], roles: Roles) -> None:
    """Give the roles status, upstream_status, bytes_sent and duration."""
    for add in (_add_status, _add_upstream, _add_bytes, _add_duration):
        add(roles.free(columns), columns, roles)


def _add_status(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and _is_status(one)]
    named = [one for one in found if one.rank("status") is not None]
    if named:
        roles.give("status", "status", [min(named, key=lambda one: one.rank("status") or 0)], "named so")
        return
    unnamed = [one for one in found if one.name is None and not one.quoted] or [o for o in found if o.name is None]
    request = roles.place_of(columns, "request", "request_target", "url", "path") or 0
    best = min(unnamed, key=lambda one: (one.place < request, _is_rare(one), abs(one.place - request)), default=None)
    if best is not None:
        roles.give("status", "status", [best], "each of its values is a status that servers answer with")


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


def _add_bytes(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [one for one in free if one.known and one.share(shapes.SIZE) >= _NEARLY_ALL]
    named = [one for one in found if one.rank("bytes_sent") is not None and not _is_of_requests(one)]
    if named:
        roles.give("bytes_sent", "bytes", [min(named, key=lambda one: one.rank("bytes_sent") or 0)], "named so")
        return
    unnamed = [one for one in found if one.name is None and not one.listed and not _is_serial(one)]
    sent = [one for one in unnamed if not _grows_with_request(one, columns, roles)]
    best = _proved(sent, columns, roles) or _beside(sent, columns, roles)
    if best is not None:
        roles.give("bytes_sent", "bytes", [best], "numbers that behave as the size of answers")


def _is_of_requests(one: Column) -> bool:
    """Tell whether a Content-Length, of which the name does not say whose it is, is that of requests: always 0."""
    alone = names.parts(one.name or "")[-1:] == ["contentlength"] or names.plain(one.name or "") == "contentlength"
    return alone and len(one.known) > 2 and set(one.known) == {"0"}


def _is_serial(one: Column) -> bool:
    """Tell whether the numbers only ever grow: a counter, a time."""
    numbers = [int(value) for value in one.known if value.isdigit()]
    return len(numbers) > 3 and all(a < b for a, b in pairwise(numbers))


def _proved(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return the column that is nothing where the status is 304 (RFC 9110, section 15.4.5), and something elsewhere."""
    status = next((one for one in columns if one.field in _fields(roles, "status")), None)
    if status is None or "304" not in status.known:
        return None
    empty = frozenset(("0", "-", "", None))
    found = [
        one
        for one in numbers
        if one.distinct > 2 and all(v in empty for v, s in zip(one.values, status.values, strict=True) if s == "304")
    ]
    if not all(_agree(found[0], other) for other in found[1:]):
        return None
    return max(found, key=lambda one: len(one.known), default=None)


def _agree(one: Column, other: Column) -> bool:
    """Tell whether two columns hold the same number in each line, but where one writes `-` for 0 (Tomcat's %b, %B)."""
    return all(a == b for a, b in zip(one.values, other.values, strict=True) if _digits(a) and _digits(b))


def _beside(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return which of the numbers beside the status counts what was sent: the body, where headers are counted, too."""
    status = roles.place_of(columns, "status")
    if status is None:
        return None
    by_place = {one.place: one for one in numbers}
    run = _run(by_place, status + 1)
    if not run:
        run = _run(by_place, status + 2)
        flags = next((one for one in columns if one.place == status + 1), None)
        is_envoy = len(run) > 2 and flags is not None and (not flags.known or flags.share(_FLAGS) == 1.0)
        run = run[1:2] if is_envoy else []
    varied = [one for one in run if not one.constant]
    run = varied if len(run) > 1 and varied else run
    run = [one for one in run if set(one.known) != {"0"}] or run  # sc-substatus, sc-win32-status
    if len(run) > 1 and _is_headers_more(run[0], run[1]):
        return run[1]
    return run[0] if run else None


def _run(numbers: dict[int, Column], place: int) -> list[Column]:
    """Return the numbers that follow one another from a place on."""
    found: list[Column] = []
    while place in numbers:
        found.append(numbers[place])
        place += 1
    return found


def _is_headers_more(one: Column, other: Column) -> bool:
    """Tell whether `one` is always a little more than `other`: the header lines' bytes."""
    pairs = [
        (int(a), int(b)) for a, b in zip(one.values, other.values, strict=True) if a and b and _digits(a) and _digits(b)
    ]
    return len(pairs) > 1 and all(0 < a - b < _HEADERS for a, b in pairs)


def _digits(text: str | None) -> bool:
    return text is not None and text.isdigit()


def _grows_with_request(one: Column, columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether a number is the request's own length: it grows with the target."""
    fields = _fields(roles, "request") | _fields(roles, "request_target") | _fields(roles, "path")
    texts = next((other.values for other in columns if other.field in fields), ())
    pairs = [(float(a), float(len(b))) for a, b in zip(one.values, texts, strict=False) if a and b and _digits(a)]
    if len(pairs) < 5 or len({b for _, b in pairs}) < 3:
        return False
    try:
        return correlation([a for a, _ in pairs], [b for _, b in pairs]) > _ALIKE
    except StatisticsError:
        return False


def _add_duration(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    found = [(one, unit) for one in free if one.known and (unit := _unit(one)) is not None]
    named = [(one, unit) for one, unit in found if one.rank("duration") is not None]
    if named:
        one, unit = min(named, key=lambda pair: pair[0].rank("duration") or 0)
        roles.give("duration", unit, [one], "named so")
        return
    unnamed = [(one, unit) for one, unit in found if one.name is None]
    if unnamed:
        one, unit = max(unnamed, key=lambda pair: (_mean(pair[0]), -pair[0].place))
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
