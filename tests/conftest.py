"""What all tests share: the real parts that a machine may lack, and running the command as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import hypothesis
import pytest

from clerk_logscan import cli

# A test's time is the machine's affair: bench/ measures, tests assert no times. The default run is the same each time;
# HYPOTHESIS_PROFILE=more is a long look by hand, at other examples each time.
hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "more", parent=hypothesis.settings.get_profile("default"), derandomize=False, max_examples=2000
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

REQUIRED = frozenset(filter(None, os.environ.get("CLERK_LOGSCAN_REQUIRE", "").split(",")))
ROOT = Path(__file__).parent.parent


def find_real_part(*names: str) -> str:
    """Return the path of a program by any of its names; without it the test is skipped, or fails (see missing)."""
    # Debian's servers are in sbin, which is not on every user's path.
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = next(filter(None, (shutil.which(name, path=places) for name in names)), None)
    return found or missing(names[0], f"{names[0]} is not installed")


def missing(name: str, why: str) -> NoReturn:
    """Skip the test and say why, or let it fail where CLERK_LOGSCAN_REQUIRE names what is missing."""
    if name in REQUIRED:
        pytest.fail(f"{why}, and CLERK_LOGSCAN_REQUIRE names {name}")
    pytest.skip(why)


@pytest.fixture(scope="session")
def real_part() -> Callable[..., str]:
    """The path of a program by its names; a test without it is skipped, or fails (see missing)."""
    return find_real_part


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of tests/node with its packages installed; CLERK_LOGSCAN_NODE names another."""
    if named := os.environ.get("CLERK_LOGSCAN_NODE"):
        find_real_part("node")
        return Path(named)
    return install_node_packages(ROOT / "tests" / "node")


@pytest.fixture(scope="session")
def browser_packages() -> Path:
    """The folder of tests/reports/browser with its packages installed."""
    return install_node_packages(ROOT / "tests" / "reports" / "browser")


def install_node_packages(folder: Path) -> Path:
    """Install the packages that a folder's package-lock.json names, once for all workers and runs; return the folder.

    Without Node, or where npm cannot reach a registry, the test is skipped, or fails where `node` is required.
    """
    find_real_part("node")
    npm = find_real_part("npm")
    with _alone(folder / ".installing"):
        if (folder / "node_modules" / ".package-lock.json").exists():
            return folder
        line = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        result = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode:
        missing("node", f"npm could not install the packages of {folder.name}: {result.stderr.strip()[-300:]}")
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock among the test workers, which the others wait for; who is killed leaves it."""
    fcntl = pytest.importorskip("fcntl")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `clerk-logscan` in an empty folder without the caller's settings, in this process: starting one costs more
    than what most tests look at. What is about processes, pipes or imports wants `process`.
    """

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        out, err = tmp_path.with_name(f"{tmp_path.name}.out"), tmp_path.with_name(f"{tmp_path.name}.err")
        with (
            monkeypatch.context() as patch,
            Path(os.devnull).open(encoding="utf-8") as nothing,
            out.open("w", encoding="utf-8") as stdout,
            err.open("w", encoding="utf-8") as stderr,
        ):
            patch.chdir(tmp_path)
            for name in set(os.environ) - set(_environment()):
                patch.delenv(name)
            for name, value in _environment(environment).items():
                patch.setenv(name, value)
            for name, stream in (("stdin", nothing), ("stdout", stdout), ("stderr", stderr)):
                patch.setattr(sys, name, stream)
            code = cli.main(arguments)
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))

    return run


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run `clerk-logscan` in a process of its own, in an empty folder, without the caller's settings."""

    def run(*arguments: str, stdin: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [sys.executable, "-m", "clerk_logscan", *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=tmp_path,
            env=_environment(environment),
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            result.args, result.returncode, result.stdout.decode(), result.stderr.decode()
        )

    return run


def _environment(more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the caller's environment without the program's settings, for a terminal of 80 columns, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_LOGSCAN_")}
    return {**kept, "COLUMNS": "80", "PYTHONUTF8": "1", **more}
