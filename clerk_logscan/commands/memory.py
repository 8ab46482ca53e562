"""How this process asks the system for memory; for the command line alone, as a library must leave it to its user."""

from __future__ import annotations

import sys
from typing import Final

# mallopt(3): a block from this size on is given back when it is freed, and its pages cost anew with the next one.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGEST: Final = 32 << 20  # bytes, the most that glibc takes for it
_KEPT: Final = 64 << 20  # free bytes at the end of the heap


def keep_freed() -> None:
    """Let glibc keep freed blocks of some MB for the next ones: to read is then a tenth cheaper. Elsewhere: nothing."""
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
