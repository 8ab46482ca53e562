"""No off-host request is lost: every target of the oracle, in any format, inside any envelopes, in any file."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from envelope_wrappers import WRAPPERS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from log_printers import PRINTERS, log

import clerk_logscan as cl
from clerk_logscan.report import Report

ORACLE = [json.loads(line) for line in (Path(__file__).parent / "data" / "oracle.jsonl").read_text().splitlines()]
PROXY_PATHS = sorted({row["proxy_path"] for row in ORACLE if row["off_host"]})
# What a hop in front must decode first, and what has no host.
MORE = [
    "/__clerk/%2fevil.example/v1",
    "/__clerk%2f%2fevil.example",
    "/__cl%65rk//evil.example",
    "/x/..%2f__clerk/%2fevil.example",
    "/__clerk/%5Cevil.example",
    "/__clerk//",
    "/__clerk//:80/",
    "/__clerk//%zz/",
    "/__clerk//u:p@evil.example/",
    "/__clerk//evil.example:25/",
]
CASES = [(row["method"], row["target"]) for row in ORACLE if row["off_host"]] + [("GET", target) for target in MORE]
HARMLESS = [
    ("GET", "/"),
    ("GET", "/__clerk/v1/client?_clerk_js_version=5.60.0"),
    ("POST", "/api/items?a=b"),
    ("GET", "/a.js"),
]
BEFORE = 170
TOLD = ("off-host-target", "off-host-after-decoding", "unresolvable-target", "client-double-slash")

Finding = tuple[str, str | None]  # rule and host


def plain(data: bytes) -> bytes:
    return data


def utf16(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-16")


FILES: dict[str, Callable[[bytes], bytes]] = {
    "plain": plain,
    "no newline at the end": lambda data: data.removesuffix(b"\n"),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "NULs before it": lambda data: bytes(70_000) + data,
    "UTF-16": utf16,
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "gzip in gzip": lambda data: gzip.compress(gzip.compress(data, 1, mtime=0), 1, mtime=0),
    "two members": lambda data: gzip.compress(data[:99], 1, mtime=0) + gzip.compress(data[99:], 1, mtime=0),
}


def analyze(path: Path, data: bytes) -> Report:
    path.write_bytes(data)
    return cl.analyze(str(path), proxy_path=PROXY_PATHS, context="0s")


def told(report: Report) -> Counter[Finding]:
    """Return how often each rule named each host."""
    return Counter(report.findings.filter(pl.col("rule_id").is_in(TOLD)).select("rule_id", "target_host").rows())


@pytest.fixture(scope="session")
def meant(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Finding]:
    """What the plainest log says of each case; other tests hold that against the oracle."""
    lines = log("nginx_combined", CASES)
    found = analyze(tmp_path_factory.mktemp("meant") / "x.log", ("\n".join(lines) + "\n").encode()).findings
    by_line = {row[0]: row[1:] for row in found.select("line_number", "rule_id", "target_host").rows()}
    assert len(by_line) == len(CASES)
    return {case: by_line[number] for number, case in enumerate(CASES, 1)}


def unread(report: Report) -> int:
    return int(report.inputs["suspicious_malformed"].sum())


@cache
def wrapped(name: str, envelopes: tuple[str, ...], cases: tuple[int, ...]) -> bytes:
    """Return a log of the cases among harmless requests, inside envelopes from the outside in.

    So many come first that the cases are none of the lines by which formats are detected: the search must find them.
    """
    requests = [one for number in cases for one in (HARMLESS[number % len(HARMLESS)], CASES[number])]
    lines: Sequence[str] = log(name, HARMLESS * BEFORE + requests)
    for envelope in reversed(envelopes):
        lines = WRAPPERS[envelope](list(lines))
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


@settings(max_examples=settings().max_examples // 5)
@given(
    name=st.sampled_from(sorted(PRINTERS)),
    envelopes=st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=2).map(tuple),
    file=st.sampled_from(sorted(FILES)),
    start=st.integers(0, len(CASES) - 1),
    step=st.sampled_from([1, 3, 7, 11]),
)
@example(name="nginx_combined", envelopes=(), file="plain", start=0, step=1)
def test_no_off_host_request_is_lost(
    name: str,
    envelopes: tuple[str, ...],
    file: str,
    start: int,
    step: int,
    meant: dict[tuple[str, str], Finding],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Each is a finding, or what hides it is said: unread and suspicious, or the input incomplete."""
    cases = tuple((start + step * number) % len(CASES) for number in range(40))
    data = FILES[file](wrapped(name, envelopes, cases))
    report = analyze(tmp_path_factory.getbasetemp() / "soundness.log", data)
    expected = Counter(meant[CASES[number]] for number in cases)
    lost = expected - told(report)
    said = unread(report) + (0 if report.inputs["complete"].all() else len(cases))
    assert lost.total() <= said, (lost, report.inputs.rows(named=True))
    row = report.inputs.row(0, named=True)
    assert row["requests"] + row["not_requests"] + row["malformed"] == row["examined"]
    assert row["searched"] == row["lines"]
