"""Debian's own servers, started on loopback with a configuration of the test's, as their users run them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from wire import TIMEOUT, Backend, Sent, free_port, send, status


@dataclass
class Server:
    """A running server: its port, the folder of its logs, and the process to stop."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    gently: signal.Signals = signal.SIGTERM  # what lets it finish what it has begun

    def send(self, request: Sent | bytes, client: str = "127.0.0.1") -> int | None:
        """Send one request and return the status of the answer, None where none came."""
        if isinstance(request, Sent):
            return status(send(self.port, request.bytes(), request.client))
        return status(send(self.port, request, client))

    def stop(self) -> Path:
        """Let the server end what it has begun, so that every log is whole, and return the folder of the logs."""
        if self.process.poll() is None:
            self.process.send_signal(self.gently)
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        return self.folder


Start = Callable[..., Server]


@pytest.fixture
def backend() -> Iterator[Backend]:
    """An application on a port of its own that keeps what came to it."""
    application = Backend()
    yield application
    application.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server by its command line and the files it needs, PORT and FOLDER filled in; stop all at the end."""
    running: list[Server] = []

    def run(command: list[str], files: dict[str, str], *, stdout: str | None = None, gently: signal.Signals) -> Server:
        port = free_port()
        for name, text in files.items():
            (tmp_path / name).write_text(text.replace("PORT", str(port)).replace("FOLDER", str(tmp_path)))
        arguments = [part.replace("FOLDER", str(tmp_path)) for part in command]
        environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        with (tmp_path / (stdout or "stdout")).open("wb") as out, (tmp_path / "stderr").open("wb") as errors:
            process = subprocess.Popen(arguments, cwd=tmp_path, stdout=out, stderr=errors, env=environment)
        server = Server(process, port, tmp_path, gently)
        running.append(server)
        _wait(server)
        return server

    yield run
    for server in running:
        server.stop()


def _wait(server: Server) -> None:
    """Wait until something listens; a server that ends instead fails the test with its own words."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            # A connection without a byte: no server logs it as a request, or `lines` of the test must expect it.
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    server.process.kill()
    pytest.fail(f"the server did not start: {(server.folder / 'stderr').read_text(errors='replace')}")


NGINX = """
daemon off; master_process off; pid FOLDER/nginx.pid; error_log FOLDER/error.log;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path FOLDER/body; proxy_temp_path FOLDER/proxy; fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi; scgi_temp_path FOLDER/scgi;
    large_client_header_buffers 4 32k;
    {formats}
    server {{
        listen 127.0.0.1:PORT;
        server_name app.example.com;
        {logs}
        {locations}
    }}
}}
"""


@pytest.fixture
def nginx(start: Start, real_part: Callable[[str], str]) -> Callable[..., Server]:
    """Start nginx with the given `log_format`s (name to what follows it), each written to NAME.log, and locations."""

    def run(formats: dict[str, str | None], locations: str) -> Server:
        program = real_part("nginx")
        declared = "\n".join(f"log_format {name} {text};" for name, text in formats.items() if text)
        logs = "\n".join(f"access_log FOLDER/{name}.log {name};" for name in formats)
        text = NGINX.format(formats=declared, logs=logs, locations=locations)
        return start([program, "-p", "FOLDER", "-c", "FOLDER/nginx.conf"], {"nginx.conf": text}, gently=signal.SIGQUIT)

    return run


APACHE = """
ServerRoot FOLDER
PidFile FOLDER/apache.pid
ErrorLog FOLDER/error.log
Listen 127.0.0.1:PORT
ServerName app.example.com
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LimitRequestLine 32000
AllowEncodedSlashes NoDecode
MergeSlashes Off
{logs}
ProxyPass / http://127.0.0.1:{backend}/ nocanon
"""


@pytest.fixture
def apache2(start: Start, real_part: Callable[[str], str]) -> Callable[..., Server]:
    """Start Apache as a reverse proxy with the given `LogFormat`s, each written to NAME.log."""

    def run(formats: dict[str, str], backend: int) -> Server:
        program = real_part("apache2")
        logs = "\n".join(f'CustomLog FOLDER/{name}.log "{text}"' for name, text in formats.items())
        text = APACHE.format(logs=logs, backend=backend)
        return start(
            [program, "-f", "FOLDER/apache.conf", "-DFOREGROUND"], {"apache.conf": text}, gently=signal.SIGWINCH
        )

    return run


LIGHTTPD = """
server.modules = ("mod_accesslog", "mod_proxy")
server.document-root = "FOLDER"
server.bind = "127.0.0.1"
server.port = PORT
server.errorlog = "FOLDER/error.log"
accesslog.filename = "FOLDER/lighttpd.log"
server.http-parseopts = ( "url-normalize" => "disable", "header-strict" => "disable", "host-strict" => "disable" )
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => {backend} ) ) )
"""


@pytest.fixture
def lighttpd(start: Start, real_part: Callable[[str], str]) -> Callable[..., Server]:
    """Start lighttpd as a reverse proxy with its default access log, written to lighttpd.log."""

    def run(backend: int) -> Server:
        program = real_part("lighttpd")
        text = LIGHTTPD.format(backend=backend)
        return start([program, "-D", "-f", "FOLDER/lighttpd.conf"], {"lighttpd.conf": text}, gently=signal.SIGINT)

    return run


HAPROXY = """
global
    nbthread 1
    log stdout len 65535 format raw local0
    tune.http.logurilen 16384
defaults
    mode http
    log global
    option httplog
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend fe_http
    bind 127.0.0.1:PORT
    capture request header Host len 128
    capture request header User-Agent len 256
    {frontend}
    default_backend be
backend be
    server s1 127.0.0.1:{backend}
"""


@pytest.fixture
def haproxy(start: Start, real_part: Callable[[str], str]) -> Callable[..., Server]:
    """Start HAProxy with `option httplog`, its log on standard output, kept in haproxy.log."""

    def run(backend: int, frontend: str = "") -> Server:
        program = real_part("haproxy")
        text = HAPROXY.format(backend=backend, frontend=frontend)
        return start(
            [program, "-db", "-f", "FOLDER/haproxy.cfg"],
            {"haproxy.cfg": text},
            stdout="haproxy.log",
            gently=signal.SIGUSR1,
        )

    return run


CADDY = """
{{
    admin off
    auto_https off
    storage file_system FOLDER/caddy
}}
http://:PORT {{
    bind 127.0.0.1
    log {{
        output file FOLDER/caddy.log
    }}
    reverse_proxy 127.0.0.1:{backend}
}}
"""


@pytest.fixture
def caddy(start: Start, real_part: Callable[[str], str]) -> Callable[..., Server]:
    """Start Caddy as a reverse proxy with its JSON access log, written to caddy.log."""

    def run(backend: int) -> Server:
        program = real_part("caddy")
        files = {"Caddyfile": CADDY.format(backend=backend)}
        return start(
            [program, "run", "--config", "FOLDER/Caddyfile", "--adapter", "caddyfile"], files, gently=signal.SIGTERM
        )

    return run
