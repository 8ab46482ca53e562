"""How real servers log a request: one function a format, each from a Sighting to the lines of its log.

Layouts: nginx 1.22, HAProxy 2.6, Fastify 5, Envoy's and Istio's default formats, Traefik's JSON, AWS' and Cloudflare's
documentation of their fields. What a hop did with the request (passed on, answered itself) decides the fields that tell
of forwarding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

HOST = "app.example.com"


@dataclass(frozen=True)
class Sighting:
    """A request as one hop sees it. `peer` is who connects to it; `forwards` what X-Forwarded-For holds by then."""

    number: int
    at: datetime
    client: str
    peer: str
    forwards: tuple[str, ...]
    method: str
    target: str
    host: str
    status: int
    size: int
    seconds: float
    agent: str
    referer: str | None
    fetch_site: str | None
    went_on: bool  # whether this hop passed it on
    behind: str  # the address of what stands behind
    edge_id: str
    trace: str
    request_id: str
    more: dict[str, Any] = field(default_factory=dict)  # what this hop logs otherwise

    @property
    def xff(self) -> str:
        """The header as it came, `-` where there is none."""
        return ", ".join(self.forwards) or "-"

    @property
    def ended(self) -> datetime:
        """When it was answered."""
        return self.at + timedelta(seconds=self.seconds)

    @property
    def request(self) -> str:
        """The request line."""
        return f"{self.method} {self.target} HTTP/1.1"


Writer = Callable[[Sequence[Sighting]], str]


def each(line: Callable[[Sighting], str]) -> Writer:
    """Return a writer of one line a request."""
    return lambda seen: "".join(line(one) + "\n" for one in seen)


def combined(one: Sighting) -> str:
    """nginx `combined`."""
    return (
        f'{one.peer} - - [{one.ended:%d/%b/%Y:%H:%M:%S} +0000] "{one.request}" {one.status} {one.size} '
        f'"{one.referer or "-"}" "{one.agent}"'
    )


def main(one: Sighting) -> str:
    """nginx `main`: combined and X-Forwarded-For."""
    return f'{combined(one)} "{one.xff}"'


def vhost(one: Sighting) -> str:
    """nginx `$host:$server_port` before combined."""
    return f"{one.host}:443 {combined(one)}"


def timed(one: Sighting) -> str:
    """nginx main with host, times and `$upstream_addr`: `-` where it answered by itself."""
    took = f"{one.seconds:.3f}"
    times = (
        f'uct="0.000" uht="{took}" urt="{took}" ua="{one.behind}"' if one.went_on else 'uct="-" uht="-" urt="-" ua="-"'
    )
    if one.status == 499:
        times = f'uct="0.000" uht="-" urt="{took}" ua="{one.behind}"'
    return f"{main(one)} host={one.host} rt={took} {times}"


def uri_json(one: Sighting) -> str:
    """nginx `escape=json` with `$uri` alone: the path normalised, slashes merged."""
    path = one.target.partition("?")[0]
    while "//" in path:
        path = path.replace("//", "/")
    row = {"time": f"{one.ended:%Y-%m-%dT%H:%M:%S}+00:00", "remote_addr": one.peer, "request_method": one.method}
    row |= {"uri": path, "status": str(one.status), "body_bytes_sent": str(one.size), "http_user_agent": one.agent}
    return json.dumps(row)


def untimed(one: Sighting) -> str:
    """nginx `'$remote_addr "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'`: no time at all."""
    return f'{one.peer} "{one.request}" {one.status} {one.size} "{one.referer or "-"}" "{one.agent}"'


def alb(one: Sighting) -> str:
    """ALB, all fields; `more`: `actions`, `target`, `target_status`, `short` (old lines end with the trace id)."""
    group = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067"
    target = one.more.get("target", one.behind if one.went_on else "-")
    target_status = one.more.get("target_status", one.status if one.went_on else "-")
    actions = one.more.get("actions", "waf,forward" if one.went_on else "waf,fixed-response")
    times = f"0.000 {one.seconds:.3f} 0.000" if one.went_on else "-1 -1 -1"
    peer = f"[{one.peer}]" if ":" in one.peer else one.peer
    text = (
        f"https {one.ended:%Y-%m-%dT%H:%M:%S.%fZ} app/prod-web/50dc6c495c0c9188 {peer}:{20000 + one.number} {target} "
        f'{times} {one.status} {target_status} 320 {one.size + 310} "{one.method} https://{one.host}:443{one.target} '
        f'HTTP/1.1" "{one.agent}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 {group if one.went_on else "-"} '
        f'"Root={one.trace}"'
    )
    if one.more.get("short"):
        return text
    certificate = "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    return (
        f'{text} "{one.host}" "{certificate}" {1 if one.went_on else 3} {one.at:%Y-%m-%dT%H:%M:%S.%fZ} "{actions}" '
        f'"-" "-" "{target}" "{target_status}" "-" "-" TID_{one.number:032x}'
    )


def cloudfront(seen: Sequence[Sighting]) -> str:
    """CloudFront's standard log; `more`: `result`, `detail`, `status` (000: the client is gone)."""
    names = (
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
        "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
        "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
        "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
        "sc-range-start sc-range-end"
    )
    return "#Version: 1.0\n" + f"#Fields: {names}\n" + "".join(_cloudfront(one) + "\n" for one in seen)


def _cloudfront(one: Sighting) -> str:
    path, _, query = one.target.partition("?")
    result = one.more.get("result", "Error" if one.status >= 400 else "Miss")
    row = (
        f"{one.ended:%Y-%m-%d}", f"{one.ended:%H:%M:%S}", "IAD89-C3", one.size + 420, one.peer, one.method,
        "d111111abcdef8.cloudfront.net", encoded(path), one.more.get("status", one.status),
        encoded(one.referer or "-"), encoded(one.agent), encoded(query or "-"), "-", result, one.edge_id, one.host,
        "https", 211, f"{one.seconds:.3f}", one.xff, "TLSv1.3", "TLS_AES_128_GCM_SHA256", result, "HTTP/2.0", "-", "-",
        20000 + one.number, f"{one.seconds:.3f}", one.more.get("detail", result), "-", one.size, "-", "-",
    )  # fmt: skip
    return "\t".join(map(str, row))


def encoded(text: str) -> str:
    """Percent-encode as CloudFront does, once: a client's `%2F` reads `%252F`."""
    return quote(text, safe="/:;,.()=&?+*@!$-_")


def haproxy(one: Sighting) -> str:
    """HAProxy `option httplog` with the Host captured: local time, no zone; `<NOSRV>` where it chose no server."""
    server = "app/s1" if one.went_on else "web/<NOSRV>"
    took = round(one.seconds * 1000)
    times, flags = (f"0/0/0/{took}/{took}", "----") if one.went_on else ("0/-1/-1/-1/0", "PR--")
    return (
        f"{one.peer}:{20000 + one.number} [{one.at:%d/%b/%Y:%H:%M:%S}.{one.at.microsecond // 1000:03d}] web~ {server} "
        f'{times} {one.status} {one.size} - - {flags} 2/2/0/0/0 0/0 {{{one.host}}} "{one.request}"'
    )


def envoy(one: Sighting) -> str:
    """Istio's text format, whose downstream remote address is the client; `more`: `flags`."""
    flags = one.more.get("flags", "-")
    upstream = "-" if flags in {"NR", "UH"} else one.behind
    return (
        f'[{one.at:%Y-%m-%dT%H:%M:%S}.{one.at.microsecond // 1000:03d}Z] "{one.method} {one.target} HTTP/1.1" '
        f'{one.status} {flags} via_upstream - "-" 0 {one.size} {round(one.seconds * 1000)} '
        f'{"-" if flags != "-" else round(one.seconds * 1000)} "{one.xff}" "{one.agent}" "{one.request_id}" '
        f'"{one.host}" "{upstream}" outbound|80||web.default.svc.cluster.local '
        f"10.0.0.9:50000 10.0.0.9:8443 {one.peer}:{20000 + one.number} {one.host} default"
    )


def traefik(one: Sighting) -> str:
    """Traefik's JSON, request headers kept; OriginStatus 0 where no service was asked."""
    row: dict[str, Any] = {
        "ClientAddr": f"{one.peer}:{20000 + one.number}",
        "ClientHost": one.peer,
        "DownstreamContentSize": one.size,
        "DownstreamStatus": one.status,
        "Duration": round(one.seconds * 1e9),
        "OriginStatus": one.status if one.went_on else 0,
        "RequestHost": one.host,
        "RequestMethod": one.method,
        "RequestPath": one.target,
        "RequestProtocol": "HTTP/2.0",
        "RouterName": "app@docker",
        "StartUTC": f"{one.at:%Y-%m-%dT%H:%M:%S}.{one.at.microsecond:06d}000Z",
        "request_User-Agent": one.agent,
        "request_Referer": one.referer,
        "request_Sec-Fetch-Site": one.fetch_site,
        "time": f"{one.ended:%Y-%m-%dT%H:%M:%SZ}",
    }
    return json.dumps({name: value for name, value in row.items() if value is not None})


def cloudflare(one: Sighting) -> str:
    """Cloudflare Logpush `http_requests`; `more`: `action` (SecurityAction), `origin` (OriginResponseStatus)."""
    row = {
        "ClientIP": one.peer,
        "ClientRequestHost": one.host,
        "ClientRequestMethod": one.method,
        "ClientRequestProtocol": "HTTP/2",
        "ClientRequestReferer": one.referer or "",
        "ClientRequestURI": one.target,
        "ClientRequestUserAgent": one.agent,
        "EdgeEndTimestamp": f"{one.ended:%Y-%m-%dT%H:%M:%SZ}",
        "EdgeResponseBytes": one.size + 400,
        "EdgeResponseStatus": one.status,
        "EdgeStartTimestamp": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
        "OriginResponseStatus": one.more.get("origin", one.status if one.went_on else 0),
        "RayID": one.trace[-16:],
        "SecurityAction": one.more.get("action", ""),
    }
    return json.dumps(row)


def waf(one: Sighting) -> str:
    """AWS WAF before a balancer: `httpRequest.requestId` is ALB's trace id without `Root=`; `more`: `action`."""
    path, _, query = one.target.partition("?")
    headers = [{"name": "Host", "value": one.host}, {"name": "User-Agent", "value": one.agent}]
    if one.referer:
        headers.append({"name": "Referer", "value": one.referer})
    request = {"clientIp": one.peer, "country": "US", "headers": headers, "uri": path, "args": query}
    request |= {"httpVersion": "HTTP/2.0", "httpMethod": one.method, "requestId": one.trace}
    action = one.more.get("action", "ALLOW")
    row: dict[str, Any] = {"timestamp": round(one.at.timestamp() * 1000), "formatVersion": 1}
    row |= {"webaclId": "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/app/1"}
    row |= {"terminatingRuleId": "paths" if action == "BLOCK" else "Default_Action", "action": action}
    return json.dumps(row | {"httpSourceName": "ALB", "httpRequest": request})


def ingress(one: Sighting) -> str:
    """Kubernetes ingress-nginx, with the request's id; `more`: `tries` (several upstreams)."""
    took = f"{one.seconds:.3f}"
    upstream = (one.behind, str(one.size), took, str(one.status)) if one.went_on else ("-", "-", "-", "-")
    return f"{combined(one)} 412 {took} [default-app-80] [] {' '.join(upstream)} {one.request_id}"


def heroku(one: Sighting) -> str:
    """Heroku's router as `heroku logs` prints it; `dyno=` is empty where it asked none."""
    dyno, took = ("web.1", "12ms") if one.went_on else ("", "")
    state = "at=info" if one.went_on else 'at=error code=H10 desc="App crashed"'
    return (
        f"{one.at:%Y-%m-%dT%H:%M:%S.%f}+00:00 heroku[router]: {state} method={one.method} "
        f'path="{one.target}" host={one.host} request_id={one.request_id} fwd="{", ".join((*one.forwards, one.peer))}" '
        f"dyno={dyno} connect={took and '0ms'} service={took} status={one.status} bytes={one.size} protocol=https"
    )


def vercel(seen: Sequence[Sighting]) -> str:
    """Vercel's log drain: each request once for its function and once for each line that it printed."""
    rows = []
    for one in seen:
        proxy = {
            "timestamp": round(one.at.timestamp() * 1000),
            "method": one.method,
            "host": one.host,
            "path": one.target,
            "userAgent": [one.agent],
            "referer": one.referer or "",
            "statusCode": one.status,
            "clientIp": one.peer,
            "scheme": "https",
            "region": "iad1",
        }
        row = {"projectId": "prj_1", "deploymentId": "dpl_1", "host": "app-1.vercel.app", "path": "/__clerk/[...path]"}
        row |= {"requestId": f"iad1::{one.request_id}", "statusCode": one.status, "proxy": proxy}
        for repeat in range(2):
            ended = round(one.ended.timestamp() * 1000) + repeat
            rows.append({"id": f"{ended}{one.number:06d}", "timestamp": ended, "source": "lambda"} | row)
    return "".join(json.dumps(row) + "\n" for row in rows)


def fastify(seen: Sequence[Sighting]) -> str:
    """The application's own log (pino): a line when a request comes, one when it is answered."""
    rows: list[tuple[float, dict[str, Any]]] = []
    for one in seen:
        own = {"pid": 2114, "hostname": "web-1", "reqId": f"req-{base36(one.number)}"}
        came, answered = one.at.timestamp(), one.ended.timestamp()
        address = one.peer if one.more.get("untrusting") else one.client  # without trustProxy: who connects
        asked = {"method": one.method, "url": one.target, "host": one.host, "remoteAddress": address}
        first = {"level": 30, "time": round(came * 1000)} | own | {"req": asked, "msg": "incoming request"}
        done = {"res": {"statusCode": one.status}, "responseTime": round(one.seconds * 1000, 3)}
        last = {"level": 30, "time": round(answered * 1000)} | own | done | {"msg": "request completed"}
        rows += [(came, first), (answered, last)]
    return "".join(json.dumps(row) + "\n" for _, row in sorted(rows, key=lambda row: row[0]))


def pino_http(one: Sighting) -> str:
    """Express with pino-http: one line a request, its headers with X-Forwarded-For among them; `more`: `traced`."""
    headers = {"host": one.host, "user-agent": one.agent}
    if one.forwards:
        headers["x-forwarded-for"] = one.xff
    if one.referer:
        headers["referer"] = one.referer
    if one.more.get("traced"):
        headers["x-amzn-trace-id"] = f"Root={one.trace}"
    asked = {"id": one.number, "method": one.method, "url": one.target, "headers": headers, "remoteAddress": one.peer}
    row: dict[str, Any] = {"level": 30, "time": round(one.ended.timestamp() * 1000), "pid": 99, "hostname": "web-1"}
    row |= {"req": asked, "res": {"statusCode": one.status}, "responseTime": round(one.seconds * 1000)}
    return json.dumps(row | {"msg": "request completed"})


def base36(number: int) -> str:
    """Return a number as Fastify counts its requests."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (base36(number // 36) if number >= 36 else "") + digits[number % 36]
