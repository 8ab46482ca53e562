"""Log text inside Markdown: code spans and fences that it cannot leave, prose that it cannot format.

CommonMark 0.31 (6.1 code spans, 4.5 fenced code blocks) and GFM (tables, autolinks).
"""

from __future__ import annotations

import re

from clerk_logscan.reports.inert import evidence, spans
from clerk_logscan.reports.layout import middle

_LONGEST = 1000  # of one text in a sentence or a table; the JSON report has it whole

_RUNS = re.compile("`+")
# Words, numbers, dates and clock times; everything else of a sentence may be markup, a link or a mention.
_PLAIN = re.compile(r"[^\W_](?:[^\W_]|[’'%-]){0,60}|\d[\d,.:]{0,60}|[–—·→]?")
_WORD = re.compile(r"^([(\"“]*)(.*?)([.,;:)!?\"”…]*)$", re.DOTALL)


def code(text: object, *, shown: bool = False) -> str:
    """Return a code span that holds a text of a log; nothing in it is markup, and no `|` ends a table's cell.

    `shown` texts were made visible and defanged before.
    """
    content = middle(str(text) if shown else evidence(text), _LONGEST).replace("|", "\\x7C")
    if not content.strip():
        return ""
    fence = "`" * (_longest(content) + 1)
    pad = " " if content[0] in "` " or content[-1] in "` " else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def fenced(lines: list[str]) -> str:
    """Return a fenced block of lines that were made visible before; none of them can close it."""
    fence = "`" * max(3, max(map(_longest, lines), default=0) + 1)
    return "\n".join([f"{fence}text", *(line or " " for line in lines), fence])


def sentence(text: object) -> str:
    """Return prose: plain words as they are, every other word (hosts, targets, names) as a code span."""
    return "".join(code(piece, shown=True) if at % 2 else _words(piece) for at, piece in enumerate(spans(text)))


def _words(text: str) -> str:
    return " ".join(map(_word, text.split(" ")))


def _word(word: str) -> str:
    match = _WORD.match(word)
    before, core, after = match.groups() if match else ("", word, "")
    if _PLAIN.fullmatch(core):
        return word if core or not before + after else before + after
    return before + code(core, shown=True) + after


def _longest(text: str) -> int:
    return max(map(len, _RUNS.findall(text)), default=0)
