"""What Fastify's own logger writes of hostile requests, read as it was sent."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from wire import Sent, wait_for

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.library import load_definitions
from clerk_logscan.parsing.parser import Parser

TARGETS = (
    b"/",
    b"/index.html?x=1&y=a%20b",
    b"/__clerk//evil.example/v1/client?x=%2F%2Fy",
    b"/__clerk/\\\\evil.example/",
    b"/__clerk/\\evil.example/",
    b"//x/__clerk//evil.example",
    b"http://app.example.com/__clerk//evil.example/",
    b'/q?a="b"&c=<d>',
    b"/pipe|a{b}^`[x]",
)


def test_fastify(start: Callable[..., Any], real_part: Callable[[str], str], node_packages: Path) -> None:
    """Two lines a request become one event, at the request's time, with the answer's status."""
    program = str(Path(__file__).parent / "fastify.mjs")
    command = [real_part("node"), "FOLDER/run.mjs"]
    code = f"process.argv.push('PORT', {str(node_packages)!r}); await import({program!r});"
    server = start(command, {"run.mjs": code}, stdout="fastify.log", gently=signal.SIGTERM)
    statuses = [server.send(Sent(target)) for target in TARGETS]
    # What its logger still holds is lost when the process is told to end.
    log, wanted = server.folder / "fastify.log", 2 * len(TARGETS)
    wait_for(lambda: log.read_bytes().count(b'"reqId"') >= wanted, "both lines of each request are logged")
    server.stop()
    rows = _read(log)
    assert rows["request_target"].to_list() == [target.decode() for target in TARGETS]
    assert rows["status"].to_list() == statuses
    assert set(rows["host"]) == {"app.example.com"} and set(rows["client_ip"]) == {"127.0.0.1"}
    assert rows["timestamp"].is_sorted() and rows["duration"].null_count() == 0


def _read(path: Path) -> pl.DataFrame:
    texts = path.read_text().splitlines()
    columns = {"line_number": range(1, len(texts) + 1), "byte_offset": [0] * len(texts), "raw": texts}
    frame = pl.DataFrame(columns, schema=lines.SCHEMA)
    parser = Parser(load_definitions(), path.name)
    parser.detect(frame)
    parts = [parser.read(frame), parser.finish()]
    assert all(part.malformed.is_empty() for part in parts)
    return pl.concat([part.requests for part in parts])
