"""Records to requests: two records that are one request, and one request that was drained more than once.

A definition says so (`join`, `repeats`). Both remember across blocks, in bounded memory: a first record waits
for its second until the input ends, or until too many wait; then it is a request without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.parsing.definitions import TARGETS, Definition, Join
from clerk_logscan.parsing.fields import holds

WAITING: Final = 1 << 16  # first records that wait at a time
REMEMBERED: Final = 1 << 18  # ids of requests already seen
SEPARATOR: Final = "\x1f"

Records = pl.DataFrame  # a definition's fields, and columns of their places whose names begin with PLACE
PLACE: Final = "\x1f"


_BETWEEN: Final = 8  # characters between the name of an id and its text
_NO_WORD: Final = re.compile(r"\W+")
_QUOTE: Final = re.compile(r'\\*"')


@cache
def _named(name: str) -> re.Pattern[str]:
    """Return the pattern of a name of a field, with what stands before it."""
    return re.compile(rf"(?:\W|^){re.escape(name)}(?=\W)")


class Half(NamedTuple):
    """The id of a request of which one record was read: the last part of its field's `name`, where the format names
    its fields, and its `text`.
    """

    name: str
    text: str

    def spellings(self, raw: str) -> list[str]:
        """Return how the record's line `raw` spells it, with its name; the other record's line holds one of these.

        None where it is written in another way than it was read.
        """
        if not self.name:
            return [self.text] if self.text in raw else []
        found: dict[str, None] = {}
        for name in _named(self.name).finditer(raw):  # more than one, where a client wrote one, too
            at = raw.find(self.text, name.end() + 1, name.end() + _BETWEEN + len(self.text))
            if at < 0 or not _NO_WORD.fullmatch(raw, name.end(), at):
                continue
            end = at + len(self.text)
            quoted = _QUOTE.match(raw, end) if raw[at - 1] == '"' else None
            found[raw[name.start() : quoted.end() if quoted else end]] = None
        return list(found)


class Joiner:
    """Joins the records of one definition. Without `join` and `repeats` they pass as they are.

    `apart`: not all lines are given, so that none waits for another that may be none of them. Then `halves` are those
    that may have another, by the numbers of their lines, and `seconds` the records last fed that are no request alone.
    Else `joined` are the numbers of the lines of those that were joined to another.
    """

    def __init__(self, definition: Definition, *, apart: bool = False) -> None:
        self._join = definition.join
        self._apart = apart and not (self._join and self._join.in_order)
        self._names = definition.grammar == "json"
        self._repeats = list(definition.repeats)
        self._targets = [f for role in TARGETS for one in definition.columns.get(role, ()) for f in one.fields]
        self._waiting: Records | None = None
        self.halves: dict[int, Half] = {}
        self.seconds: Records | None = None
        self.joined: list[int] = []
        self._seen: dict[str, None] = {}

    def feed(self, records: Records) -> Records:
        """Return the records that are complete requests, in order; what is neither held back nor returned is none."""
        if self._join is not None:
            records = (self._alone if self._apart else self._joined)(records, self._join)
        return self._unrepeated(records) if self._repeats else records

    def finish(self) -> Records | None:
        """Return the requests whose second record never came."""
        waiting, self._waiting = self._waiting, None
        return waiting

    @property
    def waiting(self) -> int:
        """How many first records wait now."""
        return 0 if self._waiting is None else self._waiting.height

    def _alone(self, records: Records, join: Join) -> Records:
        """Return the records that are requests, and note them; even one that lacks nothing may have been announced."""
        sides = records.select(self._side(join, records)).to_series()
        requests, self.seconds = records.filter(sides.is_in([1, 3])), records.filter(sides == 2)
        by = join.by[-1]
        if by in records.columns:
            name = by.rpartition(".")[2] if self._names else ""
            ids = requests.select(f"{PLACE}line_number", by).drop_nulls().iter_rows()
            self.halves.update((number, Half(name, text)) for number, text in ids)
        return requests

    def _joined(self, records: Records, join: Join) -> Records:
        frame = records if self._waiting is None else pl.concat([self._waiting, records], how="diagonal")
        sides = frame.select(side=self._side(join, frame), key=_key(join, frame))
        partners, waiting = _pair(sides.iter_rows())
        self._waiting = frame[waiting] if waiting else None
        held = set(waiting)
        done = [row for row in partners if row not in held]
        seconds = [partners[row] for row in done]
        self.joined += frame[f"{PLACE}line_number"][[row for row in seconds if row is not None]].to_list()
        return _completed(frame, done, seconds)

    def _side(self, join: Join, frame: Records) -> pl.Expr:
        """Return what each record is, as `side`; one with a target that no first announced is a request by itself."""
        targets = [pl.col(name).is_not_null() for name in self._targets if name in frame.columns]
        found = side(join, frozenset(frame.columns))
        alone = (found != 1) & pl.any_horizontal(targets) if targets else pl.lit(False)
        return pl.when(alone).then(3).otherwise(found)

    def _unrepeated(self, records: Records) -> Records:
        names = [pl.col(name) for name in self._repeats if name in records.columns]
        if len(names) < len(self._repeats):
            return records
        keys = records.select(pl.concat_str(names, separator=SEPARATOR)).to_series()
        fresh = [key is None or self._is_new(key) for key in keys]
        return records.filter(pl.Series(fresh, dtype=pl.Boolean))

    def _is_new(self, key: str) -> bool:
        """Tell whether `key` was not seen lately, and remember it."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True


def side(join: Join, present: frozenset[str]) -> pl.Expr:
    """Return the expression of what a record is: 1 a first, 2 a second, 3 both at once, 0 neither."""
    first, second = holds(join.first, present), holds(join.second, present)
    return first.cast(pl.UInt8) + 2 * second.cast(pl.UInt8)


def _key(join: Join, frame: Records) -> pl.Expr:
    """Return the expression of what two records of a request share; null without the last of the fields `by`.

    Records that come `in_order` share what they have, if it be nothing.

    Those before it only narrow it: a logger may be told to leave process and host out.
    """
    if join.in_order:
        known = [pl.col(name).fill_null("") for name in join.by if name in frame.columns]
        return pl.concat_str([pl.lit(""), *known], separator=SEPARATOR)
    if join.by[-1] not in frame.columns:
        return pl.lit(None, pl.String)
    narrower = [pl.col(name).fill_null("") for name in join.by[:-1] if name in frame.columns]
    return pl.concat_str([*narrower, pl.col(join.by[-1])], separator=SEPARATOR)


def _pair(rows: Iterator[tuple[int, str | None]]) -> tuple[dict[int, int | None], list[int]]:
    """Return the records that are requests with their second's row (or None), and those of them that still wait.

    Ids start again with the process: a second belongs to the latest first with its key. A record that is
    both is a request of its own where no first waits.
    """
    partners: dict[int, int | None] = {}
    waiting: dict[str, int] = {}
    for row, (kind, key) in enumerate(rows):
        first = waiting.pop(key, None) if kind and key is not None else None
        if kind == 1:
            partners[row] = None
            if key is not None:
                waiting[key] = row
        elif kind and first is not None:
            partners[first] = row
        elif kind == 3:
            partners[row] = None
    return partners, list(waiting.values())[-WAITING:]


def _completed(frame: Records, firsts: list[int], seconds: list[int | None]) -> Records:
    """Return the rows `firsts`, what they lack taken from the rows `seconds`; their places stay."""
    left = frame[firsts]
    if not any(second is not None for second in seconds):
        return left
    right = frame.select(pl.all().gather(pl.Series(seconds, dtype=pl.UInt32)))
    fields = [name for name in frame.columns if not name.startswith(PLACE)]
    return left.with_columns(left[name].fill_null(right[name]) for name in fields)
