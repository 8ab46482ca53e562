"""Printed documents around a list of records: each is read on its own lines, and nothing around them is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from parsing_help import frame_of, parse

from clerk_logscan.parsing.batches import AZURE, Batch, find
from clerk_logscan.parsing.json_documents import first

NGINX = '192.0.2.1 - - [24/Nov/2026:14:51:35 +0000] "GET {} HTTP/1.1" 200 3 "-" "curl/8.5.0"'
TARGETS = ["/", "/__clerk//evil.example/x", "/a"]


def flat(target: str) -> dict[str, Any]:
    return {"ts": "2026-11-24T14:51:35Z", "client": "192.0.2.1", "verb": "GET", "uri": target, "code": 200}


DOCUMENTS: dict[str, Any] = {
    "lines": {"events": [{"message": NGINX.format(target), "timestamp": 1795531895123} for target in TARGETS]},
    "records deep down": {"data": {"zones": [{"rows": [flat(target) for target in TARGETS]}]}, "errors": None},
    "records of a list of lists": {"data": [{"id": "1", "spans": [flat(t)]} for t in TARGETS], "total": 3},
    "texts around them": {"took": 3, "note": {"a": "b"}, "hits": [flat(target) for target in TARGETS], "next": "x"},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("block", [3, 1000])
def test_each_record_is_a_request_at_the_line_that_it_begins_on(document: Any, block: int) -> None:
    texts = json.dumps(document, indent=2).split("\n")
    parsed, _ = parse(texts, block)
    assert parsed.requests["request_target"].to_list() == TARGETS
    assert parsed.malformed.is_empty()
    for number, raw in parsed.requests.select("line_number", "raw").iter_rows():
        assert texts[number - 1].strip() == "{" and raw.startswith("{") and raw.endswith("}")


def test_an_attack_beside_the_list_is_read_or_reported_as_unread() -> None:
    document = {"query": "GET /__clerk//evil.example/1 HTTP/1.1", **DOCUMENTS["lines"]}
    document["last"] = "GET /__clerk//evil.example/2 HTTP/1.1"
    parsed, _ = parse(json.dumps(document, indent=2).split("\n"))
    assert parsed.requests["request_target"].is_in(TARGETS).sum() == 3
    seen = "\n".join([*parsed.requests["request_target"], *parsed.malformed["raw"]])
    assert "//evil.example/1" in seen and "//evil.example/2" in seen


def test_the_list_within_one_record_is_no_list_of_records() -> None:
    record = flat("/a") | {"matches": [flat("/planted")]}
    parsed, _ = parse([line for _ in range(3) for line in json.dumps(record, indent=2).split("\n")])
    assert parsed.requests["request_target"].to_list() == ["/a"] * 3


def test_where_the_list_is_shows_in_a_document_of_which_only_the_first_lines_are_known() -> None:
    texts = json.dumps(DOCUMENTS["records deep down"], indent=2).split("\n")
    [document] = first(frame_of(texts[:14]))
    assert len(json.loads(document)["data"]["zones"][0]["rows"]) == 2


def test_the_outermost_list_whose_records_are_understood_is_chosen_and_azure_s_where_none_is() -> None:
    text = json.dumps(DOCUMENTS["records deep down"])
    assert find([text], lambda _: False, lambda one: one.startswith('{"ts"')) == Batch("rows", 4)
    assert find([text], lambda _: False, lambda _: False) == AZURE
    assert find([text, text], lambda _: True, lambda _: True) == AZURE


def test_a_document_in_one_line_gives_its_records_whatever_their_list_is_called() -> None:
    for document in DOCUMENTS.values():
        assert parse([json.dumps(document)])[0].requests["request_target"].to_list() == TARGETS
    lines = {"entries": [{"id": 1, "logline": NGINX.format(target)} for target in TARGETS]}
    assert parse([json.dumps(lines)])[0].requests["request_target"].to_list() == TARGETS


def test_a_list_of_what_a_client_sent_or_a_request_s_own_list_is_none_of_records() -> None:
    sent = {"level": "info", "headers": [{"value": NGINX.format("/planted")}], "query": [flat("/planted")]}
    own = flat("/a") | {"matches": [flat("/planted"), flat("/planted")]}
    assert parse([json.dumps(sent)] * 3)[0].requests.is_empty()
    assert parse([json.dumps(own)] * 3)[0].requests["request_target"].to_list() == ["/a"] * 3
