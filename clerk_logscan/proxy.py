"""A request target to a Destination: what the vulnerable `clerkFrontendApiProxy` does with it, framework by framework.

frameworks.py follows each of them to its fetch; here the gravest is chosen and put into words. Nothing here knows
about logs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from clerk_logscan import decoding, hosts, whatwg
from clerk_logscan.frameworks import FRAMEWORKS, FRONTEND_API, UNKNOWN_HOST, Request, Result, is_under, run

__all__ = ["FRAMEWORKS", "FRONTEND_API", "Destination", "effective_path", "explain", "resolve"]

DEFAULT_PROXY_PATH: Final = "/__clerk"
# Clerk's own Frontend APIs: production, staging, local (@clerk/shared, constants.mjs). Only the default port is theirs.
FRONTEND_API_HOSTS: Final = frozenset(
    {"frontend-api.clerk.dev", "frontend-api.clerkstage.dev", "frontend-api.lclclerk.com"}
)
_BROKEN_AUTHORITY: Final = re.compile(r"^(?:[A-Za-z]+:)?[/\\]{2,}[^/\\?#]*[/\\]?")


class Destination(NamedTuple):
    """Where a request target makes the vulnerable proxy send the key."""

    target: str
    framework: str  # whose behaviour was asked for: any, express, fastify, hono
    matched: bool  # the proxy takes the request
    target_host: str | None  # who gets the key: lower-case ASCII, no port, IPv6 in brackets
    target_url: str | None
    target_kind: str | None  # see hosts.kind; None where the host is not foreign
    off_host: bool  # a foreign host gets the key, or would if fetch did not refuse
    refused: bool  # the runtime refuses before it connects: userinfo, a blocked port, a forbidden method
    unresolvable: bool  # no valid host: an error 500, or the process dies
    crashes: bool  # the process dies in at least one of the frameworks asked for
    slashes: bool  # two or more adjacent slashes (of either kind) under the proxy path
    results: tuple[Result, ...]  # one a framework, on Node 20
    newer: tuple[Result, ...] = ()  # the same on newer Nodes, where those may read the path otherwise
    steps: tuple[str, ...] = ()


def resolve(
    target: str,
    *,
    host: str = "",
    method: str = "GET",
    proxy_path: str = DEFAULT_PROXY_PATH,
    framework: str = "any",
    allow_hosts: Collection[str] = (),
    raw_bytes: bool = False,
) -> Destination:
    """Compute where the vulnerable proxy sends this request.

    `target` is the request-target (RFC 9112) as the client sent it; `host` its Host header, empty where unknown;
    `proxy_path` the configured `frontendApiProxy.path`; `framework` whose behaviour counts, `any` the gravest;
    `allow_hosts` further hosts that count as one's own (`name`, or `name:port`); `raw_bytes` says that the target
    held bytes outside 0x21-0x7e, of which `target` is only a rendering. Raises ValueError for an unknown framework.
    """
    if framework not in ("any", *FRAMEWORKS):
        raise ValueError(f"unknown framework {framework!r}: any, express, fastify or hono")
    names = FRAMEWORKS if framework == "any" else (framework,)
    request = Request(target, host or UNKNOWN_HOST, method.upper(), effective_path(proxy_path))
    results = run(names, request, raw_bytes)
    newer = run(names, request._replace(newer=True), raw_bytes) if whatwg.keeps_dots(target) else ()
    judged = results + newer
    own = FRONTEND_API_HOSTS | {allowed.lower() for allowed in allow_hosts}
    worst = max(judged, key=lambda result: _gravity(result, own, request))
    off_host = _is_foreign(worst, own)
    return Destination(
        target=target,
        framework=framework,
        matched=any(result.matched for result in judged),
        target_host=worst.host,
        target_url=worst.url,
        target_kind=hosts.kind(worst.host) if off_host and worst.host else None,
        off_host=off_host,
        refused=worst.refused,
        unresolvable=_is_unresolvable(worst, request),
        crashes=any(result.crashed for result in judged),
        slashes=_has_slashes(worst, request),
        results=results,
        newer=newer,
    )


def explain(
    target: str,
    *,
    host: str = "",
    method: str = "GET",
    proxy_path: str = DEFAULT_PROXY_PATH,
    framework: str = "any",
    allow_hosts: Collection[str] = (),
    raw_bytes: bool = False,
) -> Destination:
    """Return what `resolve` returns, with `steps`: how the package gets there, a plain sentence each."""
    how = partial(
        resolve, host=host, method=method, proxy_path=proxy_path, framework=framework, allow_hosts=allow_hosts
    )
    found = how(target, raw_bytes=raw_bytes)
    steps = [*_steps(found, effective_path(proxy_path))]
    if not found.off_host:
        steps += _after_decoding(target, (how(reading) for reading in decoding.readings(target, raw_bytes)))
    return found._replace(steps=tuple(steps))


def effective_path(proxy_path: str) -> str:
    """Return the proxy path that is compared: trailing slashes cut, the default where nothing is left."""
    return proxy_path.rstrip("/") or DEFAULT_PROXY_PATH


def _is_foreign(result: Result, own: Collection[str]) -> bool:
    """Tell whether the fetch goes to a host that is not one's own; another port is another origin."""
    return result.key_sent_to is not None and result.key_sent_to not in own


def _is_unresolvable(result: Result, request: Request) -> bool:
    """Tell whether a request for the proxy ends in an error 500, or in the death of the process."""
    if result.ending == "invalid-rest":
        return True
    if result.ending != "invalid-request" or result.status == 400:
        return False
    return result.matched or _names_proxy(request)


def _names_proxy(request: Request) -> bool:
    """Tell whether a target whose own authority is invalid names the proxy path behind it."""
    url = request.parse(_BROKEN_AUTHORITY.sub("/", request.target, count=1), f"http://{UNKNOWN_HOST}")
    return url is not None and is_under(url.pathname, request.prefix)


def _gravity(result: Result, own: Collection[str], request: Request) -> int:
    if _is_foreign(result, own):
        return 4
    if _is_unresolvable(result, request):
        return 3
    return 2 if result.matched else int(result.crashed)


def _has_slashes(result: Result, request: Request) -> bool:
    """Tell whether two slashes of either kind stand side by side under the proxy path, as sent or as parsed."""
    if result.rest is None:
        return False
    path = re.split(r"[?#]", request.target, maxsplit=1)[0].replace("\\", "/")
    return "//" in result.rest or "//" in path.partition(request.prefix)[2]


def _steps(found: Destination, prefix: str) -> Iterator[str]:
    """Tell how the frameworks get there: those that agree in one go."""
    by_course: dict[Result, list[str]] = {}
    for result in found.results:
        by_course.setdefault(result._replace(framework="", status=None, crashed=False), []).append(result.framework)
    for course, names in by_course.items():
        who = " and ".join(name.capitalize() for name in names)
        yield from (f"{who}: {step}" if len(by_course) > 1 else step for step in _course(course, prefix))
    yield from (ending for result in found.results if (ending := _answer(result)))
    if found.off_host and all(result.host != found.target_host for result in found.results):
        yield f"That is Node 20; newer Nodes remove all dot segments of this path, and call {found.target_url}"
    yield _conclusion(found)


def _after_decoding(target: str, readings: Iterable[Destination]) -> Iterator[str]:
    """Say where the key would go if a hop in front percent-decoded the path; nothing where that changes nothing."""
    for found in readings:
        if found.off_host and found.target != target:
            yield (
                f"But a hop in front that percent-decodes the path once, as nginx where proxy_pass has a URI, would "
                f"pass on {found.target}, and {found.target_host} would get the key: the application's own log tells."
            )
            return


def _course(result: Result, prefix: str) -> Iterator[str]:
    if result.path is not None:
        yield f"The request target is parsed as a URL; its path is {result.path}"
    if result.rest is None:
        yield result.reason
        return
    yield f"The path is under the proxy path {prefix}, so the proxy takes it; what is left is {result.rest}"
    if result.ending == "invalid-request":
        yield result.reason
        return
    yield f"The rest is parsed as a URL reference against {FRONTEND_API}"
    if re.match(r"[/\\]{2}", result.rest):
        yield "It begins with two slashes, so what follows is read as another host: that is the vulnerability."
    if result.url:
        yield f"fetch is called with {result.url} and the Clerk-Secret-Key."
    yield result.reason


def _answer(result: Result) -> str:
    name = result.framework.capitalize()
    if result.crashed:
        return f"{name}: nothing catches the error, so the Node process dies."
    if result.ending == "fetched" or result.status is None:
        return ""
    return f"{name} answers {result.status}."


def _conclusion(found: Destination) -> str:
    if found.off_host:
        verb = "would get the key, had fetch not refused" if found.refused else "gets the key"
        return f"{found.target_host} {verb}: it is not the Frontend API ({found.target_kind} host)."
    if found.unresolvable:
        return "Nobody gets the key: there is no valid host to send it to."
    if found.matched:
        return f"The request stays where it belongs, on {found.target_host}."
    return "The proxy does not take this request: nobody gets the key."
