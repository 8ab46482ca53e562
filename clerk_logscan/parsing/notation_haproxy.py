"""HAProxy `log-format` strings to definitions: docs.haproxy.org/2.6/configuration.html#8.2.6."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.definitions import Condition, Definition, Evidence, Source, Template
from clerk_logscan.parsing.notation_parts import NotationError, with_columns
from clerk_logscan.parsing.variables import HAPROXY, HEADERS, Variable

_DIRECTIVE: Final = re.compile(r"%(?:\{([^}]*)\})?(?:\[((?:[^\[\]]|\[[^\]]*\])*)\]|([A-Za-z]+)|(%))")
_HEADER: Final = re.compile(r"(?:req\.|capture\.req\.)?f?hdr\(([A-Za-z-]+)")
# Numbers, dates and states: the flag Q does not touch them.
_NEVER_QUOTED: Final = re.compile("[cfbs]p|[afbs]c|rc|[sb]q|ST|B|U|T[aRwcrtqdhiu]|t|trg?l?|T|Tl|Ts|ms|pid|rt|lc|tsc?")
_CAPTURED: Final = 5  # most captured headers that are looked for
_NAMES: Final = [f"haproxy_captured_{n}" for n in range(1, _CAPTURED + 1)]


def haproxy(name: str, text: str) -> Definition:
    """Return the definition of an HAProxy format string. Raises NotationError with the place that is not understood."""
    return _Format(name, text.replace("\\ ", " ").replace('\\"', '"')).definition()


def in_directives(text: str) -> list[Definition]:
    """Return the log-format directives of a text: between quotes, or with backslashes before its blanks."""
    found = re.finditer(r'^\s*log-format\s+(?:"((?:[^"\\]|\\.)*)"|((?:[^\s\\]|\\.)+))', text, re.MULTILINE)
    formats = [re.sub(r"\\(.)", r"\1", match[1] or match[2]) for match in found]
    return [haproxy(f"log_format_{n}" if n > 1 else "log_format", form) for n, form in enumerate(formats, 1)]


class _Format:
    """Reads one format string variable by variable."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.known: dict[str, Variable] = dict(HAPROXY)
        self.names: dict[str, str] = {}
        self.shapes: dict[str, str] = {}
        self.pattern = ""
        self.quoted = False
        self.numbered: list[str] = []  # captured headers that are named by their number alone

    def definition(self) -> Definition:
        """Return the definition."""
        position = 0
        while (at := self.text.find("%", position)) >= 0:
            self.pattern += self.text[position:at]
            found = _DIRECTIVE.match(self.text, at)
            if not found:
                raise NotationError(f"the log format: no variable after the % at character {at + 1}.")
            position = found.end()
            flags, expression, variable, _ = found.groups()
            if variable == "o":
                self.quoted = "+Q" in (flags or "")
                position += self.text[position : position + 1] == " "
            elif variable in ("hrl", "hsl"):
                self.shapes[f"haproxy_{variable}"] = r'(?:"[^"]*" ?)*'
                self.pattern += f"${{haproxy_{variable}}}"
            elif variable in ("hr", "hs"):
                position = self.captures(variable, position)
            elif variable or expression:
                self.field(variable or f"[{expression}]", flags or "")
            else:
                self.pattern += "%"
        self.pattern += self.text[position:]
        return self.finished()

    def field(self, directive: str, flags: str) -> None:
        """Add a field, between quotes where a flag asks for them."""
        field = "haproxy_" + re.sub(r"[^A-Za-z0-9]", "_", directive)
        if directive in self.names:
            field += f"_{len(self.pattern)}"
        self.names.setdefault(directive, field)
        header = _HEADER.search(directive)
        if header and header[1].lower() in HEADERS:
            self.known[directive] = HEADERS[header[1].lower()]
        elif re.match(r"\[capture\.req\.hdr\(\d+\)", directive):
            self.numbered.append(field)
        elif directive == "[src]":
            self.known[directive] = HAPROXY["ci"]
        quoted = ("+Q" in flags or self.quoted) and "-Q" not in flags and not _NEVER_QUOTED.fullmatch(directive)
        self.pattern += f'"${{{field}}}"' if quoted else f"${{{field}}}"
        shape = HAPROXY[directive].shape if directive in HAPROXY else None
        if shape:
            self.shapes[field] = shape

    def captures(self, variable: str, position: int) -> int:
        """Add the place of captured headers; HAProxy writes neither braces nor the blank where there are none."""
        blank = " " if self.text[position : position + 1] == " " else ""
        self.pattern += f"\0{variable}\0{blank}"
        return position + len(blank)

    def finished(self) -> Definition:
        """Return the definition of what was read."""
        if not self.names:
            raise NotationError("the log format: it names no variable (%ci, %tr, %r ...).")
        columns = with_columns(self.known, self.names)
        templates = self.templates()
        numbered = self.numbered or (_NAMES if len(templates) > 1 else [])
        if numbered:
            for column, sources in _captured(numbered).items():
                columns.setdefault(column, []).extend(sources)
        if not {"request", "request_target", "path"} & set(columns):
            raise NotationError("the log format: nothing in it holds the request target, such as %r or %HU.")
        return Definition(
            name=self.name,
            title=f"HAProxy log-format {self.name}",
            vendor="https://docs.haproxy.org/2.6/configuration.html#8.2.6",
            grammar="template",
            hop="balancer",
            escape="haproxy",
            missing=("-", "<BADREQ>", ""),
            templates=templates,
            shapes=self.shapes,
            columns={column: tuple(sources) for column, sources in columns.items()},
            evidence=self.evidence(),
        )

    def templates(self) -> tuple[Template, ...]:
        """Return one template for each number of captured headers."""
        if "\0" not in self.pattern:
            return (Template(self.name, self.pattern),)
        self.shapes["haproxy_hs"] = r"(?:\{[^{}]*\} ?)?"
        pattern = self.pattern.replace("\0hs\0 ", "${haproxy_hs}").replace("\0hs\0", "${haproxy_hs}")
        found = []
        for count in range(1, _CAPTURED + 1):
            names = _NAMES[:count]
            self.shapes.update(dict.fromkeys(names, r"[^{}|]*"))
            inner = "|".join(f"${{{name}}}" for name in names)
            found.append(Template(f"{count} captured headers", pattern.replace("\0hr\0", f"{{{inner}}}")))
        plain = Template("no captured headers", pattern.replace("\0hr\0 ", "").replace("\0hr\0", ""))
        return (*found, plain) if "\0hr\0" in pattern else (plain,)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what the server's name shows, where it is logged."""
        if "s" not in self.names:
            return ()
        server = self.names["s"]
        none = Condition(server, "equals", ("<NOSRV>",))
        cache = Condition(server, "equals", ("<CACHE>",))
        words = f"server is {{{server}}}"
        return (
            Evidence((none,), "not-forwarded", f"{words}: HAProxy sent the request to no server"),
            Evidence((cache,), "undetermined", f"{words}: answered from HAProxy's cache"),
        )


def _captured(names: Sequence[str]) -> dict[str, list[Source]]:
    """Return the columns that the captured headers in the fields `names` fill, told by their shapes."""
    first, others = names[:1], names[1:]
    return {
        "host": [Source((first[0],), "captured-host"), *(Source((name,), "captured-domain") for name in others)],
        "user_agent": [*(Source((name,), "captured-text") for name in others), Source((first[0],), "captured-agent")],
        "referer": [Source((name,), "captured-url") for name in names],
        "forwarded_for": [Source((name,), "captured-addresses") for name in names],
    }
