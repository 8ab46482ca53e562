"""A line into its words: quoted texts, brackets, times and lists are one word each, whatever blanks they hold."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from clerk_logscan.parsing.inference import time_shapes

MOST_WORDS: Final = 200  # of a line, or cells; one that has more has no layout of words, but a free text
BRACKETS: Final = {"[": "]", "(": ")", "{": "}", "<": ">"}
_QUOTES: Final = "\"'"
_OPENERS: Final = "=:([{,;|<"  # a quote or a bracket behind one of these opens; elsewhere it is part of a word
_TIME: Final = re.compile(rf"(?:{time_shapes.ANY.pattern})(?=[\s,;|\]\)\"]|$)")
_ITEM: Final = r"(?:-|[0-9][0-9.]*(?::[0-9]+)?|[0-9A-Fa-f:.\[\]]*:[0-9A-Fa-f:.\[\]]+)"
# `502, 200`, `10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80`, `203.0.113.9, 10.0.0.1`
_LIST: Final = re.compile(rf"{_ITEM}(?:(?:, ?| : ){_ITEM})+(?=\s|$)")
_BLANKS: Final = re.compile(r"\s*")


class Token(NamedTuple):
    """A word and the blanks before it."""

    blanks: str
    text: str


def tokens(line: str, most: int | None = None) -> list[Token]:
    """Return the words of a line, the first `most` of them; blanks at its end are no word."""
    found: list[Token] = []
    unclosed: set[str] = set()  # quotes that nothing closes from here on
    at = 0
    while at < len(line) and len(found) != most:
        start = _BLANKS.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
        if start == len(line):
            break
        end = _end_of_word(line, start, unclosed)
        found.append(Token(line[at:start], line[start:end]))
        at = end
    return found


def _end_of_word(line: str, start: int, unclosed: set[str]) -> int:
    whole = _TIME.match(line, start) or _LIST.match(line, start)
    at = whole.end() if whole else start
    while at < len(line) and not line[at].isspace():
        before = line[at - 1] if at > start else "="
        if before in _OPENERS or line[at - 1 : at + 1] == ']"':  # API Gateway: [time]"request"
            end = _end_of_group(line, at) if line[at] not in unclosed else None
            if end is None and line[at] in _QUOTES:
                unclosed.add(line[at])
            at = end or at + 1
        else:
            at += 1
    return at


def _end_of_group(line: str, at: int) -> int | None:
    """Return the place behind the quoted text, the bracketed text or the time that begins at `at`, if one does."""
    if line[at] in _QUOTES:
        return _end_of_quote(line, at)
    if line[at] in BRACKETS:
        end = line.find(BRACKETS[line[at]], at)
        return end + 1 if end >= 0 else None
    found = _TIME.match(line, at) or _LIST.match(line, at)
    return found.end() if found else None


def _end_of_quote(line: str, at: int) -> int | None:
    """Return the place behind the closing quote: one that is not escaped and that a blank or punctuation follows.

    Quotes that open within a text, which its writer does not escape, are closed first: `"say "hi" twice"`.
    """
    quote, end, depth, first = line[at], at + 1, 1, None
    while (end := line.find(quote, end)) >= 0:
        escaped = _backslashes(line, end) % 2
        closes = end + 1 == len(line) or line[end + 1].isspace() or line[end + 1] in ",;|])}>"
        if not escaped and closes:
            first = first or end + 1
            depth -= 1
            if not depth:
                return end + 1
        elif not escaped and line[end - 1].isspace():
            depth += 1
        end += 1
    return first


def _backslashes(line: str, end: int) -> int:
    """Return how many stand before a place."""
    start = end
    while start and line[start - 1] == "\\":
        start -= 1
    return end - start
