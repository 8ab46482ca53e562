"""Which path fields of an input are normalised by the server, though its format's name does not say so.

The keys of a JSON log are the user's own: `uri` mostly holds nginx' `$uri`, decoded and with its slashes merged, but
may hold `$request_uri`. A value with a query, two slashes or an escape shows that it is the target as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import polars as pl

from clerk_logscan.parsing.library import Library

_AS_IT_CAME: Final = r"\?|//|\\/\\/|%[0-9A-Fa-f]{2}|\\\\"


def fields(requests: pl.DataFrame, log_formats: Iterable[str], definitions: Library) -> list[str]:
    """Return the keys that give the request targets of `requests` (schema.FRAME) and are normalised there.

    `log_formats`: names of all that they may be of.
    """
    keys = {name: definitions[name].normalised for name in log_formats if name in definitions}
    found: list[str] = []
    for name in requests["log_format"].unique(maintain_order=True) if any(keys.values()) else ():
        if some := keys.get(name):
            found += _normalised(requests.filter(pl.col("log_format") == name)["raw"], some)
    return found


def _normalised(raw: pl.Series, keys: tuple[str, ...]) -> list[str]:
    """Return which of `keys` hold nothing but normalised paths, where no key of another name gives the target."""
    if raw.str.contains(r'"(?:request_uri|request|http_request|request_url|url)"\s*:').any():
        return []
    found = []
    for key in keys:
        values = raw.str.extract(rf'"{re.escape(key)}"\s*:\s*"((?:[^"\\]|\\.)*)"').drop_nulls()
        if len(values) and not values.str.contains(_AS_IT_CAME).any():
            found.append(key)
    return found
