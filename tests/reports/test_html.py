"""The page: self-contained, inert, usable without scripts, without a serious accessibility fault, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import report_documents as documents

from clerk_logscan.reports import picture, render
from clerk_logscan.reports.story import Story

HERE = Path(__file__).parent / "browser"
MAKERS = {"exposed": documents.exposed, "clean": documents.clean, "hostile": documents.hostile}


@pytest.fixture(scope="module")
def seen(
    tmp_path_factory: pytest.TempPathFactory, real_part: Callable[..., str], browser_packages: Path
) -> dict[str, Any]:
    """What headless Chromium saw of each report."""
    browser = real_part("chromium", "chromium-browser")
    folder = tmp_path_factory.mktemp("browser")
    files = []
    for name, make in MAKERS.items():
        files.append(folder / f"{name}.html")
        files[-1].write_bytes(render(make(), "x.html"))
    done = subprocess.run(
        [real_part("node"), str(HERE / "check.mjs"), browser, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"BROWSER_MODULES": str(browser_packages), "AUDITED": "exposed.html,clean.html"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", MAKERS)
def test_a_browser_has_nothing_to_complain_of_and_asks_for_nothing(seen: dict[str, Any], name: str) -> None:
    """No console message, no request, no dialog, one script, nothing that loads; no sideways scrolling anywhere."""
    page = seen[f"{name}.html"]
    assert page["console"] == []
    assert page["requests"] == []
    assert page["dialogs"] == 0
    assert page["active"] == 1
    assert page["overflow"] <= 0
    assert page["phoneOverflow"] <= 0


@pytest.mark.parametrize("name", ["exposed", "clean"])
def test_axe_finds_no_serious_fault(seen: dict[str, Any], name: str) -> None:
    """WCAG contrasts, names and roles hold in light on a desk and in dark on a phone."""
    assert seen[f"{name}.html"]["light"] == []
    assert seen[f"{name}.html"]["dark"] == []


def test_each_column_sorts_both_ways(seen: dict[str, Any]) -> None:
    """A click sorts up, the next down; numbers as numbers; a screen reader is told."""
    columns = seen["exposed.html"]["used"]["sorted"]
    assert len(columns) == 7
    for at, column in columns.items():
        key = (lambda value: int(value)) if at in ("1", "5") else str
        assert column["up"] == sorted(column["up"], key=key)
        assert [key(value) for value in column["down"]] == sorted(map(key, column["up"]), reverse=True)
        assert column["aria"] == "descending"


def test_the_findings_are_filtered(seen: dict[str, Any]) -> None:
    """By words and by severity; the number shown is said."""
    used = seen["exposed.html"]["used"]
    assert used["found"] == ["169.254.169.254"]
    assert used["status"] == "1 of 46 shown"
    assert used["last"] == ["info", 40]


def test_the_timeline_zooms_and_comes_back(seen: dict[str, Any]) -> None:
    """A zoomed picture says its time, and the whole one is as it was."""
    used = seen["exposed.html"]["used"]
    assert re.fullmatch(r"2026-03-30 \S+ to 2026-03-30 \S+ UTC", used["zoomed"])
    assert used["marks"] == used["marksAgain"] > 5


def test_without_scripts_everything_can_be_read(seen: dict[str, Any]) -> None:
    """Verdict, steps, incidents, users, raw lines, inputs and limits are in the text; no control stands idle."""
    text = seen["exposed.html"]["textWithoutScripts"]
    for piece in (
        "KEY EXPOSED",
        "Rotate the secret key",
        "collect.evil.example",
        "looks like \u0430pple.example",
        "hxxps://forum[.]lure[.]example/thread/1",
        "edge.log.gz:912",
        '"GET /__clerk//collect.evil.example/x HTTP/1.1" 200 512',
        "gzip cut short after 18 lines",
        "Harmless if:",
        "ab" * 32,
        "verdict: key-exposed",
    ):
        assert piece in text
    assert "Zoom in" not in text
    assert "Find" not in text.split()


def test_the_policy_names_the_style_and_the_script_and_nothing_else() -> None:
    """The hashes are those of the page's own two elements; no style attribute needs more."""
    page = render(documents.hostile(), "x.html").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    for kind in ("style", "script"):
        inside = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert " style=" not in page
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_a_sweep_is_bundled_and_its_size_bounded() -> None:
    """Thousands of hosts: the exact number, a bounded page."""
    page = render(documents.sweep(3000), "x.html").decode()
    assert "2,998 incidents" in page
    assert "The gravest 1,000 are shown" in page
    assert len(page) < 2_000_000


def test_the_picture_counts_every_request() -> None:
    """However marks are put together, their numbers add up, in the picture and in what the script zooms with."""
    for make in (documents.exposed, documents.sweep):
        report = make()
        drawn = picture.timeline(Story(report.data))
        assert drawn is not None
        rows = [row for row in report.data["timeline"] if row["kind"] in ("finding", "context") and row["timestamp"]]
        assert sum(mark.count for lane in drawn.lanes for mark in lane.marks) == len(rows)
        fine = [part.split(",") for lane in drawn.lanes for part in lane.fine.split(";") if part]
        assert sum(int(part[3]) for part in fine) == len(rows)
        assert len(drawn.lanes) <= 17


def test_ticks_are_round_times_within_the_span() -> None:
    """At most ten, the date where it is new."""
    found = picture.ticks(1774843200.0 - 100, 1774843200.0 + 3600)
    assert 2 <= len(found) <= 10
    assert all(0 <= at <= 1 for at, _, _ in found)
    assert found[0][2] == "2026-03-30"
    assert {date for _, _, date in found[1:]} == {""}
