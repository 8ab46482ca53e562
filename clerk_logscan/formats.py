"""Which format definitions an analysis may use, by its options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from clerk_logscan.options import AUTO, Options
from clerk_logscan.parsing import lines
from clerk_logscan.parsing.definitions import Definition, DefinitionError
from clerk_logscan.parsing.library import Library, load_definitions
from clerk_logscan.parsing.parser import Parser

_SECONDS: Final = pl.col("timestamp").dt.epoch("s")
_ELSEWHERE: Final = "+11:45"  # a zone that no log of a server is in


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

    try:
        return Library([], from_option(options.log_format))
    except DefinitionError as error:
        raise DefinitionError(f"--log-format: {error}{_alike(options.log_format, library)}") from None


def _alike(name: str, library: Library) -> str:
    """Return a hint at formats whose names are like an unknown one."""
    from difflib import get_close_matches

    plain = name.replace("-", "_").lower()
    alike = [one for one in library if plain and one.startswith(f"{plain}_")] or get_close_matches(plain, library)
    return f" Did you mean {' or '.join(alike[:5])}?" if alike else ""


def facts(definitions: Library, rows: Iterable[Mapping[str, Any]], requests: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what an investigation must know of each format that occurs in the ledger's `rows`.

    Where such a log is written, whether its vendor calls it best effort, by which field it hides the attack, whether
    it tells of forwarding, and what its times are: `zoned` (they state their zone, or are in UTC by the format) and
    `epoch` (seconds since 1970, which no wrong zone can shift); `requests` holds some of each.
    """
    names = sorted({name for row in rows for name in row["log_formats"] if name in definitions})
    found = {name: _facts(definitions[name]) for name in names}
    for name in names if len(names) > 1 else ():
        of_format = requests.filter((pl.col("log_format") == name) & pl.col("timestamp").is_not_null()).head(1)
        found[name]["zoned"] = _zoned(definitions[name], of_format)
        found[name]["epoch"] = any(str(moment) in raw for moment, raw in of_format.select(_SECONDS, "raw").iter_rows())
    return found


def _facts(definition: Definition) -> dict[str, Any]:
    return {
        "hop": definition.hop,
        "best_effort": definition.best_effort,
        "hidden_by": definition.hidden_by,
        "tells_forwarded": bool(definition.evidence),
        "zoned": True,
        "epoch": False,
    }


def _zoned(definition: Definition, told: pl.DataFrame) -> bool:
    """Return whether a line of this format states its zone: read as of another zone, its time stays. W3C is in UTC."""
    if definition.grammar == "w3c" or told.is_empty():
        return True
    again = Parser(Library([], [definition]), "", _ELSEWHERE).read(told.select(*lines.SCHEMA)).requests
    return again["timestamp"].to_list() in ([], told["timestamp"].to_list())
