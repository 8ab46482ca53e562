"""Threads: results in order from work done side by side, and inputs side by side, each stoppable within a moment.

Hyperscan, the sieve, ISA-L and reading release Python's lock, so that threads are enough and nothing is copied between
processes.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain, islice
from queue import Empty, Full, Queue, SimpleQueue
from time import monotonic, process_time
from types import FrameType
from typing import Final, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")

_MOST: Final = 8
_AHEAD: Final = 2  # results that wait for the one before them, beyond one a core
_POLL: Final = 0.2  # seconds between two looks at whether to stop
_GRACE: Final = 0.7  # seconds for work that was told to stop
_BUSY_GRACE: Final = 2.5  # seconds of a processor that others take, too: each is worth less, as caches are shared
_OWN: Final = 0.8  # share of the time from which on a processor was the work's own
_IDLE: Final = 0.005  # seconds of work between two looks, under which nothing was done
_HANGS: Final = 5  # idle looks in a row, a second: on a busy machine a few may be chance


def cores() -> int:
    """Return how many processors this process may use, _MOST at most: beyond them, memory and disk are the limit."""
    return min(_MOST, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@cache
def pool(task: str, threads: int) -> ThreadPoolExecutor:
    """Return so many threads for a task of this process, others than those of other tasks, which may wait for them."""
    return ThreadPoolExecutor(threads, thread_name_prefix=task)


def in_order(work: Callable[[_In], _Out], items: Iterable[_In], ahead: int = _AHEAD) -> Iterator[_Out]:
    """Yield `work` of each of `items`, in their order; one a core and `ahead` more are taken, and no others.

    What is ahead when the caller leaves is cancelled, or waited for where it has begun. An only item is not handed to a
    thread: that would cost a small input as much as its search.
    """
    coming = iter(items)
    first = list(islice(coming, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    begun: deque[Future[_Out]] = deque()
    threads = cores()
    try:
        for item in chain(first, coming):
            begun.append(pool("search", threads).submit(work, item))
            if len(begun) >= threads + ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        wait([future for future in begun if not future.cancel()])


class _End(Exception):
    """There are no more items."""


def ahead(items: Iterable[_In], most: int = 1) -> Iterator[_In]:
    """Yield `items`, which a thread of its own makes while the caller works on earlier ones; `most` of them wait.

    An exception of `items` is raised at its place. Where the caller leaves, no more are made.
    """
    queue: Queue[tuple[_In | None, BaseException | None]] = Queue(most)
    left = threading.Event()

    def put(pair: tuple[_In | None, BaseException | None]) -> None:
        while not left.is_set():
            with suppress(Full):
                queue.put(pair, timeout=_POLL)
                return

    def run() -> None:
        try:
            for item in items:
                put((item, None))
                if left.is_set():
                    return
            put((None, _End()))
        except BaseException as error:
            put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        while True:
            item, error = queue.get()
            if isinstance(error, _End):
                return
            yield _result(item, error)
    finally:
        left.set()


def side_by_side(
    work: Callable[[_In], _Out], items: Sequence[_In], workers: int = 0, stop: threading.Event | None = None
) -> Iterator[_Out]:
    """Yield `work` of each of `items` in their order, `workers` of them (0: one a core) at a time.

    The first Ctrl-C sets `stop`, at which `work` should return what it has: what comes within a second, more where
    the machine is busy, is still yielded, and items not begun are left out. A second one raises KeyboardInterrupt.
    An exception of `work` is raised at its item's place. No thread keeps the process alive.
    """
    stop = stop or threading.Event()
    todo = deque(enumerate(items))
    done: SimpleQueue[tuple[int, _Out | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        while todo and not stop.is_set():
            try:
                index, item = todo.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                done.put((index, work(item), None))
            except BaseException as error:
                done.put((index, None, error))

    try:
        with interrupt_sets(stop):
            for _ in range(min(workers or cores(), len(items))):
                threading.Thread(target=run, daemon=True).start()
            yield from _sorted(done, len(items), todo, stop)
    finally:
        todo.clear()


@contextmanager
def interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C set `stop`, wherever the main thread is, instead of raising KeyboardInterrupt there.

    The next one raises it. In another thread, which Ctrl-C does not reach, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _sorted(
    done: SimpleQueue[tuple[int, _Out | None, BaseException | None]],
    count: int,
    todo: Sized,
    stop: threading.Event,
) -> Iterator[_Out]:
    """Yield the results in `done` in the order of their index; once stopped, those of what was begun, no more `todo`,
    that come within the grace.
    """
    early: dict[int, tuple[_Out | None, BaseException | None]] = {}
    at, grace = 0, _Grace()
    while at < count and not grace.is_over:
        if stop.is_set() and at + len(early) >= count - len(todo):
            break
        try:
            index, result, error = done.get(timeout=_POLL)
            early[index] = result, error
        except Empty:
            grace.look()
        if stop.is_set():
            grace.begin()
        while at in early:
            yield _result(*early.pop(at))
            at += 1
    for _, pair in sorted(early.items()):
        yield _result(*pair)


class _Grace:
    """The time that work is given which was told to stop: _GRACE seconds, whether it works or hangs; where it works and
    others take the processor, too, until it had _BUSY_GRACE seconds of that.
    """

    def __init__(self) -> None:
        self._begun: float | None = None
        self._before = self._worked = process_time()
        self._idle = 0

    def begin(self) -> None:
        """Let it begin, unless it has."""
        if self._begun is None:
            self._begun, self._before = monotonic(), process_time()

    def look(self) -> None:
        """See whether anything was done since the last look."""
        before, self._worked = self._worked, process_time()
        self._idle = self._idle + 1 if self._worked - before < _IDLE else 0

    @property
    def is_over(self) -> bool:
        """Tell whether to leave the work behind."""
        if self._begun is None:
            return False
        passed, worked = monotonic() - self._begun, self._worked - self._before
        return passed >= _GRACE and (self._idle >= _HANGS or worked >= min(passed * _OWN, _BUSY_GRACE))


def _result(result: _Out | None, error: BaseException | None) -> _Out:
    """Return the result, or raise the error that came instead."""
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # an _Out where there is no error
