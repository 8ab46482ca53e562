"""Equal places of several lines into literals and fields: punctuation and labels stay, what a log fills in varies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from clerk_logscan.parsing.inference import names, shapes, time_shapes
from clerk_logscan.parsing.inference.tokens import BRACKETS, MOST_WORDS, Token, tokens

_LABEL: Final = re.compile(r"(?:[A-Za-z_]\w*[\[({])?[A-Za-z_@][\w.@-]*(?:=|:)\s?(?!//)")
_LOGGER: Final = re.compile(r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|[a-z_]\w*(?:\.\w+)+):")
_CALLED: Final = re.compile(r"[A-Za-z_][\w.]*(?=[\[({<])")
_NEXT: Final = re.compile(r", (?=[A-Za-z_]\w*=)")
_COMMA: Final = re.compile(", ")
_MOSTLY: Final = 0.9
_DEEPEST: Final = 4
QUOTES: Final = ('"', "'")
_SIZED: Final = r"[0-9]+(?:\.[0-9]+)?(?:[ ,:]+(?:[0-9]+(?:\.[0-9]+)?|-))*"
_TYPES: Final = (
    shapes.ADDRESSES, shapes.REQUEST, shapes.PROTOCOL, shapes.ABSOLUTE, _SIZED, shapes.WITH_UNIT, shapes.SIZE,
    shapes.HOST,
    shapes.ID,
)  # fmt: skip


_ANSWERED: Final = re.compile(rf"(?s)({shapes.WHOLE_REQUEST}) ([0-9]{{3}}(?: [0-9-]+)*)")


@dataclass(frozen=True)
class Slot:
    """A field of the layout: its text in each line, its label if it has one, whether it may hold blanks.

    free: whatever stands between its neighbours. padding: blanks that align columns, or a quote around what is not
    missing. listed: one of several with
    slashes between (HAProxy's times and counts).
    """

    values: tuple[str, ...]
    name: str | None = None
    quoted: bool = False
    free: bool = False
    padding: bool = False
    listed: bool = False


Piece = str | Slot


def split(texts: Sequence[str], name: str | None = None, quoted: bool = False, depth: int = 0) -> list[Piece]:
    """Return the pieces of equal places: `texts` holds what stands there in each line."""
    if _is_literal(texts):
        return [texts[0]]
    if halves := _adjacent(texts):
        return [piece for half in halves for piece in split(half, None, quoted, depth + 1)]
    group = _group(texts)
    if group:
        opening, closing = group
        return [opening, *_inner([text[1:-1] for text in texts], name, opening, depth), closing]
    if quote := _quoted_where_known(texts):
        around = Slot(tuple(quote if text[:1] == quote else "" for text in texts), padding=True)
        return [around, *_inner([text.strip(quote) for text in texts], name, quote, depth), around]
    if is_typed(texts) or depth > _DEEPEST or not any(texts):
        return [Slot(tuple(texts), name, quoted)]
    if label := _label(texts):
        rest = [text.removeprefix(label) for text in texts]
        called = None if _LOGGER.fullmatch(label) else re.split(r"[\[({]", label)[-1].strip(" =:")
        return [label, *split(rest, called, quoted, depth + 1)]
    if name_of := _called(texts):
        return [name_of, *split([text.removeprefix(name_of) for text in texts], None, quoted, depth + 1)]
    if places := _site_before_target(texts):
        pairs = [(text[:place], text[place:]) for text, place in zip(texts, places, strict=True)]
        return [Slot(tuple(one for one, _ in pairs)), Slot(tuple(other for _, other in pairs), quoted=quoted)]
    if tail := _tail(texts):
        return [*split([text[:-1] for text in texts], name, quoted, depth + 1), tail]
    columns = _words(texts)
    if columns and not quoted:
        return in_a_row(columns, depth + 1)
    return _parts(texts, name, quoted, depth) or [Slot(tuple(texts), name, quoted)]


def is_typed(texts: Sequence[str]) -> bool:
    """Tell whether the texts, nearly all that say something, have one of the shapes that a field has."""
    known = shapes.present(texts)
    if not known:
        return False
    if time_shapes.time_of(known) is not None or shapes.share_of(known, lambda text: text in shapes.METHODS) >= _MOSTLY:
        return True
    if shapes.share_of(known, shapes.is_target) >= _MOSTLY:
        return True
    return any(shapes.share(known, pattern) >= _MOSTLY for pattern in _TYPES)


def in_a_row(columns: Sequence[Sequence[Token]], depth: int = 0) -> list[Piece]:
    """Return the pieces of lines of equally many words, given word by word."""
    pieces: list[Piece] = []
    before: Sequence[str] = ()
    for column in columns:
        texts = [token.text for token in column]
        pieces += _blanks([token.blanks for token in column])
        pieces += split(texts, _named_by(before), depth=depth)
        before = texts
    return pieces


def _named_by(before: Sequence[str]) -> str | None:
    """Return the word before a value, where it is its label: the same in all lines, and a name that is known."""
    if not before or len(set(before)) > 1 or not re.fullmatch(r"[A-Za-z][\w-]*:?", before[0]):
        return None
    return before[0].strip(":") if names.is_known(before[0]) else None


def _blanks(blanks: Sequence[str]) -> list[Piece]:
    """Return the blanks before a word: as they are, or the fewest and what more of them there may be."""
    same = min(blanks, key=len)
    if all(one == same for one in blanks) and len(same) < 2:
        return [same] if same else []
    least = same[:1]
    return [*([least] if least else []), Slot(tuple(one.removeprefix(least) for one in blanks), padding=True)]


def _is_literal(texts: Sequence[str]) -> bool:
    """Tell whether it is punctuation, or a label before a blank (`to:`): the same in all lines, no missing value."""
    text = texts[0]
    if text in shapes.MISSING or any(other != text for other in texts) or re.search(r"\$[\w{]", text):
        return False
    if "-" in text or re.fullmatch(r"""(?:""|''|\[\]|\(\)|\{\}|<>)""", text):  # a missing value, empty quotes
        return False
    return not re.search(r"[^\W_]", text) or bool(re.fullmatch(r"[A-Za-z][\w-]*[=:]", text))


def _group(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return the quotes or brackets around every text, if there are such."""
    opening = next((text[0] for text in texts if text not in ("", "-")), "")
    closing = BRACKETS.get(opening, opening)
    if (opening not in BRACKETS and opening not in "\"'") or not opening:
        return None
    if not all(len(text) > 1 and text[0] == opening and text[-1] == closing for text in texts):
        return None
    if closing != opening and any(closing in text[1:-1] for text in texts):  # [24/Nov/2026:14:51:36][1795531896.123]
        return None
    if shapes.share(texts, shapes.ADDRESS) >= _MOSTLY:  # [2001:db8::1]
        return None
    return opening, closing


def _quoted_where_known(texts: Sequence[str]) -> str:
    """Return the quote around every text but for a bare word for nothing (`None`, `null`, `nil`), or ""."""
    for quote in QUOTES:
        known = [text for text in texts if text not in shapes.MISSING]
        if known and len(known) < len(texts) and all(len(t) > 1 and t[0] == t[-1] == quote for t in known):
            return quote
    return ""


def _adjacent(texts: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Return the two halves of brackets that follow one another with nothing between: `[...][...]`, `(...)[...]`."""
    opening = texts[0][:1]
    if opening not in BRACKETS or not all(text[:1] == opening and len(tokens(text, 2)) == 1 for text in texts):
        return None
    places = [text.find(BRACKETS[opening]) + 1 for text in texts]
    after = {*BRACKETS, '"'}
    if not all(text[place : place + 1] in after for text, place in zip(texts, places, strict=True) if place):
        return None
    if not all(0 < place < len(text) for text, place in zip(texts, places, strict=True)):
        return None
    return [t[:p] for t, p in zip(texts, places, strict=True)], [t[p:] for t, p in zip(texts, places, strict=True)]


def _inner(texts: Sequence[str], name: str | None, opening: str, depth: int) -> list[Piece]:
    """Return the pieces of what stands between quotes or brackets: mostly one field."""
    answered = [match for text in texts if (match := _ANSWERED.fullmatch(text))]
    if len(answered) == len(texts):  # "GET /x HTTP/1.1 200 512"
        numbers = _words([match[2] for match in answered]) or [[Token("", match[2]) for match in answered]]
        return [Slot(tuple(match[1] for match in answered), name, quoted=True), " ", *in_a_row(numbers, depth + 1)]
    if listed := _listed(texts) if opening not in "\"'" else []:
        cells = [split(column, None, True, depth + 1) for column in listed]
        return [piece for number, cell in enumerate(cells) for piece in ([", ", *cell] if number else cell)]
    if is_typed(texts):
        return [Slot(tuple(texts), name, quoted=True)]
    if opening in "\"'" and all(text[:1] == "[" and text[-1:] == "]" for text in texts):  # "[24/Nov/2026:14:51:36]"
        return split(texts, name, True, depth + 1)
    if opening in "\"'":
        whole_line = all(re.search(r" HTTP/[0-9]", text) and '"' in text for text in texts)  # Gin's README
        columns = _words(texts)
        if not columns or not (whole_line or _is_list(columns)):
            return [Slot(tuple(texts), name, quoted=True)]
        blank = [" "] if all(text.endswith(" ") for text in texts) else []
        return [*in_a_row(columns, depth + 1), *blank]
    found = _parts(texts, name, True, depth)
    if found:
        return found
    columns = _words(texts)
    if columns and 1 < len(columns) < 6 and any(is_typed([token.text for token in column]) for column in columns):
        return in_a_row(columns, depth + 1)
    return [Slot(tuple(texts), name, quoted=True)]


def _site_before_target(texts: Sequence[str]) -> list[int]:
    """Return where the target begins behind the site that all texts begin with (`$host$request_uri`), or nothing."""
    places = [text.find("/") for text in texts]
    sites = [text[:place] for text, place in zip(texts, places, strict=True)]
    if min(places, default=0) < 1 or shapes.share(sites, shapes.HOST) < 1.0 or len(set(places)) == len(texts) > 2:
        return []
    return places


def _is_list(columns: Sequence[Sequence[Token]]) -> bool:
    """Tell whether each word of a quoted text is a field, or always the same (`GET /x 2`, `a.example to: 10.0.0.1`)."""
    texts = [[token.text for token in column] for column in columns]
    typed = [is_typed(column) and shapes.share(column, shapes.AGENT) < _MOSTLY for column in texts]
    return (
        len(texts) < 6
        and any(typed)
        and all(fits or len(set(column)) == 1 < len(column) for fits, column in zip(typed, texts, strict=True))
    )


def _listed(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return what brackets list, column by column: `GET /x, client=203.0.113.7`, `404, 3650 bytes`; or nothing."""
    for sign in (_NEXT, _COMMA):
        rows = [sign.split(text) for text in texts]
        columns = list(zip(*rows, strict=True)) if len({len(row) for row in rows}) == 1 else []
        if len(columns) > 1 and (sign is _NEXT or all(map(is_typed, columns))):
            return columns
    return []


def _label(texts: Sequence[str]) -> str:
    """Return the label (`rt=`, `host: `) that all texts begin with; an address or a time is none."""
    found = _LABEL.match(texts[0])
    if not found or not all(text.startswith(found[0]) for text in texts):
        return ""
    alone = all(len(text) == len(found[0]) for text in texts)
    return "" if alone or (len(texts) < 2 and "=" not in found[0]) else found[0]


def _called(texts: Sequence[str]) -> str:
    """Return the word that all texts begin with, right before a bracket that ends them: `request{...}`."""
    found = _CALLED.match(texts[0])
    if not found or not all(text.startswith(found[0]) and len(tokens(text, 2)) == 1 for text in texts):
        return ""
    closing = BRACKETS[texts[0][len(found[0])]]
    return found[0] if all(text.rstrip(":,;").endswith(closing) for text in texts) else ""


def _tail(texts: Sequence[str]) -> str:
    """Return the punctuation that all texts end in: a bracket that opens in an earlier word is such."""
    last = texts[0][-1:]
    opening = next((one for one, closing in BRACKETS.items() if closing == last), None)
    if opening and any(opening in text for text in texts):
        return ""
    return last if last and last in ",;:})]>" and all(len(text) > 1 and text.endswith(last) for text in texts) else ""


def _words(texts: Sequence[str]) -> list[list[Token]] | None:
    """Return the words of all texts, column by column, where each has as many, and more than one; or None."""
    rows = [tokens(text, MOST_WORDS + 1) for text in texts]
    if len({len(row) for row in rows}) != 1 or not 2 <= len(rows[0]) <= MOST_WORDS:
        return None
    return [list(column) for column in zip(*rows, strict=True)]


def _parts(texts: Sequence[str], name: str | None, quoted: bool, depth: int) -> list[Piece]:
    """Return the pieces between a sign that is equally often in each text (`TCP_MISS/200`, `site|agent`); or none."""
    for sign in "|/;,:@":
        counts = Counter(text.count(sign) for text in texts)
        if len(counts) != 1 or not 0 < texts[0].count(sign) < 8:
            continue
        columns = list(zip(*(text.split(sign) for text in texts), strict=True))
        if not any(_is_telling(column) for column in columns):
            continue
        pieces: list[Piece] = []
        for number, column in enumerate(columns):
            blank = " " if number and all(text.startswith(" ") for text in column) else ""
            pieces += [sign + blank] if number else []
            texts = [text.removeprefix(blank) for text in column]
            after = " " if all(re.search(r"\S $", text) for text in texts) else ""
            inner = split([text.removesuffix(after) for text in texts], None, quoted, depth + 1)
            inner += [after] if after else []
            listed = sign == "/" and len(columns) > 2
            pieces += [replace(one, listed=True) if listed and isinstance(one, Slot) else one for one in inner]
        return pieces
    return []


def _is_telling(texts: Sequence[str]) -> bool:
    """Tell whether a part is worth to be told from its neighbours: a status, an agent, an address, a time."""
    known = [text.strip() for text in shapes.present(texts)]
    if known and time_shapes.time_of(known) is not None and not any(text.isdigit() for text in known):
        return True
    statuses = bool(known) and all(shapes.is_status(text) and len(text) == 3 for text in known)
    return statuses or shapes.share(known, shapes.AGENT) >= _MOSTLY or shapes.share(known, shapes.ADDRESS) >= _MOSTLY
