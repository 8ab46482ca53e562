"""What an answer's status and size suggest: shown with its reason, never clearing a request."""

from __future__ import annotations

from typing import Final

import polars as pl

from clerk_logscan.columns import mapped_rows
from clerk_logscan.incident.events import Events

# Read off the real packages behind nginx (see the oracle's notes in docs): status, logged bytes, what it suggests.
_FAILED_FETCH: Final = frozenset({108, 119})
_NGINX_OWN_502: Final = 157
_FASTIFY_500: Final = 99
_HONO_500: Final = 21
TELLING: Final = _FAILED_FETCH | {_NGINX_OWN_502, _FASTIFY_500, _HONO_500}  # sizes that suggest anything
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
GATEWAY: Final = frozenset({502, 504})
_RAW_BYTES: Final = "it was sent with raw bytes that Node's parser answers with 400"


def of(events: Events) -> pl.Series:
    """Return the indications that each event's lines give, each once, joined by `; `; null where there are none."""
    tells = events.table.select(
        "event",
        _tell=pl.when("unresolvable").then(pl.lit("probe")).when("names_host").then(pl.lit("answer")),
        _raw="names_host",
    )
    size = pl.when(pl.col("bytes_sent").is_in(list(TELLING))).then("bytes_sent")
    told = events.own.select("event", "status", size, "_non_ascii").join(
        tells.filter(pl.col("_tell").is_not_null()), on="event", maintain_order="left"
    )
    text = mapped_rows(told.select("_tell", "status", "bytes_sent"), _indication, pl.String()).alias("_text")
    found = pl.concat(
        [
            told.select("event", text).drop_nulls(),
            told.filter(pl.col("_non_ascii") & pl.col("_raw")).select("event", pl.lit(_RAW_BYTES).alias("_text")),
        ]
    )
    joined = found.group_by("event").agg(pl.col("_text").unique(maintain_order=True).str.join("; "))
    return events.table.select("event").join(joined, on="event", how="left", maintain_order="left")["_text"]


def _indication(tell: str, status: int | None, size: int | None) -> str | None:
    return (_of_probe if tell == "probe" else _of_answer)(status, size)


def _of_answer(status: int | None, size: int | None) -> str | None:
    if status == 502 and size in _FAILED_FETCH:
        how = "as logged for a chunked answer" if size == 119 else "the size of its body"
        return f"502 with {size} bytes ({how}) is the proxy's own answer when its fetch failed"
    if status == 502 and size == _NGINX_OWN_502:
        return "502 with 157 bytes is nginx' own page: the application gave no answer"
    if status in REDIRECTS:
        return (
            f"{status} mostly comes from a front that mends the slashes, such as Next.js, whose applications are not "
            "affected; the vulnerable proxy follows redirects itself"
        )
    if status == 400:
        return (
            "400 is what Node's parser and the fixed version answer to some of these; the status alone proves neither"
        )
    return None


def _of_probe(status: int | None, size: int | None) -> str | None:
    if status == 500 and size == _FASTIFY_500:
        return "500 with 99 bytes is Fastify's answer to a target without a valid host"
    if status == 500 and size == _HONO_500:
        return "500 with 21 bytes is Hono's answer to a target without a valid host"
    if status == 502 and size == _NGINX_OWN_502:
        return "502 with 157 bytes is nginx' own page: the process died, or was down"
    return None
