"""What an answer's status and size suggest: shown with its reason, never clearing a request."""

from __future__ import annotations

from typing import Final

from clerk_logscan.incident.events import Event
from clerk_logscan.incident.lines import UNRESOLVABLE

# Read off the real packages behind nginx (see the oracle's notes in docs): status, logged bytes, what it suggests.
_FAILED_FETCH: Final = frozenset({108, 119})
_NGINX_OWN_502: Final = 157
_FASTIFY_500: Final = 99
_HONO_500: Final = 21
TELLING: Final = _FAILED_FETCH | {_NGINX_OWN_502, _FASTIFY_500, _HONO_500}  # sizes that suggest anything
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
GATEWAY: Final = frozenset({502, 504})


def of(event: Event) -> list[str]:
    """Return the indications that the event's lines give, each once."""
    tell = _of_probe if UNRESOLVABLE in event.rules else _of_answer if event.names_host else _nothing
    found = [text for line in event.lines if (text := tell(line.status, line.size))]
    if event.names_host and any(line.raw_bytes for line in event.lines):
        found.append("it was sent with raw bytes that Node's parser answers with 400")
    return list(dict.fromkeys(found))


def _nothing(status: int | None, size: int | None) -> str | None:
    return None


def _of_answer(status: int | None, size: int | None) -> str | None:
    if status == 502 and size in _FAILED_FETCH:
        how = "as logged for a chunked answer" if size == 119 else "the size of its body"
        return f"502 with {size} bytes ({how}) is the proxy's own answer when its fetch failed"
    if status == 502 and size == _NGINX_OWN_502:
        return "502 with 157 bytes is nginx' own page: the application gave no answer"
    if status in REDIRECTS:
        return (
            f"{status} mostly comes from a front that mends the slashes, such as Next.js, whose applications are not "
            "affected; the vulnerable proxy follows redirects itself"
        )
    if status == 400:
        return (
            "400 is what Node's parser and the fixed version answer to some of these; the status alone proves neither"
        )
    return None


def _of_probe(status: int | None, size: int | None) -> str | None:
    if status == 500 and size == _FASTIFY_500:
        return "500 with 99 bytes is Fastify's answer to a target without a valid host"
    if status == 500 and size == _HONO_500:
        return "500 with 21 bytes is Hono's answer to a target without a valid host"
    if status == 502 and size == _NGINX_OWN_502:
        return "502 with 157 bytes is nginx' own page: the process died, or was down"
    return None
