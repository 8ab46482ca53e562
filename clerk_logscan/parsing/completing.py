"""Formats whose keys users name themselves: a column that stays empty is looked for under other names.

nginx' `escape=json`, HAProxy's and API Gateway's JSON have no names of their own. What the definition says comes first;
what was guessed from the lines of the file only fills what it leaves empty.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.json_lines import JsonLines

_COLUMNS: Final = (
    *("timestamp", "client_ip", "forwarded_for", "method", "host", "status", "bytes_sent", "duration"),
    *("user_agent", "referer", "request_id"),
)
_LINES: Final = 200  # that the other names are guessed from


def complete(definition: Definition, texts: pl.Series) -> Definition:
    """Return `definition` with sources for the columns that it leaves empty in all of `texts`, where there are such."""
    cuts = [cut for cut in JsonLines([definition]).cut(texts) if cut.raw.width]
    empty = [column for column in _COLUMNS if not any(_has(cut, column) for cut in cuts)]
    if not cuts or not empty or not _may_hold(definition, texts, empty):
        return definition
    from clerk_logscan.parsing.inference import infer

    lines = texts.gather(cuts[0].rows).head(_LINES).to_list()
    guess = next(infer(lines), None)
    if guess is None or guess.definition.grammar != "json":
        return definition
    found = {column: guess.definition.columns[column] for column in empty if column in guess.definition.columns}
    more = {column: (*definition.columns.get(column, ()), *sources) for column, sources in found.items()}
    return replace(definition, columns={**definition.columns, **more}) if found else definition


def _has(cut: Cut, column: str) -> bool:
    """Tell whether a column of what was cut holds something."""
    fields = [field for source in cut.definition.columns.get(column, ()) for field in source.fields]
    nothing = (None, *cut.definition.missing)
    known = (cut.raw[field] for field in fields if field in cut.raw.columns)
    return any(value not in nothing for values in known for value in values.to_list())


def _may_hold(definition: Definition, texts: pl.Series, columns: list[str]) -> bool:
    """Tell whether a key of the first record that the definition does not read is known as a name of these columns."""
    from clerk_logscan.parsing import json_values
    from clerk_logscan.parsing.inference import names
    from clerk_logscan.parsing.inference.record_guesses import flat

    record = next((one for one in json_values.read_objects(texts.head(1)) if one), {})
    keys = [key for key in flat(record) if key not in definition.fields]
    return any(names.rank(key, column) is not None for key in keys for column in columns)
