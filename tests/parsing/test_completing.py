"""Formats whose keys users name themselves."""

from __future__ import annotations

import json

import polars as pl
from parsing_help import LIBRARY, parse

from clerk_logscan.parsing.completing import complete

RECORD = {"time_iso8601": "2026-11-24T14:51:35+00:00", "remote_addr": "203.0.113.66", "request_method": "GET"}
RECORDS = [
    json.dumps(
        RECORD | {"request_uri": f"/a{n}", "status": "200", "http_user_agent": "curl/8.5.0", "sz_bytes_out": size}
    )
    for n, size in enumerate(("512", "9", "77"))
]


def test_what_a_format_leaves_empty_is_found_under_another_known_name() -> None:
    lines = [line.replace("sz_bytes_out", "bytesOut") for line in RECORDS]
    parsed, parser = parse(lines)
    assert set(parser.log_formats) == {"nginx_json"}
    assert parsed.requests["bytes_sent"].to_list() == [512, 9, 77]
    assert parsed.requests["request_target"].to_list() == ["/a0", "/a1", "/a2"]


def test_nothing_is_added_where_no_key_is_known() -> None:
    texts = pl.Series([line.replace("sz_bytes_out", "zz") for line in RECORDS])
    definition = LIBRARY["nginx_json"]
    assert complete(definition, texts) is definition
