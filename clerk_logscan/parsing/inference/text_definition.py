"""From a text layout to a Definition of the grammar `template`: variables, shapes, escaping, columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.definitions import Definition, Template
from clerk_logscan.parsing.inference import shapes, time_shapes
from clerk_logscan.parsing.inference.columns import Column, Roles
from clerk_logscan.parsing.inference.roles import assign
from clerk_logscan.parsing.inference.text_pieces import QUOTES, Piece, Slot

# What a role calls its variable; `x1` and so on are those without a role.
_VARIABLES: Final = {
    "timestamp": "when", "client_ip": "client", "forwarded_for": "xff", "method": "verb", "request_target": "target",
    "url": "url",
    "path": "path", "query": "rest", "protocol": "proto", "request": "line", "host": "site", "status": "answer",
    "upstream_status": "answer_behind", "bytes_sent": "sent", "duration": "took", "user_agent": "agent",
    "referer": "from",
    "request_id": "number", "ids": "trace",
}  # fmt: skip
_REQUEST: Final = r"[A-Za-z_-]+ [^ ]+ HTTP/[0-9](?:\.[0-9])?"
_EMPTY: Final = "-|"
_NUMBERS: Final = r"[0-9.]+(?:(?:, ?| : )(?:[0-9.]+|-))*|-|"
_ROLE_SHAPES: Final = {
    "client_ip": r"[0-9A-Fa-f.:%\[\]]+|unix:|-|",
    "status": r"-?[0-9]{1,3}|-|",
    "upstream_status": r"[0-9]{3}(?:(?:, ?| : )(?:[0-9]{3}|-))*|-|",
    "bytes_sent": r"[0-9]+(?: ?[bB](?:ytes)?)?|-|",
    "duration": r"[0-9.]+ ?(?:[nuµμm]?s)?|-|",
    "method": r"[A-Za-z_-]+|",
    "protocol": r"[A-Za-z]+/?[0-9.]*|-|",
}


def definition(pieces: Sequence[Piece], name: str, lines: Sequence[str]) -> tuple[Definition, Roles] | None:
    """Return the definition of a layout with the reasons for its columns; None where it holds no request."""
    slots = [piece for piece in pieces if isinstance(piece, Slot) and not piece.padding]
    columns = [
        Column(f"f{place}", slot.values, slot.name, place, slot.quoted or slot.free, slot.listed)
        for place, slot in enumerate(slots)
    ]
    roles = assign(columns)
    if roles is None:
        return None
    renamed = _renamed(columns, roles)
    pattern, found = _pattern(pieces, [renamed[column.field] for column in columns], roles, renamed)
    sources = {
        role: tuple(type(one)(tuple(renamed[field] for field in one.fields), one.kind) for one in given)
        for role, given in roles.sources.items()
    }
    roles.reasons = [_with_names(reason, renamed) for reason in roles.reasons]
    return (
        Definition(
            name=name,
            title="a layout that was guessed from its lines",
            vendor="",
            grammar="template",
            hop="platform",
            escape=escape_of(lines),
            missing=("-", "", *sorted(_nothings(slots))),
            templates=(Template("guessed", pattern),),
            shapes=found,
            columns=sources,
        ),
        roles,
    )


def _nothings(slots: Sequence[Slot]) -> set[str]:
    """Return the words that stand for nothing in these lines (`undefined`, `null`)."""
    return {value for slot in slots for value in slot.values if value in shapes.MISSING} - {"-", ""}


def _with_names(reason: str, renamed: dict[str, str]) -> str:
    return re.sub(r"\bf[0-9]+\b", lambda found: "$" + renamed.get(found[0], found[0]), reason)


def _renamed(columns: Sequence[Column], roles: Roles) -> dict[str, str]:
    """Return the variable of each column: by its role, or by its number."""
    found: dict[str, str] = {}
    for role, sources in roles.sources.items():
        for source in sources:
            for number, field in enumerate(source.fields):
                base = _VARIABLES.get(role, role)
                name = f"{base}{number + 1}" if number or base in found.values() else base
                found.setdefault(field, name)
    return {column.field: found.get(column.field, f"x{column.place + 1}") for column in columns}


def _pattern(
    pieces: Sequence[Piece], names: Sequence[str], roles: Roles, renamed: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """Return the template of the pieces, and the shapes of its variables."""
    by_name = {renamed[field]: role for role, given in roles.sources.items() for one in given for field in one.fields}
    written, place, pads = "", 0, 0
    found: dict[str, str] = {}
    shape: str | None
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            written += piece
            continue
        if piece.padding:
            pads += 1
            name, shape = f"pad{pads}", _optional(piece)
        else:
            name = names[place]
            place += 1
            after = next((p for p in pieces[at + 1 :]), None)
            shape = _shape(piece, by_name.get(name), pieces[at - 1] if at else "", after)
        written += f"${{{name}}}"
        if shape is not None:
            found[name] = shape
    return re.sub(r"\$\{(\w+)\}(?!\w)", r"$\1", written), found


def _optional(slot: Slot) -> str:
    """Return the pattern of what may be missing: blanks that align columns, a quote around what is there."""
    quote = next((text for text in slot.values if text in QUOTES), "")
    return f"{quote}?" if quote else " *"


def _shape(slot: Slot, role: str | None, before: Piece, after: Piece | None) -> str | None:
    """Return the pattern of a variable: by its role, by its values, or None for all up to the next literal."""
    if slot.free:
        return ".*?" if after is not None else None
    known = shapes.present(slot.values)
    if role == "request" and not slot.quoted and isinstance(after, str) and after.startswith(" "):
        inside = isinstance(before, str) and before.endswith('"')  # of a text that holds more
        return f"{_REQUEST}|-|" if inside else None  # ends by its own form
    if role == "request" and known and all(re.fullmatch(_REQUEST, text) for text in known):
        rest = _up_to(slot, before, after)
        return rest and f"{_REQUEST}|{rest}"
    if role == "timestamp":
        time = time_shapes.time_of(known)
        return f"{time.shape}|{_EMPTY}" if time else None
    if role == "duration" and not all(re.fullmatch(_ROLE_SHAPES[role], text) for text in known):
        return _up_to(slot, before, after)  # 1m2.5s
    if role in _ROLE_SHAPES and (role != "client_ip" or shapes.share(known, shapes.ADDRESS) == 1.0):
        return _ROLE_SHAPES[role]
    if role is None and known and all(re.fullmatch(_NUMBERS, text) for text in known):
        return _NUMBERS
    if role == "forwarded_for" and not slot.quoted:
        return r"[0-9A-Fa-f.:%\[\]]+(?:, ?[0-9A-Za-z.:%\[\]_-]+)*|-|"
    if role is None and len(known) and time_shapes.time_of(known):
        return f"{time_shapes.time_of(known).shape}|{_EMPTY}"  # type: ignore[union-attr]
    return _up_to(slot, before, after)


def _up_to(slot: Slot, before: Piece, after: Piece | None) -> str | None:
    """Return the pattern of a text whose end its neighbour does not tell by a single character."""
    if isinstance(before, str) and before.endswith('"') and isinstance(after, str) and after.startswith('"'):
        return None
    if after is None:
        delimiter = before.strip(" ")[-1:] if isinstance(before, str) else ""
        apart = slot.quoted and delimiter and not any(delimiter in value for value in slot.values)
        bare = None if any(" " in value for value in slot.values) else "[^ ]*"
        return (f"[^{re.escape(delimiter)}]*" if apart else None) if slot.quoted else bare
    if isinstance(after, Slot) and not after.padding and all(value.startswith("/") for value in after.values):
        return "[^ /]*"  # the site before a target
    if isinstance(after, Slot) and (quote := _optional(after)) != " *":
        return f"[^{quote[0]}]*?"
    if isinstance(after, Slot) or not after:
        return "[^ ]*" if not slot.quoted else ".*?"
    sign = (after.strip(" ") or " ")[:1] if slot.quoted and after.startswith(" ") else after[:1]
    if any(sign in value for value in slot.values):
        return ".*?" if any(" " in value for value in slot.values) else "[^ ]*?"
    if slot.quoted or any(" " in value for value in slot.values):
        return f"[^{re.escape(sign)}]*?" if sign.strip() else ".*?"
    return "[^ ]*?" if sign == " " else f"[^ {re.escape(sign)}]*"


def escape_of(lines: Sequence[str]) -> str:
    """Return the escaping that the lines show.

    Where a backslash is itself escaped, letters behind one are escapes (`c`); outside of quotes, which nobody escapes,
    two are what a client sent. Where nothing shows that, one before `tevil.example` may be what a client sent, and is
    kept: only bytes (`nginx`) or quotes (`quote`) are undone. A backslash before anything else was written as it came
    (`none`).
    """
    text = "\n".join(lines)
    pieces = set(re.findall(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9a-fA-F]{4}|.)", text))
    if any(not re.fullmatch(r'\\(?:x..|u....|["\\bnrtvfa/])', piece) for piece in pieces):
        return "none"
    twice = "\\\\" in pieces
    if twice and ('\\"' in pieces or any(map(_is_escaped, lines))):
        return "c"
    if any(re.fullmatch(r"\\x[0-9a-f]*[a-f][0-9a-f]*", piece) for piece in pieces):
        return "apache"
    if twice:
        return "none"
    return "quote" if '\\"' in pieces else "nginx"


def _is_escaped(line: str) -> bool:
    """Tell whether two backslashes stand between quotes."""
    return any(line.count('"', 0, found.start()) % 2 for found in re.finditer(r"\\\\", line))
