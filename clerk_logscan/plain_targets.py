"""Targets that columns can decide: what cannot match at all, and plain paths that every framework reads alike.

The resolver decides everything else. tests/test_destinations.py holds both against it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan import hosts, nodejs, proxy

if TYPE_CHECKING:
    from clerk_logscan.options import Options

# No dot begins a segment (dot segments), nothing is percent-encoded or needs to be, no segment is empty.
_SEGMENT: Final = r"[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9_~!$&'()*+,;=:@.-]*"
_QUERY: Final = r"[A-Za-z0-9_~!$&()*+,;=:@./?%-]+"
# Lower-case letters, digits and hyphens, the last label begins with a letter (else it may be an IPv4 address).
_HOST: Final = r"(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*"
_PLAIN_METHODS: Final = sorted(nodejs.METHODS - {"CONNECT", "TRACE"})


def odd_host() -> pl.Expr:
    """Return the Host where it could bring a path of its own into Hono's request URL, else an empty string."""
    return pl.when(pl.col("host").str.contains(r"[/\\]")).then(pl.col("host")).otherwise(pl.lit(""))


def raw_bytes() -> pl.Expr:
    """Tell whether the target was sent with bytes that Node's parser rejects: so marked, or seen in it."""
    beyond_ascii = pl.col("request_target").str.len_bytes() != pl.col("request_target").str.len_chars()
    return pl.col("_non_ascii").fill_null(False) | beyond_ascii.fill_null(False)


def may_match(proxy_paths: Collection[str]) -> pl.Expr:
    """Tell whether target or Host hold the last segment of a proxy path, each letter plain or percent-encoded.

    Sound, for a parsed path takes its plain letters from the target as they stand, and decoding makes them of nothing
    else. A segment with other than plain letters excludes nothing.
    """
    segments = {proxy.effective_path(path).rsplit("/", 1)[-1] for path in proxy_paths}
    if not all(re.fullmatch(_SEGMENT, segment) for segment in segments):
        return pl.lit(True)
    return pl.any_horizontal(_holds(segment) for segment in sorted(segments))


def _holds(segment: str) -> pl.Expr:
    target = pl.col("request_target")
    spelled = "".join(f"(?:{re.escape(letter)}|%(?i:{ord(letter):02x}))" for letter in segment)
    return (
        target.str.contains(segment, literal=True)
        | (target.str.contains("%", literal=True) & target.str.contains(spelled))
        | (pl.col("host").str.contains(segment, literal=True))
    )


def resolve(keys: pl.DataFrame, options: Options) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split `keys` into rows with their destination columns, and those that the resolver must see."""
    plain: list[pl.DataFrame] = []
    prefixes = list(dict.fromkeys(proxy.effective_path(path) for path in options.proxy_paths))
    for prefix in prefixes:
        if not re.fullmatch(rf"(?:/{_SEGMENT})+", prefix):
            continue
        others = [other for other in prefixes if other != prefix]
        parts = keys.with_columns(_parts(prefix))
        fits = pl.col("path").is_not_null() & _is_usual(others)
        plain.append(_destinations(parts.filter(fits), prefix, options))
        keys = parts.filter(~fits).drop("slashes_sent", "target_host", "path", "query")
    none = _destinations(keys.clear().with_columns(_parts("/")), "/", options)
    return pl.concat(plain) if plain else none, keys


def _parts(prefix: str) -> list[pl.Expr]:
    """Cut a plain target into the slashes and the host behind the proxy path, the path and the query."""
    pattern = (
        rf"^{re.escape(prefix)}(?:(?<slashes_sent>//+)(?<target_host>{_HOST}))?"
        rf"(?<path>(?:/{_SEGMENT})*/?)(?<query>\?{_QUERY})?$"
    )
    groups = pl.col("request_target").str.extract_groups(pattern)
    return [groups.struct.field(name) for name in ("slashes_sent", "target_host", "path", "query")]


def _is_usual(other_prefixes: list[str]) -> pl.Expr:
    """Tell whether nothing beside the target decides: method, Host, raw bytes, another proxy path, Punycode."""
    target = pl.col("request_target")
    conditions = [
        pl.col("method").is_in(_PLAIN_METHODS),
        pl.col("host") == "",
        ~pl.col("_non_ascii"),
        ~pl.col("target_host").fill_null("").str.contains("xn--", literal=True),
        *(~target.str.starts_with(other) for other in other_prefixes),
    ]
    return pl.all_horizontal(conditions)


def _destinations(parts: pl.DataFrame, prefix: str, options: Options) -> pl.DataFrame:
    own = sorted(proxy.FRONTEND_API_HOSTS | {host.lower() for host in options.allow_hosts})
    named = pl.col("target_host")
    off_host = named.is_not_null() & ~named.is_in(own)
    kinds = {host: hosts.kind(host) for host in parts["target_host"].drop_nulls().unique()}
    no, yes = pl.lit(False), pl.lit(True)
    host = named.fill_null(proxy.FRONTEND_API.removeprefix("https://"))
    path = pl.when(pl.col("path") == "").then(pl.lit("/")).otherwise(pl.col("path"))
    url = pl.concat_str(pl.lit("https://"), host, path, pl.col("query").fill_null(""))
    kind = pl.when(off_host).then(named.replace_strict(kinds, default=None, return_dtype=pl.String))
    answers = {"host": host, "url": url, "kind": kind}
    flags = {"off_host": off_host, "refused": no, "unresolvable": no}
    return parts.select(
        pl.exclude("host", "target_host"),
        matched=yes,
        proxy_path=pl.lit(prefix),
        **{f"target_{name}": answer for name, answer in answers.items()},
        **flags,
        crashes=no,
        slashes=pl.col("slashes_sent").is_not_null(),
        decoded_matched=yes,
        **{f"decoded_{name}": answer for name, answer in {**answers, **flags}.items()},
    )
