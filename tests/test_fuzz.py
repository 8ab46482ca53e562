"""Damaged logs: no exception, no line out of the ledger, and the search finds what reading every line finds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from envelope_wrappers import WRAPPERS
from hypothesis import given, settings
from hypothesis import strategies as st
from log_printers import PRINTERS, log

import clerk_logscan as cl
from clerk_logscan.report import Report

SAMPLES = sorted((Path(__file__).parent.parent / "sample_logs").glob("*.log"))
TARGETS = [
    "/",
    "/__clerk/v1/client?_clerk_js_version=5.60.0",
    "/__clerk//evil.example/x?a=b",
    "/__clerk/\\evil.example",
    "/__clerk/%2fevil.example",
    "/__clerk//%zz/",
    "/proxy//v1/client?__clerk_api_version=2025-11-10",
    "/a\"b' c\t\u00e9",
]
INSERTED = [
    b"\0",
    bytes(70_000),
    b"\n",
    b"\r\n",
    *(bytes([char]) for char in b"\"\\{}[],'# \t\xff"),
    b"\xc3\xa9",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1b[31m",
    b"\x1f\x8b\x08",
    b"a" * 20_000,
    b"0" * 400,
    b"/__clerk//evil.example/",
    b'","request_uri":"/__clerk//evil.example",',
    b"#Fields: date time c-ip cs-method cs-uri-stem\n",
    b"MESSAGE=",
    b"---\n",
]


def formats(chance: random.Random) -> list[str]:
    """Return the lines of a format's sample, or of a log of it."""
    if chance.random() < 0.4:
        return chance.choice(SAMPLES).read_text(encoding="utf-8").splitlines()
    requests = [("GET", chance.choice(TARGETS)) for _ in range(chance.randint(1, 12))]
    before = [("GET", "/a")] * chance.choice([0, 0, 0, 650])  # the lines of these are enough to detect formats by
    return log(chance.choice(sorted(PRINTERS)), before + requests)


def mixed(chance: random.Random) -> list[str]:
    """Return lines of one to three formats, one after the other or all mixed, some inside envelopes."""
    lines: list[str] = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        part = formats(chance)
        for _ in range(chance.choice([0, 0, 1, 2])):
            part = WRAPPERS[chance.choice(sorted(WRAPPERS))](part)
        lines += part
    if chance.random() < 0.3:
        chance.shuffle(lines)
    return lines


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def cut(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice([1, 5, 100, len(data)]) :]


def inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(INSERTED) + data[at:]


def repeated(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice([3, 50, 2000])]
    return data[:start] + piece * chance.choice([2, 10]) + data[start:]


CHANGES: list[Callable[[bytes, random.Random], bytes]] = [flipped, cut, inserted, repeated]
PACKED: list[Callable[[bytes], bytes]] = [
    lambda data: data,
    lambda data: data,
    lambda data: gzip.compress(data, 1, mtime=0),
    lambda data: gzip.compress(gzip.compress(data, 1, mtime=0), 1, mtime=0),
    bz2.compress,
    lzma.compress,
    lambda data: data.decode("utf-8", "replace").encode("utf-16"),
]


def damaged(chance: random.Random) -> bytes:
    """Return a log that was changed before it was packed, and sometimes after."""
    data = "\n".join(mixed(chance)).encode("utf-8", "surrogatepass") + b"\n"
    for _ in range(chance.choice([0, 1, 2, 5, 20])):
        data = chance.choice(CHANGES)(data, chance) or b"\n"
    data = chance.choice(PACKED)(data)
    return chance.choice(CHANGES)(data, chance) if chance.random() < 0.2 else data


def findings(report: Report) -> Counter[tuple[object, ...]]:
    columns = ("rule_id", "target_host", "request_target", "line_number", "byte_offset", "raw")
    return Counter(report.findings.select(columns).rows())


def unsaid(missing: Counter[tuple[object, ...]], report: Report) -> bool:
    """Tell whether findings are missing in a report that does not count as many suspicious unread lines.

    More lines let a layout be guessed that fewer do not, so that one way of reading may leave what the other reads.
    """
    return missing.total() > int(report.inputs["suspicious_malformed"].sum())


def check(path: Path) -> None:
    """Analyse a log as usual and whole: what one way finds the other finds or reports, and no line is missing."""
    found, whole = cl.analyze(str(path)), cl.analyze(str(path), full=True)
    for report in (found, whole):
        for row in report.inputs.rows(named=True):
            assert row["requests"] + row["not_requests"] + row["malformed"] == row["examined"]
            assert row["suspicious_malformed"] <= row["malformed"]
            assert row["searched"] == row["lines"]
    assert (
        found.inputs.select("bytes", "lines", "complete").rows()
        == whole.inputs.select("bytes", "lines", "complete").rows()
    )
    assert not unsaid(findings(whole) - findings(found), found)
    assert not unsaid(findings(found) - findings(whole), whole)


@settings(max_examples=settings().max_examples // 4)
@given(seed=st.integers(0, 1 << 32))
def test_a_damaged_log_is_read_the_same_way_with_and_without_the_search(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.log"
    path.write_bytes(damaged(random.Random(seed)))
    check(path)
