"""Every shipped definition reads its samples as they say, alone and beside all others, and its sample log whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.library import Library, load_definitions
from clerk_logscan.parsing.parser import Parsed, Parser

SAMPLE_LOGS = Path(__file__).parent.parent / "sample_logs"
LIBRARY = load_definitions()
NAMES = sorted(LIBRARY)
# Of these a line alone does not tell which it is; the columns that both read are the same.
ALIKE = {"apache_vhost_combined": "nginx_vhost"}


@cache
def definition(name: str) -> Definition:
    return LIBRARY[name]


def read(definitions: Library | list[Definition], text: str) -> tuple[Parsed, pl.DataFrame]:
    """Parse a text as an input of its own; return what `read` gave, and all requests."""
    lines = text.split("\n")
    frame = pl.DataFrame(
        {"line_number": range(1, len(lines) + 1), "byte_offset": range(len(lines)), "raw": lines},
        schema={"line_number": pl.Int64, "byte_offset": pl.Int64, "raw": pl.String},
    )
    parser = Parser(definitions, "sample")
    parser.detect(frame)
    parsed = parser.read(frame)
    return parsed, pl.concat([parsed.requests, parser.finish().requests])


def plain(value: object) -> object:
    """Return a value as a sample's TOML writes it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.total_seconds() if isinstance(value, timedelta) else value


def expected(expect: dict[str, Any], row: dict[str, Any]) -> dict[str, object]:
    return {column: plain(row[column]) for column in expect}


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_has_samples_and_reads_them_as_they_say(name: str) -> None:
    assert definition(name).samples
    for sample in definition(name).samples:
        parsed, requests = read([definition(name)], sample.line)
        assert not parsed.malformed.height, sample.line
        if not definition(name).requests:
            assert not requests.height, sample.line
            continue
        assert requests.height == 1, sample.line
        assert sample.expect, "a sample must state what it expects"
        assert expected(dict(sample.expect), requests.row(0, named=True)) == dict(sample.expect)


@pytest.mark.parametrize("name", NAMES)
def test_beside_all_others_a_definition_reads_its_own_samples(name: str) -> None:
    for sample in definition(name).samples:
        parsed, requests = read(LIBRARY, sample.line)
        assert not parsed.malformed.height, sample.line
        if not definition(name).requests:
            assert not requests.height, sample.line
            continue
        assert requests["log_format"].to_list() in ([name], [ALIKE.get(name, name)]), sample.line
        assert expected(dict(sample.expect), requests.row(0, named=True)) == dict(sample.expect)


@pytest.mark.parametrize("name", [name for name in NAMES if definition(name).grammar == "template"])
def test_the_sample_log_of_a_format_is_read_to_its_last_line(name: str) -> None:
    text = (SAMPLE_LOGS / f"{name}.log").read_text(encoding="utf-8").removesuffix("\n")
    parsed, requests = read([definition(name)], text)
    lines = text.count("\n") + 1
    assert not parsed.malformed.height
    if definition(name).join:  # its log has two lines of each request
        assert requests.height * 2 == lines
        return
    assert (requests.height, parsed.not_requests) == ((lines, 0) if definition(name).requests else (0, lines))


@pytest.mark.parametrize("name", [name for name in NAMES if definition(name).requests])
def test_every_format_tells_where_its_key_was_sent_or_that_it_cannot(name: str) -> None:
    """A shipped sample holds an attack that the format shows, unless the format says that it hides it."""
    targets = [sample.expect.get("request_target") or "" for sample in definition(name).samples]
    assert definition(name).hidden_by or any("/__clerk//" in t or "/__clerk/\\" in t for t in targets)
