"""`formats --infer`: the definition that is guessed for a log, as TOML to keep, correct and pass by `--parser`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from clerk_logscan.options import OptionError
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.inference import infer
from clerk_logscan.parsing.inference.toml_text import document
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.readers import sources
from clerk_logscan.readers.scan import Scan

_SHOWN: Final = ("timestamp", "client_ip", "method", "request_target", "host", "status", "bytes_sent", "user_agent")


def documents(path: str, library: Library) -> Iterator[str]:
    """Yield the TOML of each layout that is guessed for the file; what a known format reads, too, where that is all.

    Raises OptionError where there is no such file, and where nothing can be guessed.
    """
    found, errors = sources.find([path])
    if errors or not found:
        raise OptionError(errors[0].message if errors else f"{path}: there is no file in it")
    sample = _sample(found[0])
    parser = Parser(library, found[0].name)
    parser.detect(sample)
    texts = parser.peeled(sample)
    known = [name for name in parser.ranking.matches if name in library]
    guesses = parser.guesses or list(infer(texts))
    if not guesses:
        raise OptionError(
            f"{path}: no layout can be guessed that holds requests; docs/adding-a-format.md says how to write one"
        )
    if known and not parser.guesses:
        yield f"# {path} is read by {', '.join(known)}; no guess is needed. This is what would be guessed.\n"
    for guess in guesses:
        yield document(guess, found[0].name, _samples(guess.definition, texts))


def _sample(source: sources.Source) -> pl.DataFrame:
    """Return the sampled lines of an input."""
    batches = [lines.from_batch(batch) for batch in Scan(source, None)]
    return pl.concat(batches) if batches else lines.empty()


def _samples(definition: Definition, texts: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return the first two lines that the definition reads, with what it reads in them."""
    frame = pl.DataFrame(
        {"line_number": range(len(texts)), "byte_offset": range(len(texts)), "raw": texts}, schema=lines.SCHEMA
    )
    parser = Parser([definition], "sample")
    parser.detect(frame.clear())
    read = pl.concat([parser.read(frame).requests, parser.finish().requests]).head(2)
    return [
        (row["raw"], {name: _plain(row[name]) for name in _SHOWN if row[name] is not None}) for row in read.to_dicts()
    ]


def _plain(one: Any) -> Any:
    return one.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(one, "strftime") else one
