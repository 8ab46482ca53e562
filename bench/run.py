"""The suite: clerk-logscan beside its peers, as ratios; prints the table and writes RESULTS.md.

    python bench/run.py [--size MB] [--large MB] [--runs N] [--only TEXT] [--part NAME] [--keep]

Logs are made in bench/data and removed at the end. Every row is of alternating runs, the page cache warm for both.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))

import floors
import logs
import measure
import peers

HERE: Final = Path(__file__).parent
DATA: Final = HERE / "data"
PYTHON: Final = sys.executable
OURS: Final = [str(Path(PYTHON).with_name("clerk-logscan"))]
NINE: Final = "timestamp,client_ip,method,request_target,protocol,status,bytes_sent,referer,user_agent"
MB: Final = 1_000_000
_KINDS: Final = ("proxy", "attack")  # what every second line of a log is
_HALVINGS: Final = 5  # of a log of 8 GB: to 0.25


@dataclass(frozen=True, slots=True)
class Goal:
    """One row: what is done, against which peer, and the ratio that is owed and the one aimed at; None: none stated."""

    work: str
    peer: str
    owed: float | None
    aim: float | None
    measured: Callable[[Suite], measure.Pair]
    needs: str | None = None  # the peer's command, where it may be absent


class Suite:
    """The logs of one run of the suite, made when first asked for."""

    def __init__(self, size: int, large: int, runs: int) -> None:
        self.size, self.large, self.runs = size * MB, large * MB, runs

    def plain(self) -> Path:
        """Return a plain nginx log."""
        return logs.write(DATA / f"plain-{self.size // MB}.log", self.size)

    def attacked(self, count: int) -> Path:
        """Return the same log with so many attackers in it: then all near them is read anew, for what else they did."""
        return logs.with_attacks(self.plain(), DATA / f"attacked-{count}-{self.size // MB}.log", count)

    def fastify(self) -> Path:
        """Return a log of Fastify, a fifth of the size."""
        return logs.as_fastify(self.plain(), DATA / f"fastify-{self.size // MB // 5}.log", self.size // 5)

    def kubernetes(self) -> Path:
        """Return a log of a container, some of whose lines are cut, a fifth of the size."""
        return logs.as_kubernetes(self.plain(), DATA / f"kubernetes-{self.size // MB // 5}.log", self.size // 5)

    def convertible(self) -> Path:
        """Return a plain log of half the size, 500 MB at most."""
        size = min(500 * MB, self.size // 2)
        return logs.write(DATA / f"convert-{size // MB}.log", size)

    def zipped(self, count: int) -> list[Path]:
        """Return `count` gzip logs of 700 MB in all, less where the plain log is smaller."""
        size = min(700 * MB, self.size) // count
        return [logs.write(DATA / f"zipped-{n}-{size // MB}.log.gz", size, seed=n) for n in range(count)]

    def many(self) -> list[Path]:
        """Return 400 gzip logs of 150 lines."""
        return sorted(logs.write_many(DATA / "many", 400, 150).iterdir())

    def small(self) -> Path:
        """Return a log of a kilobyte."""
        path = DATA / "small.log"
        DATA.mkdir(exist_ok=True)
        path.write_bytes(self.mixed("")[1].open("rb").read(1000).rpartition(b"\n")[0] + b"\n")
        return path

    def mixed(self, kind: str) -> list[Path]:
        """Return logs of growing size, every second line of the kind."""
        sizes = [self.size // 128, self.size // 64, self.size // 32]
        return [logs.write(DATA / f"{kind or 'clean'}-{size // 1000}k.log", size, every_second=kind) for size in sizes]

    def shrinking(self) -> Iterator[Path]:
        """Yield a plain log of twice the large size, and then, cut again and again, of half the size before."""
        log = logs.write(DATA / f"growth-{2 * self.large // MB}.log", 2 * self.large)
        for halving in range(_HALVINGS + 1):
            yield logs.shrink(log, 2 * self.large >> halving)
        log.unlink()

    def median(self, log: Path) -> measure.Run:
        """Analyze a log, once to warm up and then as often as all."""
        command = [*OURS, *self.analyze(log)]
        measure.run(command)
        return measure.median([measure.run(command) for _ in range(self.runs)])

    def pair(self, ours: list[str], peer: list[str] | str) -> measure.Pair:
        """Run both in turn."""
        return measure.side_by_side([*OURS, *ours], peer, self.runs)

    def analyze(self, *inputs: Path) -> list[str]:
        """Return our arguments."""
        return ["analyze", "--no-progress", *map(str, inputs)]


def _less_start(suite: Suite) -> measure.Pair:
    """Measure against `wc -l` with the time of a log of a kilobyte taken off ours."""
    start = suite.median(suite.small())
    pair = suite.pair(suite.analyze(suite.plain()), peers.wc(suite.plain()))
    ours = measure.Run(pair.ours.wall - start.wall, pair.ours.cpu - start.cpu, pair.ours.peak)
    return measure.Pair(ours, pair.peer, ours.wall / pair.peer.wall, ours.cpu / pair.peer.cpu)


def _convert(suite: Suite, peer: Callable[[Path, Path], list[str]], suffix: str) -> measure.Pair:
    log, output = suite.convertible(), DATA / "ours.parquet"
    ours = ["convert", "--no-progress", str(log), "-o", str(output), "--columns", NINE]
    return suite.pair(ours, peer(log, DATA / f"peer.{suffix}"))


def _mixed(kind: str) -> Callable[[Suite], measure.Pair]:
    """Measure the largest log of a kind against a clean one of its size, both ours."""

    def measured(suite: Suite) -> measure.Pair:
        clean = [*OURS, *suite.analyze(suite.mixed("")[-1])]
        return suite.pair(suite.analyze(suite.mixed(kind)[-1]), clean)

    return measured


GOALS: Final = [
    Goal("analyze, plain", "grep -c", 0.6, 0.35, lambda s: s.pair(s.analyze(s.plain()), peers.grep(s.plain()))),
    Goal("analyze, plain", "rg -c", 2.0, 1.0, lambda s: s.pair(s.analyze(s.plain()), peers.rg(s.plain())), "rg"),
    Goal("analyze, plain, less start-up", "wc -l", 1.5, 1.0, _less_start),
    Goal("analyze, plain, an attacker in it", "grep -c", None, None,
         lambda s: s.pair(s.analyze(s.attacked(1)), peers.grep(s.attacked(1)))),
    Goal("analyze, plain, 1,000 attackers in it", "grep -c", None, None,
         lambda s: s.pair(s.analyze(s.attacked(1000)), peers.grep(s.attacked(1000)))),
    Goal("analyze, a log of Fastify", "grep -c", None, None,
         lambda s: s.pair(s.analyze(s.fastify()), peers.grep(s.fastify()))),
    Goal("analyze, a container's log with cut lines", "grep -c", None, None,
         lambda s: s.pair(s.analyze(s.kubernetes()), peers.grep(s.kubernetes()))),
    Goal("analyze, one gzip", "zgrep -c", 0.35, 0.20,
         lambda s: s.pair(s.analyze(*s.zipped(1)), peers.zgrep(*s.zipped(1)))),
    Goal("analyze, eight gzip", "zgrep -c", 0.18, 0.12,
         lambda s: s.pair(s.analyze(*s.zipped(8)), peers.zgrep(*s.zipped(8)))),
    Goal("analyze, 400 gzip of 150 lines", "zgrep -c", None, None,
         lambda s: s.pair(s.analyze(*s.many()), peers.zgrep(*s.many()))),
    Goal("convert to Parquet", "DuckDB", 1.5, 1.0, lambda s: _convert(s, peers.duckdb, "parquet"), "duckdb"),
    Goal("convert to Parquet", "goaccess", 0.15, 0.10, lambda s: _convert(s, peers.goaccess, "html"), "goaccess"),
    Goal("--help", "import click", 2.0, 1.5, lambda s: s.pair(["--help"], [PYTHON, "-c", "import click"])),
    Goal("analyze, 1 KB", "import polars", 2.0, 1.5,
         lambda s: s.pair(s.analyze(s.small()), [PYTHON, "-c", "import polars"])),
    Goal("every second line proxied", "a clean log", 6.0, 4.0, _mixed("proxy")),
    Goal("every second line an attack", "a clean log", 6.0, 4.0, _mixed("attack")),
]  # fmt: skip


def table(suite: Suite, only: str = "") -> Iterator[str]:
    """Yield the rows of the table, each when it was measured."""
    yield "| work | against | ours s | peer s | ratio | of processor time | owed | aim |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for goal in GOALS:
        if only not in f"{goal.work} {goal.peer}":
            continue
        goals = " | ".join("-" if ratio is None else f"{ratio:g}" for ratio in (goal.owed, goal.aim))
        if goal.needs and peers.absent(goal.needs):
            yield f"| {goal.work} | {goal.peer} | - | absent | - | - | {goals} |"
            continue
        pair = goal.measured(suite)
        times = f"{pair.ours.wall:.2f} | {pair.peer.wall:.2f} | {pair.ratio:.2f} | {pair.cpu_ratio:.2f}"
        yield f"| {goal.work} | {goal.peer} | {times} | {goals} |"


def memory(suite: Suite) -> Iterator[str]:
    """Yield the peaks of memory: plain and gzip, small and large."""
    yield "| log | peak of all processes, MB |"
    yield "| --- | --- |"
    for size in (suite.large // 4, suite.large):
        log = logs.write(DATA / f"peak-{size // MB}.log", size)
        yield f"| plain, {size // MB:,} MB | {measure.run([*OURS, *suite.analyze(log)]).peak / MB:.0f} |"
        log.unlink()
    for inflated in (suite.large * 5 // 8, suite.large * 5 // 2):
        log = logs.write_inflating(DATA / "peak.log.gz", inflated)
        yield f"| gzip, {inflated // MB:,} MB inflated | {measure.run([*OURS, *suite.analyze(log)]).peak / MB:.0f} |"
        log.unlink()


def growth(suite: Suite) -> Iterator[str]:
    """Yield the times of growing logs, and how near a straight line they lie."""
    yield "| log | MB | s | processor s | ms more for each MB more |"
    yield "| --- | --- | --- | --- | --- |"
    fits = []
    for kind, logs_of_kind in (("plain", suite.shrinking()), *((kind, suite.mixed(kind)) for kind in _KINDS)):
        points: list[tuple[float, float]] = []
        for log in logs_of_kind:
            size, run = log.stat().st_size / MB, suite.median(log)
            slope = f"{(run.wall - points[-1][1]) / (size - points[-1][0]) * 1000:.2f}" if points else "-"
            points.append((size, run.wall))
            yield f"| {kind} | {size:,.0f} | {run.wall:.2f} | {run.cpu:.2f} | {slope} |"
        line = measure.fit(points)
        fits.append(f"| {kind} | {line.start:.2f} s + {line.slope * 1000:.2f} ms for each MB | {line.off:.0%} |")
    yield ""
    yield "| log | line through its times | farthest from it |"
    yield "| --- | --- | --- |"
    yield from fits


def least(suite: Suite) -> Iterator[str]:
    """Yield what the goals that are hardest to meet would come to, were there nothing to do but what must be."""
    yield "| the steps that nothing can leave out | s | against | peer s | ratio at best |"
    yield "| --- | --- | --- | --- | --- |"
    plain, one, eight = suite.plain(), suite.zipped(1), suite.zipped(8)
    start = measure.median([measure.run([PYTHON, "-c", "import polars"]) for _ in range(suite.runs)]).wall
    search = floors.median(lambda: floors.search(plain), suite.runs)
    steps: list[tuple[str, float, str, list[str] | str]] = [
        ("start, read, count, one literal", start + search, "grep -c", peers.grep(plain)),
        ("start, read, count, one literal", start + search, "rg -c", peers.rg(plain)),
        ("read, count, one literal", search, "wc -l", peers.wc(plain)),
        ("start, inflate one gzip", start + floors.median(lambda: floors.inflate(*one), suite.runs), "zgrep -c",
         peers.zgrep(*one)),
        ("start, inflate eight", start + floors.median(lambda: floors.inflate(*eight), suite.runs), "zgrep -c",
         peers.zgrep(*eight)),
    ]  # fmt: skip
    for step, seconds, peer, command in steps:
        if peers.absent(peer.split()[0]):
            continue
        theirs = measure.median([measure.run(command) for _ in range(suite.runs)]).wall
        yield f"| {step} | {seconds:.2f} | {peer} | {theirs:.2f} | {seconds / theirs:.2f} |"


PARTS: Final[dict[str, Callable[[Suite], Iterator[str]]]] = {
    "table": table,
    "least": least,
    "growth": growth,
    "memory": memory,
}


def machine() -> Iterator[str]:
    """Yield where and with what was measured."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    total = next((int(line.split()[1]) // 1024 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    cores = len(os.sched_getaffinity(0))
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {model or platform.machine()}, {cores} cores,"
    yield f"{total:,} MB memory; load at the end {os.getloadavg()[0]:.1f}."
    names = ("clerk-logscan", "polars", "hyperscan", "ahocorasick-rs", "numkong", "isal")
    ours = [f"{name} {version(name)}" for name in names]
    yield f"Python {platform.python_version()}, {', '.join(ours)}; {'; '.join(peers.versions().values())}."


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main() -> None:
    """Measure, print, and write RESULTS.md where everything was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2000, help="MB of the plain log")
    parser.add_argument("--large", type=int, default=4000, help="MB of the plain log whose peak memory is taken")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="only rows whose work and peer hold this text")
    parser.add_argument("--part", choices=list(PARTS), action="append", help="only this part; repeatable")
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    asked = parser.parse_args()
    # As pip does when it installs; an editable install in a place without bytecode would be compiled in every run.
    compileall.compile_dir(HERE.parent / "clerk_logscan", quiet=2)
    suite = Suite(asked.size, asked.large, asked.runs)
    chosen = asked.part or (["table"] if asked.only else list(PARTS))
    parts = [table(suite, asked.only) if part == "table" else PARTS[part](suite) for part in chosen]
    text = [f"Medians of {suite.runs} alternating runs; plain log of {asked.size:,} MB, page cache warm.", ""]
    try:
        for part in parts:
            for line in part:
                print(line, flush=True)
                text.append(line)
            text.append("")
    finally:
        if not asked.keep:
            for path in DATA.glob("*"):
                path.unlink() if path.is_file() else None
            shutil.rmtree(DATA / "many", ignore_errors=True)
    if not asked.only and not asked.part:
        header = ["# What was measured", "", *machine(), ""]
        (HERE / "RESULTS.md").write_text("\n".join(header + text).rstrip() + "\n")


if __name__ == "__main__":
    main()
