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

# No dot begins a segment (dot segments), nothing needs to be percent-encoded, no segment is empty.
_PLAIN: Final = r"A-Za-z0-9_~!$&'()*+,;=:@"
_SEGMENT: Final = rf"[{_PLAIN}-][{_PLAIN}.-]*"
# With what is percent-encoded, too, where it is ASCII (else Fastify may call it a bad URL) and no dot.
_ENCODED: Final = r"%(?:[013-7][0-9A-Fa-f]|2[0-9A-DFa-df])"
_SENT_SEGMENT: Final = rf"(?:[{_PLAIN}-]|{_ENCODED})(?:[{_PLAIN}.-]|{_ENCODED})*"
_SLASH: Final = r"[/\\]"
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


def may_be_decoded() -> pl.Expr:
    """Tell whether a hop that percent-decodes the path may make something else of a target."""
    return pl.col("_non_ascii") | pl.col("request_target").str.contains(r"^[^?#]*%")


def resolve(keys: pl.DataFrame, options: Options) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split `keys` into rows with the columns of what was sent, and those that the resolver must see."""
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
        rf"^{re.escape(prefix)}(?:(?<slashes_sent>{_SLASH}{{2,}})(?<target_host>{_HOST}))?"
        rf"(?<path>(?:{_SLASH}{_SENT_SEGMENT})*{_SLASH}?)(?<query>\?{_QUERY})?$"
    )
    groups = pl.col("request_target").str.extract_groups(pattern)
    return [groups.struct.field(name) for name in ("slashes_sent", "target_host", "path", "query")]


def _is_usual(other_prefixes: list[str]) -> pl.Expr:
    """Tell whether nothing beside the target decides: method, Host, raw bytes, another proxy path, Punycode."""
    target = pl.col("request_target").str.replace_all("\\", "/", literal=True)
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
    host = named.fill_null(proxy.FRONTEND_API.removeprefix("https://"))
    path = (
        pl.when(pl.col("path") == "")
        .then(pl.lit("/"))
        .otherwise(pl.col("path").str.replace_all("\\", "/", literal=True))
    )
    no, yes = pl.lit(False), pl.lit(True)
    return parts.select(
        pl.exclude("slashes_sent", "target_host", "path", "query"),
        matched=yes,
        proxy_path=pl.lit(prefix),
        target_host=host,
        target_url=pl.concat_str(pl.lit("https://"), host, path, pl.col("query").fill_null("")),
        target_kind=pl.when(off_host).then(named.replace_strict(kinds, default=None, return_dtype=pl.String)),
        off_host=off_host,
        refused=no,
        unresolvable=no,
        crashes=no,
        slashes=pl.col("slashes_sent").is_not_null(),
    )
