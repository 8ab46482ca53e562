"""Raw bytes over TCP, and a backend that answers anything: what stands before and behind a real server in a test."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

AGENT = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
TIMEOUT = 10.0  # seconds; a server that hangs fails its test


@dataclass(frozen=True)
class Sent:
    """One request as its bytes go out: target, agent and referer hold any bytes at all."""

    target: bytes
    method: bytes = b"GET"
    host: bytes | None = b"app.example.com"
    agent: bytes | None = AGENT
    referer: bytes | None = None
    protocol: bytes = b"HTTP/1.1"
    client: str = "127.0.0.1"
    headers: tuple[bytes, ...] = field(default=())

    def bytes(self) -> bytes:
        """Return the request; nothing is escaped, nothing is checked."""
        lines = [b"%s %s %s" % (self.method, self.target, self.protocol)]
        named = ((b"Host", self.host), (b"User-Agent", self.agent), (b"Referer", self.referer))
        lines += [b"%s: %s" % (name, value) for name, value in named if value is not None]
        lines += [*self.headers, b"Content-Length: 0"] if self.method == b"POST" else self.headers
        return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def send(port: int, raw: bytes, client: str = "127.0.0.1") -> bytes:
    """Send bytes to a port of this machine and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT, source_address=(client, 0)) as connection:
        connection.sendall(raw)
        received = b""
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
        return received


def hang_up(port: int, raw: bytes, after: float = 0.2) -> None:
    """Send bytes and close the connection before any answer can come."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(raw)
        connection.settimeout(after)
        with suppress(TimeoutError):
            connection.recv(1)


def status(answer: bytes) -> int | None:
    """Return the status of an answer, None where the server gave none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if answer.startswith(b"HTTP/") and words[1].isdigit() else None


def free_port() -> int:
    """Return a port of the loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Backend:
    """An application that answers 200 to anything, and 502 or nothing where the target asks for it; keeps what came."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(TIMEOUT)
            head = b""
            while b"\r\n\r\n" not in head:
                chunk = connection.recv(65536)
                if not chunk:
                    return
                head += chunk
            line = head.split(b"\r\n", 1)[0]
            self.requests.append(line)
            if b"never-answered" in line:
                connection.settimeout(2)
                with suppress(OSError):
                    connection.recv(1)
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def targets(self) -> list[bytes]:
        """Return the request targets that arrived, in their order."""
        return [line.split(b" ")[1] for line in self.requests]

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


def lines(log: Path) -> list[bytes]:
    """Return the lines of a log that a server wrote; LF alone ends a line."""
    return log.read_bytes().split(b"\n")[:-1]
