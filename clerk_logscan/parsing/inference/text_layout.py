"""The layout of unknown text lines: words in equal places of all lines, by blanks or by another delimiter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from clerk_logscan.parsing.cells import may_have, split_around
from clerk_logscan.parsing.inference import shapes
from clerk_logscan.parsing.inference.text_pieces import Piece, Slot, in_a_row, is_typed, split
from clerk_logscan.parsing.inference.tokens import MOST_WORDS, Token, tokens

DELIMITERS: Final = ("\t", " | ", "|", "\x01", "^", "~", "¦", "::", "; ", ";", ", ", ",", " :: ", " - ", "][", " [**] ")
Found = tuple[list[Piece], list[str], str]  # a layout, the lines that it was made from, what it is in words
_SIGN: Final = re.compile(r"[@#$!*+&?\\^~|:;,=<>\x02-\x08\x1c-\x1f¬§¶·•→»]+")
_FEWEST: Final = 3  # delimiters in a line
_IN_A_CELL: Final = 8  # words of a cell, in which more are a text
_AGREED: Final = 0.8  # of the lines must have equally many
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?<= )\([^()]*\)')  # the comment of an agent is one, too
_PROTOCOL: Final = re.compile(shapes.PROTOCOL)
_LABEL: Final = re.compile(r"^[A-Za-z][\w-]*[:=] ?(?!//)")
_BARE_REQUEST: Final = rf"(?:{'|'.join(sorted(shapes.METHODS))}) [^ ]+ HTTP/[0-9](?:\.[0-9])?"
_UNITS: Final = frozenset(("ns", "us", "µs", "ms", "s"))
_PRODUCT: Final = re.compile(shapes.AGENT)


def layouts(lines: Sequence[str]) -> Iterator[Found]:
    """Yield the layouts that may explain `lines`, the likelier first, each with the lines that it was made from."""
    if all(len(line) > 2 and line[0] == line[-1] == '"' for line in lines):  # OpenLiteSpeed quotes the whole line
        for pieces, some, how in layouts([line[1:-1] for line in lines]):
            yield ['"', *pieces, '"'], [f'"{line}"' for line in some], f"{how}, all between quotes"
    if all(line[:1] == "[" and line[-1:] == "]" and line.count("][") >= _FEWEST for line in lines):
        for pieces, some, how in layouts([line[1:-1] for line in lines]):
            yield ["[", *pieces, "]"], [f"[{line}]" for line in some], f"{how}, all in brackets"
    for delimiter in (*DELIMITERS, *_signs(lines)):
        found = _delimited(lines, delimiter)
        if found:
            yield found
    rows = [tokens(line) for line in lines]
    counts = Counter(map(len, rows))
    width, agreed = counts.most_common(1)[0]
    if agreed >= _AGREED * len(rows) and 1 < width <= MOST_WORDS:
        some = [line for line, row in zip(lines, rows, strict=True) if len(row) == width]
        yield [*_of_words([row for row in rows if len(row) == width]), *_after(some)], some, f"{width} words"
    if len(counts) > 1 or width > MOST_WORDS or _unquoted_agent(rows[0]):
        yield [*_from_both_ends(rows), *_after(lines)], list(lines), "words around a free text"
    if agreed < _AGREED * len(rows) and 1 < width <= MOST_WORDS:
        some = [line for line, row in zip(lines, rows, strict=True) if len(row) == width]
        yield [*_of_words([row for row in rows if len(row) == width]), *_after(some)], some, f"{width} words"


def _signs(lines: Sequence[str]) -> list[str]:
    """Return other signs that stand often enough in every line: somebody chose one that no field holds."""
    counts = [Counter(_SIGN.findall(line)) for line in lines]
    often = [sign for sign, count in counts[0].items() if count >= _FEWEST and sign not in DELIMITERS]
    return [sign for sign in often if all(one[sign] >= _FEWEST for one in counts)]


def _after(lines: Sequence[str]) -> list[Piece]:
    """Return the blanks behind the last word, where there are any."""
    blanks = [line[len(line.rstrip()) :] for line in lines]
    return [Slot(tuple(blanks), padding=True)] if any(blanks) else []


def _of_words(rows: Sequence[Sequence[Token]]) -> list[Piece]:
    return _with_units(_with_request(in_a_row([list(column) for column in zip(*rows, strict=True)])))


def _with_units(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with a number and the unit behind it made one: `in 12.0000 ms`."""
    for at in range(len(pieces) - 2):
        number, blank, unit = pieces[at : at + 3]
        if not isinstance(number, Slot) or blank != " " or not isinstance(unit, Slot) or number.name or unit.name:
            continue
        if set(unit.values) <= _UNITS and shapes.share(number.values, rf"{shapes.NUMBER}|{shapes.DECIMAL}") == 1.0:
            both = tuple(map(" ".join, zip(number.values, unit.values, strict=True)))
            return [*pieces[:at], Slot(both), *_with_units(pieces[at + 3 :])]
    return pieces


def _with_request(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with a method, a target and a protocol in a row made one: such a log writes what came."""
    for at in range(len(pieces) - 4):
        slots = [one for one in pieces[at : at + 5 : 2] if isinstance(one, Slot) and one.name is None]
        if len(slots) < 3 or pieces[at + 1] != " " or pieces[at + 3] != " ":
            continue
        lines = tuple(map(" ".join, zip(*(one.values for one in slots), strict=True)))
        if shapes.share(lines, _BARE_REQUEST) == 1.0:
            return [*pieces[:at], Slot(lines), *pieces[at + 5 :]]
    return pieces


def cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line; a delimiter between quotes is none, nor one in an agent's comment."""
    if '"' not in line and "(" not in line:
        return line.split(delimiter)
    return split_around(line, delimiter, _QUOTED)


def _delimited(lines: Sequence[str], delimiter: str) -> Found | None:
    """Return the layout of lines with a delimiter, where the request is one of the cells; or None."""
    if not may_have(_FEWEST + 1, lines, delimiter, _AGREED):
        return None
    rows = [cells(line, delimiter) for line in lines]
    width, agreed = Counter(map(len, rows)).most_common(1)[0]
    if not _FEWEST < width <= MOST_WORDS or agreed < _AGREED * len(rows):
        return None
    some = [line for line, row in zip(lines, rows, strict=True) if len(row) == width]
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    bare = [[text.strip().strip('"').strip() for text in column] for column in columns]
    if not any(_is_request_cell(column) for column in bare):
        return None
    pieces: list[Piece] = []
    for number, column in enumerate(columns):
        pieces += [delimiter] if number else []
        pieces += _cell(column)
    return pieces, some, f"{width} cells between {delimiter!r}"


def _is_request_cell(column: Sequence[str]) -> bool:
    """Tell whether a cell is a request or a target, or ends in one behind a method (`GET      "/path"`)."""
    known = [_LABEL.sub("", text).strip('" ') for text in shapes.present(column)]
    if shapes.share(known, shapes.REQUEST) > 0.5 or shapes.share_of(known, shapes.is_target) > 0.9:
        return True
    words = [text.split() for text in known]
    return bool(words) and all(
        len(row) == 2 and row[0] in shapes.METHODS and shapes.is_target(row[1].strip('"')) for row in words
    )


def _cell(column: Sequence[str]) -> list[Piece]:
    """Return the pieces of one cell, the blanks around it apart."""
    before = [text[: len(text) - len(text.lstrip(" "))] for text in column]
    after = [text[len(text.rstrip(" ")) :] if text.strip(" ") else "" for text in column]
    inner = split([text.strip(" ") for text in column], quoted=True)
    if len(inner) == 1 and isinstance(inner[0], Slot) and not is_typed(inner[0].values):
        rows = [tokens(text.strip(" "), _IN_A_CELL + 1) for text in column]
        if (
            len({len(row) for row in rows}) == 1
            and 1 < len(rows[0]) <= _IN_A_CELL
            and (_has_request(rows) or _all_typed(rows))
        ):
            inner = _of_words(rows)
    return [*_edge(before), *inner, *_edge(after)]


def _has_request(rows: Sequence[Sequence[Token]]) -> bool:
    """Tell whether one of the words is a method and another a target, or one is an address and one a time."""
    columns = [[token.text.strip('"[]') for token in column] for column in zip(*rows, strict=True)]
    methods = any(shapes.share_of(column, lambda text: text in shapes.METHODS) > 0.9 for column in columns)
    return methods or any(shapes.share(column, shapes.ADDRESS) > 0.9 for column in columns)


def _all_typed(rows: Sequence[Sequence[Token]]) -> bool:
    """Tell whether each of the words is always the same, or has a shape (`512 - 3.1 ms`)."""
    columns = [[token.text for token in column] for column in zip(*rows, strict=True)]
    return all(len(set(column)) == 1 or is_typed(column) for column in columns) and any(map(is_typed, columns))


def _edge(blanks: Sequence[str]) -> list[Piece]:
    if len(set(blanks)) == 1 and len(blanks[0]) < 2:
        return [blanks[0]] if blanks[0] else []
    return [Slot(tuple(blanks), padding=True)]


def _unquoted_agent(row: Sequence[Token]) -> bool:
    return any(token.text.startswith("Mozilla/") for token in row)


def _from_both_ends(rows: Sequence[Sequence[Token]]) -> list[Piece]:
    """Return the layout of lines in which one text without quotes holds blanks: words before, itself, words behind.

    From each end as many words count as are alike in all lines; an agent's first product ends the words before it.
    """
    fewest = min(MOST_WORDS, *map(len, rows))
    left = 0
    while left < fewest and _alike([row[left] for row in rows]):
        left += 1
    right = 0
    while right < fewest - left and _alike([row[-1 - right] for row in rows], typed=True):
        right += 1
    head = in_a_row([[row[place] for row in rows] for place in range(left)]) if left else []
    middle = [_joined(row[left : len(row) - right]) for row in rows]
    last = [[row[place - right] for row in rows] for place in range(right)]
    return [*head, *_middle(middle), *(in_a_row(last) if right else [])]


def _joined(row: Sequence[Token]) -> str:
    return "".join(token.blanks + token.text for token in row)


def _middle(texts: Sequence[str]) -> list[Piece]:
    """Return the free text with its first blank apart; a request without quotes is told by its shape."""
    if not any(texts):
        return []
    if not all(text.startswith(" ") for text in texts if text):
        return [Slot(tuple(texts), quoted=True, free=True)]
    blank: Piece = " " if all(texts) else Slot(tuple(text[:1] for text in texts), padding=True)
    bare = [text.removeprefix(" ") for text in texts]
    if all(len(text) > 1 and text[0] == text[-1] == '"' for text in bare):  # quotes that its writer does not escape
        return [blank, '"', Slot(tuple(text[1:-1] for text in bare), quoted=True, free=True), '"']
    return [blank, Slot(tuple(bare), quoted=True, free=True)]


def _alike(column: Sequence[Token], typed: bool = False) -> bool:
    """Tell whether the words at one place of all lines are of one kind."""
    texts = [token.text for token in column]
    known = shapes.present(texts)
    products = [text for text in known if _PRODUCT.fullmatch(text) and not _PROTOCOL.fullmatch(text)]
    if products and not shapes.share_of(known, shapes.is_target):
        return False
    if known and is_typed(known):
        return True
    if not known:
        return True
    if any(text in shapes.METHODS or shapes.is_target(text) for text in known):  # of some lines: words were inserted
        return False
    openings = {text[0] if text[0] in "\"'[({<" else "w" for text in texts}
    if len(openings) == 1 and openings != {"w"}:
        return True
    return len(set(known)) == 1 if typed else len(set(known)) <= max(3, len(known) // 3)
