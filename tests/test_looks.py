"""What is kept of a long log: all that tells, however rare, and of the rest only some."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clerk_logscan import destinations, formats, rules
from clerk_logscan import looks as looks_module
from clerk_logscan import near as near_module
from clerk_logscan import reading as reading_module
from clerk_logscan.looks import LATER, TYPICAL, Looks
from clerk_logscan.near import Near
from clerk_logscan.options import Options, silent
from clerk_logscan.parsing.parser import Parsed, Parser
from clerk_logscan.readers import blocks, ranges, sources
from clerk_logscan.readers import scan as scan_module
from clerk_logscan.readers import search as search_module
from clerk_logscan.readers.blocks import Block
from clerk_logscan.readers.scan import Scan
from clerk_logscan.readers.search import Found, Search

START = datetime(2026, 3, 30, tzinfo=UTC)
LINE = '198.51.100.7 - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "GET {target} HTTP/1.1" 200 18 "-" "curl/8.5.0"\n'
EVER = Near(pl.Series(dtype=pl.Datetime("us", "UTC")), timedelta())
RARE = "/auth-proxy/npm/@clerk/clerk-js@5/dist/clerk.browser.js"


def log(path: Path, count: int, rare: dict[int, str]) -> str:
    times = (START + timedelta(seconds=n // 50) for n in range(count))
    path.write_text("".join(LINE.format(time=time, target=rare.get(n, f"/{n}")) for n, time in enumerate(times)))
    return str(path)


def kept(path: str, options: Options) -> list[str]:
    found, _ = sources.find([path])
    [reading] = Looks(options, formats.chosen(options), silent).first(found)
    return reading.requests["request_target"].to_list()


@pytest.mark.parametrize("place", [1234, 4321])
def test_one_request_of_a_forgotten_proxy_path_among_thousands_is_kept(tmp_path: Path, place: int) -> None:
    targets = kept(log(tmp_path / "access.log", 5000, {place: RARE}), Options(full=True))
    assert RARE in targets
    assert len(targets) < 2 * TYPICAL + 2


def test_of_a_long_log_few_typical_requests_are_kept_behind_its_beginning(tmp_path: Path) -> None:
    path = log(tmp_path / "access.log", 120_000, {119_000: "/__clerk//evil.example/"})
    targets = kept(path, Options(full=True))
    late = [target for target in targets if target.startswith("/1") and len(target) == len("/100000")]
    assert "/__clerk//evil.example/" in targets
    assert 0 < len(late) < 4 * LATER


@pytest.mark.parametrize(("sieved", "crowded"), [(60, 0), (0, 20_000), (0, 100)])
@pytest.mark.parametrize("worth", [0, 1 << 30])
@pytest.mark.parametrize("full", [False, True])
def test_however_addresses_are_looked_for_the_same_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sieved: int, crowded: int, worth: int, full: bool
) -> None:
    """The second look finds what the clients of the findings did, and the proxy's requests: whether their addresses are
    few or many, or stand in most lines; in a file that is cut in ranges, or in a stream.
    """
    monkeypatch.setattr(search_module, "_EXTRA", sieved)
    monkeypatch.setattr(search_module, "_CROWDED", crowded)
    monkeypatch.setattr(scan_module, "WORTH", worth)
    path = log(tmp_path / "access.log", 5000, {1234: "/__clerk//evil.example/"})
    text = (
        Path(path).read_text().replace("198.51.100.7 - - [30/Mar/2026:00:00:1", "203.0.113.9 - - [30/Mar/2026:00:00:1")
    )
    Path(path).write_text(text.replace('"GET /1300 ', '"GET /__clerk/v1/client '))
    found, _ = sources.find([path])
    looks = Looks(Options(full=full), formats.chosen(Options()), silent)
    seen = destinations.resolve(pl.concat([reading.requests for reading in looks.first(found)]), Options())
    more = looks.second(found, rules.apply(seen), seen.clear(), EVER)
    client = text.splitlines()[1234].split()[0]
    wanted = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith(client) or n == 1301]
    assert more["line_number"].to_list() == wanted and 400 < len(wanted) < 5000


def test_the_second_look_gives_nothing_that_the_first_gave(tmp_path: Path) -> None:
    """The two together are every line once."""
    attack = '192.0.2.9 - - [20/Nov/2026:10:00:00 +0000] "GET /__clerk//e.example/{n} HTTP/1.1" 200 5 "-" "curl"\n'
    (tmp_path / "a.log").write_text("".join(attack.format(n=n) for n in range(500)) + attack.replace("//e", "/e"))
    found, _ = sources.find([str(tmp_path / "a.log")])
    options = Options()
    looks = Looks(options, formats.chosen(options), silent)
    [reading] = looks.first(found)
    seen = destinations.resolve(reading.requests, options)
    findings = rules.apply(seen)
    assert findings.height == 500
    more = looks.second(found, findings, seen, EVER)
    assert set(more["line_number"]).isdisjoint(seen["line_number"])
    assert {*more["line_number"], *seen["line_number"]} == set(range(1, 502))


@pytest.mark.parametrize(("logs", "workers", "beside"), [(1, 2, 1), (3, 2, 2), (3, 1, 1)])
def test_inputs_that_are_read_at_a_time_share_what_may_be_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: int, workers: int, beside: int
) -> None:
    held: list[int] = []

    def scan(*arguments: Any, **options: Any) -> Scan:
        held.append(options["beside"])
        return Scan(*arguments, **options)

    monkeypatch.setattr(looks_module, "Scan", scan)
    for n in range(logs):
        log(tmp_path / f"{n}.log", 3, {})
    found, _ = sources.find([str(tmp_path)])
    assert len(list(Looks(Options(workers=workers), formats.chosen(Options()), silent).first(found))) == logs
    assert held == [beside] * logs


@pytest.mark.parametrize("packed", [False, True])
def test_only_what_is_of_a_time_near_findings_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Of a plain file the other ranges are not read at all; of a stream their lines are not parsed."""
    for module, name, value in (
        (ranges, "BLOCK", 4096), (scan_module, "BLOCK", 4096), (near_module, "_PLACE", 4096),
        (reading_module, "LONG", 0), (scan_module, "WORTH", 0), (scan_module, "OUTPUT", 4096),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(blocks.cut, "__defaults__", (4096, 1 << 20, 0))
    times = [START + timedelta(minutes=n) for n in range(5000)]
    targets = [f"/__clerk//evil.example/{n}" if n == 2500 else f"/{n}" for n in range(5000)]
    lines = [LINE.format(time=time, target=target) for time, target in zip(times, targets, strict=True)]
    path = tmp_path / "access.log"
    path.write_bytes((gzip.compress if packed else bytes)("".join(lines).encode()))
    found, _ = sources.find([str(path)])
    looks = Looks(Options(), formats.chosen(Options()), silent)
    seen = destinations.resolve(pl.concat([reading.requests for reading in looks.first(found)]), Options())
    findings = rules.apply(seen)
    searched: list[int] = []
    look = Search.look

    def counted(search: Search, block: Block, *others: Any) -> Found:
        searched.append(len(block))
        return look(search, block, *others)

    monkeypatch.setattr(Search, "look", counted)
    parsed: list[int] = []
    read = Parser.read

    def noted(parser: Parser, frame: pl.DataFrame) -> Parsed:
        parsed.append(frame.height)
        return read(parser, frame)

    monkeypatch.setattr(Parser, "read", noted)
    more = looks.second(found, findings, seen.clear(), Near(findings["timestamp"], timedelta(hours=2)))
    assert more["line_number"].to_list() == list(range(2381, 2622))
    assert more["request_target"].to_list() == targets[2380:2621]
    assert sum(parsed) < 700
    assert packed or sum(searched) < sum(map(len, lines)) / 8


def test_of_an_address_that_sent_most_of_a_log_the_requests_nearest_to_findings_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may stand for many people, or for the server before; the proxy's requests stay all the same."""
    monkeypatch.setattr(looks_module, "OTHERS", 100)
    times = [START + timedelta(seconds=n) for n in range(5000)]
    targets = [f"/{n}" if n % 100 else f"/__clerk/v1/client?{n}" for n in range(5000)]
    targets[2500] = "/__clerk//evil.example/"
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.format(time=time, target=one) for time, one in zip(times, targets, strict=True)))
    found, _ = sources.find([str(path)])
    looks = Looks(Options(), formats.chosen(Options()), silent)
    seen = destinations.resolve(pl.concat([reading.requests for reading in looks.first(found)]), Options())
    findings = rules.apply(seen)
    more = looks.second(found, findings, seen.clear(), Near(findings["timestamp"], timedelta(hours=2)))
    numbers = more["line_number"].to_list()
    assert numbers == sorted(numbers)
    proxied = [number for number in numbers if targets[number - 1].startswith("/__clerk")]
    assert len(proxied) == 50
    others = [number for number in numbers if number not in proxied]
    assert len(others) == 100 and others[0] >= 2450 and others[-1] <= 2552
