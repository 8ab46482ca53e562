"""A request target to a Destination: what the vulnerable `clerkFrontendApiProxy` does with it, framework by framework.

Read in @clerk/backend 3.2.2 (dist/proxy.mjs), @clerk/express 2.0.6 on Express 4, @clerk/fastify 3.1.3 on Fastify 5
and @clerk/hono 0.1.15 with @hono/node-server 1.19.11, on Node 20; compared with the running packages in
tests/test_proxy_differential.py. Nothing here knows about logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from clerk_logscan import hosts, nodejs, whatwg

DEFAULT_PROXY_PATH: Final = "/__clerk"
FRAMEWORKS: Final = ("express", "fastify", "hono")
FRONTEND_API: Final = "https://frontend-api.clerk.dev"
# Clerk's own Frontend APIs: production, staging, local (@clerk/shared, constants.mjs). Only the default port is theirs.
FRONTEND_API_HOSTS: Final = frozenset(
    {"frontend-api.clerk.dev", "frontend-api.clerkstage.dev", "frontend-api.lclclerk.com"}
)
UNKNOWN_HOST: Final = "localhost"  # stands for a Host header that is not known, and valid
_BROKEN_AUTHORITY: Final = re.compile(r"^(?:[A-Za-z]+:)?[/\\]{2,}[^/\\?#]*[/\\]?")

Ending = Literal["fetched", "unmatched", "rejected", "invalid-request", "invalid-rest"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as Node hands it to a framework, and the effective proxy path."""

    target: str
    host: str
    method: str
    prefix: str
    newer: bool = False  # read paths as Nodes newer than 20 do

    def parse(self, reference: str, base: str | None = None, search: str | None = None) -> whatwg.Url | None:
        """Return what `new URL(reference, base)` gives in this request's Node, None where it throws."""
        return whatwg.parse(reference, base, search=search, newer=self.newer)


@dataclass(frozen=True, slots=True)
class Result:
    """What one framework does with one request."""

    framework: str
    ending: Ending
    status: int | None  # what the client gets when the fetch succeeds with 200; None when no answer comes
    crashed: bool = False  # the Node process dies of an unhandled rejection
    path: str | None = None  # the parsed path, where the request URL could be parsed
    rest: str | None = None  # what is left of it behind the proxy path
    url: str | None = None  # what is handed to fetch
    key_sent_to: str | None = None  # its host, with the port where that is not 443
    host: str | None = None  # its host without a port
    refused: bool = False  # fetch throws before it connects
    reason: str = ""  # a sentence, for `explain`

    @property
    def matched(self) -> bool:
        """The proxy takes the request."""
        return self.rest is not None


@dataclass(frozen=True, slots=True)
class Destination:
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
    results = _run(names, request, raw_bytes)
    newer = _run(names, replace(request, newer=True), raw_bytes) if whatwg.keeps_dots(target) else ()
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
    found = resolve(
        target,
        host=host,
        method=method,
        proxy_path=proxy_path,
        framework=framework,
        allow_hosts=allow_hosts,
        raw_bytes=raw_bytes,
    )
    return replace(found, steps=tuple(_steps(found, effective_path(proxy_path))))


def effective_path(proxy_path: str) -> str:
    """Return the proxy path that is compared: trailing slashes cut, the default where nothing is left."""
    return proxy_path.rstrip("/") or DEFAULT_PROXY_PATH


def _run(names: Collection[str], request: Request, raw_bytes: bool) -> tuple[Result, ...]:
    status = 400 if raw_bytes else nodejs.parser_status(request.method, request.target)
    if status is not None:
        reason = "Node's HTTP parser refuses this request line, so no framework sees it."
        return tuple(Result(name, "rejected", status or None, reason=reason) for name in names)
    return tuple(_HANDLERS[name](request) for name in names)


def _express(request: Request) -> Result:
    """Follow @clerk/express: its async middleware has no catch, so whatever throws in it ends the process."""
    if nodejs.legacy_path_missing(request.target):
        return Result("express", "unmatched", 404, reason="Express's router finds no path in the target.")
    url = request.parse(request.target, f"http://{request.host}")
    if url is None:
        return Result("express", "invalid-request", None, True, reason="The request URL cannot be parsed.")
    if not _matches(url.pathname, request.prefix):
        return _unmatched("express", url, request.target, request)
    if _throws(url, request.method):
        return _invalid_request("express", url, request, None, crashed=True)
    return _forward("express", url, request, None, crashed=True)


def _fastify(request: Request) -> Result:
    """Follow @clerk/fastify: the router percent-decodes the path first (400), and whatever throws later is a 500."""
    if _fastify_bad_url(request.target):
        return Result("fastify", "rejected", 400, reason="Fastify's router cannot percent-decode the path.")
    host = request.host
    name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    url = request.parse(request.target, f"http://{name or 'localhost'}")
    if url is None:
        return Result("fastify", "invalid-request", 500, reason="The request URL cannot be parsed.")
    if not _matches(url.pathname, request.prefix):
        return _unmatched("fastify", url, request.target, request)
    if _throws(url, request.method):
        return _invalid_request("fastify", url, request, 500)
    return _forward("fastify", url, request, 500)


def _hono(request: Request) -> Result:
    """Follow @hono/node-server, which joins Host and target as text: `//x` stays a path."""
    host, target = request.host, request.target
    if target.startswith(("http://", "https://")):
        url = request.parse(target)
    else:
        url = request.parse(f"http://{host}{target}")
        if url and len(url.hostname) != len(host) and url.hostname != re.sub(r":[0-9]+\Z", "", host):
            url = None
    if url is None:
        return Result("hono", "invalid-request", 400, reason="Host and target do not make a URL of that host.")
    if not _matches(url.pathname, request.prefix):
        return _unmatched("hono", url, url.href, request)
    result = _forward("hono", url, request, 500)
    if result.url and request.method in ("POST", "PUT", "PATCH") and url.has_credentials:
        return _invalid_request("hono", url, request, 502)  # reading the body builds the Request, inside the try
    return result


_HANDLERS: Final[dict[str, Callable[[Request], Result]]] = {"express": _express, "fastify": _fastify, "hono": _hono}


def _fastify_bad_url(target: str) -> bool:
    """Tell whether find-my-way 9.9 and later calls the target a bad URL.

    Before 9.9 an absolute target with a fragment passed, as it does in Express and Hono.
    """
    if not target.startswith("/"):
        scheme, mark, rest = target.partition("://")
        if mark and scheme.lower() in ("http", "https"):
            if "#" in rest or rest[:1] in ("", "/", "?") or whatwg.parse(target) is None:
                return True
            target = "/" + re.sub(r"^[^/?]*/?", "", rest)
    return nodejs.decode_uri_fails(re.split(r"[?#]", target[1:], maxsplit=1)[0])


def _matches(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _throws(url: whatwg.Url, method: str) -> bool:
    """Tell whether `new Request(url, {method})` throws."""
    return url.has_credentials or method in nodejs.FORBIDDEN_METHODS


def _unmatched(name: str, url: whatwg.Url, target: str, request: Request) -> Result:
    """Follow what comes behind the proxy: Clerk builds a Request to authenticate, and a 500 answers if that throws."""
    built = whatwg.parse(target, "http://clerk-dummy")
    status = 500 if built is None or _throws(built, request.method) else 404
    return Result(name, "unmatched", status, path=url.pathname, reason="The path is not under the proxy path.")


def _invalid_request(name: str, url: whatwg.Url, request: Request, status: int | None, crashed: bool = False) -> Result:
    rest = url.pathname[len(request.prefix) :] or "/"
    reason = "The request has userinfo in its own URL, or a method that fetch forbids: `new Request` throws."
    return Result(name, "invalid-request", status, crashed, path=url.pathname, rest=rest, reason=reason)


def _forward(name: str, url: whatwg.Url, request: Request, failure: int | None, crashed: bool = False) -> Result:
    """Follow clerkFrontendApiProxy: the rest of the path is a URL reference against the Frontend API."""
    path = url.pathname
    rest = path[len(request.prefix) :] or "/"
    target = request.parse(rest, FRONTEND_API, url.search)
    if target is None:
        return Result(name, "invalid-rest", failure, crashed, path, rest, reason="The rest has no valid host.")
    refused = _throws(target, request.method) or (target.port != "" and int(target.port) in nodejs.BLOCKED_PORTS)
    reason = "fetch refuses this URL before it connects." if refused else "The key goes with the request."
    return Result(name, "fetched", 200, False, path, rest, target.href, target.host, target.hostname, refused, reason)


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
    return url is not None and _matches(url.pathname, request.prefix)


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
        by_course.setdefault(replace(result, framework="", status=None, crashed=False), []).append(result.framework)
    for course, names in by_course.items():
        who = " and ".join(name.capitalize() for name in names)
        yield from (f"{who}: {step}" if len(by_course) > 1 else step for step in _course(course, prefix))
    yield from (ending for result in found.results if (ending := _answer(result)))
    if found.off_host and all(result.host != found.target_host for result in found.results):
        yield f"That is Node 20; newer Nodes remove all dot segments of this path, and call {found.target_url}"
    yield _conclusion(found)


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
