"""What is kept of a long log: all that tells, however rare, and of the rest only some."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clerk_logscan import destinations, formats, rules
from clerk_logscan import looks as looks_module
from clerk_logscan.looks import LATER, TYPICAL, Looks
from clerk_logscan.options import Options, silent
from clerk_logscan.readers import scan as scan_module
from clerk_logscan.readers import sources
from clerk_logscan.readers.scan import Scan

START = datetime(2026, 3, 30, tzinfo=UTC)
LINE = '198.51.100.7 - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "GET {target} HTTP/1.1" 200 18 "-" "curl/8.5.0"\n'
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


@pytest.mark.parametrize("searched", [0, 1000])
@pytest.mark.parametrize("worth", [0, 1 << 30])
@pytest.mark.parametrize("full", [False, True])
def test_however_addresses_are_looked_for_the_same_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, searched: int, worth: int, full: bool
) -> None:
    """The second look finds what the clients of the findings did, and the proxy's requests: by a search of the bytes,
    or of every line's text where they are many; in a file that is cut in ranges, or in a stream.
    """
    monkeypatch.setattr(looks_module, "SEARCHED", searched)
    monkeypatch.setattr(scan_module, "WORTH", worth)
    path = log(tmp_path / "access.log", 5000, {1234: "/__clerk//evil.example/"})
    text = (
        Path(path).read_text().replace("198.51.100.7 - - [30/Mar/2026:00:00:1", "203.0.113.9 - - [30/Mar/2026:00:00:1")
    )
    Path(path).write_text(text.replace('"GET /1300 ', '"GET /__clerk/v1/client '))
    found, _ = sources.find([path])
    looks = Looks(Options(full=full), formats.chosen(Options()), silent)
    seen = destinations.resolve(pl.concat([reading.requests for reading in looks.first(found)]), Options())
    more = looks.second(found, rules.apply(seen), seen.clear())
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
    more = looks.second(found, findings, seen)
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
