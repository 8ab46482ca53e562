"""Which format definitions an analysis may use, by its options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clerk_logscan.options import AUTO, Options
from clerk_logscan.parsing.definitions import Definition, Library, load_definitions


def chosen(options: Options) -> Library:
    """Return the definitions that `options.log_format` and `options.parsers` allow.

    `auto`: all; a name: that one; anything else: what the pasted log_format, LogFormat, log-format or nginx.conf
    says. Raises DefinitionError with one sentence for what cannot be used.
    """
    library = load_definitions(options.parsers)
    if options.log_format == AUTO:
        return library
    if options.log_format in library:
        return Library([], [library[options.log_format]])
    from clerk_logscan.parsing.notation import from_option

    return Library([], from_option(options.log_format))


def facts(definitions: Library, rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what an investigation must know of each format that occurs in the ledger's `rows`.

    Where such a log is written, whether its vendor calls it best effort, and by which field it hides the attack.
    """
    names = sorted({name for row in rows for name in row["log_formats"] if name in definitions})
    return {name: _facts(definitions[name]) for name in names}


def _facts(definition: Definition) -> dict[str, Any]:
    return {
        "hop": definition.hop,
        "best_effort": definition.best_effort,
        "hidden_by": definition.hidden_by,
        "tells_forwarded": bool(definition.evidence),
    }
