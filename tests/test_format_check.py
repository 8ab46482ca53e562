"""`formats --check`: a definition's faults, each in a sentence, with how far a line was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from clerk_logscan.commands.format_check import faults
from clerk_logscan.parsing.definitions import DefinitionError
from clerk_logscan.parsing.library import folder

HEAD = """title = "Ours"
grammar = "template"
templates = ['$time $client "$request" $status']
[columns]
timestamp = "time"
client_ip = "client"
"""
SAMPLE = """[[samples]]
line = '2026-11-24T14:51:36Z 203.0.113.9 "GET /x HTTP/1.1" 200'
[samples.expect]
timestamp = "2026-11-24T14:51:36.000000Z"
client_ip = "203.0.113.9"
status = 200
referer = ""
"""


def check(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return list(faults(path))


@pytest.mark.parametrize("path", sorted(folder().glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_definition_is_without_fault(path: Path) -> None:
    assert list(faults(path)) == []


def test_a_good_definition_has_no_fault(tmp_path: Path) -> None:
    assert check(tmp_path, HEAD + SAMPLE) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("status = 200", "status = 404", "sample 1: status is read as 200, not 404"),
        ('referer = ""', 'referer = "x"', "sample 1: referer is read as None, not 'x'"),
        ('referer = ""', "wat = 1", "sample 1: there is no column wat"),
        (
            'HTTP/1.1" 200',
            'HTTP/1.1" 200 more',
            "sample 1: no request is read from it: every field fits, but the line goes on",
        ),
        ('"GET /x HTTP/1.1" 200', "-", "sample 1: no request is read from it: it is read up to $time, not $client"),
        (SAMPLE, "", "there is no [[samples]]"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    (found,) = check(tmp_path, (HEAD + SAMPLE).replace(old, new, 1))
    assert found.startswith(fault)


def test_a_file_that_is_no_definition_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"ours\.toml:2: grammar"):
        check(tmp_path, (HEAD + SAMPLE).replace('"template"', '"wat"'))
