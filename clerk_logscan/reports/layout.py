"""Lines of styled text for a screen: wrapped between words, cut in the middle, never broken in a host."""

from __future__ import annotations

import unicodedata

# A line is pieces of text, each with the name of a style; joined they are what a pipe gets.
Line = list[tuple[str, str]]


def cells(text: str) -> int:
    """Return the columns that a text takes on a terminal (UAX 11: wide and full-width are two, marks none)."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def middle(text: str, width: int) -> str:
    """Return the text cut in its middle to at most `width` columns; three fifths of what stays are its beginning."""
    if cells(text) <= width:
        return text
    head = (width - 1) * 3 // 5
    start, end = _take(text, head), _take(text[::-1], width - 1 - head)[::-1]
    return f"{start}…{end}"


def cut_target(target: str, host: str, width: int) -> str:
    """Return a request target in at most `width` columns with its host whole, where the host alone fits."""
    at = target.find(host) if host else -1
    if at < 0 or cells(target) <= width:
        return middle(target, width)
    head = target[: at + len(host)] + ("/" if target[at + len(host) :].startswith("/") else "")
    room = width - cells(head) - 1
    if room >= 0:
        return f"{head}…{_take(target[::-1], room)[::-1] if room > 8 else ''}"
    if cells(host) + 3 > width:
        return middle(target, width)
    return f"…{_take(head[::-1], width - 2)[::-1]}…"


def _take(text: str, width: int) -> str:
    taken = 0
    for at, char in enumerate(text):
        taken += _cell(char)
        if taken > width:
            return text[:at]
    return text


def wrap(text: str, width: int) -> list[str]:
    """Return lines of at most `width` columns, broken at blanks alone; a longer word is cut in its middle."""
    lines: list[str] = []
    for word in text.split(" "):
        piece = middle(word, width)
        if lines and cells(lines[-1]) + 1 + cells(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines or [""]


def hanging(label: str, text: str, width: int, *, label_style: str = "", style: str = "") -> list[Line]:
    """Return lines with the label in front of the first and blanks in front of the rest; width counts both."""
    first, *rest = wrap(text, max(width - cells(label), 20))
    blank = " " * cells(label)
    return [[(label, label_style), (first, style)], *([(blank, ""), (line, style)] for line in rest)]


def plain(line: Line) -> str:
    """Return a line without its styles and trailing blanks."""
    return "".join(text for text, _ in line).rstrip()


def pad(text: str, width: int) -> str:
    """Return the text with blanks behind it up to `width` columns."""
    return text + " " * max(0, width - cells(text))
