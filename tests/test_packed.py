"""Frames that are held take the memory of their rows, not of all the lines that were parsed with them."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from clerk_logscan import schema
from clerk_logscan.columns import copied
from clerk_logscan.packed import Packed

HELD = """
import gc
from pathlib import Path
import polars as pl
from clerk_logscan.packed import Packed

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

def lines(number):
    return pl.DataFrame({"raw": [f"{number}-{n}-" + "x" * 300 for n in range(20_000)]})

lines(0)
packed, before = Packed(lines(0).clear()), resident()
for number in range(24):
    frame = lines(number)
    packed.add(frame.filter(pl.int_range(pl.len()) % 625 == 0), among=frame.height)
    del frame
gc.collect()
print(resident() - before, packed.frame.height)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the resident pages")
def test_few_rows_of_many_are_held_without_the_others() -> None:
    """Texts share one buffer: 32 rows of 20,000 held 6 MB each time, and a log of 2 GB, parsed whole, took 4 GB."""
    at_once = {**os.environ, "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}
    run = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True, env=at_once)
    grown, rows = map(int, run.stdout.split())
    assert rows == 24 * 32
    assert grown < 50  # of 150 MB


def test_a_copy_is_equal_in_every_type() -> None:
    row = {
        "timestamp": datetime(2026, 3, 1, tzinfo=UTC),
        "raw": "a" * 99,
        "status": 200,
        "forwarded": True,
        "_ids": ["a", None],
        "duration": None,
    }
    frame = pl.DataFrame([row, {}, row], schema=schema.FRAME)
    for some in (frame, frame[1:], frame.clear()):
        assert copied(some).equals(some) and copied(some).schema == some.schema


def test_frames_come_back_in_their_order_few_and_many() -> None:
    packed = Packed(pl.DataFrame(schema={"n": pl.Int64}))
    sizes = [3, 0, 6000, 1, *[2] * 130, 7000]
    for number, size in enumerate(sizes):
        packed.add(pl.DataFrame({"n": [number] * size}, schema={"n": pl.Int64}), among=size * (number % 20))
    assert packed.frame["n"].to_list() == [number for number, size in enumerate(sizes) for _ in range(size)]
