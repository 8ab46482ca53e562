"""Where no rule reports anything the steps are left out; what comes out has the columns of the long way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clerk_logscan.analysis import analyze
from clerk_logscan.incident import document, events, incidents, outcome, timeline
from clerk_logscan.options import Options

LINE = '203.0.113.9 - - [30/Mar/2026:04:12:07 +0000] "GET /__clerk/{} HTTP/1.1" 200 18 "-" "curl/8.5.0"\n'
STEPS = (
    *((events, "of"), (outcome, "settle"), (incidents, "group"), (incidents, "of"), (timeline, "rows")),
    (document, "finding_rows"),
)


def columns(given: Any) -> list[dict[str, pl.DataType]]:
    """Return the columns of what a step gave, without their order."""
    frames = [given.lines, given.table] if isinstance(given, events.Events) else [given]
    return [dict(frame.schema) for frame in frames]


def test_no_event_has_the_columns_of_events(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, list[Any]] = {}
    for module, name in STEPS:
        key, real = f"{module.__name__}.{name}", getattr(module, name)

        def step(*given: Any, key: str = key, real: Any = real) -> Any:
            seen.setdefault(key, []).append(columns(found := real(*given)))
            return found

        monkeypatch.setattr(module, name, step)
    for number, target in enumerate(("/evil.example/v1/client", "v1/client")):
        (tmp_path / f"{number}.log").write_text(LINE.format(target))
    found, clean = (analyze([str(tmp_path / f"{number}.log")], Options()) for number in (0, 1))
    assert len(found.data["findings"]) == 1 and not clean.data["findings"]
    for key, given in seen.items():
        assert all(one == given[0] for one in given), key
    assert [one.data["timeline"] == [] for one in (found, clean)] == [False, True]
