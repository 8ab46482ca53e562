"""The three frameworks: what each does with a request from Node's parser to the fetch that carries the key.

Read in @clerk/backend 3.2.2 (dist/proxy.mjs), @clerk/express 2.0.6 on Express 4, @clerk/fastify 3.1.3 on Fastify 5
and @clerk/hono 0.1.15 with @hono/node-server 1.19.11, on Node 20; compared with the running packages in
tests/test_proxy_differential.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from clerk_logscan import nodejs, whatwg

FRAMEWORKS: Final = ("express", "fastify", "hono")
FRONTEND_API: Final = "https://frontend-api.clerk.dev"
UNKNOWN_HOST: Final = "localhost"  # stands for a Host header that is not known, and valid

Ending = Literal["fetched", "unmatched", "rejected", "invalid-request", "invalid-rest"]


class Request(NamedTuple):
    """A request as Node hands it to a framework, and the effective proxy path."""

    target: str
    host: str
    method: str
    prefix: str
    newer: bool = False  # read paths as Nodes newer than 20 do

    def parse(self, reference: str, base: str | None = None) -> whatwg.Url | None:
        """Return what `new URL(reference, base)` gives in this request's Node, None where it throws."""
        return whatwg.parse(reference, base, newer=self.newer)


class Result(NamedTuple):
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


def run(names: Collection[str], request: Request, raw_bytes: bool) -> tuple[Result, ...]:
    """Return what each named framework does with the request; `raw_bytes` sent with it make Node's parser refuse it."""
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
    if not is_under(url.pathname, request.prefix):
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
    if not is_under(url.pathname, request.prefix):
        return _unmatched("fastify", url, request.target, request)
    if _throws(url, request.method):
        return _invalid_request("fastify", url, request, 500)
    return _forward("fastify", url, request, 500)


def _hono(request: Request) -> Result:
    """Follow @hono/node-server, which joins Host and target as text: `//x` stays a path."""
    host, target = request.host, request.target
    if target.startswith(("http://", "https://")):
        url = request.parse(target)
    elif host == UNKNOWN_HOST and target[:1] == "/" and target[1:2] not in ("/", "\\"):
        url = request.parse(target, f"http://{host}")  # the same, and the others have parsed it
    else:
        url = request.parse(f"http://{host}{target}")
        if url and len(url.hostname) != len(host) and url.hostname != re.sub(r":[0-9]+\Z", "", host):
            url = None
    if url is None:
        return Result("hono", "invalid-request", 400, reason="Host and target do not make a URL of that host.")
    if not is_under(url.pathname, request.prefix):
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
    return "%" in target and nodejs.decode_uri_fails(re.split(r"[?#]", target[1:], maxsplit=1)[0])


def is_under(path: str, prefix: str) -> bool:
    """Tell whether a parsed path is the proxy path, or below it; case counts."""
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
    found = _fetched(rest, url.search, request.method, request.newer)
    if found is None:
        return Result(name, "invalid-rest", failure, crashed, path, rest, reason="The rest has no valid host.")
    target, refused = found
    reason = "fetch refuses this URL before it connects." if refused else "The key goes with the request."
    return Result(name, "fetched", 200, False, path, rest, target.href, target.host, target.hostname, refused, reason)


@lru_cache(maxsize=256)  # the frameworks ask for the same rests
def _fetched(rest: str, search: str, method: str, newer: bool) -> tuple[whatwg.Url, bool] | None:
    """Return the URL of the fetch and whether fetch refuses it; None where the rest has no valid host."""
    target = whatwg.parse(rest, FRONTEND_API, search=search, newer=newer)
    if target is None:
        return None
    return target, _throws(target, method) or (target.port != "" and int(target.port) in nodejs.BLOCKED_PORTS)
