"""A forgotten `--proxy-path`, the commonest wrong "no": clerk-js leaves its marks under another prefix.

clerk-js sends `_clerk_js_version` and `__clerk_api_version` in the query of its own requests and loads itself from
`/npm/@clerk/` (clerk/javascript, packages/clerk-js and packages/shared/src/loadClerkJsScript.ts).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_MARKED_PATH = r"^(?:https?://[^/]*)?(/[^?#]*?)/+(?:v1|npm)/"
_OWN = r"^[^?#]*(?:\?(?:[^#]*&)?_(?:clerk_js|_clerk_api)_version=|/npm/@clerk/)"  # its query, or its script
_NOT_FOUND = 404


def marked() -> pl.Expr:
    """Return whether a request bears the marks of clerk-js: not null, and false without a target."""
    return pl.col("request_target").str.contains(_OWN).fill_null(False)


def foreign(requests: pl.DataFrame, proxy_paths: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return by input the prefixes other than `proxy_paths` under which clerk-js was served, with how many requests.

    `requests` is a frame with source, request_target and status; those answered 404 do not count. A prefix stands
    before `/v1/` or `/npm/`; the root is none, as that is a Frontend API of its own host, which no proxy path of this
    application answers.
    """
    answered = pl.col("status").is_null() | (pl.col("status") != _NOT_FOUND)
    served = requests[["source", "request_target", "status"]].filter(marked() & answered)
    prefix = pl.col("request_target").str.extract(_MARKED_PATH)
    counts = served.select("source", prefix).group_by("source", "request_target").len()
    found: dict[str, dict[str, int]] = {}
    for source, name, count in counts.sort("source", "request_target").iter_rows():
        if name and name.strip("/") and not _is_below(name, proxy_paths):
            found.setdefault(source, {})[name] = count
    return found


def _is_below(name: str, paths: Sequence[str]) -> bool:
    """Tell whether a prefix is one of these paths, or below one."""
    return any(name == path or name.startswith((path + "/", path + "\\")) for path in paths)
