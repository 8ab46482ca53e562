"""Requests in two records of a log: few lines are parsed, and nothing is missing from what all of them say."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from clerk_logscan import halves as halves_module
from clerk_logscan import looks as looks_module
from clerk_logscan.analysis import analyze
from clerk_logscan.options import Options
from clerk_logscan.reading import Input, Reading
from clerk_logscan.report import Report

START = 1_772_323_200_000  # milliseconds
TARGETS = (
    "/__clerk//evil{n}.example/x",
    "/__clerk/%5Cevil{n}.example",
    "/__clerk//[::1",
    '/__clerk//e.example/?"reqId":"req-{n:x}"',
)
LINES = 6000


def records(kind: str, seed: int = 1) -> list[str]:
    """Return the lines of a log of requests that overlap; some are attacks, and of some the answer is missing."""
    draw, timed = random.Random(seed), []
    for n in range(LINES // 2):
        odd = draw.choice(TARGETS) if n % 101 == 3 else "/__clerk/v1/client" if n % 37 == 1 else "/p/{n}"
        target, status = odd.format(n=n), draw.choice([200, 404, 500, 502])
        base = {"level": 30, "pid": 1, "hostname": "web"}
        request: dict[str, Any] = {"method": "GET", "url": target, "remoteAddress": f"203.0.113.{n % 90}"}
        at, later = START + n * 400, START + n * 400 + draw.choice([3, 700, 60_000])
        if kind == "pino-http":
            request = {"id": n, **request}
            first, second = {"req": request}, {"req": request, "res": {"statusCode": status}}
        else:
            named = {"reqId": n if kind == "numbers" else f"req-{n:x}"}
            first, second = {**named, "req": request}, {**named, "res": {"statusCode": status}}
        timed.append((at, json.dumps({**base, "time": at, **first})))
        if n % 19:
            timed.append((later, json.dumps({**base, "time": later, **second})))
    return [line for _, line in sorted(timed)]


def hono(seed: int = 1) -> list[str]:
    """Return what Hono's logger writes, which has no times and no ids, as Docker keeps it."""
    draw, lines = random.Random(seed), []
    for n in range(LINES // 2):
        target = TARGETS[n % 3].format(n=n) if n % 101 == 3 else f"/p/{n}"
        lines += [f"<-- GET {target}", f"--> GET {target} {draw.choice([200, 404, 502])} 5ms"]
    times = (f"2026-03-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.0Z" for n in range(len(lines)))
    return [json.dumps({"log": line + "\n", "time": time}) for line, time in zip(lines, times, strict=True)]


def analyzed(path: Path, **options: Any) -> Report:
    return analyze([str(path)], Options(**options))


def told(report: Report) -> list[tuple[Any, ...]]:
    names = ("line_number", "byte_offset", "timestamp", "client_ip", "request_target", "status", "outcome", "event_id")
    return [tuple(row[name] for name in names) for row in report.data["findings"]]


KINDS = {
    "fastify": records("fastify"),
    "numbers": records("numbers"),
    "pino-http": records("pino-http"),
    "docker": [json.dumps({"log": line + "\n", "time": "2026-03-01T00:00:00Z"}) for line in records("fastify")],
    "hono": hono(),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_few_lines_are_parsed_and_the_findings_are_those_of_all(tmp_path: Path, kind: str, packed: bool) -> None:
    path = tmp_path / "app.log"
    text = ("\n".join(KINDS[kind]) + "\n").encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    found, every = analyzed(path), analyzed(path, full=True)
    assert told(found) == told(every)
    assert len(told(found)) > 25
    assert found.data["incidents"] == every.data["incidents"]
    assert found.data["inputs"][0]["lines"] == every.data["inputs"][0]["lines"]
    assert found.data["inputs"][0]["examined"] < every.data["inputs"][0]["examined"] / 3
    if kind in ("hono", "pino-http"):  # of which the search finds both records
        counted = found.data["inputs"][0]
        assert counted["requests"] == sum(counted["log_formats"].values()) <= every.data["inputs"][0]["requests"]
        assert counted["requests"] + counted["not_requests"] == counted["examined"]
    context = [(row["line_number"], row["status"]) for row in found.data["timeline"] if row["kind"] == "context"]
    known = [(row["line_number"], row["status"]) for row in every.data["timeline"] if row["kind"] == "context"]
    assert context == known


@pytest.mark.parametrize("why", ["too many", "spelled otherwise"])
def test_where_the_other_records_cannot_be_searched_for_every_line_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    lines = KINDS["fastify"]
    if why == "too many":
        monkeypatch.setattr(halves_module, "MOST", 3)
    else:
        lines = [line.replace('"req-', r'"req\u002d') for line in lines]
    (tmp_path / "app.log").write_text("\n".join(lines) + "\n")
    found, every = (analyzed(tmp_path / "app.log", full=full) for full in (False, True))
    assert told(found) == told(every) and len(told(found)) > 25
    assert found.data["inputs"][0]["examined"] == every.data["inputs"][0]["examined"] == len(lines)


def test_a_log_without_an_odd_request_is_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the requests that are only typical no other record is looked for."""
    asked: list[int] = []
    texts = halves_module.texts
    monkeypatch.setattr(halves_module, "texts", lambda *given: asked.append(1) or texts(*given))
    (tmp_path / "app.log").write_text("".join(f"{line}\n" for line in KINDS["fastify"] if "__clerk" not in line))
    assert analyzed(tmp_path / "app.log").verdict == "no-evidence"
    assert not asked


def test_where_the_file_cannot_be_searched_again_that_is_said_and_the_findings_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without their answers, as far as these are not known."""
    path = tmp_path / "app.log"
    path.write_text("\n".join(KINDS["fastify"]) + "\n")
    every = told(analyzed(path, full=True))
    read = looks_module.read

    def gone(one: Input) -> Reading:
        path.unlink(missing_ok=True)
        return read(one)

    monkeypatch.setattr(looks_module, "read", gone)
    report = analyzed(path)
    assert [row[:5] for row in told(report)] == [row[:5] for row in every]
    assert {row[5] for row in told(report)} == {None}
    assert "cannot be read" in report.data["inputs"][0]["error"]
