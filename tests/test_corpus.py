"""Every field of every line of tests/corpus is right, with no option given.

A folder holds raw logs, `expected.jsonl` (what was sent to a real server, or what the vendor documents of the line),
and ABOUT.md: where it comes from. Nothing in it was written by the tool itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_scores import score

from clerk_logscan.analysis import analyze
from clerk_logscan.options import Options

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "corpus").glob("*/expected.jsonl"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_every_field_of_every_line(folder: Path, tmp_path: Path) -> None:
    result = score(folder, tmp_path / "logs")
    assert result.fields > 0
    assert result.wrong == []


# Of a long log, too, few lines are sampled, and most of them without those around them. Here all that spans lines or
# has no format of its own, and some of the others.
_SPANNING = ("clickhouse_vertical", "journal_verbose", "modsecurity_serial", "mysql_G", "php_print_r", "psql_expanded")
LONG = [
    folder
    for place, folder in enumerate(FOLDERS)
    if (folder / "access.log").is_file() and (folder.name in (*_SPANNING, "ktor") or place % 40 == 0)
]


@pytest.mark.parametrize("folder", LONG, ids=lambda folder: str(folder.name))
def test_a_log_that_is_long_is_read_as_one_that_is_short(folder: Path, tmp_path: Path) -> None:
    text = (folder / "access.log").read_bytes().rstrip(b"\n") + b"\n"
    times = max(40, 200_000 // len(text))
    counts = []
    for count in (1, times):
        log = tmp_path / f"access-{count}.log"
        log.write_bytes(text * count)
        data = analyze([str(log)], Options(full=True)).data
        row = data["inputs"][0]
        totals = [row["requests"], row["malformed"], len(data["findings"])]
        counts.append(([total * times // count for total in totals], set(row["log_formats"])))
    assert counts[0] == counts[1]
