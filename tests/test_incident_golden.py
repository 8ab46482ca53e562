"""The reports of the sample incident are what they were: every change of them is seen in review.

`CLERK_LOGSCAN_RENEW=1 make test PYTEST=tests/test_incident_golden.py` writes them anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

INCIDENT = Path(__file__).parent.parent / "sample_logs" / "incident"
GOLDEN = Path(__file__).parent / "golden"
FORMS = (".json", ".jsonl", ".csv", ".md", ".stix.json", ".timesketch.jsonl")


@pytest.fixture
def written(command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> dict[str, bytes]:
    """Return every report of the incident as bytes, the terminal's under `.txt`."""
    shutil.copytree(INCIDENT, tmp_path / "incident")
    outputs = [word for form in FORMS for word in ("-o", f"report{form}")]
    result = command("analyze", "incident", *outputs)
    assert result.returncode == 1, result.stderr
    return {form: (tmp_path / f"report{form}").read_bytes() for form in FORMS} | {".txt": result.stdout.encode()}


def test_the_reports_of_the_sample_incident_are_as_they_were(written: dict[str, bytes]) -> None:
    if os.environ.get("CLERK_LOGSCAN_RENEW"):
        GOLDEN.mkdir(exist_ok=True)
        for form, data in written.items():
            (GOLDEN / f"incident{form}").write_bytes(data)
    for form, data in written.items():
        assert data == (GOLDEN / f"incident{form}").read_bytes(), form


def test_the_incident_tells_its_story(written: dict[str, bytes]) -> None:
    """Probe, exploit over several hops, a lured user, benign noise, blocked attempts: each is told as what it is."""
    text = written[".txt"].decode()
    assert text.rstrip().endswith("verdict: key-exposed")
    for words in (
        "203.0.113.77",
        "collect.evil.example",
        "lured",
        "forum[.]example[.]net",
        "ruled out",
        "clerk-js bug",
    ):
        assert words in text
