"""Styled lines onto a screen, or into a pipe without a styling byte.

rich paints them where a terminal shows colours; it is loaded only there, for it costs a fifth of what polars costs to
start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import IO

from clerk_logscan.reports.layout import Line, plain

_STYLES = {
    "key-exposed": "bold white on red",
    "attempted": "bold black on yellow",
    "probed": "bold black on yellow",
    "incomplete": "bold black on cyan",
    "no-evidence": "bold white on green",
    "label": "cyan",
    "head": "bold",
    "quiet": "dim",
    "critical": "bold red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "yellow",
    "info": "dim",
    "presumed-sent": "bold red",
    "undetermined": "bold yellow",
}
_NARROW, _WIDE = 60, 100


def write(page: Sequence[Line], stream: IO[str]) -> None:
    """Write the lines, in colours where the stream shows any, and in characters that it can take."""
    if _coloured(stream):
        _paint(page, stream)
        return
    text = "\n".join(map(plain, page)) + "\n"
    stream.write(_encodable(text, getattr(stream, "encoding", None)))
    stream.flush()


def width(stream: IO[str]) -> int:
    """Return the columns of a terminal, 80 in a pipe; neither so few nor so many that lines are hard to read."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        columns = shutil.get_terminal_size((80, 24)).columns if os.environ.get("COLUMNS") else 80
    return max(_NARROW, min(columns or 80, _WIDE))


def _coloured(stream: IO[str]) -> bool:
    """Tell whether to colour: a terminal, or FORCE_COLOR; never with NO_COLOR (no-color.org) or TERM=dumb."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _paint(page: Sequence[Line], stream: IO[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False, width=_WIDE * 4)
    for line in page:
        pieces = [(_encodable(text, console.encoding), _STYLES.get(style, "")) for text, style in line]
        console.print(Text.assemble(*pieces), soft_wrap=True, overflow="ignore", no_wrap=True)


_ASCII = str.maketrans({"…": "~", "·": "-", "→": ">", "–": "-", "’": "'", "“": '"', "”": '"'})


def _encodable(text: str, encoding: str | None) -> str:
    """Return the text with only characters that the stream can take: a terminal may be set to ASCII."""
    name = encoding or "utf-8"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(name, "backslashreplace").decode(name)
    return text
