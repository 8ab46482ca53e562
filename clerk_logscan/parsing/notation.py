"""Pasted formats to definitions: of nginx, Apache, HAProxy and others (`notation_tokens`), or a file with some."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Final

from clerk_logscan.parsing import notation_apache, notation_haproxy, notation_nginx, notation_tokens, variables
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.nginx_conf import directives, tokens
from clerk_logscan.parsing.notation_parts import NotationError

_HAPROXY_MARKS: Final = (
    r"%(?:\{[+-][A-Z]|\[|(?:\{[^}]*\})?(?:ci|cp|ft|ST|TR|Ta|tsc?|trg?|trl|HM|HU|bq|sq|CC|CS|hr|hrl)\b)"
)


def from_option(text: str) -> list[Definition]:
    """Return the definitions of what was given as `-l`: a format string, a directive, or a file that holds some.

    A file may be an nginx configuration (`include` is followed), an Apache or an HAProxy one. Raises NotationError.
    """
    text = _attribute(text)
    if not re.search(r"[$%\n]", text) and not notation_tokens.of(text):
        path = Path(text).expanduser()
        if not path.is_file():
            raise NotationError(f"{text!r} is no known format, no file, and names no variable ($name, %x or :name).")
        return from_file(path)
    if re.search(r"\blog_format\s", text):
        return notation_nginx.in_directives(directives(text, "the log format"))
    if re.search(r"^\s*LogFormat\s", text, re.MULTILINE | re.IGNORECASE):
        return notation_apache.in_directives(text)
    if re.search(r"^\s*log-format\s", text, re.MULTILINE):
        return notation_haproxy.in_directives(text)
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
        return notation_apache.in_directives(text)
    if re.search(r"^\s*log-format\s", text, re.MULTILINE):
        return notation_haproxy.in_directives(text)
    found = notation_nginx.in_directives(directives(text, str(path), path.parent))
    if not found:
        raise NotationError(f"{path} holds no log_format, LogFormat or log-format.")
    return found


def from_string(text: str) -> Definition:
    """Return the definition of one format string.

    nginx is told by `$name`, HAProxy and Apache by their `%`, others by tokens that none of these has.
    """
    if other := notation_tokens.of(text):
        return notation_tokens.definition(text, other)
    if variables.REFERENCE.search(text):
        words = _pieces(text)
        escape = words.pop(0) if words[0].startswith("escape=") else "escape=default"
        return notation_nginx.nginx("log_format", "".join(words), escape.partition("=")[2], text)
    dialect = notation_haproxy.haproxy if re.search(_HAPROXY_MARKS, text) else notation_apache.apache
    return dialect("log_format", text)


def _pieces(text: str) -> list[str]:
    """Return the words of a pasted log_format: quoted pieces where it is quoted, else the whole text as one."""
    stripped = text.strip().removesuffix(";").rstrip()
    escape = re.match(r"(escape=\w+)\s+", stripped)
    rest = stripped[escape.end() :] if escape else stripped
    quoted = rest.startswith("'") or (rest.startswith('"') and '\\"' in rest)
    words = [word.text for word in tokens(rest, "the log format")] if quoted else [rest]
    return [escape[1], *words] if escape else words
