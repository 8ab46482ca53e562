"""Keys of a JSON log that hold a normalised path, and what shows that they do not."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from clerk_logscan import normalised
from clerk_logscan.parsing.library import load_definitions

DEFINITIONS = load_definitions()


def hidden(*rows: dict[str, Any], log_format: str = "nginx_json") -> list[str]:
    raw = [json.dumps({"remote_addr": "198.51.100.3", "status": "200"} | row) for row in rows]
    requests = pl.DataFrame({"log_format": [log_format] * len(raw), "raw": raw})
    return normalised.fields(requests, [log_format], DEFINITIONS)


def test_a_uri_that_never_has_a_query_is_normalised() -> None:
    assert hidden({"uri": "/"}, {"uri": "/__clerk/v1/client"}) == ["uri"]


@pytest.mark.parametrize("uri", ["/x?a=b", "/__clerk//evil.example/", "/a%20b", "/__clerk/\\evil.example/"])
def test_one_value_as_it_came_shows_that_it_is_not(uri: str) -> None:
    assert hidden({"uri": "/"}, {"uri": uri}) == []


@pytest.mark.parametrize("other", [{"request_uri": "/"}, {"request": "GET / HTTP/1.1"}])
def test_another_key_that_gives_the_target_makes_it_harmless(other: dict[str, str]) -> None:
    assert hidden({"uri": "/"} | other) == []


def test_a_format_that_was_guessed_beside_it_changes_nothing() -> None:
    raw = ['{"remote_addr":"198.51.100.3","uri":"/","status":"200"}', "198.51.100.3 | GET /x | 200"]
    requests = pl.DataFrame({"log_format": ["nginx_json", "guessed_1"], "raw": raw})
    assert normalised.fields(requests, ["nginx_json", "guessed_1"], DEFINITIONS) == ["uri"]


def test_other_formats_are_what_their_definition_says() -> None:
    assert hidden({"uri": "/"}, log_format="caddy_json") == []
