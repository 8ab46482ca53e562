"""Inputs become sources: files, folders, globs and standard input, the oldest first, each object once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clerk_logscan.readers.sources import find


def names(*inputs: str) -> list[str]:
    """Return the names of what `inputs` are found to be; nothing may be missing."""
    found, errors = find(inputs)
    assert errors == []
    return [source.name for source in found]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str) -> None:
    """Create files."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)


def test_a_rotation_set_is_read_from_the_oldest_to_the_newest() -> None:
    """By number, not by letters; the file without a number is the one being written."""
    make("access.log", "access.log.1", "access.log.2.gz", "access.log.10.gz", "error.log", "error.log.1")
    expected = ["access.log.10.gz", "access.log.2.gz", "access.log.1", "access.log", "error.log.1", "error.log"]
    assert names(".") == [f"./{name}" for name in expected]
    assert names("access.log*") == expected[:4]
    assert names("access.log", "error.log", "access.log.10.gz") == ["access.log.10.gz", "access.log", "error.log"]


def test_dated_rotation_sets_are_in_order_of_time() -> None:
    """As logrotate's dateext and hourly rotations name them."""
    make("a.log", "a.log-20261119.gz", "a.log-20261120", "a.log-20261120-10", "a.log.2026-11-18.gz")
    expected = ["a.log.2026-11-18.gz", "a.log-20261119.gz", "a.log-20261120", "a.log-20261120-10", "a.log"]
    assert names("*") == expected


def test_a_folder_is_read_to_its_depth_and_empty_objects_are_inputs() -> None:
    """An S3 tree: its empty objects have a row in the ledger as any other."""
    make("AWSLogs/1/elb/2026/11/20/b.log.gz", "AWSLogs/1/elb/2026/11/20/a.log.gz", "AWSLogs/test")
    Path("AWSLogs/1/zero.gz").touch()
    tree = "AWSLogs/1/elb/2026/11/20/"
    assert names("AWSLogs") == ["AWSLogs/test", "AWSLogs/1/zero.gz", f"{tree}a.log.gz", f"{tree}b.log.gz"]


def test_the_same_object_counts_once_however_it_is_reached() -> None:
    """Twice by name, by a link, by a hard link, through its folder."""
    make("logs/a.log")
    Path("link.log").symlink_to("logs/a.log")
    os.link("logs/a.log", "hard.log")
    assert names("logs/a.log", "./logs/a.log", "link.log", "hard.log", "logs", "logs/*") == ["logs/a.log"]
    assert names("-", "-") == ["-"]


def test_links_to_folders_are_followed_without_end_being_lost() -> None:
    """A loop of links is walked once."""
    make("logs/a.log", "elsewhere/b.log")
    Path("logs/more").symlink_to("../elsewhere")
    Path("elsewhere/back").symlink_to("../logs")
    assert sorted(names("logs")) == ["logs/a.log", "logs/more/b.log"]


def test_names_with_signs_of_a_glob_are_files_first() -> None:
    """A file that is called so is meant."""
    make("a[1].log", "a1.log")
    assert names("a[1].log") == ["a[1].log"]
    assert names("a[1].lo*") == ["a1.log"]


def test_globs_reach_into_folders() -> None:
    """`**` is any depth; a folder that a pattern matches is read."""
    make("x/a.log", "x/y/b.log", "x/y/c.txt")
    assert names("x/**/*.log") == ["x/a.log", "x/y/b.log"]
    assert names("x/*") == ["x/a.log", "x/y/b.log", "x/y/c.txt"]


def test_what_is_missing_is_one_sentence_each_and_the_rest_is_found() -> None:
    """A missing file, a pattern without a match, an empty folder, a link to nowhere."""
    make("a.log")
    Path("empty").mkdir()
    Path("dead.log").symlink_to("nowhere")
    found, errors = find(["no.log", "a.log", "*.gz", "empty", "dead.log"])
    assert [source.name for source in found] == ["a.log"]
    assert [error.message for error in errors] == [
        "no.log: no such file or folder",
        "*.gz: no file matches this pattern",
        "empty: this folder holds no file",
        "dead.log: the link leads nowhere",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_that_is_named_is_read_once_and_one_in_a_folder_is_passed_over(folder: Path) -> None:
    """`<(zcat a.gz)` is a pipe; a socket that a server left in its log folder is none of ours."""
    make("logs/a.log")
    os.mkfifo("logs/pipe")
    assert names("logs") == ["logs/a.log"]
    (pipe,), _ = find(["logs/pipe"])
    assert (pipe.rereadable, pipe.path, pipe.size) == (False, None, None)
    (file,), _ = find(["logs/a.log"])
    assert (file.rereadable, file.path, file.size) == (True, Path("logs/a.log"), 10)
