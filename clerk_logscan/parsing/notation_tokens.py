"""Format strings whose tokens stand for themselves: Envoy, morgan, gunicorn, uWSGI, GoAccess, Echo and Fiber."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from clerk_logscan.parsing import notation_tables
from clerk_logscan.parsing.definitions import Definition, Evidence, Source, Template
from clerk_logscan.parsing.notation_apache import time_shape
from clerk_logscan.parsing.notation_parts import needs_target, with_columns
from clerk_logscan.parsing.variables import HEADERS, Variable

_HEADER: Final = re.compile(
    r"REQ\(([\w-]+)\)|req\[([\w-]+)\]|\{([\w-]+)\}i|header:([\w-]+)|reqHeader:([\w-]+)", re.IGNORECASE
)
_TIME: Final = re.compile(r"START_TIME\((.+)\)")
_HOP: Final = r"[0-9A-Za-z.:%\[\]_-]+"
_FRACTION: Final = re.compile(r"\.%[369]?f")


class Notation(NamedTuple):
    """How one program's format strings are written.

    mark    what tells them from others; token: one variable, the groups of which, joined, are its name
    table   what the names mean; target: how a request target is written, for who has none
    """

    name: str
    vendor: str
    mark: re.Pattern[str]
    token: re.Pattern[str]
    table: Mapping[str, Variable]
    target: str
    hop: str = "application"
    escape: str = "none"


NOTATIONS: Final = (
    Notation(
        "Envoy",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#format-strings",
        re.compile(r"%[A-Z_]{4,}(?:\([^)]*\))?(?::[0-9]+)?%"),
        re.compile(r"%([A-Z_0-9]+(?:\([^)]*\))?)(?::[0-9]+)?%"),
        notation_tables.ENVOY,
        "%REQ(:PATH)%",
        "proxy",
    ),
    Notation(
        "gunicorn",
        "https://docs.gunicorn.org/en/stable/settings.html#access-log-format",
        re.compile(r"%\(\{?[\w-]+\}?[a-zA-Z]?\)s"),
        re.compile(r"%\(([^)]+)\)s"),
        notation_tables.GUNICORN,
        "%(r)s",
        escape="quote",
    ),
    Notation(
        "uWSGI",
        "https://uwsgi-docs.readthedocs.io/en/latest/LogFormat.html",
        re.compile(r"%\([\w.]+\)"),
        re.compile(r"%\(([\w.-]+)\)"),
        notation_tables.UWSGI,
        "%(uri)",
    ),
    Notation(
        "GoAccess",
        "https://goaccess.io/man#custom-log",
        re.compile(r"%\^(?![A-Z]{2})|%d:%t|~h\{"),
        re.compile(r"%(?:d:%t %\^()|([A-Za-z^~]))|~(h)\{[^}]*\}"),
        notation_tables.GOACCESS,
        "%r",
        "proxy",
        "c",
    ),
    Notation(
        "Echo or Fiber",
        "https://echo.labstack.com/docs/middleware/logger",
        re.compile(r"\$\{(?:remote_ip|time_rfc3339\w*|latency\w*|bytes_out|bytesSent|ip|ua|path|reqHeader:[\w-]+)\}"),
        re.compile(r"\$\{([\w:-]+)\}"),
        notation_tables.GO,
        "${uri}, ${url} or ${path}",  # Fiber's path has its slashes merged
    ),
    Notation(
        "morgan",
        "https://expressjs.com/en/resources/middleware/morgan.html",
        re.compile(r"(?:^|[\s\"'|\[(,]):(?:method|url|status|remote-addr|date|response-time)\b"),
        re.compile(r":([-\w]{2,}(?:\[[^\]]+\])?)"),
        notation_tables.MORGAN,
        ":url",
        escape="quote",
    ),
)


def of(text: str) -> Notation | None:
    """Return the notation that a format string is written in, if it is one of these."""
    return next((one for one in NOTATIONS if one.mark.search(text)), None)


def definition(text: str, notation: Notation) -> Definition:
    """Return the definition of a format string. Raises NotationError where nothing in it holds the target."""
    return _Format(text.strip("\r\n").removesuffix("\\n"), notation).finished()


class _Format:
    """Reads one format string token by token."""

    def __init__(self, text: str, notation: Notation) -> None:
        self.notation = notation
        self.fields: dict[str, str] = {}  # token to field
        self.known: dict[str, Variable] = dict(notation.table)
        self.shapes: dict[str, str] = {}
        self.pattern = ""
        position = 0
        for found in notation.token.finditer(text):
            self.pattern += text[position : found.start()]
            self.field(next((group for group in found.groups() if group), "when"))
            position = found.end()
        self.pattern += text[position:]

    def field(self, token: str) -> None:
        """Add a field; a request header is known by its name, a time by its format."""
        place = len(self.shapes) + len(self.fields) + self.pattern.count("$")
        field = f"{re.sub(r'[^A-Za-z0-9]+', '_', token).strip('_').lower() or 'any'}_{place}"
        self._learn(token)
        variable = self.known.get(token, Variable(None))
        if variable.column == "protocol" and self.pattern.endswith("HTTP/"):
            self.pattern = self.pattern.removesuffix("HTTP/")
            self.shapes[field] = r"HTTP/[0-9.]+|HTTP/-|-"
        elif variable.column == "forwarded_for" and not self.pattern.endswith('"'):
            self.shapes[field] = rf"{_HOP}(?:, ?{_HOP})*|-|"
        elif variable.shape:
            self.shapes[field] = variable.shape
        self.fields.setdefault(token, field)
        self.pattern += f"${{{field}}}"

    def _learn(self, token: str) -> None:
        header, time = _HEADER.fullmatch(token), _TIME.fullmatch(token)
        if token in self.known:
            return
        if time:
            form = _FRACTION.sub("%.f", time[1])
            kind = "epoch-s" if re.fullmatch(r"%s(?:%\.f)?", form) else f"strftime({form})"
            self.known[token] = Variable("timestamp", kind, r"[0-9.]+" if kind == "epoch-s" else time_shape(time[1]))
        elif header:
            name = next(group for group in header.groups() if group).lower()
            self.known[token] = HEADERS.get(name, Variable(None))

    def finished(self) -> Definition:
        """Return the definition of what was read."""
        columns = {column: tuple(sources) for column, sources in with_columns(self.known, self.fields).items()}
        needs_target(columns, f"the log format ({self.notation.name})", self.notation.target)
        if "client_ip" not in columns and "forwarded_for" in columns:
            columns["client_ip"] = tuple(Source(one.fields, "last-address") for one in columns["forwarded_for"])
        return Definition(
            name="log_format",
            title=f"{self.notation.name} format string",
            vendor=self.notation.vendor,
            grammar="template",
            hop=self.notation.hop,
            hidden_by="${path}" if "request_target" not in columns and "${path}" in self.notation.target else None,
            escape=self.notation.escape,
            templates=(Template("log_format", self.pattern),),
            shapes=self.shapes,
            columns=columns,
            evidence=self.evidence(),
        )

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what Envoy's flags show, as its default format says it."""
        flags = self.fields.get("RESPONSE_FLAGS")
        if self.notation.name != "Envoy" or flags is None:
            return ()
        from clerk_logscan.parsing.library import load_definitions

        first = load_definitions()["envoy_text"].evidence[0]
        when = tuple(one._replace(field=flags) for one in first.when)
        return (first._replace(when=when, reason=first.reason.replace("{flags}", f"{{{flags}}}")),)
