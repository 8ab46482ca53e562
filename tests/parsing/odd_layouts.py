"""Layouts that people really use and no definition knows: from public bug reports, filled with made-up requests."""

# ruff: noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "curl/8.5.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "python-requests/2.32.3",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
)
TARGETS = (
    "/",
    "/index.html?x=1&y=a%20b",
    "/__clerk/v1/client?_clerk_js_version=5.60.0",
    "/__clerk//evil.example/v1/client",
    "/assets/app.3f2c.js",
    "/api/orders/17?expand=items&sort=-created",
    "/__clerk//v1/environment",
    "/login",
    "/__clerk/%2f%2fevil.example/x",
    "/favicon.ico",
    "/a/very/long/path/that/goes/on/and/on/and/on?with=a&query=that&is=long&too=1",
    "/search?q=%22quoted%22+text",
)
START = datetime(2026, 11, 24, 14, 51, 36, 123000, tzinfo=UTC)


def requests(count: int = 24) -> list[dict[str, Any]]:
    """Return made-up requests: what each of them is, field by field."""
    found = []
    for n in range(count):
        when = START + timedelta(seconds=n * 7, milliseconds=n * 13)
        status = (200, 200, 404, 502, 304, 200, 201, 403, 499, 200)[n % 10]
        found.append(
            {
                "when": when,
                "ip": f"203.0.113.{n % 11 + 7}" if n % 6 != 5 else f"2001:db8::{n + 1:x}",
                "method": ("GET", "GET", "POST", "GET", "HEAD")[n % 5],
                "target": TARGETS[n % len(TARGETS)],
                "proto": "HTTP/1.1" if n % 3 else "HTTP/2.0",
                "host": "app.example.com",
                "status": status,
                "bytes": 0 if status == 304 else 1500 + (n * 7919) % 90000,
                "took": round(0.003 + (n * 37 % 100) / 250, 3),
                "agent": AGENTS[n % len(AGENTS)],
                "referer": "" if n % 3 else "https://app.example.com/start?q=1",
                "xff": "" if n % 4 else f"198.51.100.{n + 3}, 192.0.2.9",
                "upstream": "" if n % 9 == 8 else f"10.0.1.{5 + n % 2}:3000",
                "id": f"{n * 2654435761 % 2**64:016x}{n * 40503 % 2**64:016x}",
            }
        )
    return found


def words(request: dict[str, Any]) -> dict[str, str]:
    """Return what a template may name of a request, as servers write it; what is missing is `-`."""
    when = request["when"]
    plain = {key: str(value) or "-" for key, value in request.items()}
    path, _, query = request["target"].partition("?")
    return plain | {
        "clf": when.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "iso": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "isos": when.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "sql": when.strftime("%Y-%m-%d %H:%M:%S"),
        "sqlms": when.strftime("%Y-%m-%d %H:%M:%S.") + f"{when.microsecond // 1000:03}",
        "comma": when.strftime("%Y-%m-%d %H:%M:%S,") + f"{when.microsecond // 1000:03}",
        "slash": when.strftime("%Y/%m/%d %H:%M:%S"),
        "django": when.strftime("%d/%b/%Y %H:%M:%S"),
        "rfc1123": when.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "date": when.strftime("%Y-%m-%d"),
        "clock": when.strftime("%H:%M:%S"),
        "msec": f"{when.timestamp():.3f}",
        "millis": str(int(when.timestamp() * 1000)),
        "ms": f"{request['took'] * 1000:.3f}",
        "port": str(40000 + when.second * 17 + when.microsecond % 997),
        "line": f"{request['method']} {request['target']} {request['proto']}",
        "path": path,
        "query": query or "-",
        "length": str(180 + len(request["target"]) + len(request["agent"])),
        "headed": str(request["bytes"] + 230 + len(request["host"])),
        "gin": when.strftime("%Y/%m/%d - %H:%M:%S"),
        "us": when.strftime("%m/%d/%y"),
        "quoted": f'"{request["target"]}"',
        "ip4": request["ip"] if "." in request["ip"] else f"[{request['ip']}]",
    }


Right = dict[str, Any]
FIELDS = ("timestamp", "client_ip", "method", "request_target", "host", "status", "bytes_sent", "user_agent")


@dataclass(frozen=True)
class Layout:
    """A layout: how a request is written, which fields it names, and what is written before all (a header)."""

    name: str
    write: Callable[[dict[str, str]], str]
    names: frozenset[str]
    head: tuple[str, ...] = ()
    source: str = ""
    seconds: bool = True

    def lines(self, count: int = 24) -> list[str]:
        """Return the lines of a log of this layout."""
        return [*self.head, *(self.write(words(one)) for one in requests(count))]

    def right(self, count: int = 24) -> list[Right]:
        """Return what each request is, field by field; None where the layout does not log it."""
        return [self._right(one) for one in requests(count)]

    def _right(self, one: dict[str, Any]) -> Right:
        when = (
            one["when"].replace(microsecond=0)
            if self.seconds
            else one["when"].replace(microsecond=one["when"].microsecond // 1000 * 1000)
        )
        every = {
            "timestamp": when,
            "client_ip": one["ip"],
            "method": one["method"],
            "request_target": one["target"],
            "host": one["host"],
            "status": one["status"],
            "bytes_sent": one["bytes"],
            "user_agent": one["agent"],
        }
        return {name: every[name] if name in self.names else None for name in FIELDS}


_MEANS = {
    "timestamp": (
        "clf",
        "iso",
        "isos",
        "sql",
        "sqlms",
        "comma",
        "slash",
        "django",
        "rfc1123",
        "msec",
        "millis",
        "date",
        "gin",
        "us",
    ),
    "client_ip": ("ip", "ip4"),
    "method": ("method", "line"),
    "request_target": ("target", "line", "path", "quoted"),
    "host": ("host",),
    "status": ("status",),
    "bytes_sent": ("bytes",),
    "user_agent": ("agent",),
}
_EXACT = ("iso", "sqlms", "comma", "msec", "millis")


def text(
    name: str, pattern: str, *, head: tuple[str, ...] = (), source: str = "", without: tuple[str, ...] = ()
) -> Layout:
    """Return a layout by a pattern with places such as `{ip}`; `without`: fields that cannot be told."""
    used = set(re.findall(r"\{(\w+)", pattern))
    names = {f for f, means in _MEANS.items() if used & set(means)} - set(without)
    return Layout(name, lambda w: pattern.format(**w), frozenset(names), head, source, not used & set(_EXACT))


def record(
    name: str, make: Callable[[dict[str, str]], Any], names: str, *, seconds: bool = False, source: str = ""
) -> Layout:
    """Return a layout that writes JSON; `names`: the fields that it logs, set apart by blanks."""
    return Layout(name, lambda w: json.dumps(make(w)), frozenset(names.split()), (), source, seconds)


GOACCESS = "https://github.com/allinurl/goaccess/issues/"
TEXTS = (
    text("times first", '{took} {took} [{clf}] {line} {status} {bytes} "{host}" "{referer}" "{agent}" "-" {length} {xff} {ip} - {port} 31 {upstream} -', source=GOACCESS + "637"),
    text("pipes and blanks", "[{clf}][{msec}] {ip} | {took} s | {status} | {agent} | {method} | https://{host}{target} | ", source=GOACCESS + "1630", without=("bytes_sent",)),
    text("pipes and labels", '({status}) | [{clf}] | {ip} | RequestTime: {took} | UpstreamConnect: 0.000 | UpstreamResponse: {took} | Request: "{line}" | Referrer: "{referer}" ', source=GOACCESS + "1681"),
    text("Nginx Proxy Manager", '[{clf}] - {status} {status} - {method} https {host} "{target}" [Client {ip}] [Length {bytes}] [Gzip -] [Sent-to 192.168.1.61] "{agent}" "{referer}"', source=GOACCESS + "2342"),
    text("Nginx Proxy Manager, old", '[{clf}] {status} - {method} https {host} "{target}" [Client {ip}] [Length {bytes}] [Gzip -] "{agent}" "{referer}"', source=GOACCESS + "2082"),
    text("arrow to the upstream", '{ip} -> {upstream} [{isos}] "{line}" {status} {bytes} "{referer}" "{agent}" {took} {took}', source=GOACCESS + "395"),
    text("wide pipes", "{ip} | 183.61.177.66 | {clf} | - | {method} | {line} |{status} | {bytes} | {referer} | - | {agent} |{upstream} | {took} | {took}", source=GOACCESS + "1303"),
    text("pipes, quoted request", '[{clf}]|{ip}|"{line}"|machin|{status}', source=GOACCESS + "1230"),
    text("pipes all", "{clf} | {ip} | http | {status} | 192.168.2.12 | - | {host} | - | - | {line} | {bytes} | {referer} | {agent} | - | {took} | - | - | -", source=GOACCESS + "1541"),
    text("Tomcat with tabs", "{sql}\t{status}\t{line}\t{agent}\t{referer}\t{ip}\t{bytes}", source=GOACCESS + "1298"),
    text("tabs", "{clf}\t{ip}\t10.2.3.4\t443\t-\t-\t{line}\t{status}\t{bytes}\t{referer}\t{agent}\t{host}", source=GOACCESS + "1159"),
    text("Gin", "[GIN] {gin} | {status} | {took:>12}s | {ip:>15} | {method:<7} {quoted}", source=GOACCESS + "1166"),
    text("server name first", '{host} {ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" "2.86"', source=GOACCESS + "1148"),
    text("dashes between all", '[{isos}] - {host} - {ip} - {status} - - - {method} - {proto} - {bytes} - {took} - "{referer}" - "{agent}" - {target}', source=GOACCESS + "2883"),
    text("streaming server", "{sqlms} {status} 4 {bytes} {target} {id} {ip}", source=GOACCESS + "1427"),
    text("WebLogic", "{date}\t{clock}\t{method}\t{target}\t{status}\t{took}", source=GOACCESS + "2309"),
    text("HAProxy of one's own", "{upstream} {ip} [{clf}] {line} {status} {bytes} {{{referer}|{agent}}}", source=GOACCESS + "2763"),
    text("list before", '"{xff}" {ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" "-" 109488', source=GOACCESS + "1621"),
    text("combined and times", '{ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" {took} {took} .', source="https://github.com/debops/ansible-nginx/pull/144"),
    text("lengths before", '{ip} - - [{clf}] "{line}" {took} {length} {status} {bytes} "{referer}" "{agent}"', source="https://www.alibabacloud.com/help/en/sls/user-guide/nginx-schema-parsing"),
    text("labels in a fixed order", '"{clf}" client={ip} method={method} request="{line}" request_length={length} status={status} bytes_sent={headed} body_bytes_sent={bytes} referer={referer} user_agent="{agent}" upstream_addr={upstream} request_time={took}'),
    text("plain labels", '{isos} ip={ip} host={host} "{line}" status={status} size={bytes} ua="{agent}" ref="{referer}"'),
    text("upstream log", "[{clf}] {ip} - - - {host} to: {upstream}: {line} upstream_response_time {took} msec {msec} request_time {took}", without=()),
    text("agent at the end without quotes", "{iso} {ip} {method} {target} {status} {bytes} {agent}"),
    text("agent in the middle without quotes", "{iso} {ip} {method} {target} {agent} {status} {bytes}"),
    text("combined without quotes", "{ip} - - [{clf}] {line} {status} {bytes} {referer} {agent}"),
    text("common with host", '{ip} {host} - [{clf}] "{line}" {status} {bytes}'),
    text("client with port", '{ip4}:{port} - [{clf}] "{line}" {status} {bytes} "{agent}"'),
    text("semicolons", '{sql};{ip};{method};{target};{status};{bytes};"{agent}"'),
    text("carets", "{clf}^{ip}^{line}^{status}^{bytes}^{agent}"),
    text("double colons", "{iso}::{host}::{method}::{target}::{status}::{bytes}::{agent}"),
    text("a level before", '{sqlms} INFO access - {ip} "{line}" {status} {bytes} {ms}ms "{agent}"'),
    text("Python logging", "{comma} - werkzeug - INFO - {ip} - - \"{line}\" {status} -"),
    text("Django", '[{django}] "{line}" {status} {bytes}'),
    text("gunicorn", '{ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" pid=17 {took}'),
    text("winston", "{iso} [info]: {method} {target} {status} {ms} ms - {bytes} {ip} \"{agent}\""),
    text("slashes in the date", '{slash} {ip} {host} "{line}" {status} {bytes} "{agent}"'),
    text("chi", '{slash} [{host}/abc-000001] "{method} http://{host}{target} {proto}" from {ip4}:{port} - {status} {bytes}B in {ms}ms'),
    text("RFC 1123", '{ip} [{rfc1123}] "{line}" {status} {bytes} "{agent}"'),
    text("seconds since 1970", "{msec} {ip} {method} {host} {target} {status} {bytes} \"{agent}\""),
    text("IIS native", "{ip}, -, {us}, {clock}, W3SVC2, SALES1, 172.21.13.45, {ms}, {length}, {bytes}, {status}, 0, {method}, {path}, {query},", without=("user_agent",)),
    text("path and query apart", "{isos} {ip} {method} {path} {query} {status} {bytes} \"{agent}\""),
    text("path and query, tabs", "{isos}\t{ip}\t{host}\t{method}\t{path}\t{query}\t{status}\t{bytes}\t{agent}"),
    text("in quotes as a whole", '"{ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}""'),
    text("all in quotes", '"{ip}" "{clf}" "{line}" "{status}" "{bytes}" "{referer}" "{agent}"'),
    text("all in brackets", "[{iso}] [{ip}] [{method}] [{target}] [{status}] [{bytes}] [{agent}]"),
    text("Varnish", '{ip} - - [{clf}] "{method} http://{host}{target} {proto}" {status} {bytes} "{referer}" "{agent}" hit'),
    text("cache status", '{ip} - HIT [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" "{host}" {took}'),
    text("forwarded list first", '{xff} {ip} [{clf}] "{line}" {status} {bytes} "{agent}"'),
    text("a label's address is the hop behind", '{ip} - - [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}" "-" "-" rt={took} ua="{upstream}" us="{status}"', source=GOACCESS + "885"),
    text("dashes between", '[{isos}] - {host} - {ip} - {status} - - - {method} - {proto} - {bytes} - {took} - "{referer}" - "{agent}" - {target}', source=GOACCESS + "2883"),
    text("a hop within quotes", '{ip} - - [{clf}] {method} {target} {proto} "{status}" {bytes} "{referer}" "{agent}" "{host} to: 10.0.1.5:80" rt="{took}"', source=GOACCESS + "2721"),
    text("at signs", "{ip}@{isos}@{method}@{target}@{status}@{bytes}@{agent}"),
    text("two pipes", "{isos}||{ip}||{line}||{status}||{bytes}||{agent}"),
    text("Gin's README", '{ip} - [{rfc1123}] "{method} {target} {proto} {status} {ms}ms "{agent}" "', source="https://github.com/gin-gonic/gin#custom-log-format"),
    text("Apache's ssl_request_log", '[{clf}] {ip} TLSv1.3 TLS_AES_256_GCM_SHA384 "{line}" {bytes}'),
    text("a content type before the referer", '{ip} - - [{clf}] "{line}" {status} {bytes} "text/html" "{referer}" "{agent}"'),
    text("counters first", '{port} 3 {ip} [{clf}] "{line}" {status} {bytes} "{referer}" "{agent}"'),
    text("a site and the target behind it", "{isos} {ip} {status} {method} {host}{target} {bytes} {took}"),
    text("loguru", "{sqlms} | INFO     | app.mw:dispatch:33 - {ip} - {method} {target} - {status} - {took}s"),
    text("structlog's console", "{iso} [info     ] request_finished               code={status} ip={ip} request='{method} {target}' user_agent='{agent}'"),
)  # fmt: skip

NAMED = (
    text("LTSV", "time:{clf}\thost:{ip}\treq:{line}\tstatus:{status}\tsize:{bytes}\treferer:{referer}\tua:{agent}\tvhost:{host}\treqtime:{took}"),
    text("LTSV, nginx' names", "time:{isos}\tremote_addr:{ip}\trequest_method:{method}\trequest_uri:{target}\tstatus:{status}\tbody_bytes_sent:{bytes}\thttp_user_agent:{agent}\thost:{host}", source=GOACCESS + "867"),
    text("logfmt", 'time={iso} level=info msg="request handled" method={method} path="{target}" status={status} bytes={bytes} duration={ms}ms remote_ip={ip} host={host} user_agent="{agent}"'),
    text("lograge", "method={method} path={target} format=html controller=Home action=index status={status} duration=58.33 view=40.43 ip={ip} time={iso}"),
    text("logfmt behind words", '{iso} app[web.1]: request method={method} uri={target} code={status} size={bytes} ip={ip} ua="{agent}"'),
    text("pairs with commas", 'ts={iso}, client={ip}, verb={method}, url={target}, status={status}, bytes={bytes}'),
    text("CSV with a header", '{iso},{ip},{method},"{target}",{status},{bytes},"{agent}"', head=("timestamp,client_ip,method,path,status,bytes,user_agent",)),
    text("CSV, other names", '"{sql}","{host}","{line}","{status}","{ip}","{agent}"', head=('"Date","Host","Request","Response Code","Client IP","User Agent"',)),
    text("CSV without a header", '{iso},{ip},{method},"{target}",{status},{bytes},"{agent}"'),
    text("semicolons with a header", "{sql};{ip};{method};{target};{status};{bytes}", head=("time;ip;method;url;code;size",)),
    text("semicolons with a header in German", "{sql};{ip};{method};{target};{status};{bytes}", head=("Zeitpunkt;Quelle;Methode;Pfad;Status;Größe",)),
    text("Zeek", "{msec}\t{id}\t{ip}\t10.0.0.4\t{method}\t{host}\t{target}\t{agent}\t0\t{bytes}\t{status}", head=("#separator \\x09", "#path\thttp", "#fields\tts\tuid\tid.orig_h\tid.resp_h\tmethod\thost\turi\tuser_agent\trequest_body_len\tresponse_body_len\tstatus_code"), source="https://docs.zeek.org/en/master/logs/http.html"),
    text("W3C, names of its own", "{isos} {ip} {method} {target} {status} {bytes}", head=("#Fields: when client verb uri code sent",)),
    text("API Gateway, CSV", '"{ip}","-","-","{clf}","{method}","{target}","{proto}","{status}","{bytes}","{id}"'),
)  # fmt: skip

ALL = "timestamp client_ip method request_target host status bytes_sent user_agent"
RECORDS = (
    record("Echo", lambda w: {"time": w["iso"], "id": "", "remote_ip": w["ip"], "host": w["host"], "method": w["method"], "uri": w["target"], "user_agent": w["agent"], "status": int(w["status"]), "error": "", "latency": 12345, "latency_human": "12.3µs", "bytes_in": 0, "bytes_out": int(w["bytes"])}, ALL),
    record("winston", lambda w: {"level": "info", "message": f"HTTP {w['method']} {w['target']}", "meta": {"req": {"url": w["target"], "headers": {"host": w["host"], "user-agent": w["agent"]}, "method": w["method"], "httpVersion": "1.1", "originalUrl": w["target"]}, "res": {"statusCode": int(w["status"])}, "responseTime": 12}, "timestamp": w["iso"]}, "timestamp method request_target host status user_agent"),
    record("shipper's host", lambda w: {"@timestamp": w["iso"], "host": "ip-10-0-0-17", "source_ip": "10.0.0.17", "agent": {"type": "filebeat", "version": "8.1"}, "http": {"client": w["ip"], "verb": w["method"], "url": w["target"], "code": w["status"]}}, "timestamp client_ip method request_target status"),
    record("WordPress VIP", lambda w: {"request_url": w["target"], "timestamp": w["clf"], "timestamp_iso8601": w["isos"], "request_type": w["method"], "http_referer": w["referer"], "http_x_forwarded_for": w["xff"], "remote_addr": w["ip"], "request_id": w["id"], "request_time": w["took"], "http_host": w["host"], "http_user_agent": w["agent"], "http_version": w["proto"], "body_bytes_sent": w["bytes"], "status": w["status"]}, ALL, seconds=True, source="https://docs.wpvip.com/logs/http-request-edge/"),
    record("NodeChef", lambda w: {"time": w["sql"], "ip": w["ip"], "url": f"{w['method']} {w['target']}", "status": int(w["status"]), "rtl": 12}, "timestamp client_ip method request_target status", seconds=True, source="https://www.nodechef.com/docs/node/global/http-logs"),
    record("http.* keys", lambda w: {"timestamp": w["iso"], "http.method": w["method"], "http.url": w["target"], "http.status_code": int(w["status"]), "http.useragent": w["agent"], "http.request_id": w["id"], "response_time_ms": 3}, "timestamp method request_target status user_agent"),
    record("path and query", lambda w: {"ts": float(w["msec"]), "request": {"method": w["method"], "path": w["path"], "query": "" if w["query"] == "-" else w["query"], "ip": w["ip"], "ua": w["agent"]}, "response": {"status": int(w["status"]), "size": int(w["bytes"])}}, "timestamp client_ip method request_target status bytes_sent user_agent"),
    record("a list of names and values", lambda w: {"timestamp": w["iso"], "message": "", "attributes": [{"name": "method", "value": w["method"]}, {"name": "path", "value": w["target"]}, {"name": "status", "value": int(w["status"])}, {"name": "clientIp", "value": w["ip"]}]}, "timestamp client_ip method request_target status"),
    record("route and target", lambda w: {"time": int(w["millis"]), "route": "/users/{id}", "resourcePath": "/{proxy+}", "httpMethod": w["method"], "path": w["target"], "statusCode": w["status"], "ip": w["ip"], "domainName": w["host"]}, "timestamp client_ip method request_target host status"),
    record("absolute URL", lambda w: {"t": w["iso"], "verb": w["method"], "url": f"https://{w['host']}{w['target']}", "code": int(w["status"]), "client": w["ip"], "ua": w["agent"]}, "timestamp client_ip method request_target host status user_agent"),
    record("a line in a message", lambda w: {"severity": "INFO", "time": w["iso"], "message": f"{w['ip']} {w['host']} {w['method']} {w['target']} -> {w['status']} ({w['bytes']} bytes) \"{w['agent']}\""}, ALL),
    record("JSON in a string", lambda w: {"stream": "stdout", "payload": json.dumps({"when": w["iso"], "remote": w["ip"], "method": w["method"], "uri": w["target"], "status": int(w["status"])})}, "timestamp client_ip method request_target status"),
    record("Serilog", lambda w: {"@t": w["iso"], "@mt": "HTTP {RequestMethod} {RequestPath} responded {StatusCode} in {Elapsed:0.0000} ms", "RequestMethod": w["method"], "RequestPath": w["target"], "StatusCode": int(w["status"]), "Elapsed": 12.4, "ClientIp": w["ip"]}, "timestamp client_ip method request_target status"),
)  # fmt: skip

LAYOUTS = (*TEXTS, *NAMED, *RECORDS)


def each() -> Iterator[Layout]:
    """Yield every layout."""
    yield from LAYOUTS
