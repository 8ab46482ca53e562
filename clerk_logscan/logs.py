"""Every request of any log as polars frames: `scan_logs` for notebooks, and what `convert` writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl
from polars.io.plugins import register_io_source

from clerk_logscan import formats, schema
from clerk_logscan.options import Options, Progress, silent
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.readers import sources
from clerk_logscan.readers.scan import Scan
from clerk_logscan.readers.workers import ahead

TOGETHER: Final = 3  # blocks that are parsed at once


class Logs:
    """The logs that `inputs` name (files, folders, globs, `-`), read whole; iterate once or several times.

    `failures` holds a sentence for each input that could not be opened or read to its end, after an iteration.
    Raises OptionError and DefinitionError for options and definitions that cannot be used.
    """

    def __init__(self, inputs: Sequence[str], options: Options, progress: Progress = silent) -> None:
        self.options, self.progress = options, progress
        self.definitions = formats.chosen(options)
        self.sources, self._missing = sources.find(inputs)
        self.failures = [error.message for error in self._missing]

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of the public columns, an input after the other, each in its order."""
        self.failures = [error.message for error in self._missing]
        for source in self.sources:
            scan = Scan(source, None, candidates=False)
            parser = Parser(self.definitions, source.name, self.options.assume_timezone, doubts=False)
            for frame in ahead(_together(lines.from_block(batch.block) for batch in scan)):
                yield parser.read(frame).requests.select(*schema.COLUMNS)
                self.progress(source.name, scan.read, source.size)
            yield parser.finish().requests.select(*schema.COLUMNS)
            if scan.error:
                self.failures.append(scan.error)

    def lazy(self) -> pl.LazyFrame:
        """Return a LazyFrame over the frames; columns and filters are applied to each as it is read."""

        def source(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
        ) -> Iterator[pl.DataFrame]:
            left = rows
            for frame in ahead(self.frames()):
                part = frame if predicate is None else frame.filter(predicate)
                part = part if columns is None else part.select(columns)
                part = part if left is None else part.head(left)
                yield part
                left = None if left is None else left - part.height
                if left == 0:
                    return

        return register_io_source(source, schema=dict(schema.COLUMNS), is_pure=True)


def _together(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the frames of some blocks as one: a call of the parser costs as much as some thousands of lines."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if len(held) == TOGETHER:
            yield pl.concat(held, rechunk=True)
            held = []
    if held:
        yield pl.concat(held, rechunk=True)


def scan_logs(*inputs: str, **options: Any) -> pl.LazyFrame:
    """Return a LazyFrame of every request in the common schema; filters and columns push down.

    `inputs` are files, folders or globs; `options` the keywords of the command `convert`. Raises OptionError and
    DefinitionError. An input that cannot be read holds no rows; `convert` says which.
    """
    return Logs(inputs, Options.of(**options)).lazy()
