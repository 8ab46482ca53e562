"""What clerk-logscan is measured against: each peer's command for the same work, and its version."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
DUCKDB_PYTHON: Final = HERE / "data" / "peers" / "bin" / "python"
NEEDLE: Final = "/__clerk//"

# The same nine columns, typed, from the same lines, the fastest way found: its CSV reader splits at blanks and quotes
# (a pattern takes six times as long).
_SPLIT: Final = r"""
COPY (
  SELECT strptime(day || ' ' || zone, '[%d/%b/%Y:%H:%M:%S %z]') AS timestamp, client_ip,
         split_part(request, ' ', 1) AS method, split_part(request, ' ', 2) AS request_target,
         split_part(request, ' ', 3) AS protocol, status, bytes_sent,
         nullif(referer, '-') AS referer, nullif(user_agent, '-') AS user_agent
  FROM read_csv('{log}', delim=' ', quote='"', escape='', header=false, auto_detect=false, ignore_errors=true,
    columns={{'client_ip': 'VARCHAR', 'ident': 'VARCHAR', 'user': 'VARCHAR', 'day': 'VARCHAR', 'zone': 'VARCHAR',
      'request': 'VARCHAR', 'status': 'INTEGER', 'bytes_sent': 'BIGINT', 'referer': 'VARCHAR',
      'user_agent': 'VARCHAR'}})
) TO '{output}' (FORMAT parquet)
"""


def absent(name: str) -> bool:
    """Whether a peer is not installed."""
    return not DUCKDB_PYTHON.exists() if name == "duckdb" else shutil.which(name) is None


def grep(log: Path) -> str:
    """Count the lines that hold the needle, in bytes."""
    return f"LC_ALL=C grep -c '{NEEDLE}' {log}"


def rg(log: Path) -> list[str]:
    """Count the lines that hold the needle."""
    return ["rg", "-c", NEEDLE, str(log)]


def wc(log: Path) -> list[str]:
    """Count lines."""
    return ["wc", "-l", str(log)]


def zgrep(*logs: Path) -> list[str]:
    """Count the lines that hold the needle in gzip files."""
    return ["zgrep", "-c", NEEDLE, *map(str, logs)]


def duckdb(log: Path, output: Path) -> list[str]:
    """Split, type and write Parquet; two threads, as there are two cores."""
    query = _SPLIT.format(log=log, output=output)
    return [str(DUCKDB_PYTHON), "-c", f"import duckdb; duckdb.execute('SET threads=2'); duckdb.execute({query!r})"]


def goaccess(log: Path, output: Path) -> list[str]:
    """Read the log and write its statistics, as no process splits only."""
    return ["goaccess", str(log), "--log-format=COMBINED", "--no-progress", "-o", str(output)]


def versions() -> dict[str, str]:
    """Return the first line of what each installed peer says of itself."""
    asked = {name: [name, "--version"] for name in ("grep", "rg", "wc", "gzip", "goaccess")}
    asked["duckdb"] = [str(DUCKDB_PYTHON), "-c", "import duckdb; print('duckdb', duckdb.__version__)"]
    return {name: _first_line(command) for name, command in asked.items() if not absent(name)}


def _first_line(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0].rstrip(".")
