"""Destinations: every request of a frame gets the host that the vulnerable proxy would have sent the key to.

Each different request is resolved once: most by columns (plain_targets.py, proven equal to the resolver in the tests).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan import decoding, plain_targets, proxy
from clerk_logscan.columns import different
from clerk_logscan.options import Options
from clerk_logscan.parsing.fields import NON_ASCII
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
_READING: Final = (pl.UInt32(), pl.String())  # the place of a key, and what is made of it
_RANK: Final = "_gravity"
_GRAVITY: Final = (pl.col("off_host").cast(pl.Int8) * 2 + pl.col("unresolvable").cast(pl.Int8)).alias(_RANK)
_OF_SENT: Final = {name: dtype for name, dtype in DESTINATION_COLUMNS.items() if not name.startswith("decoded_")}
# Of what is decoded, too, the column of the answer to it.
_OF_DECODED: Final = {
    name: name.removeprefix("decoded_")
    if name.removeprefix("decoded_") in _OF_SENT
    else name.replace("decoded", "target")
    for name in DESTINATION_COLUMNS
    if name.startswith("decoded_")
}


def resolve(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return `frame` with DESTINATION_COLUMNS added; reads `request_target`, `host`, `method` and `_non_ascii`.

    Where `_other_targets` holds one that would send the key elsewhere, or to no host, and the first reading does not,
    it becomes the row's `request_target`, unless it is the end of that: what a gateway takes off was sent all the same.
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
    others = others.with_columns(pl.col("request_target").str.contains(NON_ASCII).alias("_non_ascii"))
    others = _resolve(others, options).with_columns(_GRAVITY)
    graver = _gravest(pl.concat([rows, others.select(rows.columns)]))
    sent = pl.lit(rows["request_target"])
    taken = pl.col("request_target")
    return graver.with_columns(
        pl.when(sent.str.ends_with(taken)).then(sent).otherwise(taken).alias("request_target")
    ).drop(_ROW, _RANK)


def _gravest(rows: pl.DataFrame) -> pl.DataFrame:
    """Return of the rows with the same _ROW the one with the highest _RANK, the first of such; by _ROW."""
    graver = rows.sort(_ROW, _RANK, descending=[False, True], maintain_order=True)
    return graver.unique(_ROW, keep="first", maintain_order=True)


def _resolve(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    keys = frame.select(
        pl.col("request_target").fill_null(""),
        plain_targets.odd_host().alias("host"),
        pl.col("method").fill_null("GET").str.to_uppercase(),
        plain_targets.raw_bytes().alias("_non_ascii"),
    )
    firsts, numbers = different(keys)
    known = keys[firsts]
    answers = _answers(known.filter(plain_targets.may_match(options.proxy_paths)), options)
    flags = [name for name, dtype in DESTINATION_COLUMNS.items() if dtype == pl.Boolean()]
    told = known.join(answers, on=_KEY, how="left", maintain_order="left").with_columns(pl.col(flags).fill_null(False))
    added = told.select(*DESTINATION_COLUMNS)[numbers]
    return frame.drop(list(DESTINATION_COLUMNS), strict=False).hstack(added.get_columns())


def _answers(keys: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return different `keys` (_KEY) with DESTINATION_COLUMNS; where decoding changes nothing they are one."""
    if keys.is_empty():
        return keys.hstack(pl.DataFrame(schema=DESTINATION_COLUMNS).get_columns())
    sent = _sent(keys, options).with_row_index(_ROW)
    readings = _readings(sent.filter(plain_targets.may_be_decoded()))
    made = _sent(readings.select(_KEY).unique(), options)
    read = _gravest(readings.join(made, on=_KEY, maintain_order="left").with_columns(_gravity()))
    same = sent.join(read, on=_ROW, how="anti")
    decoded = pl.concat([part.select(_ROW, **_OF_DECODED) for part in (same, read)])
    return sent.join(decoded, on=_ROW).drop(_ROW)


def _readings(keys: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each thing that a hop may make of `keys` (_ROW, _KEY), in their order."""
    pairs = keys.select("request_target", "_non_ascii").iter_rows()
    found = [(place, text) for place, pair in enumerate(pairs) for text in dict.fromkeys(decoding.readings(*pair))]
    places, texts = (pl.Series([part[side] for part in found], dtype=dtype) for side, dtype in enumerate(_READING))
    return keys.select(_ROW, *_KEY)[places].with_columns(request_target=texts, _non_ascii=pl.lit(False))


def _sent(keys: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return different `keys` (_KEY) with the columns for the request as it was sent."""
    if keys.is_empty():
        return keys.select(_KEY).hstack(pl.DataFrame(schema=_OF_SENT).get_columns())
    plain, others = plain_targets.resolve(keys, options)
    rows = [_row(*key, options=options) for key in others.select(_KEY).iter_rows()]
    answers = pl.DataFrame(rows, schema=_OF_SENT, orient="row")
    return pl.concat([plain, others.select(_KEY).hstack(answers.get_columns())])


def _row(target: str, host: str, method: str, raw_bytes: bool, *, options: Options) -> tuple[object, ...]:
    """Return the values of the columns for a request as it was sent, under the gravest of the proxy paths."""
    found = [(path, _resolved(target, raw_bytes, host, method, path, options)) for path in options.proxy_paths]
    path, sent = max(found, key=lambda pair: gravity(pair[1]))
    taken = sent.matched or sent.unresolvable
    return (
        sent.matched, proxy.effective_path(path) if taken else None, sent.target_host, sent.target_url,
        sent.target_kind, sent.off_host, sent.refused, sent.unresolvable, sent.crashes and taken, sent.slashes,
    )  # fmt: skip


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


def _gravity() -> pl.Expr:
    """Return `gravity` of the columns for a request as it was sent."""
    flags = {5: pl.col("off_host") & ~pl.col("refused"), 4: pl.col("off_host"), 3: pl.col("unresolvable")}
    flags |= {2: pl.col("slashes"), 1: pl.col("matched")}
    return pl.coalesce(*(pl.when(flag).then(rank) for rank, flag in flags.items()), 0).alias(_RANK)
