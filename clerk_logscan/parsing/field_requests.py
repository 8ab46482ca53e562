"""Request lines and URLs to their parts; what is logged as one text may hold blanks, be empty, or be no HTTP."""

from __future__ import annotations

from typing import Final

import polars as pl

# RFC 9110 section 5.6.2; a request that begins otherwise is a TLS hello, an RDP cookie, a scanner's noise.
_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_VERSION: Final = r"[A-Z]{3,5}/[0-9](?:\.[0-9]{1,2})?"
_WHOLE: Final = rf"^({_TOKEN}) ([^ ]+) ({_VERSION})$"  # one pass; all but odd lines
_ODD: Final = rf"(?s)^(?:({_TOKEN})|[^ ]*) +(.*?)(?: +({_VERSION}))?$"
_ABSOLUTE: Final = r"(?s)^[A-Za-z][A-Za-z0-9+.-]*://([^/?#\\]*)(.*)$"
PARTS: Final = ("method", "request_target", "protocol")
_USUAL_METHODS: Final = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
_USUAL_VERSIONS: Final = ("HTTP/1.1", "HTTP/2.0", "HTTP/2", "HTTP/1.0", "HTTP/3.0", "HTTP/3")

# What is of the usual words needs no pattern, which would take twice as long for all of them.
_USUAL: Final = (
    pl.col("method").is_in(_USUAL_METHODS)
    & pl.col("protocol").is_in(_USUAL_VERSIONS)
    & (pl.col("request_target") != "")
).fill_null(False)


def split_request(texts: pl.Series) -> pl.DataFrame:
    """Split `METHOD target PROTOCOL` into String columns `method`, `request_target`, `protocol`.

    The method is the first token, the protocol the last where it looks like one, the target all between, blanks
    included (servers log what was sent). Where there is no blank (`GET`, TLS bytes) all are null, but for a target by
    itself (`/x`: some logs write no more); a first token that is no method leaves a target only where a protocol ends
    the line. HAProxy cuts the line: then there is no protocol.
    """
    parts = texts.str.splitn(" ", 3).struct.unnest()
    parts.columns = list(PARTS)
    unusual = ~parts.select(_USUAL).to_series()
    if unusual.any():
        parts = _with_rows(parts, unusual, _by_pattern(texts.filter(unusual)))
    return parts


def _by_pattern(texts: pl.Series) -> pl.DataFrame:
    parts = texts.str.extract_groups(_WHOLE).struct.unnest()
    parts.columns = list(PARTS)
    odd = parts["method"].is_null() & texts.is_not_null()
    return _with_rows(parts, odd, _odd(texts.filter(odd))) if odd.any() else parts


def _odd(texts: pl.Series) -> pl.DataFrame:
    parts = texts.str.extract_groups(_ODD).struct.unnest()
    parts.columns = list(PARTS)
    target = pl.col("request_target").str.strip_chars(" ")
    is_target = (target != "") & (pl.col("method").is_not_null() | pl.col("protocol").is_not_null())
    parts = parts.with_columns(pl.when(is_target).then(target).alias("request_target"))
    # `GET HTTP/1.1`: a protocol where the target should be is no target.
    bare = pl.col("request_target").str.contains(rf"^{_VERSION}$") & pl.col("protocol").is_null()
    parts = parts.with_columns(pl.when(~bare).then("request_target").alias("request_target"))
    alone = pl.lit(texts).str.contains(r"^/[^ ]*$").fill_null(False)
    parts = parts.with_columns(pl.when(alone).then(pl.lit(texts)).otherwise("request_target").alias("request_target"))
    nothing = pl.col("request_target").is_null()
    return parts.with_columns(pl.when(~nothing).then(name).alias(name) for name in ("method", "protocol"))


def split_url(texts: pl.Series) -> pl.DataFrame:
    """Split URLs into String columns `host` (userinfo and the scheme's own port removed) and `request_target`.

    Text that does not begin with a scheme is a target as it stands: `//x/y` is a path, never an authority.
    """
    parts = texts.str.extract_groups(_ABSOLUTE).struct.unnest()
    parts.columns = ["host", "rest"]
    rest = pl.col("rest")
    origin = pl.when(rest.str.starts_with("/") | rest.str.starts_with("\\")).then(rest).otherwise("/" + rest)
    default_port = texts.str.contains("^(?i:https|wss)://").replace_strict({True: ":443", False: ":80"}, default=None)
    host = pl.col("host").str.replace("^.*@", "").str.replace(r"(:\d+)-$", "$1").str.strip_suffix(pl.lit(default_port))
    absolute = pl.col("host").is_not_null()
    target = pl.when(absolute).then(origin).otherwise(pl.lit(texts))
    return parts.select(host=pl.when(host != "").then(host), request_target=pl.when(target != "").then(target))


def split_request_url(texts: pl.Series) -> pl.DataFrame:
    """Split a request line whose target the logging hop made absolute (ALB) into `host` and the parts of a request.

    ALB's malformed `- http://host:80- ` gives the host alone.
    """
    parts = split_request(texts)
    url = split_url(parts["request_target"])
    known = (pl.col("method") != "-").fill_null(True)
    joined = parts.select("method", "protocol").with_columns(url)
    return joined.with_columns(pl.when(known).then(name).alias(name) for name in PARTS)


def join_query(paths: pl.Series, queries: pl.Series) -> pl.Series:
    """Join paths and queries; a path that holds a query already (CloudFront real-time) keeps its own."""
    query = pl.when(pl.lit(queries).str.starts_with("?")).then(pl.lit(queries)).otherwise("?" + pl.lit(queries))
    whole = pl.lit(paths) + query
    alone = pl.lit(queries).is_null() | pl.lit(paths).str.contains("?", literal=True)
    return pl.select(pl.when(alone).then(pl.lit(paths)).otherwise(whole)).to_series()


def _with_rows(frame: pl.DataFrame, rows: pl.Series, other: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with the marked rows replaced by those of `other`."""
    places = rows.arg_true()
    return frame.select(column.scatter(places, other[column.name]) for column in frame)
