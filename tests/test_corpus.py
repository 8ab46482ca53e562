"""Every field of every line of tests/corpus is right, with no option given.

A folder holds raw logs, `expected.jsonl` (what was sent to a real server, or what the vendor documents of the line),
and ABOUT.md: where it comes from. Nothing in it was written by the tool itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_scores import score

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "corpus").glob("*/expected.jsonl"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_every_field_of_every_line(folder: Path, tmp_path: Path) -> None:
    result = score(folder, tmp_path / "logs")
    assert result.fields > 0
    assert result.wrong == []
