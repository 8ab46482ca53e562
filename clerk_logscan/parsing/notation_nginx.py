"""nginx `log_format`s to definitions, whether they write lines or JSON objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from clerk_logscan.parsing import variables
from clerk_logscan.parsing.definitions import Condition, Definition, Evidence, Source, Template
from clerk_logscan.parsing.nginx_conf import Directive
from clerk_logscan.parsing.notation_parts import NotationError, needs_target
from clerk_logscan.parsing.variable_defaults import default_evidence, with_defaults

_VENDOR: Final = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
_ESCAPES: Final = {"default": "nginx", "json": "c", "none": "none"}


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
        as_json = _json(name, pattern, place)
        if as_json:
            return as_json
    templates = (Template(name, pattern),)
    columns, shapes, hidden_by = with_defaults(templates, {}, {}, None)
    needs_target(columns, place, "$request or $request_uri")
    return Definition(
        name=name,
        title=f"nginx log_format {name}",
        vendor=_VENDOR,
        grammar="template",
        escape=_ESCAPES[escape],
        hidden_by=hidden_by,
        templates=templates,
        shapes=shapes,
        columns=columns,
        evidence=default_evidence(templates),
    )


def in_directives(found: Iterable[Directive]) -> list[Definition]:
    """Return the definitions of the `log_format`s among the directives of a configuration. Raises NotationError."""
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


def _json(name: str, pattern: str, place: str) -> Definition | None:
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
    needs_target(found, place, "$request or $request_uri as a value of its own")
    return Definition(
        name=name,
        title=f"nginx log_format {name}",
        vendor=_VENDOR,
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
