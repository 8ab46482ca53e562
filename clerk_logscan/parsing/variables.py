"""What the variables of template notation mean: column, kind and shape of each, as data; no polars here.

Sources: nginx.org/en/docs/varindex.html, httpd.apache.org/docs/2.4/mod/mod_log_config.html,
docs.haproxy.org/2.6/configuration.html section 8.2.6. A variable that is not listed may be anything.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

ADDRESS: Final = r"[0-9A-Fa-f.:%]+|unix:|-"
CLF_TIME: Final = r"[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?: [+-][0-9]{4})?"
COUNT: Final = r"[0-9]+|-|"
SECONDS: Final = r"[0-9.]+|-|"
STATUS: Final = r"[0-9]{3}|-"
TRIES: Final = r"[^ ,\"]*(?:(?:, | : )[^ ,\"]+)*"  # `502, 200`, `10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80`


class Variable(NamedTuple):
    """The column that a variable fills (None: none), the kind of its text, a pattern that its text matches whole."""

    column: str | None
    kind: str | None = None
    shape: str | None = None


# In the order of preference where a format has several for one column.
NGINX: Final[dict[str, Variable]] = {
    "msec": Variable("timestamp", "epoch-s", r"[0-9]+\.[0-9]+"),
    "time_iso8601": Variable("timestamp", "iso8601", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)?"),
    "time_local": Variable("timestamp", "clf", CLF_TIME),
    "remote_addr": Variable("client_ip", None, ADDRESS),
    "proxy_protocol_addr": Variable("client_ip"),
    "http_x_forwarded_for": Variable("forwarded_for"),
    "proxy_add_x_forwarded_for": Variable("forwarded_for"),
    "request": Variable("request"),
    "request_method": Variable("method"),
    "request_uri": Variable("request_target"),
    "server_protocol": Variable("protocol"),
    "http_host": Variable("host"),
    "host": Variable("host"),
    "server_name": Variable("host"),
    "status": Variable("status", None, STATUS),
    "upstream_status": Variable("upstream_status", None, TRIES),
    "body_bytes_sent": Variable("bytes_sent", None, COUNT),
    "bytes_sent": Variable("bytes_sent", None, COUNT),
    "request_time": Variable("duration", "s", SECONDS),
    "http_user_agent": Variable("user_agent"),
    "http_referer": Variable("referer"),
    "request_id": Variable("request_id", None, r"[0-9a-f]{32}|-|"),
    "http_x_request_id": Variable("request_id"),
    "http_cf_ray": Variable("ids"),
    "http_x_amzn_trace_id": Variable("ids", "trace"),
    "http_x_amz_cf_id": Variable("ids"),
    "http_x_correlation_id": Variable("ids"),
    "http_sec_fetch_site": Variable("fetch_site"),
    "upstream_addr": Variable(None, None, TRIES),
    "upstream_connect_time": Variable(None, None, TRIES),
    "upstream_header_time": Variable(None, None, TRIES),
    "upstream_response_time": Variable(None, None, TRIES),
    "upstream_response_length": Variable(None, None, TRIES),
    "request_length": Variable(None, None, COUNT),
    "connection": Variable(None, None, COUNT),
    "connection_requests": Variable(None, None, COUNT),
    "server_port": Variable(None, None, COUNT),
    "remote_port": Variable(None, None, COUNT),
    "pipe": Variable(None, None, r"[p.]"),
    "scheme": Variable(None, None, r"https?"),
}
# Normalised by the server: slashes merged, dot segments removed, percent-decoded. Read last, and said to hide.
NORMALISED: Final[dict[str, Variable]] = {
    "uri": Variable("path"),
    "document_uri": Variable("path"),
}
QUERIES: Final = ("args", "query_string")

REFERENCE: Final = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")


def names(pattern: str) -> list[str]:
    """Return the variables of a template in their order, repeats included."""
    return [braced or bare for braced, bare in REFERENCE.findall(pattern)]


# Apache's format strings, without `%`, modifiers and conditions; `{name}i` is a request header (HEADERS).
APACHE: Final[dict[str, Variable]] = {
    "a": Variable("client_ip", None, ADDRESS),
    "h": Variable("client_ip", None, r"[0-9A-Za-z_%-][0-9A-Za-z._:%-]*|::1?"),
    "r": Variable("request"),
    "m": Variable("method", None, r"[^ \"]+"),
    "H": Variable("protocol", None, r"[^ \"]+"),
    "s": Variable("status", None, STATUS),
    "b": Variable("bytes_sent", None, r"[0-9]+|-"),
    "B": Variable("bytes_sent", None, r"[0-9]+"),
    "O": Variable("bytes_sent", None, r"[0-9]+|-"),
    "I": Variable(None, None, r"[0-9]+|-"),
    "S": Variable(None, None, r"[0-9]+|-"),
    "D": Variable("duration", "us", r"[0-9]+|-"),
    "{us}T": Variable("duration", "us", r"[0-9]+|-"),
    "{ms}T": Variable("duration", "ms", r"[0-9]+|-"),
    "{s}T": Variable("duration", "s", r"[0-9]+|-"),
    "T": Variable("duration", "s", r"[0-9]+|-"),
    "{Host}i": Variable("host"),
    "V": Variable("host"),
    "v": Variable("host"),
    "L": Variable("request_id"),
    "{UNIQUE_ID}e": Variable("request_id"),
    "{forensic-id}n": Variable("ids"),
    "p": Variable(None, None, r"[0-9]+"),
    "l": Variable(None, None, r"[^ .:\[]+"),
    "X": Variable(None, None, r"[X+-]"),
}
# HAProxy's log variables, without `%`.
HAPROXY: Final[dict[str, Variable]] = {
    "ci": Variable("client_ip", None, r"[0-9A-Fa-f.:]+|unix|-"),
    "cp": Variable(None, None, r"[0-9]+|-"),
    "r": Variable("request"),
    "HM": Variable("method"),
    "HU": Variable("request_target"),
    "HV": Variable("protocol"),
    "tr": Variable("timestamp", "clf", CLF_TIME),
    "trg": Variable("timestamp", "clf", CLF_TIME),
    "trl": Variable("timestamp", "clf", CLF_TIME),
    "t": Variable("timestamp", "clf", CLF_TIME),
    "T": Variable("timestamp", "clf", CLF_TIME),
    "Tl": Variable("timestamp", "clf", CLF_TIME),
    "Ts": Variable("timestamp", "epoch-s", r"[0-9]+"),
    "ST": Variable("status", None, r"-?[0-9]+"),
    "B": Variable("bytes_sent", None, r"\+?[0-9]+"),
    "Ta": Variable("duration", "ms", r"\+?-?[0-9]+"),
    "Tt": Variable("duration", "ms", r"\+?-?[0-9]+"),
    "ID": Variable("request_id"),
    "HP": Variable("path"),
    "HPO": Variable("path"),
    "HQ": Variable("query"),
    **dict.fromkeys(("Tq", "TR", "Tw", "Tc", "Tr", "Td", "Th", "Ti"), Variable(None, None, r"-?[0-9]+")),
    **dict.fromkeys(("ac", "fc", "bc", "sc", "sq", "bq", "ms", "pid", "rt"), Variable(None, None, r"[0-9]+")),
    "rc": Variable(None, None, r"\+?[0-9]+"),
}
# Request headers that fill a column, in lower case, for notations that name headers.
HEADERS: Final[dict[str, Variable]] = {
    "host": Variable("host"),
    "referer": Variable("referer"),
    "user-agent": Variable("user_agent"),
    "x-forwarded-for": Variable("forwarded_for"),
    "x-request-id": Variable("request_id"),
    "x-correlation-id": Variable("ids"),
    "x-amzn-trace-id": Variable("ids", "trace"),
    "x-amz-cf-id": Variable("ids"),
    "cf-ray": Variable("ids"),
    "sec-fetch-site": Variable("fetch_site"),
}
