"""What `convert` reads from the logs that real servers wrote is what was sent to them, byte for byte."""

from __future__ import annotations

import codecs
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from wire import Backend, Sent, sent_without_waiting, wait_for

FAKE = b'x" 200 18 "-" 203.0.113.9 - - [24/Nov/2026:14:51:36 +0000] "GET /__clerk//fake.example/ HTTP/1.1" 200 1 "-" "y'
HOSTILE = [
    Sent(b"/"),
    Sent(b"/index.html?x=1&y=a%20b", referer=b"https://www.example.org/start?q=1", client="127.0.0.2"),
    Sent(b"/__clerk/v1/client?_clerk_js_version=5.60.0"),
    Sent(b"/__clerk//evil.example/x", client="127.0.0.3"),
    Sent(b"/__clerk/\\evil.example/x"),
    Sent(b"/__clerk/%2Fevil.example%5Cx/%252F"),
    Sent(b"/__clerk//evil.example:8443/a?u=https://b.example/#c"),
    Sent(b"/x?next=/__clerk//evil.example/"),
    Sent(b"//app.example.com/__clerk//evil.example/"),
    Sent(b"http://app.example.com/__clerk//evil.example/"),
    Sent(b"/q\"uo'te"),
    Sent(b"/br{a}ck[e]t|^`~<>"),
    Sent(b"/caf\xc3\xa9"),
    Sent(b"/lone\xff\xc3byte"),
    Sent(b"/literal\\xC3\\xA9\\n"),
    Sent(b"/long/" + b"a" * 6000),
    Sent(b"/", method=b"POST", client="127.0.0.4"),
    Sent(b"/", method=b"PROPFIND"),
    Sent(b"/old", host=None, protocol=b"HTTP/1.0"),
    Sent(b"/agent", agent=FAKE),
    Sent(b"/agent", agent=b'{"request":{"uri":"/__clerk//fake.example/"},"status":200}'),
    Sent(b"/agent", agent=b'a\tb\\c"d\\\\e\\"f'),
    Sent(b"/agent", agent=b"latin \xe9 and \xc3\xa9"),
    Sent(b"/agent", agent=b"#22 %22 \\x22 &quot;"),
    Sent(b"/agent", agent=b"}"),
    Sent(b"/agent", agent=b"|"),
    Sent(b"/agent", agent=b"-"),
    Sent(b"/agent", agent=None),
    Sent(b"/referer", referer=b'https://e.example/" "GET /__clerk//fake.example/ HTTP/1.1'),
    Sent(b"/a b"),
    Sent(b"/escape", agent=b"a\x1b[31mb"),
    Sent(b"/host", host=b"evil.example:8080"),
]


@dataclass(frozen=True)
class Log:
    """What one server's log can hold: `columns` that it has, and how it logs what it refuses."""

    columns: frozenset[str]
    log_formats: frozenset[str]  # the names under which its lines may be read: several have one shape
    refused: bool = True  # logs what it refused to read
    origin_form: bool = False  # absolute targets are logged as their path
    lossy: bool = False  # bytes that are not UTF-8 are lost in the log itself


# nginx, Apache and morgan write the same line; which of them it was, only an escape can tell.
SAME = frozenset({"nginx_combined", "apache_combined", "morgan_combined"})
COMBINED = frozenset({"client_ip", "method", "request_target", "protocol", "status", "user_agent", "referer"})


def convert(log: Path, *options: str) -> list[dict[str, Any]]:
    """Return the rows that the command reads from a log, with no hint what it is."""
    out = log.with_name("converted.jsonl")
    result = subprocess.run(
        [sys.executable, "-m", "clerk_logscan", "convert", str(log), "-o", str(out), *options],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    return [orjson.loads(line) for line in out.read_bytes().splitlines()]


def spelled(data: bytes | None, errors: str = "servers-spell") -> str | None:
    """Return bytes as the schema spells them: UTF-8 where they are, every other byte as `\\xHH`; `-` is missing."""
    if data in (None, b"", b"-"):
        return None
    return data.decode("utf-8", errors)


def _spell(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"\\x{byte:02X}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("servers-spell", _spell)


def expected(sent: Sent, status: int | None, log: Log) -> dict[str, Any]:
    """Return what a log's row must say of a request."""
    target = sent.target
    if log.origin_form and target.startswith(b"http://"):
        target = b"/" + target.split(b"/", 3)[3]
    errors = "replace" if log.lossy else "servers-spell"
    row = {
        "client_ip": sent.client,
        "method": spelled(sent.method),
        "request_target": spelled(target, errors),
        "protocol": spelled(sent.protocol),
        "host": spelled(sent.host),
        "status": status,
        "user_agent": spelled(sent.agent, errors),
        "referer": spelled(sent.referer, errors),
    }
    return {name: value for name, value in row.items() if name in log.columns}


def check(log: Log, path: Path, sent: list[tuple[Sent, int | None]]) -> None:
    """Compare every row of a log with what was sent, in order."""
    rows = convert(path)
    logged = [pair for pair in sent if log.refused or not _refused(pair[1])]
    assert len(rows) == len(logged)
    for row, (request, status) in zip(rows, logged, strict=True):
        assert row["log_format"] in log.log_formats
        assert row["timestamp"] is not None
        wanted = expected(request, status, log)
        if _refused(status):
            assert row["status"] == status
            assert row["request_target"] in (None, wanted["request_target"])
            continue
        assert {name: row[name] for name in wanted} == wanted, request
        assert row["line_number"] is not None


def _refused(status: int | None) -> bool:
    """Whether the server refused to read the request: what it logs of that is its own affair."""
    return status in (400, 413, 414, 431)


def exchange(server: Any) -> list[tuple[Sent, int | None]]:
    """Send every hostile request and return each with the status of its answer; then stop the server."""
    sent = [(request, server.send(request)) for request in HOSTILE]
    server.stop()
    assert sum(status == 200 for _, status in sent) > len(sent) * 2 // 3
    return sent


NGINX_LOGS = {
    "combined": None,
    "main": """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
               '"$http_user_agent" "$http_x_forwarded_for"'""",
    "vhost": """'$host:$server_port $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                '"$http_referer" "$http_user_agent"'""",
    "timed": """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                '"$http_user_agent" "$http_x_forwarded_for" host=$host rt=$request_time uct="$upstream_connect_time" '
                'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr"'""",
    "json": """escape=json '{"time":"$time_iso8601","remote_addr":"$remote_addr","request":"$request",'
               '"status":"$status","body_bytes_sent":"$body_bytes_sent","host":"$host",'
               '"http_referer":"$http_referer","http_user_agent":"$http_user_agent"}'""",
}


def test_nginx(nginx: Callable[..., Any], backend: Backend) -> None:
    """nginx in five layouts at once, from one run."""
    server = nginx(NGINX_LOGS, f"location / {{ proxy_pass http://127.0.0.1:{backend.port}; }}")
    sent = exchange(server)
    for name in NGINX_LOGS:
        formats = SAME if name == "combined" else frozenset({f"nginx_{name}"})
        check(Log(COMBINED, formats), server.folder / f"{name}.log", sent)


def test_apache2(apache2: Callable[..., Any], backend: Backend) -> None:
    """Apache in three layouts at once."""
    combined = r"%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""
    formats = {"common": r"%h %l %u %t \"%r\" %>s %O", "combined": combined, "vhost_combined": f"%v:%p {combined}"}
    server = apache2(formats, backend.port)
    sent = exchange(server)
    for name in formats:
        columns = COMBINED - {"user_agent", "referer"} if name == "common" else COMBINED
        known = SAME if name == "combined" else frozenset({f"apache_{name}"})
        check(Log(columns, known), server.folder / f"{name}.log", sent)


def test_lighttpd(lighttpd: Callable[..., Any], backend: Backend) -> None:
    """lighttpd's default access log, whose second column is the host."""
    server = lighttpd(backend.port)
    sent = exchange(server)
    log = Log(COMBINED | {"host"}, frozenset({"lighttpd"}), origin_form=True)
    check(log, server.folder / "lighttpd.log", sent)


def test_haproxy(haproxy: Callable[..., Any], backend: Backend) -> None:
    """HAProxy's httplog with captured headers; it logs no referer."""
    server = haproxy(backend.port)
    sent = exchange(server)
    path = server.folder / "haproxy.log"
    # Waiting for it to listen was a connection without a request, which HAProxy logs (CR: closed by the client).
    path.write_bytes(b"".join(line for line in path.read_bytes().splitlines(True) if b" CR-- " not in line))
    check(Log(COMBINED - {"referer"} | {"host"}, frozenset({"haproxy_httplog"})), path, sent)


def test_caddy(caddy: Callable[..., Any], backend: Backend) -> None:
    """Caddy's JSON log; what Go's server refuses never reaches it, and bytes that are not UTF-8 it replaces."""
    server = caddy(backend.port)
    sent = exchange(server)
    log = Log(COMBINED | {"host"}, frozenset({"caddy_json"}), refused=False, lossy=True)
    check(log, server.folder / "caddy.log", sent)


def test_nginx_tells_what_was_forwarded(nginx: Callable[..., Any], backend: Backend) -> None:
    """`$upstream_addr` `-` is never forwarded; a client that hangs up early (499) was forwarded all the same."""
    locations = f"""
        location / {{ proxy_pass http://127.0.0.1:{backend.port}; }}
        location /own {{ return 403; }}
    """
    server = nginx({"timed": NGINX_LOGS["timed"]}, locations)
    log = server.folder / "timed.log"
    server.send(Sent(b"/__clerk//evil.example/forwarded"))
    server.send(Sent(b"/own"))
    unanswered = b"/__clerk//evil.example/never-answered"
    with sent_without_waiting(server.port, Sent(unanswered).bytes()):
        wait_for(lambda: unanswered in backend.targets(), "the request is forwarded")
    wait_for(lambda: b" 499 " in log.read_bytes(), "the client's end is logged")
    server.stop()
    rows = {row["request_target"]: row for row in convert(log)}
    assert rows["/__clerk//evil.example/forwarded"]["forwarded"] is not False
    assert rows["/own"]["forwarded"] is False
    early = rows[unanswered.decode()]
    assert early["status"] == 499
    assert early["forwarded"] is not False


def test_haproxy_tells_what_was_forwarded(haproxy: Callable[..., Any], backend: Backend) -> None:
    """`<NOSRV>` is never forwarded: HAProxy's own rule answered."""
    server = haproxy(backend.port, "http-request deny if { path_beg /own }")
    for target in (b"/__clerk//evil.example/forwarded", b"/own"):
        server.send(Sent(target))
    server.stop()
    rows = {row["request_target"]: row for row in convert(server.folder / "haproxy.log")}
    assert rows["/__clerk//evil.example/forwarded"]["forwarded"] is not False
    assert rows["/own"]["forwarded"] is False
    assert backend.targets() == [b"/__clerk//evil.example/forwarded"]
