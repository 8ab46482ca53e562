"""Every silence of six minutes or more between sampled lines is found exactly, with few lines read."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from clerk_logscan.lookback import Lookback, Point
from clerk_logscan.readers.blocks import Block, Line
from clerk_logscan.readers.sources import StdinSource
from clerk_logscan.silences import CLOSE, between, telling

START = datetime(2026, 3, 30, tzinfo=UTC)
OFFSET = 1000  # where the block lies in its input
READ = {"line_number": pl.Int64, "byte_offset": pl.Int64, "timestamp": pl.Datetime("us", "UTC")}


def block_of(times: list[datetime | None]) -> Block:
    lines = [
        f"{time:%Y-%m-%dT%H:%M:%S} GET / {'x' * (n % 7)}\r\n" if time else "no time\n" for n, time in enumerate(times)
    ]
    data = "".join(lines).encode()
    return Block(data, 0, len(data), OFFSET, first_line=11)


def point_of(line: Line) -> Point:
    text = line.data.decode()
    time = None if text == "no time" else datetime.fromisoformat(text.split()[0]).replace(tzinfo=UTC)
    return Point(line.number, line.offset, time)


def settle(block: Block) -> tuple[list[Point], int]:
    """Read the first and last line, then what `between` asks for, until it asks for nothing."""
    lines = block.data.splitlines(keepends=True)
    last = len(block.data) - len(lines[-1])
    ends = [point_of(block.line(0, 11)), point_of(block.line(last, 10 + len(lines)))]
    points = sorted({point.number: point for point in ends}.values(), key=lambda p: p.number)
    lookback = Lookback(StdinSource())
    lookback.hold(block)
    rounds = 0
    while asked := between(lookback, frame_of(points)):
        rounds += 1
        points = sorted([*points, *map(point_of, asked)], key=lambda p: p.number)
    return points, rounds


def frame_of(points: list[Point]) -> pl.DataFrame:
    return pl.DataFrame([(p.number, p.offset, p.time) for p in points], schema=READ, orient="row")


def silences(times: list[datetime]) -> set[tuple[datetime, datetime]]:
    return {(a, b) for a, b in pairwise(times) if b - a >= CLOSE}


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=60))
def test_the_silences_of_a_log_in_order_are_exactly_those_of_all_its_lines(steps: list[int]) -> None:
    times = [START + timedelta(seconds=s) for s in accumulate(steps)]
    points, _ = settle(block_of(list(times)))
    assert silences([p.time for p in points if p.time]) == silences(times)


@given(st.lists(st.one_of(st.none(), st.integers(0, 2000)), min_size=2, max_size=60))
def test_lines_without_a_time_hide_no_silence(steps: list[int | None]) -> None:
    now, times = START, list[datetime | None]()
    for step in [0, *steps, 0]:
        now += timedelta(seconds=step or 0)
        times.append(None if step is None else now)
    points, _ = settle(block_of(times))
    assert silences([p.time for p in points if p.time]) == silences([t for t in times if t])


def test_lines_carry_their_own_number_and_offset() -> None:
    times = [START + timedelta(minutes=7 * n) for n in range(40)]
    block = block_of(list(times))
    points, _ = settle(block)
    starts = [0, *(i + 1 for i, byte in enumerate(block.data) if byte == 10)][:-1]
    assert [(p.offset, p.number) for p in points] == [(OFFSET + s, 11 + n) for n, s in enumerate(starts)]


def test_one_silence_among_thousands_of_lines_is_found_by_reading_few() -> None:
    times = [START + timedelta(seconds=n if n < 2500 else n + 7200) for n in range(5000)]
    points, rounds = settle(block_of(list(times)))
    assert (times[2499], times[2500]) in silences([p.time for p in points if p.time])
    assert rounds <= 16
    assert len(points) < 60


@given(st.lists(st.lists(st.integers(0, 20_000), max_size=60), min_size=1, max_size=4))
def test_times_that_no_long_silence_touches_may_go(inputs: list[list[int]]) -> None:
    """However an input's times are spread over several, all silences of six minutes or more stay as they are."""
    series = [pl.Series([START + timedelta(seconds=s) for s in each], dtype=READ["timestamp"]) for each in inputs]
    kept = pl.concat([telling(times) for times in series]).unique().sort().to_list()
    assert silences(kept) == silences(pl.concat(series).unique().sort().to_list())
    assert len(kept) <= len(inputs) * 2 * (20_000 // 180 + 1)
