"""How much is read: every byte once, few lines parsed, in few calls of the parser, however long the log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from clerk_logscan import looks, reading, waiting
from clerk_logscan.analysis import analyze
from clerk_logscan.lookback import Lookback
from clerk_logscan.options import Options
from clerk_logscan.parsing import together
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.readers.sources import FileSource

START = datetime(2026, 3, 30, tzinfo=UTC)
LINE = '198.51.100.{n} - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "GET {target} HTTP/1.1" 200 18 "-" "{agent}"\n'
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0" + " " * 400


def lines(count: int, *, silence_at: int | None = None) -> Iterator[str]:
    """Yield lines half a second apart, with two hours between two of them where asked."""
    for n in range(count):
        late = timedelta(hours=2) if silence_at is not None and n >= silence_at else timedelta()
        time = START + timedelta(seconds=n // 2) + late
        yield LINE.format(n=n % 200, time=time, target=f"/__clerk/v1/client?{n}", agent=AGENT)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count how often inputs are opened and the parser is called."""
    counted = {"open": 0, "read": 0}
    opened, read = FileSource.open, Parser.read

    def count_open(self, *rest):
        counted["open"] += 1
        return opened(self, *rest)

    def count_read(self, *rest):
        counted["read"] += 1
        return read(self, *rest)

    monkeypatch.setattr(FileSource, "open", count_open)
    monkeypatch.setattr(Parser, "read", count_read)
    return counted


def test_a_log_without_findings_is_read_once_and_parsed_in_one_call(tmp_path: Path, calls: dict[str, int]) -> None:
    path = tmp_path / "access.log"
    path.write_text("".join(lines(40_000)))
    [row] = analyze([str(path)], Options()).data["inputs"]
    size = path.stat().st_size
    assert size > 20_000_000  # several blocks
    assert (row["searched"], row["bytes"], row["complete"]) == (40_000, size, True)
    assert row["examined"] < 200 + 2 * size / 60_000 + 20
    assert calls == {"open": 1, "read": 1}


def test_a_silence_in_the_midst_costs_a_few_looks_back_and_not_a_second_pass(
    tmp_path: Path, calls: dict[str, int]
) -> None:
    path = tmp_path / "access.log"
    path.write_text("".join(lines(40_000, silence_at=31_415)))
    [row] = analyze([str(path)], Options()).data["inputs"]
    before = START + timedelta(seconds=31_414 // 2)
    after = START + timedelta(seconds=31_415 // 2, hours=2)
    assert row["gaps"] == [{"from": f"{before:%Y-%m-%dT%H:%M:%S.%fZ}", "to": f"{after:%Y-%m-%dT%H:%M:%S.%fZ}"}]
    assert calls["open"] < 12
    assert calls["read"] < 12
    assert row["examined"] < 200 + 2 * path.stat().st_size / 60_000 + 40


def test_a_compressed_log_has_the_same_ledger_and_silences(tmp_path: Path) -> None:
    import gzip

    text = "".join(lines(20_000, silence_at=15_000)).encode()
    plain, packed = tmp_path / "plain.log", tmp_path / "packed.log.gz"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text, 1))
    rows = [analyze([str(path)], Options()).data["inputs"][0] for path in (plain, packed)]
    same = ("searched", "bytes", "gaps", "first_timestamp", "last_timestamp", "complete")
    assert [rows[0][key] for key in same] == [rows[1][key] for key in same]


def test_inputs_side_by_side_give_what_they_give_one_by_one(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.log" for name in "dcba"]
    for number, path in enumerate(paths):
        attack = LINE.format(n=number, time=START, target=f"/__clerk//evil{number}.example/", agent="curl/8.5.0")
        path.write_text("".join(lines(50)) + attack)
    names = [str(path) for path in paths]
    together, alone = (analyze(names, Options.of(workers=workers)).data for workers in (4, 1))
    together["tool"] = alone["tool"]
    assert together == alone
    assert [row["source"] for row in together["inputs"]] == names


@pytest.mark.parametrize("silence_at", [None, 5_000, 45_000])
def test_the_blocks_of_a_stream_are_let_go_without_being_parsed_unless_a_silence_needs_them(
    silence_at: int | None, tmp_path: Path, calls: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Little is held, the parser is called once, and not before the end; a silence costs a few calls more."""
    import gzip

    path = tmp_path / "packed.log.gz"
    path.write_bytes(gzip.compress("".join(lines(50_000, silence_at=silence_at)).encode(), 1))
    held = []
    size = Lookback.size.fget

    def watched(lookback: Lookback) -> int:
        held.append(size(lookback))
        return held[-1]

    monkeypatch.setattr(Lookback, "size", property(watched))
    monkeypatch.setattr(waiting, "HELD", 3 << 20)
    [row] = analyze([str(path)], Options()).data["inputs"]
    assert row["bytes"] > 25_000_000
    assert max(held) < 11_000_000  # a block is let go when the next one comes
    assert len(row["gaps"]) == (silence_at is not None)
    assert calls["read"] == 1 if silence_at is None else 3 < calls["read"] < 20


def small_logs(folder: Path, count: int) -> list[str]:
    """Write small logs of several kinds, packed and not, whole and broken; return their names."""
    import gzip

    texts = [
        "".join(lines(30)),
        "".join(lines(8)) + "a line of no format /__clerk//evil.example\n",
        "",
        "\ufeff" + NGINX,
    ]
    texts += ["\0\0" + NGINX * 3, NGINX * 2 + NGINX[:60], W3C, JSON * 4, "".join(lines(260, silence_at=255))]
    names = []
    for number in range(count):
        text = texts[number % len(texts)].encode()
        path = folder / f"{number:03}.log{'.gz' if number % 2 else ''}"
        data = gzip.compress(text, 1) if number % 2 else text
        path.write_bytes(data[: len(data) // 2] if number == 17 else data)
        names.append(str(path))
    return names


NGINX = LINE.format(n=7, time=START, target="/__clerk//evil.example/", agent="curl/8.5.0")
W3C = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-03-30 00:00:09 203.0.113.9 GET /__clerk/v1 200\n"
JSON = '{"ts":1774828800.5,"request":{"remote_ip":"203.0.113.8","method":"GET","uri":"/__clerk/v1"},"status":200}\n'


@pytest.mark.parametrize("full", [False, True])
def test_small_inputs_together_give_what_they_give_one_by_one(
    full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, options = small_logs(tmp_path, 40), Options(full=full)
    together = analyze(names, options).data
    monkeypatch.setattr(looks, "SMALL", -1)
    alone = analyze(names, options).data
    assert together == alone
    assert len(together["inputs"]) == 40 and together["incidents"]


def test_many_small_inputs_are_typed_in_few_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heights: list[int] = []
    typed = together.requests_of

    def counted(definition: Definition, records: pl.DataFrame, zone: str) -> pl.DataFrame:
        heights.append(records.height)
        return typed(definition, records, zone)

    monkeypatch.setattr(together, "requests_of", counted)
    for number in range(looks.TOGETHER * 2):
        (tmp_path / f"{number:03}.log").write_text("".join(lines(9)))
    rows = analyze([str(tmp_path)], Options.of(workers=2)).data["inputs"]
    assert [row["requests"] for row in rows] == [9] * looks.TOGETHER * 2
    assert heights == [9 * looks.TOGETHER] * 2


def test_small_inputs_that_inflate_to_much_are_not_held_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gzip

    sizes: list[int] = []
    read = together.read
    monkeypatch.setattr(reading, "TOGETHER", 1 << 20)
    monkeypatch.setattr(together, "read", lambda inputs: sizes.append(len(inputs)) or read(inputs))
    data = gzip.compress("".join(lines(1000)).encode(), 9)
    assert len(data) < looks.SMALL
    for number in range(12):
        (tmp_path / f"{number:03}.log.gz").write_bytes(data)
    assert len(analyze([str(tmp_path)], Options.of(workers=1)).data["inputs"]) == 12
    assert sum(sizes) == 12 and max(sizes) == 2  # of 600 KB each


def test_a_log_without_times_is_read_however_many_lines_are_picked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No silence can be between lines that have no time."""
    monkeypatch.setattr(waiting, "TOGETHER", 100)
    request = '192.0.2.7 "GET /__clerk//e{n}.example/ HTTP/1.1" 200 5 "-" "curl/8.5.0"\n'
    monkeypatch.setattr("clerk_logscan.readers.blocks.BLOCK", 1 << 16)
    (tmp_path / "access.log").write_text("".join(request.format(n=n) for n in range(3000)))
    report = analyze([str(tmp_path / "access.log")], Options())
    assert (len(report.data["findings"]), report.data["inputs"][0]["first_timestamp"]) == (3000, None)
