"""Destinations: every request of a frame gets the host that the vulnerable proxy would have sent the key to.

Most targets are decided by columns (plain_targets.py, proven equal to the resolver in the tests); each of the
others is resolved once.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan import decoding, plain_targets, proxy
from clerk_logscan.options import Options
from clerk_logscan.unread import suspicious

__all__ = ["DESTINATION_COLUMNS", "resolve", "suspicious"]

# What `resolve` adds to a frame, in this order. `slashes`: two or more adjacent slashes (either kind) in the path
# that the proxy took. `decoded_*`: the same answers for the path percent-decoded exactly once by a hop in front;
# where decoding changes nothing they are the same.
DESTINATION_COLUMNS: Final[dict[str, pl.DataType]] = {
    "matched": pl.Boolean(),  # the request reaches the proxy handler, under one of the proxy paths
    "proxy_path": pl.String(),  # the proxy path that took it; null where none
    "target_host": pl.String(),  # who gets the key: lower-case ASCII, no port; the Frontend API itself when harmless
    "target_url": pl.String(),  # what is fetched
    "target_kind": pl.String(),  # canary, metadata, loopback, link-local, private, single-label, public; off-host only
    "off_host": pl.Boolean(),  # a foreign host gets the key, or would if fetch did not refuse
    "refused": pl.Boolean(),  # fetch refuses before it connects
    "unresolvable": pl.Boolean(),  # no valid host: an error 500, or the process dies
    "crashes": pl.Boolean(),  # the Node process dies in at least one of the frameworks asked for
    "slashes": pl.Boolean(),  # two or more adjacent slashes under the proxy path
    "decoded_matched": pl.Boolean(),
    "decoded_host": pl.String(),
    "decoded_url": pl.String(),
    "decoded_kind": pl.String(),
    "decoded_off_host": pl.Boolean(),
    "decoded_refused": pl.Boolean(),
    "decoded_unresolvable": pl.Boolean(),
}
_KEY: Final = ["request_target", "host", "method", "_non_ascii"]
_ROW: Final = "_destination_row"
_RANK: Final = "_gravity"
_GRAVITY: Final = (pl.col("off_host").cast(pl.Int8) * 2 + pl.col("unresolvable").cast(pl.Int8)).alias(_RANK)


def resolve(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return `frame` with DESTINATION_COLUMNS added; reads `request_target`, `host`, `method` and `_non_ascii`.

    Where `_other_targets` holds one that would send the key elsewhere, or to no host, and the first reading does not,
    it becomes the row's `request_target`.
    """
    found = _resolve(frame, options)
    if "_other_targets" not in frame.columns or not frame["_other_targets"].is_not_null().any():
        return found
    return _graver(found, frame.columns, options)


def _graver(found: pl.DataFrame, columns: list[str], options: Options) -> pl.DataFrame:
    """Return `found` (rows resolved; `columns` are those before that) with the gravest of the other readings taken."""
    rows = found.with_row_index(_ROW).with_columns(_GRAVITY)
    texts = pl.col("_other_targets").str.split(" ")
    others = rows.filter(pl.col("_other_targets").is_not_null()).with_columns(request_target=texts)
    others = others.select(_ROW, *columns).explode("request_target")
    others = _resolve(others, options).with_columns(_GRAVITY).sort(_RANK, descending=True, maintain_order=True)
    both = pl.concat([rows, others.select(rows.columns)]).sort(_ROW, maintain_order=True)
    graver = both.filter(pl.col(_RANK) == pl.col(_RANK).max().over(_ROW))
    return graver.unique(_ROW, keep="first", maintain_order=True).drop(_ROW, _RANK)


def _resolve(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    keys = frame.select(
        pl.col("request_target").fill_null(""),
        plain_targets.odd_host().alias("host"),
        pl.col("method").fill_null("GET").str.to_uppercase(),
        plain_targets.raw_bytes().alias("_non_ascii"),
    ).with_row_index(_ROW)
    candidate = keys.filter(plain_targets.may_match(options.proxy_paths))
    plain, others = plain_targets.resolve(candidate, options)
    parts = [plain.select(_ROW, *DESTINATION_COLUMNS), _resolve_each(others, options)]
    found = pl.concat(parts)
    added = keys.select(_ROW).join(found, on=_ROW, how="left", maintain_order="left").drop(_ROW)
    flags = [name for name, dtype in DESTINATION_COLUMNS.items() if dtype == pl.Boolean()]
    return frame.drop(list(DESTINATION_COLUMNS), strict=False).hstack(
        added.with_columns(pl.col(flags).fill_null(False)).get_columns()
    )


def _resolve_each(keys: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Resolve each different request once."""
    unique = keys.select(_KEY).unique(maintain_order=True)
    rows = [_row(*key, options=options) for key in unique.iter_rows()]
    answers = unique.hstack(pl.DataFrame(rows, schema=DESTINATION_COLUMNS, orient="row").get_columns())
    return keys.join(answers, on=_KEY, how="left").select(_ROW, *DESTINATION_COLUMNS)


def _row(target: str, host: str, method: str, raw_bytes: bool, *, options: Options) -> tuple[object, ...]:
    path, sent = _gravest([(target, raw_bytes)], host, method, options)
    read = [(reading, False) for reading in decoding.readings(target, raw_bytes)]
    decoded = sent if read == [(target, raw_bytes)] else _gravest(read, host, method, options)[1]
    return (
        sent.matched, path if sent.matched or sent.unresolvable else None,
        sent.target_host, sent.target_url, sent.target_kind, sent.off_host, sent.refused, sent.unresolvable,
        sent.crashes and (sent.matched or sent.unresolvable), sent.slashes,
        decoded.matched, decoded.target_host, decoded.target_url, decoded.target_kind, decoded.off_host,
        decoded.refused, decoded.unresolvable,
    )  # fmt: skip


def _gravest(
    targets: list[tuple[str, bool]], host: str, method: str, options: Options
) -> tuple[str, proxy.Destination]:
    """Resolve under every proxy path, and return the gravest with its path."""
    found = [
        (path, _resolved(target, raw_bytes, host, method, path, options))
        for path in options.proxy_paths
        for target, raw_bytes in targets
    ]
    path, worst = max(found, key=lambda pair: gravity(pair[1]))
    return proxy.effective_path(path), worst


def _resolved(target: str, raw_bytes: bool, host: str, method: str, path: str, options: Options) -> proxy.Destination:
    """Resolve one target; a strange Host counts only where it makes the result worse, for a log's may not be Node's."""
    destinations = [
        proxy.resolve(
            target,
            host=name,
            method=method,
            proxy_path=path,
            framework=options.framework,
            allow_hosts=options.allow_hosts,
            raw_bytes=raw_bytes,
        )
        for name in dict.fromkeys(("", host))
    ]
    return next((found for found in destinations if found.off_host), destinations[0])


def gravity(found: proxy.Destination) -> int:
    """Return a number that is higher the graver a destination is."""
    if found.off_host:
        return 4 if found.refused else 5
    if found.unresolvable:
        return 3
    return 2 if found.slashes else int(found.matched)
