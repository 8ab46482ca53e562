"""Small inputs are read on one processor, others on all; afterwards all is as before."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from clerk_logscan.commands.processors import one_for_small, stored_sizes

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot choose processors")


def used_within(inputs: list[str]) -> list[set[int]]:
    """Return the processors of this thread, and of one that begins, while `inputs` are read."""
    found = []
    with one_for_small(stored_sizes(inputs)):
        found.append(os.sched_getaffinity(0))
        thread = threading.Thread(target=lambda: found.append(os.sched_getaffinity(0)))
        thread.start()
        thread.join()
    return found


def test_small_files_take_one_processor_and_give_the_others_back(tmp_path: Path) -> None:
    """Named themselves or by a folder, whose folders count, too."""
    before = os.sched_getaffinity(0)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name, size in (("a.log", 100_000), ("a/b.log", 10), ("a/b/c.log", 0)):
        (tmp_path / name).write_bytes(b"x" * size)
    for inputs in ([str(tmp_path)], [str(tmp_path / "a" / "b.log")]):
        mine, begun = used_within(inputs)
        assert (len(mine), begun) == (1, mine)
        assert mine <= before
        assert os.sched_getaffinity(0) == before


def test_others_take_all(tmp_path: Path) -> None:
    """A large file among few small ones, a pipe, what is missing, an empty folder, nothing, standard input."""
    before = os.sched_getaffinity(0)
    (tmp_path / "small.log").write_bytes(b"x")
    (tmp_path / "large.log").write_bytes(b"x" * 200_000)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for names in (["small.log", "large.log"], ["small.log", "pipe"], ["small.log", "none.log"], ["empty"], []):
        assert used_within([str(tmp_path / name) for name in names]) == [before, before]
    assert used_within(["-"]) == used_within(["\0"]) == [before, before]


def test_an_error_within_gives_them_back_as_well(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    (tmp_path / "a.log").write_bytes(b"x")
    with pytest.raises(KeyError), one_for_small(stored_sizes([str(tmp_path / "a.log")])):
        raise KeyError
    assert os.sched_getaffinity(0) == before
