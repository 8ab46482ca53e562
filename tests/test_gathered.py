"""Requests of many inputs as one frame: all that is needed, in order, and few of the others."""

from __future__ import annotations

import polars as pl

from clerk_logscan import schema
from clerk_logscan.gathered import TYPICAL, Gathered
from clerk_logscan.packed import Packed


def requests(source: int, count: int, needed: int = 0) -> pl.DataFrame:
    """Return requests of one input, the first ones for the proxy."""
    targets = ["/__clerk//e.example" if number < needed else f"/{number}" for number in range(count)]
    columns = {"request_target": targets, "source": [f"{source}.log"] * count, "line_number": range(1, count + 1)}
    return schema.conform(pl.DataFrame(columns))


def test_everything_needed_is_kept_in_the_order_of_the_inputs() -> None:
    """However many inputs there are; those without a request are none."""
    gathered = Gathered(lambda frame: frame["request_target"].str.starts_with("/__clerk"))
    for number in range(200):
        gathered.add(requests(number, 300 if number % 7 else 0, needed=3))
    frame = gathered.frame
    needed = frame.filter(pl.col("request_target").str.starts_with("/__clerk"))
    sources = [f"{number}.log" for number in range(200) if number % 7]
    assert needed.select("source", "line_number").rows() == [(name, n) for name in sources for n in (1, 2, 3)]
    assert frame["source"].unique(maintain_order=True).to_list() == sources
    assert frame.equals(frame.select(*schema.FRAME))


def test_typical_requests_grow_fewer_but_each_input_has_one() -> None:
    """The first inputs show their hosts by many, the thousandth by one."""
    gathered = Gathered(lambda frame: frame["line_number"] < 0)
    for number in range(2000):
        gathered.add(requests(number, 100))
    counts = gathered.frame.group_by("source", maintain_order=True).len()["len"].to_list()
    assert (counts[0], counts[-1], len(counts)) == (100, 1, 2000)
    assert sum(counts) < TYPICAL + 2000


def test_without_a_condition_all_is_kept() -> None:
    """Where each of them is needed."""
    gathered = Gathered(lambda frame: frame["line_number"] > 0)
    for number in range(100):
        gathered.add(requests(number, 500))
    assert gathered.frame.height == 50_000
    assert Gathered(lambda frame: frame["line_number"] > 0).frame.equals(schema.empty())


def test_packed_frames_are_all_frames_in_their_order() -> None:
    """Small ones, which are copied together, between large ones, and empty ones."""
    sizes = [1] * 100 + [6000, 0, 3] + [200] * 70 + [1] * 5
    packed, numbers = Packed(pl.DataFrame(schema={"n": pl.Int64})), iter(range(10**9))
    for size in sizes:
        packed.add(pl.DataFrame({"n": [next(numbers) for _ in range(size)]}, schema={"n": pl.Int64}))
    assert packed.frame["n"].to_list() == list(range(sum(sizes)))
    assert Packed(packed.frame.clear()).frame.is_empty()
