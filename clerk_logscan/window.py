"""A rolling window over an input that cannot be read again, as standard input: its last megabytes, for the context."""

from __future__ import annotations

import io
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from clerk_logscan.readers.blocks import Block

SIZE: Final = 32 << 20  # bytes of decompressed text


@dataclass
class Window:
    """The last blocks of the input `name`; a Source by itself, whose first line may be a late one of the input."""

    name: str
    path: Path | None = None
    rereadable: bool = True
    _held: deque[tuple[int, int, bytes]] = field(default_factory=deque)  # first line, offset, text
    _size: int = 0

    def hold(self, block: Block) -> None:
        """Take the next block, and let go of the oldest ones that are no longer needed to fill the window."""
        self._held.append((block.first_line, block.offset, block.data))
        self._size += len(block)
        while self._size - len(self._held[0][2]) >= SIZE:
            self._size -= len(self._held.popleft()[2])

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._size

    def open(self) -> BinaryIO:
        """Return the bytes that are held."""
        return io.BytesIO(b"".join(text for _, _, text in self._held))

    def placed(self, requests: pl.DataFrame) -> pl.DataFrame:
        """Return requests that were read from the window with their numbers and offsets in the whole input."""
        line, offset, _ = self._held[0] if self._held else (1, 0, b"")
        return requests.with_columns(pl.col("line_number") + line - 1, pl.col("byte_offset") + offset)
