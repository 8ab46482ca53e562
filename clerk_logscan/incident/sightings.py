"""Which lines of two logs could be one request: by a shared id, or by method, target and address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from clerk_logscan.incident.lines import Line, decoded, normalised, plain
from clerk_logscan.incident.logs import Log

Group = tuple[list[Line], list[Line]]


@dataclass
class Common:
    """What two logs have in common: groups of lines of the one and of the other that could be the same requests."""

    by_id: list[Group] = field(default_factory=list)
    by_key: list[Group] = field(default_factory=list)


# Lines of one key in one log: as logged, percent-decoded once, normalised as a hidden field would be.
@dataclass(slots=True)
class _Forms:
    logged: list[Line] = field(default_factory=list)
    decoded: list[Line] = field(default_factory=list)
    normal: list[Line] = field(default_factory=list)


def common(lines: Iterable[Line]) -> dict[tuple[Log, Log], Common]:
    """Return for every two logs that could share requests what they have in common.

    Targets agree if they are equal, or one is the other percent-decoded once; for a log whose target field is
    normalised, if they are equal when normalised. Absolute targets are compared in origin form.
    """
    found: dict[tuple[Log, Log], Common] = defaultdict(Common)
    ids: dict[str, dict[Log, list[Line]]] = defaultdict(lambda: defaultdict(list))
    keys: dict[tuple[str | None, str, str], dict[Log, _Forms]] = defaultdict(lambda: defaultdict(_Forms))
    for line in lines:
        for name in line.ids or ():
            ids[trace(name)][line.log].append(line)
        _file(line, keys)
    for seen in ids.values():
        for first, second in _pairs(seen):
            found[first, second].by_id.append((seen[first], seen[second]))
    for forms in keys.values():
        for first, second in _pairs(forms):
            groups = list(_agreeing(first, second, forms[first], forms[second]))
            if groups:
                found[first, second].by_key.extend(groups)
    return found


def trace(name: str) -> str:
    """Return an id in the spelling that all logs share: AWS WAF writes ALB's trace id without `Root=`."""
    for part in name.split(";"):
        if part.strip().startswith("Root="):
            return part.strip()[5:]
    return name


def addresses_of(line: Line) -> frozenset[str]:
    """Return every address that the line names: its client field and all of `X-Forwarded-For`."""
    client = line.client
    return frozenset(line.forwards if client is None else (client, *line.forwards))


def _file(line: Line, keys: dict[tuple[str | None, str, str], dict[Log, _Forms]]) -> None:
    if line.target is None:
        return
    target = plain(line.target)
    for address in addresses_of(line):
        keys[line.method, target, address][line.log].logged.append(line)
        for form in decoded(target):
            keys[line.method, form, address][line.log].decoded.append(line)
        keys[line.method, "normal:" + normalised(target), address][line.log].normal.append(line)


def _pairs(seen: dict[Log, object] | dict[Log, list[Line]] | dict[Log, _Forms]) -> Iterator[tuple[Log, Log]]:
    """Return the pairs of logs, each in one fixed order (that of the inputs)."""
    return combinations(seen, 2) if len(seen) > 1 else iter(())


def _agreeing(first: Log, second: Log, one: _Forms, other: _Forms) -> Iterator[Group]:
    if one.logged and other.logged:
        yield one.logged, other.logged
    if one.logged and other.decoded:
        yield one.logged, other.decoded
    if one.decoded and other.logged:
        yield one.decoded, other.logged
    if (first.hidden or second.hidden) and one.normal and other.normal:
        yield one.normal, other.normal
