"""What all tests share: the real parts that a machine may lack, and running the command as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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
