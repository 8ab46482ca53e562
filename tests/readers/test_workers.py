"""Threads: results keep their order, nothing runs far ahead, Ctrl-C ends it within a moment with what there is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from clerk_logscan.readers import workers
from clerk_logscan.readers.workers import ahead, cores, in_order, side_by_side


def test_results_come_in_the_order_of_the_items_and_few_are_taken_ahead() -> None:
    """The first takes longest; memory is bounded by what waits."""
    taken = []

    def items() -> object:
        for number in range(50):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        time.sleep(0.02 if number % 10 == 0 else 0)
        return number * 2

    for done, result in enumerate(in_order(work, items())):  # type: ignore[arg-type]
        assert result == done * 2
        assert len(taken) <= done + cores() + 3


def test_an_only_item_is_worked_on_where_it_is_asked_for() -> None:
    def name(_: int) -> str:
        return threading.current_thread().name

    assert list(in_order(name, [])) == []
    assert list(in_order(name, [1])) == [threading.current_thread().name]
    assert threading.current_thread().name not in list(in_order(name, [1, 2]))


def test_an_error_of_the_work_is_raised_in_its_place() -> None:
    """Those before it are still given."""

    def work(number: int) -> int:
        if number == 3:
            raise OSError("gone")
        return number

    for run in (in_order(work, range(9)), side_by_side(work, range(9), workers=2)):
        assert [next(run), next(run), next(run)] == [0, 1, 2]
        with pytest.raises(OSError, match="gone"):
            next(run)


def test_inputs_run_side_by_side_and_are_given_in_order() -> None:
    """Two that wait for each other both finish, and the slower first one comes first."""
    barrier = threading.Barrier(2, timeout=60)

    def work(number: int) -> int:
        barrier.wait()
        time.sleep(0.05 if number % 2 == 0 else 0)
        return number

    assert list(side_by_side(work, range(6), workers=2)) == list(range(6))
    assert list(side_by_side(work, [])) == []


def test_leaving_early_begins_nothing_more() -> None:
    """Items that were not begun stay so."""
    begun, others, left = [], set(threading.enumerate()), threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            left.wait(60)
        return number

    run = side_by_side(work, range(1000), workers=2)
    assert next(run) == 0
    run.close()
    left.set()
    for thread in set(threading.enumerate()) - others:
        thread.join(60)
    assert set(begun) <= {0, 1, 2}


INTERRUPTED = """
import os, threading, time
from clerk_logscan.readers.workers import ahead, side_by_side
stop = threading.Event()
def say(*words):
    os.write(1, (" ".join(map(str, words)) + chr(10)).encode())
def work(number):
    say("begun", number)
    if number == 1:
        time.sleep(600)
    elif number:
        stop.wait(600)
    return number
for result in side_by_side(work, range(9), workers=3, stop=stop):
    say("result", result)
say("stopped", stop.is_set())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals to a process differ on Windows")
def test_ctrl_c_ends_with_what_was_found() -> None:
    """Work that heeds `stop` gives its part, work that hangs is left behind, and the process ends."""
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        seen = [process.stdout.readline() for _ in range(5)]
        assert sorted(seen) == ["begun 0\n", "begun 1\n", "begun 2\n", "begun 3\n", "result 0\n"]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read().split("\n")
        assert process.wait(60) == 0
    assert rest == ["result 2", "result 3", "stopped True", ""]


@pytest.mark.parametrize(
    ("looks", "over_at"),
    [
        ([(0.2, 0.2), (0.4, 0.4), (0.6, 0.6), (0.8, 0.8)], 0.8),  # it works, and has a processor of its own
        ([(0.2, 0.0), (0.4, 0.0), (0.6, 0.0), (0.8, 0.0), (1.0, 0.0), (1.2, 0.0)], 1.0),  # it hangs
        ([(0.2, 0.1), (0.8, 0.4), (2.0, 0.8), (4.0, 1.8), (9.0, 2.6)], 9.0),  # it works, on a busy machine
        ([(0.2, 0.1), (9.0, 0.1), (9.2, 0.2), (9.4, 0.2), (9.6, 0.2)], 99.0),  # the whole process was paused
    ],
)
def test_work_that_was_told_to_stop_has_a_second_of_its_own(
    monkeypatch: pytest.MonkeyPatch, looks: list[tuple[float, float]], over_at: float
) -> None:
    """Seconds by the clock, and of the processor, at each look."""
    now = [(0.0, 0.0)]
    monkeypatch.setattr(workers, "monotonic", lambda: now[-1][0])
    monkeypatch.setattr(workers, "process_time", lambda: now[-1][1])
    grace = workers._Grace()
    grace.begin()
    over = []
    for look in looks:
        now.append(look)
        grace.look()
        over.append(grace.is_over)
    assert over == [clock >= over_at for clock, _ in looks]


def test_work_that_was_not_begun_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once told to stop, all that was begun is yielded, and then nothing is awaited: here the grace never ends."""
    monkeypatch.setattr(workers._Grace, "is_over", False)
    stop = threading.Event()
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number >= 3:
            stop.set()
        return number

    found = list(side_by_side(work, range(1000), workers=2, stop=stop))
    assert found == sorted(found)
    assert len(set(begun) - set(found)) <= 1  # one may have been begun at that very moment
    assert 3 <= len(found) < 1000


def test_what_is_made_ahead_comes_in_order_and_an_error_at_its_place() -> None:
    """As if the items were made when they are asked for."""

    def items() -> Iterator[int]:
        yield from range(50)
        raise ValueError("after fifty")

    found = []
    with pytest.raises(ValueError, match="after fifty"):
        for item in ahead(items()):
            found.append(item)
    assert found == list(range(50))
    assert list(ahead([])) == []


def test_nothing_is_made_far_ahead_or_after_the_caller_left() -> None:
    """A notebook that asks for ten rows does not read gigabytes."""
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    for item in ahead(items()):
        if item == 3:
            break
    time.sleep(0.5)
    assert len(made) <= 8
