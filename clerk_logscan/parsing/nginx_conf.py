"""The syntax of nginx configuration files, as far as directives and their words go; `include` is followed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clerk_logscan.parsing.definitions import DefinitionError

_TOKEN: Final = re.compile(
    r"""\s+ | \#[^\n]* | (?P<mark>[;{}])
      | "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>(?:[^'\\]|\\.)*)'
      | (?P<bare>(?:\$\{[^}]*\}|\\.|[^\s;{}"'\\])(?:\$\{[^}]*\}|\\.|[^\s;{}\\])*)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\([\"'\\trn ])")
_LETTERS: Final = {"t": "\t", "r": "\r", "n": "\n"}
_DEPTH: Final = 10  # of includes; nginx itself has no limit, a loop would have no end


@dataclass(frozen=True, slots=True)
class Token:
    """A word or one of `;{}` (`mark`), at `position` of the text."""

    text: str
    mark: bool
    position: int


@dataclass(frozen=True, slots=True)
class Directive:
    """The words of a directive, and its place as errors name it."""

    words: list[str]
    place: str


def tokens(text: str, place: str) -> list[Token]:
    """Return the tokens of a text, quotes and backslashes undone. Raises DefinitionError at an open quote."""
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            quote, line = text[position], text.count("\n", 0, position) + 1
            raise DefinitionError(f"{place}, line {line}: the {quote} at character {position + 1} has no end.")
        position = match.end()
        word = next((w for w in (match["double"], match["single"], match["bare"]) if w is not None), None)
        if match["mark"]:
            found.append(Token(match["mark"], True, match.start()))
        elif word is not None:
            found.append(Token(_ESCAPED.sub(lambda m: _LETTERS.get(m[1], m[1]), word), False, match.start()))
    return found


def directives(text: str, place: str, folder: Path | None = None, depth: int = 0) -> list[Directive]:
    """Return every directive of a configuration, those of blocks and of included files in their places.

    `folder`: of the main file, to which every relative `include` belongs; without it includes are passed over.
    """
    found: list[Directive] = []
    words: list[str] = []
    start = 0
    for token in [*tokens(text, place), Token(";", True, len(text))]:
        if not token.mark:
            start = start if words else token.position
            words.append(token.text)
            continue
        if words:
            found += _one(words, f"{place}, line {text.count(chr(10), 0, start) + 1}", folder, depth)
        words = []
    return found


def _one(words: list[str], place: str, folder: Path | None, depth: int) -> list[Directive]:
    """Return a directive, or those of the files that it includes."""
    if words[0] != "include" or folder is None or len(words) != 2 or depth >= _DEPTH:
        return [Directive(words, place)]
    pattern = Path(words[1])
    base = Path(pattern.anchor) if pattern.is_absolute() else folder
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    found: list[Directive] = []
    for included in sorted(base.glob(str(relative))):
        if included.is_file():
            text = included.read_text(encoding="utf-8", errors="replace")
            found += directives(text, str(included), folder, depth + 1)
    return found
