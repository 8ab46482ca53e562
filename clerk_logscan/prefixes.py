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


def foreign(requests: pl.DataFrame, proxy_paths: Sequence[str]) -> dict[str, int]:
    """Return the prefixes other than `proxy_paths` under which clerk-js was served, with requests not answered 404.

    `requests` is a frame with request_target and status. A prefix stands before `/v1/` or `/npm/`; the root is none,
    as that is a Frontend API of its own host, which no proxy path of this application answers.
    """
    ours = requests[["request_target", "status"]].filter(marked())
    if ours.is_empty():  # as in most logs, where grouping would cost far more than the search
        return {}
    prefix = pl.col("request_target").str.extract(_MARKED_PATH).alias("prefix")
    found = (
        ours.lazy()
        .filter(pl.col("status").is_null() | (pl.col("status") != _NOT_FOUND))
        .select(prefix)
        .filter(pl.col("prefix").is_not_null() & (pl.col("prefix").str.strip_chars("/") != ""))
        .group_by("prefix")
        .len()
        .sort("prefix")
        .collect()
    )
    return {
        name: count
        for name, count in found.iter_rows()
        if not any(name == path or name.startswith((path + "/", path + "\\")) for path in proxy_paths)
    }
