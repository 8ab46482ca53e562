"""Lines that a container runtime cut in pieces: these and the lines behind them are parsed, and nothing is missing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clerk_logscan.analysis import analyze
from clerk_logscan.options import Options
from clerk_logscan.readers.blocks import BLOCK, Block
from clerk_logscan.report import Report

START = datetime(2026, 3, 1, tzinfo=UTC)
PIECE = 16 << 10  # characters, of both runtimes
SIZE = BLOCK * 9 // 4  # so that three blocks are searched side by side


def record(kind: str, moment: datetime, text: str, stream: str = "stdout", *, last: bool = True) -> str:
    """Return a line as the runtime writes it."""
    time = f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"
    if kind == "cri":
        return f"{time} {stream} {'F' if last else 'P'} {text}\n"
    if kind == "fluent-bit":
        shipped = {"date": moment.timestamp(), "log": text, "stream": stream, "logtag": "F" if last else "P"}
        return json.dumps(shipped, separators=(",", ":")) + "\n"
    told = {"log": text + "\n" * last, "stream": stream, "time": time}
    return json.dumps(told, separators=(",", ":")) + "\n"


def request(moment: datetime, target: str, user: str = "-", agent: str = "curl/8.5.0", client: int = 7) -> str:
    return f'203.0.113.{client} - {user} [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET {target} HTTP/1.1" 200 5 "-" "{agent}"'


def long_request(draw: random.Random, moment: datetime, number: int) -> str:
    """Return a request that takes several pieces; of some the target lies over the cut."""
    target = f"/__clerk//evil{number}.example/x"
    if draw.random() < 0.5:
        before = len(request(moment, "").partition('"GET ')[0]) + len('"GET ') - 1
        return request(moment, target, user="u" * (PIECE - before - draw.randrange(1, len(target))))
    return request(moment, draw.choice([target, "/page"]), agent="a" * draw.randrange(PIECE, 4 * PIECE))


def lines(kind: str, between: int, seed: int) -> Iterator[str]:
    """Yield the lines of a log; up to `between` of another stream stand between two pieces."""
    draw, size, number = random.Random(seed), 0, 0
    while size < SIZE:
        number += 1
        moment = START + timedelta(milliseconds=25 * number)
        if draw.random() > 0.001:
            some = [record(kind, moment, request(moment, f"/page/{number}", client=draw.randrange(8, 250)))]
        else:
            text, some = long_request(draw, moment, number), []
            for at in range(0, len(text), PIECE):
                some.append(record(kind, moment, text[at : at + PIECE], last=at + PIECE >= len(text)))
                others = draw.randint(0, between) if at + PIECE < len(text) else 0
                some += [record(kind, moment, "[notice] a worker started", "stderr")] * others
        size += sum(map(len, some))
        yield from some


def told(report: Report) -> list[Any]:
    """Return what a report says of the requests."""
    rows = [list(report.data[name]) for name in ("findings", "timeline", "incidents")]
    inputs = [
        {name: row[name] for name in ("lines", "malformed", "complete", "error")} for row in report.data["inputs"]
    ]
    return [report.data["verdict"], *rows, inputs]


@pytest.mark.parametrize(
    ("kind", "between"), [("cri", 0), ("docker", 0), ("cri", 3), ("docker", 3), ("fluent-bit", 3), ("cri", 40)]
)
def test_a_report_on_lines_in_pieces_is_that_of_every_line_parsed(kind: str, between: int, tmp_path: Path) -> None:
    """Also where so many lines of another stream stand between two pieces that every line must be parsed after all."""
    log = tmp_path / "app.log"
    log.write_text("".join(lines(kind, between, between)), encoding="utf-8")
    some, every = (analyze([str(log)], Options(full=full)) for full in (False, True))
    assert told(some) == told(every)
    assert len(list(some.data["findings"])) >= 10
    examined = some.data["inputs"][0]["examined"]
    assert (examined == every.data["inputs"][0]["examined"]) is (between == 40)
    assert examined < 3000 or between == 40


@pytest.mark.parametrize("kind", ["cri", "docker", "fluent-bit"])
@pytest.mark.parametrize("place", [0, 5, -40], ids=["behind the cut", "over it", "before it"])
def test_an_attack_in_a_line_in_pieces_that_no_format_reads_is_reported(kind: str, place: int, tmp_path: Path) -> None:
    """Though `raw`, the first piece, may show no target, or half of one."""
    target = "/__clerk//evil.example/x"
    text = "### " + "y" * (PIECE - place - len("### y GET ")) + f"y GET {target} HTTP/1.1 ### took long"
    some = [record(kind, START, request(START, f"/page/{number}")) for number in range(300)]
    pieces = [record(kind, START, text[:PIECE], last=False), record(kind, START, text[PIECE:])]
    log = tmp_path / "app.log"
    log.write_text("".join([*some[:100], *pieces, *some[100:]]), encoding="utf-8")
    for full in (False, True):
        report = analyze([str(log)], Options(full=full))
        assert report.data["inputs"][0]["suspicious_malformed"] == 1
        assert report.data["verdict"] == "incomplete"


def test_the_lines_behind_a_piece_end_with_their_block() -> None:
    block = Block(b"..a\nbb\n\nc", 2, 9, 0)
    assert block.followed([2], 1) == {2, 5}
    assert block.followed([2, 6], 9) == {2, 5, 6}
    assert block.followed([], 9) == set()
