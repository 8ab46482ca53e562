"""What all tests share: the real parts that a machine may lack, and running the command as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

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


def find_real_part(name: str) -> str:
    """Return a program's path; without it the test is skipped, or fails where CLERK_LOGSCAN_REQUIRE names it."""
    # Debian's servers are in sbin, which is not on every user's path.
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path:
        return path
    if name in REQUIRED:
        pytest.fail(f"{name} is not installed, and CLERK_LOGSCAN_REQUIRE names it")
    pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="session")
def real_part() -> Callable[[str], str]:
    """The path of a program by its name; a test without it is skipped, or fails (see find_real_part)."""
    return find_real_part


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of tests/node with its packages installed, once for all workers; CLERK_LOGSCAN_NODE names another.

    Without Node, or where npm cannot reach a registry, the test is skipped, or fails where `node` is required.
    """
    find_real_part("node")
    if named := os.environ.get("CLERK_LOGSCAN_NODE"):
        return Path(named)
    npm, folder = find_real_part("npm"), ROOT / "tests" / "node"
    with _alone(folder / ".installing"):
        if (folder / "node_modules" / ".package-lock.json").exists():
            return folder
        line = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
        result = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode == 0:
        return folder
    message = f"npm could not install the vulnerable packages: {result.stderr.strip()[-300:]}"
    if "node" in REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock among the test workers: the others wait until it is gone."""
    deadline = time.monotonic() + 300
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                pytest.fail(f"{lock} is held for too long: remove it")
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.rmdir()


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `clerk-logscan` in a process of its own, in an empty folder, without the caller's settings."""

    def run(*arguments: str, stdin: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_LOGSCAN_")}
        result = subprocess.run(
            [sys.executable, "-m", "clerk_logscan", *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=tmp_path,
            env=kept | {"COLUMNS": "80", "PYTHONUTF8": "1"} | environment,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            result.args, result.returncode, result.stdout.decode(), result.stderr.decode()
        )

    return run
