"""Whether the fields of a format hold what they can hold: a pattern alone takes lines of other layouts, too.

`4000 6 203.0.113.7 [time] "request" ...` fits lighttpd's pattern, with a counter for a client; a content type before
the referer makes nginx' `main` of a line, with an agent for X-Forwarded-For. Only what nearly all lines say counts:
clients choose what single ones say.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import CAPTURED, Definition

LOOKED_AT: Final = 30  # lines; more do not change the answer
_NEARLY_ALL: Final = 0.9
_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_MEDIA_TYPE: Final = r"(?:application|text|image|audio|video|font|multipart)/[\w.+-]+(?:;.*)?"  # RFC 6838
_URL: Final = r"https?://.*"
_AGENT: Final = r"Mozilla/.*\(.*"
_IMPOSSIBLE: Final = {
    "client_ip": re.compile(_NUMBER),
    "host": re.compile(rf"{_NUMBER}|[A-Z]{{2}}"),  # a counter, a country
    "referer": re.compile(rf"{_NUMBER}|{_MEDIA_TYPE}|{_AGENT}"),
    "user_agent": re.compile(rf"{_NUMBER}|{_MEDIA_TYPE}|{_URL}"),
    "forwarded_for": re.compile(rf"{_MEDIA_TYPE}|{_URL}|{_AGENT}"),
}


def is_plausible(definition: Definition, lines: pl.Series) -> bool:
    """Tell whether what `definition` reads of `lines`, all of its pattern, can be what it says."""
    step = -(-len(lines) // LOOKED_AT) or 1
    return reads_plausibly(definition, template.cut(lines.gather_every(step), definition, detecting=True)[1])


def reads_plausibly(definition: Definition, fields: pl.DataFrame) -> bool:
    """Tell the same of lines of which `definition` has read the `fields`."""
    step = -(-fields.height // LOOKED_AT) or 1
    for column, pattern in _IMPOSSIBLE.items():
        for source in definition.columns.get(column, ()):
            name = source.fields[0]
            if name not in fields.columns or source.kind in CAPTURED:  # these take only what fits
                continue
            known = [value for value in fields[name].to_list()[::step] if value not in (None, *definition.missing)]
            if known and sum(pattern.fullmatch(value) is not None for value in known) >= _NEARLY_ALL * len(known):
                return False
    return True
