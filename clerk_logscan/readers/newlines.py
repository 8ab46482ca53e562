"""Counting newlines at memory speed, with the count at every 7.5 KiB kept, so that line numbers stay exact.

A stretch of text differs from as many newlines in every byte that is none: in how many, the Hamming distance of numkong
says at 20 GB/s and outside Python's lock, where `bytes.count` reads 2.5. Where they stand, polars finds, which gets the
buffer itself, uncopied, through the Arrow C data interface (https://arrow.apache.org/docs/format/CDataInterface.html).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import polars as pl

EVERY: Final = 7680  # bytes between two counts; twice that is less than a piece of Docker's (16 KiB)
_NEWLINES: Final = memoryview(b"\n" * EVERY).cast("B", (1, EVERY))
_ALL: Final = float(EVERY)  # to compare with numkong's, which are of this type, too
_SMALL: Final = 128 << 10  # below this many bytes it is not worth loading numkong


class Counts:
    """Newlines of `buffer[start:end]`: `total`, and `before(position)` for any position within.

    Nothing is counted before somebody asks, and the `total` never where it is known.
    """

    def __init__(self, buffer: bytes | bytearray, start: int, end: int, total: int | None = None) -> None:
        self._buffer, self._start, self._end = buffer, start, end
        self._known = total
        self._last = (start, 0)

    @cached_property
    def total(self) -> int:
        """How many they are."""
        return self.before(self._end) if self._known is None else self._known

    @cached_property
    def _others(self) -> Sequence[float]:
        """How many bytes of each whole stretch of EVERY are no newlines."""
        whole = (self._end - self._start) // EVERY
        last = self._start + whole * EVERY
        if self._end - self._start < max(_SMALL, EVERY):
            return [EVERY - self._buffer.count(b"\n", at, at + EVERY) for at in range(self._start, last, EVERY)]
        from numkong import cdist

        rows = memoryview(self._buffer)[self._start : last].cast("B", (whole, EVERY))
        others: Any = cdist(rows, _NEWLINES, "hamming", dtype="uint8", out_dtype="float64")
        return memoryview(others).cast("B").cast("d").tolist()

    @cached_property
    def _sums(self) -> list[float]:
        return list(accumulate(self._others, initial=0))

    @property
    def without(self) -> list[int]:
        """Where whole stretches of EVERY bytes begin that hold none; every line of twice that length has one."""
        if _ALL not in self._others:
            return []
        return [self._start + index * EVERY for index, others in enumerate(self._others) if others == _ALL]

    def each(self, step: int) -> list[int]:
        """Return how many newlines stand in the first `step` times EVERY bytes, in twice as many, and so on."""
        return [size - int(others) for size, others in zip(count(step * EVERY, step * EVERY), self._sums[step::step])]

    def before(self, position: int) -> int:
        """Return how many newlines stand before `position`; cheapest when asked in ascending order."""
        index = (position - self._start) // EVERY
        at, found = self._start + index * EVERY, index * EVERY - int(self._sums[index])
        if at < self._last[0] <= position:
            at, found = self._last
        self._last = (position, found + self._buffer.count(b"\n", at, position))
        return self._last[1]

    def before_each(self, positions: list[int], known: Mapping[int, int]) -> list[int]:
        """Return how many newlines stand before each of ascending `positions`; of some that is `known`."""
        return [known[position] if position in known else self.before(position) for position in positions]

    @cached_property
    def places(self) -> pl.Series:
        """The places of all newlines, from the start of the bytes: quicker than to ask for thousands one by one."""
        import polars as pl

        array = _Array(self._buffer)  # must outlive the series
        found = pl.Series(array).slice(self._start, self._end - self._start) == ord("\n")
        places: pl.Series = found.arg_true()
        return places

    def rows(self, positions: Iterable[int]) -> pl.Series:
        """Return the lines, from 0, of these positions, which count from the start of the bytes: each line once."""
        import polars as pl

        return self.places.search_sorted(pl.Series(list(positions), dtype=pl.get_index_type())).unique().sort()


class _ArrowSchema(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _ArrowArray(ctypes.Structure):
    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.c_void_p),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_AT_RELEASE: Final = _ArrowSchema.release.offset, _ArrowArray.release.offset


def _mark_released(offset: int) -> Any:
    """Return a C callback that does what the interface asks for: it sets `release` of the structure to null."""

    def release(address: int) -> None:
        ctypes.memset(address + offset, 0, _POINTER)

    return _RELEASE(release)


_release_schema, _release_array = (_mark_released(offset) for offset in _AT_RELEASE)
_capsule = ctypes.pythonapi.PyCapsule_New
_capsule.restype = ctypes.py_object
_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_SCHEMA_NAME, _ARRAY_NAME = b"arrow_schema", b"arrow_array"  # a capsule keeps only a pointer to its name


class _Array:
    """A buffer as an Arrow array of unsigned bytes; owns the structures, and keeps the buffer from being resized."""

    def __init__(self, buffer: bytes | bytearray) -> None:
        if isinstance(buffer, bytes):
            self._hold: Any = ctypes.c_char_p(buffer)
            address = ctypes.cast(self._hold, ctypes.c_void_p).value
        else:
            self._hold = ctypes.c_char.from_buffer(buffer)  # only its address is wanted
            address = ctypes.addressof(self._hold)
        self._buffers = (ctypes.c_void_p * 2)(None, address)
        self._schema = _ArrowSchema(format=b"C", name=b"", release=ctypes.cast(_release_schema, ctypes.c_void_p))
        self._array = _ArrowArray(
            length=len(buffer),
            n_buffers=2,
            buffers=ctypes.addressof(self._buffers),
            release=ctypes.cast(_release_array, ctypes.c_void_p),
        )

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Return the capsules that the Arrow PyCapsule interface defines."""
        return (
            _capsule(ctypes.addressof(self._schema), _SCHEMA_NAME, None),
            _capsule(ctypes.addressof(self._array), _ARRAY_NAME, None),
        )
