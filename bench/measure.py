"""Whole commands side by side: wall and processor seconds, and the peak memory of all their processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LOOK: Final = 0.02  # seconds between two looks at the memory of a process tree


@dataclass(frozen=True, slots=True)
class Run:
    """One run: seconds by the clock and of the processors, and the highest sum of resident bytes."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Medians of alternating runs of ours and of a peer; `ratio` is the median of the ratios pair by pair."""

    ours: Run
    peer: Run
    ratio: float
    cpu_ratio: float


def run(command: Sequence[str] | str, env: dict[str, str] | None = None) -> Run:
    """Run a command (a text goes through the shell) to its end; its output is thrown away.

    Not to /dev/null: there, grep ends at the first line that it finds.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command,
            shell=isinstance(command, str),
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        peak = _Peak(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise RuntimeError(f"exit code {child.returncode}: {command}")
    # Not ru_maxrss: Linux counts what this process held when it forked.
    return Run(wall, usage.ru_utime + usage.ru_stime, peak.stop())


def median(runs: Sequence[Run]) -> Run:
    """Return the medians of the times and the highest peak."""
    return Run(
        statistics.median(one.wall for one in runs),
        statistics.median(one.cpu for one in runs),
        max(one.peak for one in runs),
    )


def side_by_side(ours: Sequence[str] | str, peer: Sequence[str] | str, runs: int) -> Pair:
    """Run the two in turn, each once to warm up and then `runs` times."""
    run(ours)
    run(peer)
    pairs = [(run(ours), run(peer)) for _ in range(runs)]
    return Pair(
        median([one for one, _ in pairs]),
        median([other for _, other in pairs]),
        statistics.median(one.wall / other.wall for one, other in pairs),
        statistics.median(one.cpu / max(other.cpu, 1e-3) for one, other in pairs),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """The line that fits times best: seconds at size 0, seconds a unit of size, and the farthest time from it, as a
    share of that.
    """

    start: float
    slope: float
    off: float


def fit(points: Sequence[tuple[float, float]]) -> Fit:
    """Return the least-squares fit of pairs of a size and a time."""
    slope, start = statistics.linear_regression(*zip(*points, strict=True))
    return Fit(start, slope, max(abs(start + slope * size - time) / time for size, time in points))


class _Peak:
    """Watches the resident memory of a process and all its children, in a thread."""

    def __init__(self, pid: int) -> None:
        self._pid, self._highest, self._stop = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK):
            self._highest = max(self._highest, _resident(self._pid))

    def stop(self) -> int:
        """Return the highest sum seen, in bytes."""
        self._stop.set()
        self._thread.join()
        return self._highest


def _resident(pid: int) -> int:
    """Return the resident bytes of a process and its children; none where it has gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(_resident(int(child)) for child in children)
