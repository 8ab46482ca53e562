"""The request of an unknown layout: a request line, or method, target and query in places of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.inference import names, shapes
from clerk_logscan.parsing.inference.columns import Column, Roles

_MOSTLY: Final = 0.9
_SOME: Final = 0.5  # a request line may be anything that a scanner sends
_UNKNOWN: Final = 1000


def add_request(columns: Sequence[Column], roles: Roles) -> None:
    """Give the roles request, or method and request_target (url, path and query), and protocol."""
    line = _best_line(columns)
    method = _method(columns, line)
    target = _best_target([one for one in columns if one is not line], method)
    if line is not None and (target is None or not _is_better(target, line)):
        absolute = line.share(shapes.ABSOLUTE_REQUEST) > line.share(shapes.REQUEST) / 2
        why = f"{line.share(shapes.REQUEST):.0%} of it are request lines"
        roles.give("request", "url" if absolute else "request", [line], why)
    elif target is not None:
        _give_target(columns, target, roles)
    else:
        return
    if method is not None:
        roles.give("method", "text", [method], "its values are methods")
    elif "request" not in roles.sources and (named := _operation(columns)) is not None:
        roles.give("method", "first-word", [named], "its values begin with methods")
    if "url" not in roles.sources and (url := _same_target(columns, line or target)) is not None:
        roles.give("url", "url", [url], "absolute URLs of the same targets")
    protocol = _protocol(columns, roles)
    if protocol is not None:
        roles.give("protocol", "text", [protocol], "its values are protocols")


def _is_better(target: Column, line: Column) -> bool:
    """Tell whether a target of its own says more than a request line: that is cut short (HAProxy), or names no path."""
    return line.rank("target") is None and line.name is not None and target.rank("target") is not None


def _best_line(columns: Sequence[Column]) -> Column | None:
    """Return the column that holds whole request lines, the best known name first, then the first in the line."""
    found = [one for one in columns if one.share(shapes.REQUEST) >= _SOME and not _is_someone_elses(one)]
    found = [one for one in found if one.name is None or one.share(shapes.PLAIN_REQUEST) >= _SOME]  # no whole lines
    return min(found, key=lambda one: (_rank(one, "target"), one.place), default=None)


def _is_someone_elses(one: Column) -> bool:
    """Tell whether a key names a text that the client chose, or a route: `referer`, `user_agent`, `routeKey`."""
    if one.name is None:
        return False
    if names.is_route(one.name):
        return True
    known = one.rank("target")
    return known is None and any(one.rank(role) is not None for role in ("referer", "user_agent", "host", "request_id"))


def _rank(one: Column, column: str) -> int:
    known = one.rank(column)
    return _UNKNOWN if known is None else known


def _method(columns: Sequence[Column], line: Column | None) -> Column | None:
    found = [
        one for one in columns if one is not line and one.known and shapes.share_of(one.values, _is_method) >= _MOSTLY
    ]
    return min(found, key=lambda one: (_rank(one, "method"), one.place), default=None)


def _operation(columns: Sequence[Column]) -> Column | None:
    """Return the column of operations such as `GET /users/{id}` and `GET Home/Index`: their first words are methods."""
    found = [one for one in columns if one.known and shapes.share_of(one.values, _begins_with_method) == 1.0]
    return next((one for one in found if one.rank("user_agent") is None and one.rank("referer") is None), None)


def _begins_with_method(text: str) -> bool:
    return text.partition(" ")[0] in shapes.METHODS


def _is_method(text: str) -> bool:
    return text.upper() in shapes.METHODS


def _protocol(columns: Sequence[Column], roles: Roles) -> Column | None:
    found = [one for one in roles.free(columns) if one.share(shapes.PROTOCOL) >= _MOSTLY]
    return min(found, key=lambda one: (_rank(one, "protocol"), one.place), default=None)


def _same_target(columns: Sequence[Column], main: Column | None) -> Column | None:
    """Return the column of absolute URLs that end, in each line, in what the target's or the request's holds.

    A referer ends so by chance where the target is `/`, and is missing in some lines.
    """
    for one in columns:
        if main is None or one is main or not one.known or one.share(shapes.ABSOLUTE) < 1.0:
            continue
        pairs = [(url, text) for url, text in zip(one.values, main.values, strict=True) if url in one.known and text]
        targets = [text.split(" ")[1] if " " in text else text for _, text in pairs]
        everywhere = len(pairs) == len(main.known) and any(target != "/" for target in targets)
        if everywhere and all(
            url.endswith(t) and "://" in url.removesuffix(t) for (url, _), t in zip(pairs, targets, strict=True)
        ):
            return one
    return None


def _best_target(columns: Sequence[Column], method: Column | None) -> Column | None:
    """Return the column of request targets: with the query, by the best known name, the nearest to the method."""
    found = [one for one in columns if _may_be_target(one)]
    named = [one for one in found if one.rank("target") is not None]
    everywhere = [one for one in found if len(one.known) == len(one.values) > 1]
    found = [one for one in found if not _could_be_referer(one)] or (found if method is not None else everywhere[:1])
    varied = [one for one in found if not one.constant]
    found = named or (varied if len(varied) < len(found) else found)
    if not found:
        return None
    near = method.place if method is not None else 0
    best = min(found, key=lambda one: (_rank(one, "target"), abs(one.place - near - 1), one.place))
    return _fuller(best, found)


def _may_be_target(one: Column) -> bool:
    if not one.known or _is_someone_elses(one):
        return False
    if shapes.share_of(one.values, shapes.is_target) < _MOSTLY:
        return False
    return one.share(shapes.ROUTE) < _SOME


def _could_be_referer(one: Column) -> bool:
    """Tell whether it holds URLs without a name: where there are targets, these are referers."""
    return one.name is None and one.share(shapes.ABSOLUTE) == 1.0


def _fuller(best: Column, found: Sequence[Column]) -> Column:
    """Return the column that says of each line at least what `best` says, and of some its query; else `best`."""
    for other in found:
        if other is best:
            continue
        pairs = [(a, b) for a, b in zip(best.values, other.values, strict=True) if a and b]
        grows = [b != a for a, b in pairs if _path(b) == a or b == a]
        if pairs and len(grows) == len(pairs) and any(grows):
            return other
    return best


def _path(url: str) -> str:
    """Return an URL's path as it stands: without scheme, authority and query."""
    rest = url.partition("://")[2] if shapes.whole(shapes.ABSOLUTE).fullmatch(url) else url
    return ("/" + rest.partition("/")[2] if rest is not url else rest).partition("?")[0]


def _give_target(columns: Sequence[Column], target: Column, roles: Roles) -> None:
    """Give the target as what its values are: URLs, targets, or paths whose query has a place of its own."""
    if target.share(shapes.ABSOLUTE) >= _SOME:
        roles.give("url", "url", [target], "its values are absolute URLs")
        return
    query = None if any("?" in value for value in target.known) else _query(columns, target)
    if query is None:
        roles.give("request_target", "target", [target], "its values are request targets")
        return
    roles.give("path", "text", [target], "its values are paths")
    roles.give("query", "text", [query], "its values are queries, which the paths lack")


def _query(columns: Sequence[Column], target: Column) -> Column | None:
    """Return the column of queries: by its name, or beside the paths with values such as `a=b&c`."""
    others = [one for one in columns if one is not target]
    named = [one for one in others if one.rank("query") is not None and not any(v.startswith("/") for v in one.known)]
    if named:
        return min(named, key=lambda one: _rank(one, "query"))
    beside = [one for one in others if one.name is None and one.place == target.place + 1 and one.known]
    likely = [one for one in beside if one.share(shapes.QUERY) == 1.0 and any("=" in value for value in one.known)]
    return likely[0] if likely else None
