"""One line on standard error that says how far the reading is: after two seconds, and only on a terminal."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Final

from clerk_logscan.commands.settings import printable

DELAY: Final = 2.0  # seconds
_EVERY: Final = 0.1  # seconds between two paints
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")


class ProgressLine:
    """A callable for the pipeline's `progress`, used as a context; shows nothing where `shown` is false."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + DELAY
        self._painted = False
        self._lock = threading.Lock()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._painted:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, source: str, done: int, total: int | None) -> None:
        """Show the input being read, the bytes read of all inputs, and their sum where it is known."""
        if not self._shown or time.monotonic() < self._next:
            return
        with self._lock:
            self._next = time.monotonic() + _EVERY
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{line(source, done, total)[:width]}")
            sys.stderr.flush()
            self._painted = True


def line(source: str, done: int, total: int | None) -> str:
    """Return the words of the line: share, amount, input."""
    if total:
        return f"{min(done / total, 1):4.0%}  {size(done)} of {size(total)}  {printable(source)}"
    return f"{size(done)}  {printable(source)}"


def size(count: int) -> str:
    """Return a number of bytes in the largest unit of at least one: `1.4 GB`."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if unit != "bytes" else f"{count} bytes"
