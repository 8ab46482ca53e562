"""Raw bytes over TCP, and a backend that answers anything: what stands before and behind a real server in a test."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

AGENT = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
TIMEOUT = 60.0  # seconds; a server that hangs fails its test, one on a busy machine does not


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


@contextmanager
def sent_without_waiting(port: int, raw: bytes) -> Iterator[None]:
    """Send bytes, and close the connection at the end of the block, whether or not an answer came."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(raw)
        yield


def status(answer: bytes) -> int | None:
    """Return the status of an answer, None where the server gave none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if answer.startswith(b"HTTP/") and words[1].isdigit() else None


def free_port() -> int:
    """Return a port of the loopback that nothing listens on, below those that systems give to whoever asks for any."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)  # no seed: test workers would ask for the same ones
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Wait until something happened that a busy machine may do late; a minute without it fails the test."""
    deadline = time.monotonic() + 60
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"not within a minute: {what}")
        time.sleep(0.02)


class Backend:
    """An application that answers 200 to anything, nothing to `never-answered`, and keeps what came."""

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
        with connection, suppress(OSError):  # the server in front may leave at any time
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
                connection.recv(1)
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def targets(self) -> list[bytes]:
        """Return the request targets that arrived, in their order."""
        return [line.split(b" ")[1] for line in self.requests]

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()
