"""Which number of an unknown layout counts the bytes that were sent.

Lengths of requests, durations, counters and ports are numbers, too. What tells: a name, a unit, nothing where the
status is 304, a place beside the status or behind the request, and that it is the only number of its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import StatisticsError, correlation
from typing import Final

from clerk_logscan.parsing.definitions import TARGETS
from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles

_NEARLY_ALL: Final = 0.98
_MOSTLY: Final = 0.6
_ENOUGH: Final = 4  # lines whose target and status came before
_ALIKE: Final = 0.9  # correlation of a number with the length of what was sent
_FEWEST_HEADERS, _HEADERS = 80, 1500  # bytes that the header lines of an answer may have
_UNIT: Final = r"[bB](?:ytes)?"
_WITH_UNIT: Final = rf"[0-9]+ ?{_UNIT}"
# Envoy writes flags behind the status, then bytes received, bytes sent and the duration.
_FLAGS: Final = r"[A-Z]{2,4}(?:,[A-Z]{2,4})*"
_TIME_TAKEN: Final = rf"[0-9]+\.[0-9]{{3,9}}|{shapes.WITH_UNIT}"
# Answers differ in size by magnitudes; ports, ids and counters do not. Durations do, but are seldom so long in ms.
_SPREAD: Final = 10
_LARGE: Final = 1000
_LONG, _HUGE = 2_000, 20_000  # milliseconds that few requests take
_EMPTY: Final = frozenset(("0", "-", "", None))


def add_bytes(free: Sequence[Column], columns: Sequence[Column], roles: Roles) -> None:
    """Give the role bytes_sent."""
    found = [one for one in free if one.known and one.share(shapes.SIZE) >= _NEARLY_ALL]
    named = [one for one in found if one.rank("bytes_sent") is not None and not _is_of_requests(one)]
    if named:
        roles.give("bytes_sent", "bytes", [min(named, key=lambda one: one.rank("bytes_sent") or 0)], "named so")
        return
    unnamed = [one for one in found if one.name is None and not one.listed and not _is_serial(one)]
    sent = [one for one in unnamed if not _grows_with_request(one, columns, roles)]
    best = _measured(sent, columns) or _proved(sent, columns, roles)
    if best is None and not _is_contested(sent, columns, roles):
        best = _beside(sent, columns, roles) or _behind(sent, columns, roles)
    best = best or _only(sent, columns, roles)
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


def _measured(numbers: Sequence[Column], columns: Sequence[Column]) -> Column | None:
    """Return the column whose every value says that it counts bytes (`512b`, `5 bytes`); of several the varied one."""
    units = {one.place for one in columns if one.known and one.share(_UNIT) == 1.0}
    found = [one for one in numbers if one.share(_WITH_UNIT) == 1.0 or one.place + 1 in units]
    varied = [one for one in found if (sizes := _sizes(one)) and max(sizes) >= _SPREAD * min(sizes)]
    found = varied if len(found) > 1 else found
    return found[0] if len(found) == 1 else None


def _proved(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return the column that is nothing where the status is 304 (RFC 9110, section 15.4.5), and something elsewhere."""
    status = _column_of("status", columns, roles)
    if status is None or "304" not in status.known:
        return None
    found = [
        one
        for one in numbers
        if one.distinct > 2 and all(v in _EMPTY for v, s in zip(one.values, status.values, strict=True) if s == "304")
    ]
    if not all(_agree(found[0], other) for other in found[1:]):
        return None
    return max(found, key=lambda one: len(one.known), default=None)


def _column_of(role: str, columns: Sequence[Column], roles: Roles) -> Column | None:
    fields = {field for source in roles.sources.get(role, ()) for field in source.fields}
    return next((one for one in columns if one.field in fields), None)


def _agree(one: Column, other: Column) -> bool:
    """Tell whether two columns hold the same number in each line, but where one writes `-` for 0 (Tomcat's %b, %B)."""
    return all(a == b for a, b in zip(one.values, other.values, strict=True) if _digits(a) and _digits(b))


def _is_contested(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether one number stands behind the status and another behind a later request: either may be a duration."""
    status, request = roles.place_of(columns, "status"), roles.place_of(columns, "request")
    if status is None or request is None or request < status:
        return False
    return {status + 1, request + 1} <= {one.place for one in numbers if not one.constant}


def _beside(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return which of the numbers beside the status counts what was sent: the body, where headers are counted, too."""
    status = roles.place_of(columns, "status")
    if status is None:
        return None
    by_place = {one.place: one for one in numbers}
    run = _run(by_place, status + 1) or _envoys(_run(by_place, status + 2), columns, status + 1)
    varied = [one for one in run if not one.constant]
    run = varied if len(run) > 1 and varied else run
    sent = [one for one in run if set(one.known) != {"0"}]  # sc-substatus, sc-win32-status
    run = sent if len(numbers) > 1 else run
    if len(run) > 1 and _is_headers_more(run[0], run[1]):
        return run[1]
    alone = "request" not in roles.sources and len(numbers) == 1
    if run and alone and not _is_size(run[0], _LONG, columns, roles):
        return None  # `200|34|`: what took 34 ms, as likely
    return run[0] if run else None


def _run(numbers: dict[int, Column], place: int) -> list[Column]:
    """Return the numbers that follow one another from a place on."""
    found: list[Column] = []
    while place in numbers:
        found.append(numbers[place])
        place += 1
    return found


def _envoys(run: list[Column], columns: Sequence[Column], place: int) -> list[Column]:
    """Return which number behind Envoy's flags, at `place`, was sent; most requests have no body: received 0."""
    flags = next((one for one in columns if one.place == place), None)
    if len(run) < 3 or flags is None or (flags.known and flags.share(_FLAGS) < 1.0):
        return []
    received, sent = run[:2]
    swapped = sent.known.count("0") > received.known.count("0")
    return [received if swapped else sent]


def _is_headers_more(one: Column, other: Column) -> bool:
    """Tell whether `one` is always a little more than `other`: the header lines' bytes."""
    pairs = [
        (int(a), int(b)) for a, b in zip(one.values, other.values, strict=True) if a and b and _digits(a) and _digits(b)
    ]
    more = [a - b for a, b in pairs]
    return len(more) > 1 and min(more) >= _FEWEST_HEADERS and max(more) < min(_HEADERS, _SPREAD * min(more))


def _digits(text: str | None) -> bool:
    return text is not None and text.isdigit()


def _behind(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return the number right behind a whole request line, where the status stands elsewhere or nowhere."""
    request = roles.place_of(columns, "request")
    return next((one for one in numbers if request is not None and one.place == request + 1), None)


def _only(numbers: Sequence[Column], columns: Sequence[Column], roles: Roles) -> Column | None:
    """Return the only number that varies by magnitudes, where it is no duration: that has a column of its own.

    Of several the one that is the same whenever one target is answered with one status: a duration never is.
    """
    status = _column_of("status", columns, roles)
    varied = _different([one for one in numbers if not one.constant and one.distinct > 1])
    if len(varied) > 1:
        varied = [one for one in varied if _repeats(one, _target(columns, roles), status)]
    if len(varied) != 1 or status is None:
        return None
    sizes = _sizes(varied[0])
    spread = bool(sizes) and max(sizes) >= max(_LARGE, _SPREAD * min(sizes))
    return varied[0] if spread and _is_size(varied[0], _HUGE, columns, roles) else None


def _is_size(one: Column, longest: int, columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether a number is no duration: one stands elsewhere, or it is too large for one, or repeats itself."""
    timed = any(other.share(_TIME_TAKEN) == 1.0 for other in columns)
    huge = max(_sizes(one), default=0) >= longest
    return timed or huge or _repeats(one, _target(columns, roles), _column_of("status", columns, roles))


def _sizes(one: Column) -> list[int]:
    numbers = [value.rstrip("bBytes ") for value in one.known]
    return [int(number) for number in numbers if number.isdigit() and number != "0"]


def _different(numbers: Sequence[Column]) -> list[Column]:
    """Return the columns less those that say what one before says in each line."""
    return list({one.values: one for one in reversed(numbers)}.values())[::-1]


def _repeats(one: Column, target: Column | None, status: Column | None) -> bool:
    """Tell whether the number is mostly the same for one target and status: so are sizes, and no durations."""
    by_answer: dict[tuple[str | None, str | None], list[str]] = {}
    if target is None or status is None:
        return False
    for value, what, how in zip(one.values, target.values, status.values, strict=True):
        if value and value.isdigit() and len(value) > 2:
            by_answer.setdefault((what, how), []).append(value)
    again = [values for values in by_answer.values() if len(values) > 1]
    same = sum(values.count(max(set(values), key=values.count)) for values in again)
    total = sum(map(len, again))
    return total >= _ENOUGH and same >= _MOSTLY * total


def _target(columns: Sequence[Column], roles: Roles) -> Column | None:
    return next((found for role in TARGETS if (found := _column_of(role, columns, roles))), None)


def _grows_with_request(one: Column, columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether a number is the request's own length: it grows with the target."""
    target = _target(columns, roles)
    texts = target.values if target is not None else ()
    pairs = [(float(a), float(len(b))) for a, b in zip(one.values, texts, strict=False) if a and b and _digits(a)]
    if len(pairs) < 5 or len({b for _, b in pairs}) < 3:
        return False
    try:
        return correlation([a for a, _ in pairs], [b for _, b in pairs]) > _ALIKE
    except StatisticsError:
        return False
