"""One's own edges, balancers and proxies: addresses that only a hop can have, found in the joined requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from clerk_logscan.incident import addresses
from clerk_logscan.incident.lines import Line
from clerk_logscan.incident.logs import Log


def addresses_of(requests: Iterable[Sequence[Line]]) -> set[str]:
    """Return the addresses of one's own edges, balancers and proxies: who talks to a log that an outer one precedes.

    What stands right of the outermost log's client in an inner one's `X-Forwarded-For` was written by a hop, too. So
    was a private address that talks to a log with nothing forwarded, where another log stands further out; and the
    client of an outermost log, if inner logs of most of its requests name somebody further out.
    """
    requests = list(requests)
    if len({id(line.log) for lines in requests for line in lines}) < 2:
        return set()
    outermost = min((line.log.rank for lines in requests for line in lines), default=0)
    own: set[str] = set()
    for lines in requests:
        line = lines[0]
        if line.log.rank > outermost and line.client and not line.forwards and addresses.inside(line.client):
            own.add(line.client)
        own.update(_written_by_hops(lines))
    return own | _unlogged_edges(requests)


def _written_by_hops(lines: Sequence[Line]) -> Iterator[str]:
    """Return the addresses of one request that only its hops can have written."""
    client = lines[0].client
    claimed = {address for line in lines for address in _claims(line, client)}
    for line in lines[1:]:
        chain = _chain(line)
        if client in chain:
            yield from chain[len(chain) - chain[::-1].index(client) :]
        elif client and line.client and line.client not in claimed:
            yield line.client


def _claims(line: Line, client: str | None) -> Sequence[str]:
    """Return what a line's `X-Forwarded-For` has left of the outermost client, or all of it: the sender's claim."""
    forwards = line.forwards
    return forwards[: forwards.index(client)] if client in forwards else forwards


def _chain(line: Line) -> list[str]:
    return [*line.forwards, *([line.client] if line.client else [])]


def _unlogged_edges(requests: Sequence[Sequence[Line]]) -> set[str]:
    """Return the clients of outermost logs that are hops themselves: inner logs name somebody behind most of them."""
    behind: dict[Log, list[tuple[str, bool]]] = defaultdict(list)
    for lines in requests:
        client = lines[0].client
        told = [line.forwards for line in lines[1:] if client in line.forwards]
        if client and told:
            behind[lines[0].log].append((client, any(forwards[0] != client for forwards in told)))
    found: set[str] = set()
    for seen in behind.values():
        if len(seen) >= 3 and 2 * sum(further for _, further in seen) > len(seen):
            found.update(client for client, further in seen if further)
    return found
