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


def real_part(name: str, *, found: bool | None = None, why: str = "is not installed") -> str:
    """Return the path of a program that a test needs; without it, skip, or fail where CLERK_LOGSCAN_REQUIRE names it.

    `found` says whether the part is there, where it is more than a program on the path (Debian's servers are in sbin).
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path and found is not False:
        return path
    message = f"{name} {why}"
    if name in REQUIRED:
        pytest.fail(f"{message}, and CLERK_LOGSCAN_REQUIRE names it")
    pytest.skip(message)


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
