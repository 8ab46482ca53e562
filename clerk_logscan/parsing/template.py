"""The grammar `template`: a line with a fixed order of fields, written as nginx log_format, cut by one pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import polars as pl

from clerk_logscan.parsing import escapes, quoted
from clerk_logscan.parsing.definitions import Definition, Template
from clerk_logscan.parsing.variables import REFERENCE

# What stands between quotes, by the escaping of the log: so a line with an escape tells nginx from Apache.
_QUOTED: Final = {
    "nginx": r'(?:[^"\\]|\\x[0-9A-F]{2})*',  # ngx_http_log_escape
    "apache": r'(?:[^"\\]|\\(?:x[0-9a-f]{2}|["\\bnrtv]))*',  # ap_escape_logitem
    "c": r'(?:[^"\\]|\\.)*',
    "quote": r'(?:[^"\\]|\\.)*',
    "haproxy": '[^"]*',
}
# A request in a line with raw quotes: its first end that has a protocol. A target with a blank is refused by
# servers, so what imitates that end can only come later, in a referer or an agent.
_LOOSE_REQUEST: Final = r"(?:.*? HTTP/[0-9](?:\.[0-9])?|.*?)"
# A request with no quotes around it ends by its own form only; a line that holds something else is not of this format.
_BARE_REQUEST: Final = r"(?:[A-Za-z_-]+ [^ ](?:.*? HTTP/[0-9](?:\.[0-9])?|[^ ]*)|\\x[0-9A-F]{2}[^ ]*|-|<BADREQ>|)"
_FEW: Final = 300  # lines; with more the pattern's own cost no longer counts
_MANY: Final = 1000  # lines that are better cut in pieces
_BEGINNING: Final = 3  # fields by which nearly all lines of other formats are told
# How a variable begins that may follow another one with nothing between.
_STARTS: Final = {"request_uri": "/", "uri": "/", "is_args": "?", "apache_q": "?"}
_META: Final = re.compile(r"([\\.+*?()|\[\]{}^$#&~-])")


class Pattern(NamedTuple):
    """A compiled template: the regular expression and the names of its groups, in order."""

    regex: str
    fields: tuple[str, ...]
    pieces: tuple[quoted.Piece, ...] = ()  # between quotes, where these can tell


def cut(
    lines: pl.Series, definition: Definition, *, loose: bool = False, detecting: bool = False
) -> tuple[pl.Series, pl.DataFrame]:
    """Cut lines (String) into the definition's fields, its escaping undone.

    Returns a Boolean series, never null, of the lines that are of this format, and a frame of String columns with as
    many rows as it has true ones, in their order. Of several templates the first that fits reads a line.
    `loose` reads hostile lines from both ends (raw quotes, a user with blanks), only after all others have tried:
    it takes lines that belong to other formats, too. `detecting` leaves out templates that prove nothing (`weak`).
    """
    places: list[pl.Series] = []
    frames: list[pl.DataFrame] = []
    some, left = lines, pl.int_range(len(lines), dtype=pl.UInt32, eager=True)
    for template in definition.templates:
        if template.weak and detecting:
            continue
        pattern = compile_template(template, definition, loose) if _may_match(some, template) else None
        found = _extract(some, pattern, _bare_targets(definition)) if pattern else None
        if found is None:
            continue
        is_match, fields = found
        places.append(left.filter(is_match))
        frames.append(fields)
        if is_match.all():
            break
        some, left = some.filter(~is_match), left.filter(~is_match)
    if not frames:
        none = pl.DataFrame(schema=dict.fromkeys(sorted(definition.fields), pl.String()))
        return pl.Series([False]).new_from_index(0, len(lines)), none
    if len(frames) == 1:
        fields = frames[0]
    else:
        parts = [frame.with_columns(_place=place) for frame, place in zip(frames, places, strict=True)]
        fields = pl.concat(parts, how="diagonal").sort("_place").drop("_place")
    if escapes.any_in(lines, definition.escape):
        fields = escapes.undo_frame(fields, definition.escape)
    if len(places[0]) == len(lines):
        return pl.Series([True]).new_from_index(0, len(lines)), fields
    return pl.Series([False]).new_from_index(0, len(lines)).scatter(pl.concat(places), True), fields


def masks(lines: pl.Series, likely: Mapping[Definition, Sequence[Template]]) -> dict[Definition, pl.Series]:
    """Return of each definition which `lines` are of one of its templates, those given, as `cut` says when detecting.

    All are looked for at once: a pass of polars for each would cost more than the search.
    """
    found = {
        str(place): pl.any_horizontal(pl.first().str.contains(compile_template(one, definition).regex) for one in some)
        for place, (definition, some) in enumerate(likely.items())
        if not _bare_targets(definition)
    }
    columns = lines.to_frame().select(**found)
    return {
        definition: columns[str(place)] if str(place) in found else cut(lines, definition, detecting=True)[0]
        for place, definition in enumerate(likely)
    }


def likely(lines: pl.Series, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Return the definitions of which a line may be by its literals; all of them where the lines are many.

    A guess is always one: it may be read by other patterns (both_ends.py).
    """
    if len(lines) > _FEW:
        return definitions
    text = _text(lines)
    return [d for d in definitions if d.guessed or any(holds_literals(text, one) for one in d.templates)]


def _may_match(lines: pl.Series, template: Template) -> bool:
    """Tell whether a few lines hold all the literals; a pattern compiled in vain costs as much as a thousand lines."""
    return len(lines) > _FEW or holds_literals(_text(lines), template)


def _text(lines: pl.Series) -> str:
    return "\n".join(filter(None, lines.to_list()))


def holds_literals(text: str, template: Template) -> bool:
    """Tell whether `text` holds every literal of a template; a line that does not cannot be one of its."""
    return all(literal in text for literal in _literals(template))


@lru_cache(maxsize=512)
def beginning(template: Template, definition: Definition) -> re.Pattern[str]:
    """Return what every line of a template begins with: its first fields, up to the literal behind the last of them."""
    builder = _Builder(definition, loose=False)
    builder.sequence(template.pattern, " " if template.tail or template.open else "")
    return re.compile("".join(builder.pieces[: 2 * _BEGINNING + 1]), re.DOTALL)


def could_be(line: str, template: Template) -> bool:
    """Tell whether `line` holds the literals of a template in their order; no other line can be one of its."""
    at = 0
    for literal in _in_order(template):
        at = line.find(literal, at) + len(literal)
        if at < len(literal):
            return False
    return True


@lru_cache(maxsize=512)
def _in_order(template: Template) -> tuple[str, ...]:
    return tuple(REFERENCE.split(template.pattern)[::3])


@lru_cache(maxsize=512)
def _literals(template: Template) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_in_order(template)))


def _bare_targets(definition: Definition) -> list[str]:
    """Return the fields of a format that hides the attack which hold a path alone.

    A decoded path may hold blanks, so that such a format would take a whole request line for one: what ends with a
    protocol is none.
    """
    if definition.hidden_by is None:
        return []
    columns = ("request_target", "path", "url")
    return [name for column in columns for source in definition.columns.get(column, ()) for name in source.fields]


def _extract(lines: pl.Series, pattern: Pattern, bare: Sequence[str]) -> tuple[pl.Series, pl.DataFrame] | None:
    """Return which lines match, and the fields of these; None where none does.

    A line that does not match gives nulls in every group; the first group takes part in every match. A line whose
    field of `bare` ends with a protocol does not match.
    """
    groups = _groups_in_pieces(lines, pattern) if pattern.pieces and len(lines) >= _MANY else _groups(lines, pattern)
    if bare or groups.to_series(0).null_count():
        is_match = groups.to_series(0).is_not_null()
    else:
        is_match = pl.Series([True]).new_from_index(0, len(lines))
    for name in bare:
        if name in groups.columns:
            is_match &= ~groups[name].str.contains(r" HTTP/[0-9](?:\.[0-9])?$").fill_null(value=False)
    if not is_match.any():
        return None
    return is_match, groups if is_match.all() else groups.filter(is_match)


def _groups(lines: pl.Series, pattern: Pattern) -> pl.DataFrame:
    """Return the fields of lines; nulls where one does not match."""
    groups = lines.str.extract_groups(pattern.regex).struct.unnest()
    groups.columns = list(pattern.fields)
    return groups


def _groups_in_pieces(lines: pl.Series, pattern: Pattern) -> pl.DataFrame:
    """Return the same, most lines cut at their quotes and only the others by the pattern."""
    fits, groups = quoted.cut(lines, pattern.pieces)
    if fits.all():
        return groups
    places, others = (~fits).arg_true(), _groups(lines.filter(~fits), pattern)
    return groups.select(column.scatter(places, others[column.name]) for column in groups)


@lru_cache(maxsize=512)
def compile_template(template: Template, definition: Definition, loose: bool = False) -> Pattern:
    """Return the pattern of a template of `definition`; only fields that it reads are captured.

    polars' regular expressions read a line in one pass where every next character decides, and hold at most
    sixteen groups that way; so each field excludes the literal behind it. `loose` also passes NULs before a line
    (copytruncate); looking for them always would halve the speed.
    """
    builder = _Builder(definition, loose)
    more = bool(template.tail) or template.open
    body = builder.sequence(template.pattern, " " if more else "")
    free = {_QUOTED[definition.escape], '[^"]*'} if definition.escape in _QUOTED else {'[^"]*'}
    between = () if more or loose else quoted.pieces(builder.pieces, builder.captured, free)
    last = len(template.tail) - 1
    pieces = [
        builder.sequence(piece, "" if index == last and not template.open else " ")
        for index, piece in enumerate(template.tail)
    ]
    tail = "(?: .*)?" if template.open else ""
    for piece in reversed(pieces):
        tail = f"(?: {piece}{tail})?"
    start = r"^\x00*" if loose else "^"
    return Pattern(f"(?s){start}{body}{tail}$", tuple(builder.captured), between)


class _Builder:
    """Writes the pieces of one pattern, and remembers the fields of its groups."""

    def __init__(self, definition: Definition, loose: bool) -> None:
        self.definition, self.loose = definition, loose
        self.captured: list[str] = []
        self.pieces: list[str] = []  # of the last sequence: literal, field, literal ... literal
        self.requests = {f for source in definition.columns.get("request", ()) for f in source.fields}
        # Where a log writes X-Forwarded-For in the client's place, a list of addresses stands there.
        self.clients = {f for source in definition.columns.get("client_ip", ()) for f in source.fields}

    def sequence(self, notation: str, following: str) -> str:
        """Return the pattern of a piece of notation; `following` is the literal behind it, none at a line's end."""
        tokens = REFERENCE.split(notation)  # literal, braced, bare, literal, ... literal
        literals, names = tokens[::3], [a or b for a, b in zip(tokens[1::3], tokens[2::3], strict=True)]
        pattern = [_escaped(literals[0])]
        for index, name in enumerate(names):
            after = literals[index + 1]
            if not after:
                after = _STARTS.get(names[index + 1], "") if index + 1 < len(names) else following
            at_end = index + 1 == len(names) and not after
            pattern.append(self.group(name, self.value(name, literals[index], after, at_end)))
            pattern.append(_escaped(literals[index + 1]))
        self.pieces = pattern
        return "".join(pattern)

    def group(self, name: str, value: str) -> str:
        """Capture a field that the definition reads, once; the first field always, as it tells a match."""
        if name in self.captured or (self.captured and name not in self.definition.fields):
            return f"(?:{value})"
        self.captured.append(name)
        return f"({value})"

    def value(self, name: str, before: str, after: str, at_end: bool) -> str:
        """Return the pattern of a field's text between two literals."""
        shape = self.definition.shapes.get(name)
        if shape is not None:
            return f"(?:{shape})(?:, ?(?:{shape}))*" if self.loose and name in self.clients else shape
        quoted = before.endswith('"') and after.startswith('"')
        if name in self.requests and not before.endswith('"') and (after or " ").startswith(" "):
            return _BARE_REQUEST
        if at_end:
            return ".*"
        escape = self.definition.escape
        if quoted and escape in _QUOTED:
            return _QUOTED["c" if self.loose and escape != "haproxy" else escape]
        if self.loose:
            return _LOOSE_REQUEST if name in self.requests else ".*?"
        if not after:
            return ".*?"
        some = "*" if quoted or escape == "none" else "+"
        return f"[^{_escaped(after[0])}]{some}"


def variables_of(one: Template) -> list[str]:
    """Return the names of a template's variables in their order."""
    return [braced or bare for text in (one.pattern, *one.tail) for braced, bare in REFERENCE.findall(text)]


def _escaped(literal: str) -> str:
    """Return a literal as a regular expression; Rust's syntax refuses to have a blank escaped."""
    return _META.sub(r"\\\1", literal)
