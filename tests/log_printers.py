"""Write one request as each server logs it: the target in the log's own escaping, in the layout of its vendor.

`PRINTERS[name](method, target, number)` returns the lines of one request; `HEADERS[name]` those that come before the
first. Names are those of the definitions in parsers/, several layouts of one named `name:layout`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import quote

Printer = Callable[[str, str, int], list[str]]
ORIGIN = "https://app.example.com"
CLF = "24/Nov/2026:14:51:36 +0000"
ISO = "2026-11-24T14:51:36.031123Z"
ID = "0b8a7c1e6f2d4a539c7e2f1d0a9b{:04x}"
V1_FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)


def nginx(text: str) -> str:
    """Escape as ngx_http_log_escape does."""
    return re.sub(rb'["\\\x00-\x1f\x7f-\xff]', lambda m: b"\\x%02X" % ord(m[0]), text.encode()).decode()


def apache(text: str) -> str:
    """Escape as ap_escape_logitem does."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return re.sub(rb"[\x00-\x1f\x7f-\xff]", lambda m: b"\\x%02x" % ord(m[0]), quoted.encode()).decode()


def haproxy(text: str) -> str:
    """Escape as HAProxy's url_encode_map does."""
    return re.sub(rb'[#"{|}\x00-\x1f\x7f-\xff]', lambda m: b"#%02X" % ord(m[0]), text.encode()).decode()


def cloudfront(text: str) -> str:
    """Encode what CloudFront encodes in a log file: blanks, bytes above 0x7e and some marks, `%` among them."""
    return quote(text, safe="!$&'()*+,-./:;=?@_~")


def js(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def address(number: int) -> str:
    return f"203.0.113.{number % 250 + 1}"


def line(target: str, method: str = "GET", protocol: str = "HTTP/1.1") -> str:
    return f"{method} {target} {protocol}"


def parts(target: str) -> tuple[str, str]:
    """Return the path and the query of a target."""
    path, _, query = target.partition("?")
    return path, query


def text(layout: str, escape: Callable[[str], str] = lambda text: text, protocol: str = "HTTP/1.1") -> Printer:
    """Return a printer of a layout with {ip}, {request}, {method}, {target} and {id}; the request is escaped."""

    def printed(method: str, target: str, number: int) -> list[str]:
        target = escape(target)
        request = line(target, method, protocol)
        return [layout.format(ip=address(number), request=request, method=method, target=target, id=ID.format(number))]

    return printed


def record(make: Callable[[str, str, int], object], undo: Callable[[str], str] = lambda text: text) -> Printer:
    return lambda method, target, number: [undo(js(make(method, target, number)))]


def nginx_json(method: str, target: str, number: int) -> dict[str, str]:
    path, query = parts(target)
    return {
        "time_local": CLF,
        "msec": "1795531896.031",
        "remote_addr": address(number),
        "request": line(target, method),
        "request_method": method,
        "request_uri": target,
        "uri": re.sub(r"/+", "/", path),
        "args": query,
        "status": "200",
        "body_bytes_sent": "18",
        "http_user_agent": "curl/8.5.0",
        "upstream_addr": "10.0.1.7:3000",
    }


def nginx_json_raw(method: str, target: str, number: int) -> list[str]:
    """A log_format written as JSON without escape=json: nginx' own `\\xHH`, which is no JSON."""
    pairs = (f'"{key}":"{nginx(value)}"' for key, value in nginx_json(method, target, number).items())
    return ["{" + ",".join(pairs) + "}"]


def nginx_json_none(method: str, target: str, number: int) -> list[str]:
    """The same with escape=none: as it came."""
    pairs = (f'"{key}":"{value}"' for key, value in nginx_json(method, target, number).items())
    return ["{" + ",".join(pairs) + "}"]


def caddy(method: str, target: str, number: int) -> dict[str, object]:
    request = {"remote_ip": address(number), "proto": "HTTP/1.1", "method": method, "host": "app.example.com"}
    request |= {"uri": target, "headers": {"User-Agent": ["curl/8.5.0"]}}
    common = {"level": "info", "ts": 1795531764.597102, "logger": "http.log.access", "msg": "handled request"}
    return {**common, "request": request, "duration": 0.01, "size": 2, "status": 200}


def traefik_json(method: str, target: str, number: int) -> dict[str, object]:
    return {
        "ClientHost": address(number),
        "DownstreamStatus": 200,
        "Duration": 4123456,
        "OriginStatus": 200,
        "RequestHost": "app.example.com",
        "RequestMethod": method,
        "RequestPath": target,
        "RequestProtocol": "HTTP/1.1",
        "StartUTC": ISO,
        "request_User-Agent": "curl/8.5.0",
    }


def fastify(method: str, target: str, number: int) -> list[str]:
    common = {"level": 30, "time": 1795531811755 + number, "pid": 48, "hostname": "vm", "reqId": f"req-{number:x}"}
    request = {"method": method, "url": target, "host": "app.example.com", "remoteAddress": address(number)}
    answer = {"res": {"statusCode": 200}, "responseTime": 2.18, "msg": "request completed"}
    return [js({**common, "req": request, "msg": "incoming request"}), js({**common, **answer})]


def pino_http(method: str, target: str, number: int) -> dict[str, object]:
    request = {"id": number, "method": method, "url": target, "headers": {"host": "app.example.com"}}
    request["remoteAddress"] = address(number)
    common = {"level": 30, "time": 1795531896031, "pid": 4837, "hostname": "vm", "req": request}
    return {**common, "res": {"statusCode": 200}, "responseTime": 12, "msg": "request completed"}


def morgan_json(method: str, target: str, number: int) -> dict[str, object]:
    common = {"method": method, "url": target, "status": "200", "remote-addr": address(number)}
    return {**common, "date": ISO, "http-version": "1.1", "referrer": None, "user-agent": "curl/8.5.0"}


def haproxy_json(method: str, target: str, number: int) -> list[str]:
    fields = {"timestamp": "1795531896", "client_ip": address(number), "frontend": "web", "backend": "app"}
    fields |= {"method": method, "uri": haproxy(target), "http_version": "HTTP/1.1", "status": "200", "bytes": "108"}
    return ["{" + ",".join(f'"{key}":"{value}"' for key, value in fields.items()) + "}"]


def envoy_json(method: str, target: str, number: int) -> dict[str, object]:
    return {
        "authority": "app.example.com",
        "bytes_sent": 108,
        "downstream_remote_address": f"{address(number)}:50006",
        "duration": 12,
        "method": method,
        "path": target,
        "protocol": "HTTP/2",
        "response_code": 200,
        "response_flags": "-",
        "start_time": ISO,
        "upstream_host": "10.0.2.7:3000",
        "user_agent": "curl/8.5.0",
    }


def vercel(method: str, target: str, number: int) -> dict[str, object]:
    request = {"timestamp": 1795531896031, "method": method, "host": "app.example.com", "path": target}
    request |= {"userAgent": ["curl/8.5.0"], "statusCode": 200, "clientIp": address(number), "scheme": "https"}
    common = {"id": f"17955318960313770617{number:08}", "message": "GET /__clerk/[...path] status=200"}
    common |= {"source": "lambda", "path": "/__clerk/[...path]", "requestId": f"iad1::abcde-{number:012}"}
    return {**common, "timestamp": 1795531896040, "statusCode": 200, "proxy": request}


def cloudflare(method: str, target: str, number: int) -> dict[str, object]:
    fields = {"ClientIP": address(number), "ClientRequestHost": "app.example.com", "ClientRequestMethod": method}
    fields |= {"ClientRequestURI": target, "ClientRequestUserAgent": "curl/8.5.0", "EdgeStartTimestamp": ISO}
    return {**fields, "EdgeResponseStatus": 200, "OriginResponseStatus": 200, "RayID": f"8e7a1b2c3d4e{number:04x}"}


def google(method: str, target: str, number: int) -> dict[str, object]:
    request = {"latency": "0.012345s", "remoteIp": address(number), "requestMethod": method, "status": 200}
    request |= {"requestUrl": ORIGIN + target, "responseSize": "512", "userAgent": "curl/8.5.0"}
    payload = {"@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"}
    return {"httpRequest": request, "insertId": f"x{number}", "jsonPayload": payload, "timestamp": ISO}


def waf(method: str, target: str, number: int) -> dict[str, object]:
    path, query = parts(target)
    headers = [{"name": "host", "value": "app.example.com"}, {"name": "user-agent", "value": "curl/8.5.0"}]
    request = {"clientIp": address(number), "headers": headers, "uri": path, "args": query, "httpVersion": "HTTP/1.1"}
    request |= {"httpMethod": method, "requestId": f"1-6748f3c8-{number:024x}"}
    common = {"timestamp": 1795531896031, "formatVersion": 1, "webaclId": "arn:aws:wafv2:us-east-2:1:regional/webacl/a"}
    return {**common, "action": "ALLOW", "httpSourceName": "ALB", "httpRequest": request}


def front_door(method: str, target: str, number: int) -> dict[str, object]:
    fields = {"httpMethod": method, "httpVersion": "2.0", "requestUri": f"{ORIGIN}:443{target}"}
    fields |= {"userAgent": "curl/8.5.0", "clientIp": address(number), "httpStatusCode": "200", "timeTaken": "0.013"}
    fields |= {"trackingReference": f"0uH9EZwAAA{number:04}", "hostName": "app.example.com", "originIp": "10.0.1.7:443"}
    return {"time": ISO, "category": "FrontDoorAccessLog", "properties": fields}


def app_gateway(method: str, target: str, number: int) -> dict[str, object]:
    path, query = parts(target)
    fields = {"clientIP": address(number), "httpMethod": method, "requestUri": path, "requestQuery": query}
    fields |= {"userAgent": "curl/8.5.0", "httpStatus": "200", "httpVersion": "HTTP/1.1", "timeTaken": "0.013"}
    fields |= {"originalRequestUriWithArgs": target, "host": "10.0.1.7", "originalHost": "app.example.com"}
    return {"timeStamp": ISO, "category": "ApplicationGatewayAccessLog", "properties": fields}


def ecs(method: str, target: str, number: int) -> dict[str, object]:
    http = {"request": {"method": method}, "response": {"status_code": 200, "body": {"bytes": 108}}}
    url = {"original": target, "domain": "app.example.com"}
    return {"@timestamp": ISO, "ecs.version": "8.11.0", "http": http, "url": url, "source.ip": address(number)}


def netlify(method: str, target: str, number: int) -> dict[str, object]:
    fields = {"account_id": "a1", "site_id": "s1", "deploy_id": "d1", "log_type": "traffic", "timestamp": ISO}
    fields |= {"client_ip": address(number), "method": method, "url": ORIGIN + target, "user_agent": "curl/8.5.0"}
    return {**fields, "status_code": 200, "duration": 12, "request_id": f"01JDF{number:021}"}


def platform(method: str, target: str, number: int) -> dict[str, object]:
    """A platform of which no definition knows."""
    fields = {"timestamp": ISO, "requestId": ID.format(number), "method": method, "path": target}
    return {**fields, "host": "app.example.com", "httpStatus": 200, "srcIp": address(number), "txBytes": 108}


def v1(method: str, target: str, number: int) -> list[str]:
    path, query = map(cloudfront, parts(target))
    head = f"2026-11-20\t10:15:38\tIAD89-C3\t512\t{address(number)}\t{method}\td1.cloudfront.net\t{path}\t200\t-"
    tail = f"-\tMiss\tSOX4xwn4XV6Q4rgb7XiVGOHms{number}==\tapp.example.com\thttps\t123\t0.007\t-\tTLSv1.3"
    rest = "TLS_AES_128_GCM_SHA256\tMiss\tHTTP/2.0\t-\t-\t50006\t0.007\tMiss\ttext/html\t78\t-\t-"
    return [f"{head}\tcurl/8.5.0\t{query or '-'}\t{tail}\t{rest}"]


def v2(method: str, target: str, number: int) -> list[str]:
    path, query = map(cloudfront, parts(target))
    return [f"1795531896031\t{address(number)}\t{method}\t{path}\t{query or '-'}\t200\t512\tapp.example.com"]


def v2_json(method: str, target: str, number: int) -> dict[str, str]:
    path, query = map(cloudfront, parts(target))
    fields = {"date": "2026-11-24", "time": "14:51:36", "x-edge-location": "IAD89-C3", "sc-bytes": "512"}
    fields |= {"c-ip": address(number), "cs-method": method, "cs(Host)": "d1.cloudfront.net", "cs-uri-stem": path}
    fields |= {"sc-status": "200", "cs(Referer)": "-", "cs(User-Agent)": "curl/8.5.0%20(x)"}
    return {**fields, "cs-uri-query": query or "-", "x-edge-result-type": "Miss", "x-host-header": "app.example.com"}


def realtime(method: str, target: str, number: int) -> list[str]:
    whole, query = cloudfront(target), cloudfront(parts(target)[1]) or "-"
    head = f"1795531896.031\t{address(number)}\t0.012\t200\t512\t{method}\thttps\td1.cloudfront.net\t{whole}\t123"
    middle = "IAD89-C3\tSOX4xwn4XV6Q4rgb7XiVGOHms==\tapp.example.com\t0.013\tHTTP/2.0\tIPv4\tcurl/8.5.0%20(x)\t-\t-"
    tail = "Miss\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\t-\t-\ttext/html\t78\t-\t-\t50006\tMiss\tUS\tgzip\t*/*\t*"
    return [f"{head}\t{middle}\t{query}\t{tail}\tHost:app.example.com%0A\tHost%0A\t1"]


def iis(method: str, target: str, number: int) -> list[str]:
    path, query = parts(target)
    return [f"2026-11-24 14:51:36 10.0.1.7 {method} {path} {query or '-'} 443 - {address(number)} curl/8.5.0 - 200 13"]


def alb(method: str, target: str, number: int) -> list[str]:
    request = line(f"{ORIGIN}:443{nginx(target)}", method, "HTTP/2.0")
    head = f"h2 {ISO} app/web/50dc6c495c0c9188 {address(number)}:40006 10.0.1.5:3000 0.001 0.020 0.002 200 200 34 512"
    group = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/73e2d6bc24d8a067"
    tail = f'"Root=1-67400006-{number:024x}" "app.example.com" "-" 0 {ISO} "forward" "-" "-" "10.0.1.5:3000" "200"'
    return [f'{head} "{request}" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 {group} {tail} "-" "-"']


def classic(method: str, target: str, number: int) -> list[str]:
    request = line(f"{ORIGIN}:443{nginx(target)}", method)
    head = f"{ISO} my-loadbalancer {address(number)}:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29"
    return [f'{head} "{request}" "curl/7.38.0" DHE-RSA-AES128-SHA TLSv1.2']


def slashed(text: str) -> str:
    """Escape slashes as PHP, Jackson's older settings and Azure do."""
    return text.replace("/", "\\/")


def unicoded(text: str) -> str:
    return text.replace("/", "\\u002f")


_COMBINED = '{ip} - - [24/Nov/2026:14:51:36 +0000] "{request}" 200 18'
_AGENT = ' "-" "curl/8.5.0"'
_HAPROXY = "{ip}:36189 [24/Nov/2026:14:49:22.019] fe_http be/s1 0/0/0/7/8 200 141 - - ---- 1/1/0/0/0 0/0 "
_ENVOY = '[2026-11-24T14:51:36.123Z] "{request}" 200 - 0 18 12 11 "{ip}" "curl/8.5.0" "{id}" "app.example.com" '
_TIMED = ' "-" host=app.example.com rt=0.010 uct="0.001" uht="0.009" urt="0.009" ua="10.0.1.5:3000"'
_HEROKU = (
    'at=info method={method} path="{target}" host=app.example.com request_id={id} fwd="{ip}" dyno=web.1 connect=0ms '
    "service=12ms status=200 bytes=18 protocol=https"
)

PRINTERS: dict[str, Printer] = {
    "apache_combined": text(_COMBINED + _AGENT, apache),
    "apache_common": text(_COMBINED, apache),
    "apache_vhost_combined": text("app.example.com:443 " + _COMBINED + _AGENT, apache),
    "aws_alb": alb,
    "aws_elb_classic": classic,
    "aws_waf": record(waf),
    "azure_app_gateway": record(app_gateway, slashed),
    "azure_front_door": record(front_door, slashed),
    "caddy_json": record(caddy),
    "caddy_json:unicode": record(caddy, unicoded),
    "cloudflare_logpush": record(cloudflare),
    "cloudfront_realtime": realtime,
    "cloudfront_v1": v1,
    "cloudfront_v2": v2,
    "cloudfront_v2_json": record(v2_json),
    "ecs": record(ecs),
    "envoy_json": record(envoy_json),
    "envoy_text": text(_ENVOY + '"10.0.1.5:3000"'),
    "fastify_pino": fastify,
    "gcp_lb": record(google),
    "haproxy_httplog": text(_HAPROXY + '"{request}"', haproxy),
    "haproxy_httplog:captures": text(_HAPROXY + '{{app.example.com|curl/8.5.0}} "{request}"', haproxy),
    "haproxy_json": haproxy_json,
    "heroku_router": text(f"{ISO} heroku[router]: {_HEROKU}"),
    "iis_w3c": iis,
    "json_guessed": record(platform),
    "kong": text(_COMBINED + _AGENT + ' kong_request_id: "{id}"', nginx),
    "lighttpd": text('{ip} app.example.com - [24/Nov/2026:14:51:38 +0000] "{request}" 200 236' + _AGENT, apache),
    "morgan_combined": text("::ffff:" + _COMBINED + _AGENT, lambda target: target.replace('"', '\\"')),
    "morgan_json": record(morgan_json),
    "morgan_tiny": text("{method} {target} 502 12.345 ms - 108"),
    "morgan_tiny:short": text("::ffff:{ip} - {request} 502 108 - 12.345 ms"),
    "netlify": record(netlify),
    "nginx_combined": text(_COMBINED + _AGENT, nginx),
    "nginx_escape_none": text(_COMBINED.replace("- - [", "-  [") + ' "" "curl/8.5.0"'),
    "nginx_ingress": text(
        _COMBINED + _AGENT + " 321 0.004 [web-3000] [] 10.244.0.7:3000 18 0.001 200 {id}", nginx, "HTTP/2.0"
    ),
    "nginx_json": record(nginx_json),
    "nginx_json:raw": nginx_json_raw,
    "nginx_json:none": nginx_json_none,
    "nginx_main": text(_COMBINED + _AGENT + ' "203.0.113.7, 198.51.100.9"', nginx),
    "nginx_timed": text(_COMBINED + _AGENT + _TIMED, nginx),
    "nginx_vhost": text("app.example.com:443 " + _COMBINED + _AGENT, nginx, "HTTP/2.0"),
    "pino_http": record(pino_http),
    "squid": text("1795532496.123     12 {ip} TCP_MISS/200 512 {method} {target} - HIER_DIRECT/10.0.0.1 text/html"),
    "traefik_common": text(_COMBINED + _AGENT + ' 7 "web@docker" "http://172.18.0.3:3000" 12ms'),
    "traefik_json": record(traefik_json),
    "uvicorn": text('INFO:     {ip}:54321 - "{request}" 404 Not Found'),
    "vercel": record(vercel),
}
HEADERS: dict[str, list[str]] = {
    "cloudfront_v1": ["#Version: 1.0", f"#Fields: {V1_FIELDS}"],
    "cloudfront_v2": [
        "#Fields: timestamp(ms) c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes x-host-header"
    ],
    "iis_w3c": [
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
        "sc-status time-taken"
    ],
}


def log(name: str, requests: list[tuple[str, str]]) -> list[str]:
    """Return a whole log of requests (method, target)."""
    printed = (PRINTERS[name](method, target, number) for number, (method, target) in enumerate(requests))
    return [*HEADERS.get(name, []), *(one for lines in printed for one in lines)]
