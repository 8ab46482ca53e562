"""Write docs/inference.md: how much of each format the inference reads, with that format's definition removed.

For every definition of parsers/, its sample log and samples are read once with all definitions, which says what
is right, and once by what is guessed from these lines alone. Run: python docs/make_inference.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import polars as pl

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.library import Library, load_definitions
from clerk_logscan.parsing.parser import Parser

ROOT: Final = Path(__file__).parent.parent
FIELDS: Final = (
    "timestamp", "client_ip", "method", "request_target", "host", "status", "bytes_sent", "user_agent", "referer",
)  # fmt: skip
_MARK: Final = "<!-- table -->"


def frame_of(texts: list[str]) -> pl.DataFrame:
    """Return lines as the reader gives them."""
    rows = {"line_number": range(1, len(texts) + 1), "byte_offset": range(len(texts)), "raw": texts}
    return pl.DataFrame(rows, schema=lines.SCHEMA)


def read(library: Library, texts: list[str]) -> dict[int, dict[str, object]]:
    """Return the requests of the lines by line number."""
    parser = Parser(library, "sample")
    frame = frame_of(texts)
    parser.detect(frame)
    found = pl.concat([parser.read(frame).requests, parser.finish().requests])
    return {row["line_number"]: row for row in found.to_dicts()}


def sample_lines(definition: Definition) -> list[str]:
    """Return the lines of the sample log and of the samples, each once."""
    log = ROOT / "sample_logs" / f"{definition.name}.log"
    texts = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    texts += [line for sample in definition.samples for line in sample.line.split("\n")]
    return list(dict.fromkeys(texts))


class Guesses(Library):
    """No definition at all, and leave to guess."""

    def __init__(self) -> None:
        super().__init__([])
        self.open = True


def score(definition: Definition, library: Library) -> tuple[int, int, int, int]:
    """Return right fields, wrong ones (a value where another or none is right), all fields, and lines."""
    texts = sample_lines(definition)
    right_rows, guessed = read(library, texts), read(Guesses(), texts)
    right = wrong = every = 0
    for number, row in right_rows.items():
        other = guessed.get(number, {})
        for field in FIELDS:
            every += 1
            right += row[field] == other.get(field)
            wrong += other.get(field) is not None and row[field] != other.get(field)
    return right, wrong, every, len(right_rows)


def table(library: Library) -> str:
    """Return the table of all formats that hold requests, in Markdown."""
    rows, total = [], [0, 0, 0]
    for name in library:
        if not library[name].requests or library[name].grammar == "w3c":
            continue
        right, wrong, every, count = score(library[name], library)
        if not every:
            continue
        total = [a + b for a, b in zip(total, (right, wrong, every), strict=True)]
        rows.append(f"| {name} | {count} | {right / every:.0%} | {wrong / every:.0%} |")
    share = f"| all | | {total[0] / total[2]:.1%} | {total[1] / total[2]:.1%} |"
    return "\n".join(["| format | lines | right | wrong |", "| --- | ---: | ---: | ---: |", *rows, share])


def main() -> None:
    """Write the page anew, or print the table where `-` is given."""
    written = table(load_definitions())
    if "-" in sys.argv[1:]:
        sys.stdout.write(written + "\n")
        return
    page = ROOT / "docs" / "inference.md"
    head, _, _ = page.read_text(encoding="utf-8").partition(_MARK)
    page.write_text(f"{head}{_MARK}\n\n{written}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
