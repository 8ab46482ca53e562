"""The pages of docs/ are followed literally."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_adding_a_format_works_as_its_page_says(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    page = (DOCS / "adding-a-format.md").read_text(encoding="utf-8")
    log, definition, commands = re.findall(r"```(?:text|toml|sh)\n(.*?)```", page, re.DOTALL)
    (tmp_path / "edge.log").write_text(log, encoding="utf-8")
    (tmp_path / "our_edge.toml").write_text(definition, encoding="utf-8")
    check, show, analyze = [command(*line.split()[1:]) for line in commands.splitlines()]
    assert (check.returncode, check.stderr) == (0, "")
    assert (show.returncode, show.stderr) == (0, "")
    assert "request_target    /__clerk//evil.example/x" in show.stdout
    assert (analyze.returncode, analyze.stderr) == (1, "")
    assert "our_edge 2" in analyze.stdout
    assert analyze.stdout.endswith(" verdict: key-exposed\n")


def test_the_page_explains_every_key_of_a_definition() -> None:
    from clerk_logscan.parsing.definition_checks import _KEYS

    page = (DOCS / "adding-a-format.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`\[*(\w+)\]*`", page))
    # Of json alone, and told in the definitions that use them.
    assert _KEYS - {"requests", "other"} <= explained


def test_the_page_of_formats_is_made_from_the_definitions() -> None:
    """docs/formats.md is what `python docs/make_formats.py` writes of today's definitions."""
    spec = spec_from_file_location("make_formats", DOCS / "make_formats.py")
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    assert (DOCS / "formats.md").read_text(encoding="utf-8") == made.page()
