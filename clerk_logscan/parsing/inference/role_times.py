"""The time of a request in an unknown layout; of several the request's own, and the most exact of these."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from clerk_logscan.parsing.inference import time_shapes
from clerk_logscan.parsing.inference.columns import Column, Roles
from clerk_logscan.parsing.inference.time_shapes import Time

# Written by who stored the line, later than the request: the last choice.
_STORED: Final = frozenset(
    ("@timestamp", "ingestTime", "ingest_time", "receiveTimestamp", "received_at", "_time", "observedTimestamp")
)
_DIGITS: Final = r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"
_SOON: Final = 0.8


def add_time(columns: Sequence[Column], roles: Roles) -> None:
    """Give the role timestamp."""
    found = [(one, time) for one in roles.free(columns) if _may_be(one) and (time := time_shapes.time_of(one.known))]
    if found:
        one, time = min(found, key=lambda pair: _order(*pair))
        roles.give("timestamp", time.kind, [one], f"its values are times ({time.kind})")
        return
    _add_parts(roles.free(columns), roles)


def _may_be(one: Column) -> bool:
    """Tell whether a time may stand here: a number needs a name that is one of a time, where there are names."""
    return bool(one.known) and len(one.known) >= _SOON * len(one.values)


def _order(one: Column, time: Time) -> tuple[bool, bool, bool, bool, int]:
    """Return the order of preference: a known name, not the storage's, with a zone, with a fraction, the first."""
    unnamed = one.name is not None and one.rank("timestamp") is None
    zone, fraction = time.rank
    return unnamed, one.field in _STORED, not fraction, not zone, _rank(one)


def _rank(one: Column) -> int:
    known = one.rank("timestamp")
    return one.place if known is None else known


def _add_parts(columns: Sequence[Column], roles: Roles) -> None:
    """Give a date and a time of day that stand in two places."""
    clocks = [one for one in columns if time_shapes.is_clock(one.known)]
    for one, digits in pairwise(columns):
        if time_shapes.is_date(one.known) == "%Y%m%d" and digits.known and digits.share(_DIGITS) == 1.0:
            roles.give("timestamp", "strftime(%Y%m%d %H%M%S)", [one, digits], "a date and a time of day")
            return
    for one in columns:
        clock = min(clocks, key=lambda other: abs(other.place - one.place), default=None)
        if clock is None or not one.known:
            continue
        form = time_shapes.is_date(one.known)
        if form:
            kind = "iso8601" if form == "%Y-%m-%d" else f"strftime({form} %H:%M:%S%.f)"
            roles.give("timestamp", kind, [one, clock], "a date and a time of day")
            return
