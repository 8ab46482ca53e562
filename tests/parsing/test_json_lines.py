"""JSON records to the definition that their keys tell of."""

from __future__ import annotations

import json

import polars as pl
import pytest
from parsing_help import LIBRARY, parse, targets

from clerk_logscan.parsing.json_lines import JsonLines
from clerk_logscan.parsing.record_lines import GRAMMARS, RecordLines

JSONS = LIBRARY.of_grammar("json")
NGINX = (
    '{{"time_iso8601":"2026-11-24T14:51:35+00:00","remote_addr":"203.0.113.9","request_uri":"{}","status":"{}",{}'
    '"http_user_agent":"{}"}}'
)


def nginx(target: str = "/a", status: str = "200", more: str = "", agent: str = "x") -> str:
    return NGINX.format(target, status, more, agent)


def test_no_record_of_one_format_is_taken_by_another() -> None:
    cutter = JsonLines(JSONS)
    for definition in JSONS:
        lines = pl.Series([sample.line for sample in definition.samples])
        if not lines[0].startswith("{"):
            continue  # its records stand in an envelope of their own (CEF)
        cuts = cutter.cut(lines)
        assert [cut.definition.name for cut in cuts] == [definition.name]


def test_what_reads_one_text_is_what_cuts_it() -> None:
    lines = [line for name in LIBRARY for sample in LIBRARY[name].samples for line in sample.line.split("\n")]
    for cutter in (JsonLines(JSONS), RecordLines([d for g in GRAMMARS for d in LIBRARY.of_grammar(g)])):
        taken = [row for cut in cutter.cut(pl.Series(lines)) for row in cut.rows]
        assert taken and sorted(taken) == [row for row, line in enumerate(lines) if cutter.reads(line)]


def test_what_is_asked_for_again_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    records = JsonLines._records
    monkeypatch.setattr(JsonLines, "_records", lambda self, texts: read.append(len(texts)) or records(self, texts))
    lines = [nginx(f"/{n}") for n in range(7)]
    parsed, _ = parse(lines)
    assert parsed.requests["request_target"].to_list() == [f"/{n}" for n in range(7)]
    assert read.count(7) == 2  # and once by the definition that reads them, for the columns that it leaves empty


def test_hidden_and_planted_targets_are_read_as_the_server_wrote_them() -> None:
    lines = [
        nginx("/first", agent='x","request_uri":"/planted'),
        nginx("/quoted", agent='say "hi"'),
        nginx("/refused", more='"upstream_status":,'),
        nginx("/retried", more='"upstream_status":502, 200,'),
        nginx(r"/__clerk/\x5Cevil.example/"),
        nginx(r"/__clerk/\\evil.example/"),
    ]
    wanted = ["/first", "/quoted", "/refused", "/retried", "/__clerk/\\evil.example/", "/__clerk/\\evil.example/"]
    assert targets(lines) == wanted


def test_evidence_of_an_empty_field_needs_the_key() -> None:
    parsed, _ = parse([nginx(status="404"), nginx(status="404", more='"upstream_addr":"",')])
    assert parsed.requests["_hint"].to_list() == [None, "not-forwarded"]
    assert parsed.requests["forwarded"].to_list() == [None, False]


def test_records_with_many_key_sets_stay_one_cut_in_order() -> None:
    lines = [nginx(f"/{n}", more=f'"k{n}":1,') for n in range(200)]
    cuts = JsonLines(JSONS).cut(pl.Series(lines))
    assert len(cuts) == 1 and cuts[0].rows.to_list() == list(range(200))
    assert cuts[0].raw["request_uri"].to_list() == [f"/{n}" for n in range(200)]


def test_numbers_and_texts_of_one_key_may_mix() -> None:
    parsed, _ = parse([nginx(more='"body_bytes_sent":"7",'), nginx(more='"body_bytes_sent":8,')])
    assert parsed.requests["bytes_sent"].to_list() == [7, 8]


def test_haproxy_s_backslash_is_the_client_s() -> None:
    line = (
        r'{"timestamp":"1795531896","client_ip":"203.0.113.9","frontend":"f","backend":"b","server":"<NOSRV>",'
        r'"method":"GET","uri":"/__clerk/\\evil#22\b","status":"503"}'
    )
    parsed, _ = parse([line])
    row = parsed.requests.row(0, named=True)
    assert row["request_target"] == r'/__clerk/\\evil"\b'
    assert row["_hint"] == "not-forwarded" and "<NOSRV>" in row["_hint_reason"]


@pytest.mark.parametrize(
    ("status", "flags", "hint"),
    [("502", "UF", "not-forwarded"), ("503", "UF,URX", None), ("503", "UH", "not-forwarded"), ("0", "DC", None)],
)
def test_envoy_s_flags_show_what_they_prove_and_no_more(status: str, flags: str, hint: str | None) -> None:
    record = json.loads(LIBRARY["envoy_json"].samples[0].line) | {"response_code": status, "response_flags": flags}
    assert parse([json.dumps(record)])[0].requests["_hint"].to_list() == [hint]


def test_a_record_that_looks_like_a_request_and_is_of_no_format_is_malformed() -> None:
    parsed, _ = parse(['{"verb":"GET","where":1,"urlPath":"/x"}', '{"level":"info","msg":"GET /x"}', '{"a":1}'])
    assert parsed.requests.is_empty() and parsed.malformed["line_number"].to_list() == [1] and parsed.not_requests == 2


def test_morgan_s_own_escaping_and_json_s_are_both_undone() -> None:
    """Newer morgan escapes quotes and backslashes in its tokens; JSON.stringify does so again, a template does not."""
    line = LIBRARY["morgan_json"].samples[0].line.replace("/__clerk//evil", "{}")
    wanted = r"/__clerk/\evil.example/v1/client".replace("\\\\", "\\")
    assert targets([line.replace("{}", r"/__clerk/\\\\evil")]) == [wanted]
    assert targets([line.replace("{}", r"/__clerk/\\evil")]) == [wanted]
