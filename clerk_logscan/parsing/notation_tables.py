"""What the tokens of further format notations mean, each table by its server's documentation; no polars here.

A name that is not listed may be anything. The first of several for one column has the say.
"""

from __future__ import annotations

from typing import Final

from clerk_logscan.parsing.variables import ADDRESS, CLF_TIME, COUNT, SECONDS, STATUS, Variable

_METHOD: Final = r"[A-Za-z_-]+"
_VERSION: Final = r"[A-Za-z]*/?[0-9.]+|-"
_ANY_ADDRESS: Final = r"[0-9A-Fa-f.:%\[\]]+|unix:|-|"
_ISO: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?"
_WEB_DATE: Final = r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"

# envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
ENVOY: Final[dict[str, Variable]] = {
    "START_TIME": Variable("timestamp", "iso8601", _ISO),
    "REQ(:METHOD)": Variable("method", None, _METHOD),
    "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)": Variable("request_target"),
    "REQ(X-ENVOY-ORIGINAL-PATH)": Variable("request_target"),
    "REQ(:PATH)": Variable("request_target"),
    "PATH(WQ)": Variable("request_target"),
    "PROTOCOL": Variable("protocol", None, _VERSION),
    "REQ(:AUTHORITY)": Variable("host"),
    "RESPONSE_CODE": Variable("status", None, r"[0-9]+|-"),
    "BYTES_SENT": Variable("bytes_sent", None, COUNT),
    "BYTES_RECEIVED": Variable(None, None, COUNT),
    "DURATION": Variable("duration", "ms", COUNT),
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": Variable("client_ip", None, _ANY_ADDRESS),
    "DOWNSTREAM_REMOTE_ADDRESS": Variable("client_ip", None, _ANY_ADDRESS),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": Variable("client_ip", None, _ANY_ADDRESS),
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": Variable("client_ip", None, _ANY_ADDRESS),
}
# expressjs.com/en/resources/middleware/morgan.html#tokens
MORGAN: Final[dict[str, Variable]] = {
    "date[clf]": Variable("timestamp", "clf", CLF_TIME),
    "date[iso]": Variable("timestamp", "iso8601", _ISO),
    "date[web]": Variable("timestamp", "strftime(%a, %d %b %Y %H:%M:%S GMT)", _WEB_DATE),
    "date": Variable("timestamp", "strftime(%a, %d %b %Y %H:%M:%S GMT)", _WEB_DATE),
    "remote-addr": Variable("client_ip", None, ADDRESS),
    "method": Variable("method", None, _METHOD),
    "url": Variable("request_target"),
    "http-version": Variable("protocol", None, _VERSION),
    "status": Variable("status", None, STATUS),
    "res[content-length]": Variable("bytes_sent", None, COUNT),
    "total-time": Variable("duration", "ms", SECONDS),
    "response-time": Variable("duration", "ms", SECONDS),
    "referrer": Variable("referer"),
    "user-agent": Variable("user_agent"),
}
# docs.gunicorn.org/en/stable/settings.html#access-log-format; Hypercorn's is the same.
GUNICORN: Final[dict[str, Variable]] = {
    "t": Variable("timestamp", "strftime([%d/%b/%Y:%H:%M:%S %z])", rf"\[(?:{CLF_TIME})\]"),
    "h": Variable("client_ip", None, _ANY_ADDRESS),
    "r": Variable("request"),
    "m": Variable("method", None, _METHOD),
    "U": Variable("path"),
    "q": Variable("query"),
    "H": Variable("protocol", None, _VERSION),
    "s": Variable("status", None, STATUS),
    "b": Variable("bytes_sent", None, COUNT),
    "B": Variable("bytes_sent", None, r"[0-9]+|None|-|"),
    "f": Variable("referer"),
    "a": Variable("user_agent"),
    "D": Variable("duration", "us", COUNT),
    "L": Variable("duration", "s", SECONDS),
    "M": Variable("duration", "ms", COUNT),
    "T": Variable("duration", "s", COUNT),
    "p": Variable(None, None, r"<?[0-9]+>?"),
    "l": Variable(None, None, "-"),
}
# uwsgi-docs.readthedocs.io/en/latest/LogFormat.html
UWSGI: Final[dict[str, Variable]] = {
    "ltime": Variable("timestamp", "clf", CLF_TIME),
    "ctime": Variable(
        "timestamp", "strftime(%a %b %e %H:%M:%S %Y)", r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4}"
    ),
    "time": Variable("timestamp", "epoch-s", "[0-9]+"),
    "unix": Variable("timestamp", "epoch-s", "[0-9]+"),
    "tmsecs": Variable("timestamp", "epoch-ms", "[0-9]+"),
    "tmicros": Variable("timestamp", "epoch-us", "[0-9]+"),
    "addr": Variable("client_ip", None, _ANY_ADDRESS),
    "method": Variable("method", None, _METHOD),
    "uri": Variable("request_target"),
    "proto": Variable("protocol", None, _VERSION),
    "host": Variable("host"),
    "status": Variable("status", None, STATUS),
    "rsize": Variable("bytes_sent", None, COUNT),
    "size": Variable("bytes_sent", None, COUNT),
    "micros": Variable("duration", "us", COUNT),
    "msecs": Variable("duration", "ms", COUNT),
    "secs": Variable("duration", "s", COUNT),
    "referer": Variable("referer"),
    "uagent": Variable("user_agent"),
}
# goaccess.io/man#custom-log; `when` is the usual `%d:%t %^`, a time with its zone.
GOACCESS: Final[dict[str, Variable]] = {
    "when": Variable("timestamp", "clf", CLF_TIME),
    "x": Variable("timestamp", "clf"),
    "h": Variable("client_ip", None, _ANY_ADDRESS),
    "r": Variable("request"),
    "m": Variable("method", None, _METHOD),
    "U": Variable("path"),
    "q": Variable("query"),
    "H": Variable("protocol", None, _VERSION),
    "v": Variable("host"),
    "s": Variable("status", None, STATUS),
    "b": Variable("bytes_sent", None, COUNT),
    "D": Variable("duration", "us", COUNT),
    "n": Variable("duration", "ns", COUNT),
    "L": Variable("duration", "ms", SECONDS),
    "T": Variable("duration", "s", SECONDS),
    "R": Variable("referer"),
    "u": Variable("user_agent"),
}
# docs.gofiber.io/api/middleware/logger, echo.labstack.com/docs/middleware/logger
GO: Final[dict[str, Variable]] = {
    "time_rfc3339_nano": Variable("timestamp", "iso8601", _ISO),
    "time_rfc3339": Variable("timestamp", "iso8601", _ISO),
    "time_unix": Variable("timestamp", "epoch-s", "[0-9]+"),
    "time_unix_milli": Variable("timestamp", "epoch-ms", "[0-9]+"),
    "remote_ip": Variable("client_ip", None, _ANY_ADDRESS),
    "ip": Variable("client_ip", None, _ANY_ADDRESS),
    "ips": Variable("forwarded_for"),
    "method": Variable("method", None, _METHOD),
    "uri": Variable("request_target"),
    "url": Variable("request_target"),
    "path": Variable("path"),
    "queryParams": Variable("query"),
    "protocol": Variable("protocol"),
    "host": Variable("host"),
    "status": Variable("status", None, STATUS),
    "bytes_out": Variable("bytes_sent", None, COUNT),
    "bytesSent": Variable("bytes_sent", None, COUNT),
    "latency_human": Variable("duration", "duration"),
    "latency": Variable("duration", "duration"),
    "referer": Variable("referer"),
    "user_agent": Variable("user_agent"),
    "ua": Variable("user_agent"),
    "id": Variable("request_id"),
    "requestid": Variable("request_id"),
}
