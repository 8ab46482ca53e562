"""Pasted formats to definitions: nginx `log_format`, Apache `LogFormat`, HAProxy `log-format`, or a file with some."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any, Final

from clerk_logscan.parsing import variables
from clerk_logscan.parsing.definitions import (
    COLUMN_KINDS,
    Condition,
    Definition,
    DefinitionError,
    Evidence,
    Source,
    Template,
)
from clerk_logscan.parsing.nginx_conf import Directive, directives, tokens
from clerk_logscan.parsing.variable_defaults import default_evidence, with_defaults

_NGINX_VENDOR: Final = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
_ESCAPES: Final = {"default": "nginx", "json": "c", "none": "none"}
_HAPROXY_MARKS: Final = (
    r"%(?:\{[+-][A-Z]|\[|(?:\{[^}]*\})?(?:ci|cp|ft|ST|TR|Ta|tsc?|trg?|trl|HM|HU|bq|sq|CC|CS|hr|hrl)\b)"
)


class NotationError(DefinitionError):
    """A pasted format that cannot be read; its text is one sentence that names the place."""


def from_option(text: str) -> list[Definition]:
    """Return the definitions of what was given as `-l`: a format string, a directive, or a file that holds some.

    A file may be an nginx configuration (`include` is followed), an Apache or an HAProxy one. Raises NotationError.
    """
    text = _attribute(text)
    if not re.search(r"[$%\n]", text):
        path = Path(text).expanduser()
        if not path.is_file():
            raise NotationError(f"{text!r} is no known format, no file, and names no variable ($name or %x).")
        return from_file(path)
    if re.search(r"\blog_format\s", text):
        return _nginx_directives(directives(text, "the log format"))
    if re.search(r"^\s*LogFormat\s", text, re.MULTILINE | re.IGNORECASE):
        return _apache_directives(text)
    if re.search(r"^\s*log-format\s", text, re.MULTILINE):
        return _haproxy_directives(text)
    return [from_string(text)]


def _attribute(text: str) -> str:
    """Return the pattern of Tomcat's `<Valve pattern="..."/>`, or of a text with its `&quot;`; else the text itself."""
    found = re.search(r'<Valve\b[^>]*\bpattern="([^"]*)"', text)
    return html.unescape(found[1] if found else text) if found or "&quot;" in text else text


def from_file(path: Path) -> list[Definition]:
    """Return every format that a server's configuration file defines. Raises NotationError where there is none."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotationError(f"{path} cannot be read: {error.strerror}.") from error
    if re.search(r"^\s*LogFormat\s", text, re.MULTILINE | re.IGNORECASE):
        return _apache_directives(text)
    if re.search(r"^\s*log-format\s", text, re.MULTILINE):
        return _haproxy_directives(text)
    found = _nginx_directives(directives(text, str(path), path.parent))
    if not found:
        raise NotationError(f"{path} holds no log_format, LogFormat or log-format.")
    return found


def from_string(text: str) -> Definition:
    """Return the definition of one format string; nginx is told by `$name`, HAProxy and Apache by their `%`."""
    from clerk_logscan.parsing.notation_apache import apache
    from clerk_logscan.parsing.notation_haproxy import haproxy

    if variables.REFERENCE.search(text):
        words = _pieces(text)
        escape = words.pop(0) if words[0].startswith("escape=") else "escape=default"
        return nginx("log_format", "".join(words), escape.partition("=")[2], text)
    return haproxy("log_format", text) if re.search(_HAPROXY_MARKS, text) else apache("log_format", text)


def _pieces(text: str) -> list[str]:
    """Return the words of a pasted log_format: quoted pieces where it is quoted, else the whole text as one."""
    stripped = text.strip().removesuffix(";").rstrip()
    escape = re.match(r"(escape=\w+)\s+", stripped)
    rest = stripped[escape.end() :] if escape else stripped
    quoted = rest.startswith("'") or (rest.startswith('"') and '\\"' in rest)
    words = [word.text for word in tokens(rest, "the log format")] if quoted else [rest]
    return [escape[1], *words] if escape else words


def _nginx_directives(found: list[Directive]) -> list[Definition]:
    definitions = []
    for directive in found:
        if directive.words[:1] != ["log_format"]:
            continue
        if len(directive.words) < 3:
            raise NotationError(f"{directive.place}: log_format needs a name and a format.")
        name, words = directive.words[1], directive.words[2:]
        escape = words.pop(0).partition("=")[2] if words[0].startswith("escape=") else "default"
        definitions.append(nginx(name, "".join(words), escape, directive.place))
    return definitions


def nginx(name: str, pattern: str, escape: str, place: str) -> Definition:
    """Return the definition of an nginx log_format; `escape`: default, json or none. Raises NotationError."""
    if escape not in _ESCAPES:
        raise NotationError(f"{place}: escape={escape} is none of default, json, none.")
    broken = re.search(r"\$(?!\{?[A-Za-z0-9_])|\$\{[^}]*$", pattern)
    if broken:
        raise NotationError(f"{place}: no variable name after the $ at character {broken.start() + 1}.")
    if not variables.names(pattern):
        raise NotationError(f"{place}: it names no variable.")
    if pattern.lstrip().startswith("{"):
        as_json = _nginx_json(name, pattern, place)
        if as_json:
            return as_json
    templates = (Template(name, pattern),)
    columns, shapes, hidden_by = with_defaults(templates, {}, {}, None)
    _needs_target(columns, place, "$request or $request_uri")
    return Definition(
        name=name,
        title=f"nginx log_format {name}",
        vendor=_NGINX_VENDOR,
        grammar="template",
        escape=_ESCAPES[escape],
        hidden_by=hidden_by,
        templates=templates,
        shapes=shapes,
        columns=columns,
        evidence=default_evidence(templates),
    )


def _needs_target(columns: dict[str, tuple[Source, ...]], place: str, what: str) -> None:
    if not {"request", "request_target", "url", "path"} & set(columns):
        raise NotationError(f"{place}: nothing in it holds the request target, such as {what}.")


def _nginx_json(name: str, pattern: str, place: str) -> Definition | None:
    """Return the json definition of a log_format that writes objects; None where its text is no JSON."""
    marked = variables.REFERENCE.sub(lambda found: f"\x01{found[1] or found[2]}\x02", pattern)
    marked = re.sub(r"(?<=[:\[,])(\s*)(\x01\w+\x02)(?=\s*[,}\]])", r'\1"\2"', marked)
    try:
        document = json.loads(marked.replace("\x01", "\\u0001").replace("\x02", "\\u0002"))
    except ValueError:
        return None
    keys = {variable: key for key, variable in _leaves(document, "")}
    columns, _, hidden_by = with_defaults((Template(name, pattern),), {}, {}, None)
    moved = {c: tuple(_moved(s, keys) for s in sources if s.fields[0] in keys) for c, sources in columns.items()}
    found = {column: sources for column, sources in moved.items() if sources}
    _needs_target(found, place, "$request or $request_uri as a value of its own")
    return Definition(
        name=name,
        title=f"nginx log_format {name}",
        vendor=_NGINX_VENDOR,
        grammar="json",
        escape="json",
        hidden_by=hidden_by,
        requires=tuple(key for key, _ in _leaves(document, "")),
        columns=found,
        evidence=tuple(
            _moved_evidence(e, keys) for e in default_evidence((Template(name, pattern),)) if _keyed(e, keys)
        ),
    )


def _keyed(evidence: Evidence, keys: dict[str, str]) -> bool:
    return all(condition.field in keys for condition in evidence.when)


def _moved_evidence(evidence: Evidence, keys: dict[str, str]) -> Evidence:
    when = tuple(Condition(keys[c.field], c.operator, c.values) for c in evidence.when)
    reason = re.sub(r"\{(\w+)\}", lambda found: f"{{{keys.get(found[1], found[1])}}}", evidence.reason)
    return Evidence(when, evidence.shows, reason)


def _moved(source: Source, keys: dict[str, str]) -> Source:
    return Source(tuple(keys[name] for name in source.fields), source.kind)


def _leaves(value: Any, path: str) -> list[tuple[str, str]]:
    """Return (key path, variable) of every value that is one variable."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}" if path else key)]
    found = re.fullmatch("\x01(\\w+)\x02", value) if isinstance(value, str) else None
    return [(path, found[1])] if found else []


def _apache_directives(text: str) -> list[Definition]:
    """Return the LogFormat directives of a text; a backslash at a line's end continues it."""
    from clerk_logscan.parsing.notation_apache import apache

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


def _haproxy_directives(text: str) -> list[Definition]:
    """Return the log-format directives of a text: between quotes, or with backslashes before its blanks."""
    from clerk_logscan.parsing.notation_haproxy import haproxy

    found = re.finditer(r'^\s*log-format\s+(?:"((?:[^"\\]|\\.)*)"|((?:[^\s\\]|\\.)+))', text, re.MULTILINE)
    formats = [re.sub(r"\\(.)", r"\1", match[1] or match[2]) for match in found]
    return [haproxy(f"log_format_{n}" if n > 1 else "log_format", form) for n, form in enumerate(formats, 1)]


def with_columns(known: dict[str, variables.Variable], names: dict[str, str]) -> dict[str, list[Source]]:
    """Return the sources of a format by a table of its variables; `names`: directive to field name, in its order."""
    columns: dict[str, list[Source]] = {}
    for directive, variable in known.items():
        if directive in names and variable.column:
            kind = variable.kind or COLUMN_KINDS[variable.column]
            columns.setdefault(variable.column, []).append(Source((names[directive],), kind))
    return columns
