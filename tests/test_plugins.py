"""An installed package brings formats of its own through the entry point `clerk_logscan.formats`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "our-formats"
version = "1"
[project.entry-points."clerk_logscan.formats"]
ours = "our_formats"
"""
DEFINITION = """
title = "Our edge"
vendor = "https://edge.example/"
grammar = "template"
templates = ['EDGE $remote_addr <$time_iso8601> {$request} $status']

[[samples]]
line = '''EDGE 192.0.2.7 <2026-03-30T04:12:07+00:00> {GET /a HTTP/1.1} 200'''
expect = { client_ip = "192.0.2.7", request_target = "/a", status = 200 }
"""
LINE = "EDGE 203.0.113.77 <2026-03-30T04:12:07+00:00> {GET /__clerk//evil.example/x HTTP/1.1} 200\n"


def test_a_format_of_an_installed_package_is_known_and_read(
    process: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    package = tmp_path / "project" / "our_formats"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").write_text('"""Formats of our own."""\n')
    (package / "our_edge.toml").write_text(DEFINITION)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    target = tmp_path / "site"
    subprocess.run([*install, "--target", str(target), str(package.parent)], check=True, capture_output=True)
    (tmp_path / "edge.log").write_text(LINE * 3)
    shown = process("formats", "our_edge", PYTHONPATH=str(target))
    assert shown.returncode == 0 and "Our edge" in shown.stdout, shown.stderr
    analyzed = process("analyze", "edge.log", PYTHONPATH=str(target))
    assert analyzed.returncode == 1 and "our_edge 3" in analyzed.stdout
