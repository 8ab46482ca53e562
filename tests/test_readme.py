"""The README says what the program does: its help block is the program's, and every command in it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of one language, without the indent of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs/, in which the README's commands run one after the other."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_logs" / "incident", folder / "logs")
    return folder


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLERK_LOGSCAN_")}
    environment = kept | {"PATH": path, "COLUMNS": "80"}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("name", re.findall(r"<!-- help: (\w+) -->", README))
def test_the_help_block_is_the_programs(name: str, command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    (block,) = re.findall(rf"<!-- help: {name} -->\n```text\n(.*?)```", README, re.DOTALL)
    assert block == command(name, "--help").stdout


def test_every_command_of_the_program_stands_in_the_readme() -> None:
    from clerk_logscan.commands import COMMANDS as PROGRAM

    for one in PROGRAM:
        assert any(f"clerk-logscan {one.name} " in f"{line} " for line in COMMANDS), one.name


def test_every_command_of_the_readme_runs(sandbox: Path) -> None:
    """One after the other, as a reader would: later ones use what earlier ones wrote."""
    assert len(COMMANDS) >= 10
    for line in COMMANDS:
        result = run(line, sandbox)
        assert result.returncode in (0, 1, 3), (line, result)
        assert "Traceback" not in result.stderr, line
        assert "error of clerk-logscan itself" not in result.stderr, line
        if " analyze " in line:
            assert re.search(r"^ ?verdict: [a-z-]+$", result.stdout + result.stderr, re.MULTILINE), line


def test_the_python_example_runs(sandbox: Path) -> None:
    (example,) = blocks("python")
    result = subprocess.run(
        [sys.executable, "-c", example], cwd=sandbox, capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "evil.example"


def test_every_make_target_exists_and_the_demo_ends_with_0() -> None:
    for target in re.findall(r"^ +make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
    (recipe,) = re.findall(r"^demo:.*\n\t(.*)", MAKEFILE, re.MULTILINE)
    result = run(recipe.replace("$(BIN)/", "").replace("$$", "$"), ROOT)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].strip() == "verdict: key-exposed"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = re.split(r"[ <>=;\[]", requirement, maxsplit=1)[0]
        assert re.search(rf"^\| {name} \| \S", README, re.MULTILINE), name
    for requirement in project["optional-dependencies"]["dev"]:
        name = re.split(r"[ <>=;\[]", requirement, maxsplit=1)[0]
        assert name in README or name.startswith("types-"), name
