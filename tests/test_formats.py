"""What an investigation is told of each format: where it is written, and what its times are."""

from __future__ import annotations

import polars as pl
import pytest

from clerk_logscan import formats
from clerk_logscan.options import Options
from clerk_logscan.parsing.library import load_definitions
from clerk_logscan.parsing.parser import Parser

DEFINITIONS = load_definitions()


def requests(name: str) -> pl.DataFrame:
    """The samples of a format, parsed."""
    raw = [sample.line for sample in DEFINITIONS[name].samples]
    numbers = range(1, len(raw) + 1)
    frame = pl.DataFrame({"line_number": numbers, "byte_offset": [0] * len(raw), "raw": raw})
    return (
        Parser(DEFINITIONS, "access.log")
        .read(frame.with_columns(pl.col("line_number", "byte_offset").cast(int)))
        .requests
    )


@pytest.mark.parametrize(
    ("name", "zoned", "epoch"),
    [
        ("nginx_combined", True, False),
        ("haproxy_httplog", False, False),
        ("aws_alb", True, False),
        ("aws_waf", True, True),
        ("pino_http", True, True),
    ],
)
def test_whether_a_format_states_its_zone_is_learnt_from_a_line(name: str, zoned: bool, epoch: bool) -> None:
    seen = pl.concat([requests(name), requests("traefik_json")])
    rows = [{"log_formats": {name: 1, "traefik_json": 1}}]
    facts = formats.facts(DEFINITIONS, rows, seen)[name]
    assert (facts["zoned"], facts["epoch"]) == (zoned, epoch)


def test_a_pasted_format_is_known_too() -> None:
    options = Options.of(log_format='$remote_addr "$request" $status $time_iso8601')
    definitions = formats.chosen(options)
    (name,) = definitions
    facts = formats.facts(definitions, [{"log_formats": {name: 1}}], pl.DataFrame(schema={"log_format": pl.String}))
    assert facts[name]["hop"] == "proxy"
