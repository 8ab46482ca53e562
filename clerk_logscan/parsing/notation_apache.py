"""Apache `LogFormat` strings to definitions: httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats."""

from __future__ import annotations

import re
from typing import Final

from clerk_logscan.parsing.definitions import Definition, Source, Template
from clerk_logscan.parsing.notation_parts import NotationError, with_columns
from clerk_logscan.parsing.variables import APACHE, CLF_TIME, HEADERS, Variable

_DIRECTIVE: Final = re.compile(r"%(?:!?[0-9,]*[<>]?|[<>]?!?[0-9,]*)(?:\{([^}]*)\})?(\^[A-Za-z]{2}|[A-Za-z]|%)")
_TIME_LINK: Final = re.compile(r"[ .,:T/_+-]{0,3}")  # what may stand between two pieces of one time
_FRACTIONS: Final = {"msec_frac": "%3f", "usec_frac": "%6f"}
_EPOCHS: Final = {"sec": "epoch-s", "msec": "epoch-ms", "usec": "epoch-us", "%s": "epoch-s"}
# strftime's letters as patterns; what is not here may be anything.
_LETTERS: Final = {
    **dict.fromkeys("dmHMSyUWIgV", "[0-9]{2}"),
    **dict.fromkeys("ekl", "[ 0-9]{2}"),
    **dict.fromkeys("bBaAhpPZ", "[^ ]+"),
    "Y": "[0-9]{4}", "G": "[0-9]{4}", "j": "[0-9]{3}", "s": "[0-9]+", "f": "[0-9]+", "z": "[+-][0-9]{2}:?[0-9]{2}",
    "T": "[0-9]{2}:[0-9]{2}:[0-9]{2}", "F": "[0-9]{4}-[0-9]{2}-[0-9]{2}", "R": "[0-9]{2}:[0-9]{2}",
    "D": "[0-9]{2}/[0-9]{2}/[0-9]{2}",
}  # fmt: skip


def apache(name: str, text: str) -> Definition:
    """Return the definition of an Apache format string. Raises NotationError with the place that is not understood."""
    return _Format(name, _without_quoting(text)).definition()


def in_directives(text: str) -> list[Definition]:
    """Return the LogFormat directives of a text; a backslash at a line's end continues it. Raises
    NotationError.
    """
    joined = re.sub(r"\\\r?\n", " ", text)
    found = re.finditer(
        r'^\s*LogFormat\s+(?:"((?:[^"\\]|\\.)*)"|(\S+))(?:\s+(\S+))?\s*$', joined, re.MULTILINE | re.IGNORECASE
    )
    definitions = [
        apache(match[3] or "log_format", re.sub(r'\\(["\\])', r"\1", match[1] or match[2])) for match in found
    ]
    if not definitions:
        raise NotationError("LogFormat needs a format between double quotes, and may have a nickname behind it.")
    return definitions


def _without_quoting(text: str) -> str:
    """Undo what a configuration file or a shell put around the string: quotes at both ends, `\\"`."""
    inner = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)"(?:\s+[\w-]+)?\s*', text)  # a LogFormat's name may follow
    if inner and '\\"' in inner[1]:
        text = inner[1]
    return text.replace('\\"', '"').replace("\\t", "\t").strip("\n")


class _Format:
    """Reads one format string directive by directive."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.names: dict[str, str] = {}
        self.shapes: dict[str, str] = {}
        self.times: list[Source] = []
        self.pattern = ""

    def definition(self) -> Definition:
        """Return the definition."""
        position = 0
        while (at := self.text.find("%", position)) >= 0:
            self.literal(self.text[position:at])
            found = _DIRECTIVE.match(self.text, at)
            if not found:
                raise NotationError(f"the log format: no directive after the % at character {at + 1}.")
            position = found.end()
            if found[2] == "%":
                self.literal("%")
            elif found[2] == "t":
                position = self.time(found)
            else:
                self.field(f"{{{found[1]}}}{found[2]}" if found[1] is not None else found[2])
        self.literal(self.text[position:])
        return self.finished()

    def literal(self, text: str) -> None:
        """Add text that stands in every line."""
        self.pattern += text

    def field(self, directive: str) -> None:
        """Add a field; a request header is known by its name in any case."""
        field = "apache_" + re.sub(r"[^A-Za-z0-9]", "_", directive)
        if directive in self.names:
            field += f"_{len(self.pattern)}"
        self.names.setdefault(directive, field)
        self.pattern += f"${{{field}}}"
        shape = APACHE[directive].shape if directive in APACHE else None
        if shape:
            self.shapes[field] = shape

    def time(self, found: re.Match[str]) -> int:
        """Add a time with the pieces of it that follow (`%{%d/%b/%Y:%T}t.%{usec_frac}t %{%z}t`); return its end."""
        if found[1] is None:
            self.literal("[")
            self.add_time("clf", CLF_TIME)
            self.literal("]")
            return found.end()
        pieces, between, end = [_plain(found[1])], [], found.end()
        while True:
            link = _TIME_LINK.match(self.text, end)
            following = _DIRECTIVE.match(self.text, link.end()) if link else None
            if not link or not following or following[2] != "t" or not following[1]:
                break
            between.append(link[0])
            pieces.append(_plain(following[1]))
            end = following.end()
        self.whole_time(pieces, between)
        return end

    def whole_time(self, pieces: list[str], between: list[str]) -> None:
        """Add one field for the pieces of a time and the texts between them."""
        if pieces[0] in _EPOCHS:
            digits = "".join(re.escape(link) + "[0-9]+" for link in between)
            return self.add_time(_EPOCHS[pieces[0]], f"[0-9]+{digits}")
        form = _FRACTIONS.get(pieces[0], pieces[0])
        for link, piece in zip(between, pieces[1:], strict=True):
            form += link + _FRACTIONS.get(piece, piece)
        chrono = form.replace(".%3f", "%.f").replace(".%6f", "%.f")
        return self.add_time(f"strftime({chrono})", time_shape(form))

    def add_time(self, kind: str, shape: str) -> None:
        """Add the field of a time."""
        field = f"apache_time_{len(self.times) + 1}"
        self.times.append(Source((field,), kind))
        self.shapes[field] = shape
        self.pattern += f"${{{field}}}"

    def finished(self) -> Definition:
        """Return the definition of what was read."""
        if not self.names and not self.times:
            raise NotationError("the log format: it names no directive (%h, %t, %r ...).")
        known: dict[str, Variable] = dict(APACHE)
        for directive in self.names:
            header = re.fullmatch(r"\{([^}]*)\}i", directive)
            if header and header[1].lower() in HEADERS:
                known[directive] = HEADERS[header[1].lower()]
        columns = {column: tuple(sources) for column, sources in with_columns(known, self.names).items()}
        if self.times:
            columns["timestamp"] = tuple(self.times)
        hidden_by = None
        if "request" not in columns:
            if "U" not in self.names:
                raise NotationError("the log format: nothing in it holds the request target, such as %r.")
            hidden_by = "%U"
            columns["path"] = (Source((self.names["U"],), "text"),)
            if "q" in self.names:
                columns["query"] = (Source((self.names["q"],), "text"),)
        return Definition(
            name=self.name,
            title=f"Apache LogFormat {self.name}",
            vendor="https://httpd.apache.org/docs/2.4/mod/mod_log_config.html",
            grammar="template",
            escape="apache",
            hidden_by=hidden_by,
            templates=(Template(self.name, self.pattern),),
            shapes=self.shapes,
            columns=columns,
        )


def _plain(form: str) -> str:
    """Return a time's format without `begin:` and `end:`."""
    return form.removeprefix("begin:").removeprefix("end:")


def time_shape(form: str) -> str:
    """Return a pattern for the texts that a strftime format gives."""
    pieces = re.split(r"%[0-9.]*([A-Za-z%])", form)
    return "".join(_LETTERS.get(piece, ".+?") if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
