"""Decoding hops: what a real nginx, with a URI in proxy_pass, makes of a target is found in the logged one."""

from __future__ import annotations

import json
import random
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from clerk_logscan import destinations, proxy, schema

ORACLE = Path(__file__).parent / "data" / "oracle.jsonl"
STARTS = ["/", "/__clerk", "/__clerk/", "/__cl%65rk", "/x/..%2f__clerk", "/__clerk%2f", "/%5f%5fclerk/"]
PIECES = r"""
/ // \ .. . %2e %2f %2F %5c %252f % %C3%A9 evil.example /__clerk __clerk x @ %40 %3a80 ? %3f %23 # %20 %00 %2e%2e ..%2f
%c3 " ^ v1 :22 %7e %25
"""
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{off}; merge_slashes off; location / {{ proxy_pass http://127.0.0.1:{behind}/; }} }}
  server {{ listen 127.0.0.1:{on}; merge_slashes on; location / {{ proxy_pass http://127.0.0.1:{behind}/; }} }}
}}
"""


class Options:
    proxy_paths = ("/__clerk",)
    framework = "any"
    allow_hosts = ()


class Behind(socketserver.ThreadingTCPServer):
    """The application: it remembers the last request target that reached it."""

    daemon_threads = True
    target: str | None = None


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        line = self.request.recv(65536).partition(b"\r\n")[0]
        self.server.target = line.split(b" ")[1].decode("latin-1")  # type: ignore[attr-defined]
        self.request.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def hops(real_part: Callable[[str], str], tmp_path: Path) -> Iterator[tuple[Behind, list[int]]]:
    """Start nginx with merge_slashes off, and on."""
    with Behind(("127.0.0.1", 0), Handler) as behind:
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        ports = [free_port(), free_port()]
        text = CONFIGURATION.format(folder=tmp_path, off=ports[0], on=ports[1], behind=behind.server_address[1])
        (tmp_path / "nginx.conf").write_text(text)
        nginx = subprocess.Popen([real_part("nginx"), "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
        try:
            for port in ports:
                wait_for(port)
            yield behind, ports
        finally:
            nginx.terminate()
            nginx.wait(timeout=10)
            behind.shutdown()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("nginx did not start")


def send(port: int, target: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n".encode("latin-1"))
        while client.recv(65536):
            pass


def targets() -> list[str]:
    made = random.Random(5)
    pieces = PIECES.split()
    recorded = [json.loads(line)["target"] for line in ORACLE.read_text().splitlines()][::3]
    return recorded + [made.choice(STARTS) + "".join(made.choices(pieces, k=made.randint(1, 5))) for _ in range(600)]


def test_no_leak_behind_nginx_is_missed(hops: tuple[Behind, list[int]]) -> None:
    """Whatever leaks as nginx passes it on is off-host as logged, or off-host after decoding."""
    behind, ports = hops
    only_decoded = 0
    for target in targets():
        for port in ports:
            behind.target = None
            send(port, target)
            if behind.target is None or not proxy.resolve(behind.target).off_host:
                continue
            logged = target.encode("latin-1").decode("utf-8", "backslashreplace")
            request = {"request_target": [logged], "_non_ascii": [not target.isascii()]}
            row = destinations.resolve(schema.conform(pl.DataFrame(request)), Options()).row(0, named=True)
            assert row["off_host"] or row["decoded_off_host"], (target, behind.target)
            only_decoded += not row["off_host"]
    assert only_decoded > 3
