"""What the inputs of one log tell each other: the formats of the first, so that the others are not guessed anew.

A balancer writes a file every five minutes: to settle the formats of thousands would take longer than to read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from clerk_logscan import log_sets
from clerk_logscan.parsing.definitions import Definition


class Sibling:
    """One input among those of its log; the first one tells, the others are told."""

    def __init__(self, told: Future[Sequence[Definition]], *, is_first: bool) -> None:
        self._told, self._is_first = told, is_first

    @property
    def order(self) -> Sequence[Definition]:
        """The formats of the first input in their order, the one that leads it before all; none where none leads.

        Waits until the first input has shown them, so that they do not depend on which thread was quicker.
        """
        return () if self._is_first else self._told.result()

    def tell(self, order: Sequence[Definition]) -> None:
        """Tell the formats of this input, where it is the first and has not told before."""
        if self._is_first and not self._told.done():
            self._told.set_result(order)


class Siblings:
    """The inputs of one look, by the logs that they are parts of (log_sets)."""

    def __init__(self) -> None:
        self._firsts: dict[str, tuple[str, Future[Sequence[Definition]]]] = {}

    @contextmanager
    def of(self, source: str) -> Iterator[Sibling]:
        """Give the sibling that an input is; one that told nothing by the end of the block tells that it knows none."""
        first, told = self._firsts.setdefault(log_sets.name(source), (source, Future()))
        sibling = Sibling(told, is_first=first == source)
        try:
            yield sibling
        finally:
            sibling.tell(())
