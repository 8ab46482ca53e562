"""--redact: no secret and no bystander's address is left in any output; attackers and their hosts stay."""

# ruff: noqa: E501

from __future__ import annotations

import base64
import json
import re

import polars as pl
import pytest
import report_documents as documents
from hypothesis import given
from hypothesis import strategies as st
from report_documents import ATTACKER, JWT, LURED, OTHER, event, finding, incident, ledger

from clerk_logscan import reports
from clerk_logscan.report import Report
from clerk_logscan.rows import Rows

SECRET = "s3cr3tvalue"
COOKIE = f"__session={JWT}; __client_uat=1711772000; theme={SECRET}"

# Lines as logs write them; each holds the cookie or the query in another escaping. {ip} is a bystander's address.
LINES = {
    "nginx referer": f'{{ip}} - - [x] "GET /__clerk//v1/a?__session={JWT}&x={SECRET} HTTP/1.1" 200 1 "https://a.example/?t={SECRET}" "curl"',
    "nginx cookie": f'{{ip}} - - [x] "GET /a HTTP/1.1" 200 1 "-" "curl" "{COOKIE}"',
    "one cookie": f'{{ip}} - - [x] "GET /a HTTP/1.1" 200 1 "-" "curl" "theme={SECRET}"',
    "nginx escaped": f'{{ip}} - - [x] "GET /a?q=a\\x22{SECRET} HTTP/1.1" 200 1',
    "json": json.dumps(
        {"remote_ip": "{ip}", "uri": f"/a?b={SECRET}&c={JWT}", "headers": {"Cookie": [COOKIE, f"a={SECRET}"]}}
    ),
    "json string": json.dumps(
        {"ip": "{ip}", "cookie": COOKIE, "authorization": f"Bearer {SECRET}", "query": f"a={SECRET}"}
    ),
    "json u0026": f'{{"ip":"{{ip}}","url":"/a?b=1\\u0026c={SECRET}"}}',
    "waf": json.dumps({"clientIp": "{ip}", "headers": [{"name": "Cookie", "value": COOKIE}], "args": f"x={SECRET}"}),
    "psql": f"-[ RECORD 1 ]\nip | {{ip}}\ncookie | {COOKIE}\nx_api_key | {SECRET}\nurl | /a?b={SECRET}",
    "print_r": f"Array\n(\n    [ip] => {{ip}}\n    [x_api_key] => {SECRET}\n    [url] => /a?b={SECRET}\n)",
    "rubydebug": f'{{{{\n  "ip" => "{{ip}}",\n  "authorization" => "{SECRET}",\n  "cookie" => "{COOKIE}"\n}}}}',
    "mysql": f"*** 1. row ***\n  ip: {{ip}}\n  session_token: {SECRET}\n  cookie: {COOKIE}",
    "raw headers": json.dumps({"ip": "{ip}", "rawHeaders": ["Cookie", COOKIE, "Host", "a.example"]}),
    "docker": json.dumps({"log": json.dumps({"ip": "{ip}", "cookie": COOKIE, "u": f"/a?b={SECRET}"})}),
    "logfmt": f'method=GET path="/a?b={SECRET}" fwd="{{ip}}" cookie="{COOKIE}" query=x={SECRET}',
    "cloudfront": f"2026-03-30\t04:12:07\tFRA\t1\t{{ip}}\tGET\td.example\t/a\t200\t-\tcurl\tx={SECRET}\ttheme={SECRET};%20b={SECRET}",
    "header dump": f"{{ip}} GET /a Cookie: {COOKIE}",
    "forwarded": f'10.0.0.1 - - [x] "GET /a?b={SECRET} HTTP/1.1" 200 1 "{{ip}}, 10.0.0.2"',
    "key": f"{{ip}} GET /a sk_live_{SECRET}{SECRET}",
    "basic": f'{{ip}} "GET /a HTTP/1.1" "Basic {base64.b64encode(SECRET.encode()).decode()}"',
    "bare query": f'{{ip}} "GET /a?{SECRET} HTTP/1.1"',
    "fragment": f'{{ip}} "GET /a HTTP/1.1" "https://a.example/#access_token={SECRET}"',
    "packed": base64.b64encode(f'{{ip}} GET /a?b={SECRET} "{COOKIE}" and so on and so on'.encode()).decode(),
    "byte array": json.dumps({"MESSAGE": list(f"{OTHER} GET /a?b={SECRET} HTTP/1.1 and so on".encode())}),
}


def report_of(line: str, log_format: str = "nginx_combined") -> Report:
    """A report whose one bystander's finding has this raw line; an attacker's finding stands beside it."""
    attack = finding(request_target=f"/__clerk//collect.evil.example/?k={SECRET}")
    row = finding(
        rule_id="double-slash",
        client_ip=OTHER,
        raw=line.replace("{ip}", OTHER),
        incident_id=None,
        event_id="E9",
        log_format=log_format,
        request_target=f"/__clerk//a?b={SECRET}",
    )
    return Report(
        documents.document(
            "key-exposed",
            findings=[attack, row],
            incidents=[incident(1, [attack])],
            timeline=[event(attack), event(row, text=f"{OTHER} asked for /a?b={SECRET}")],
            inputs=[ledger()],
        )
    )


@pytest.mark.parametrize("name", LINES)
def test_no_secret_and_no_bystander_is_left_in_a_raw_line(name: str) -> None:
    """Whatever the log's layout and escaping, the values are gone and the names of fields stay."""
    log_format = "cloudfront_v1" if name == "cloudfront" else "nginx_combined"
    raw = report_of(LINES[name], log_format).redacted().data["findings"][1]["raw"]
    for secret in (SECRET, JWT.split(".")[1], "1711772000", OTHER, base64.b64encode(SECRET.encode()).decode()):
        assert secret not in raw
    assert "REDACTED-" in raw


@pytest.mark.parametrize("suffix", [name for name in reports.suffixes() if name != ".parquet"])
def test_no_output_of_a_redacted_report_holds_a_secret(suffix: str) -> None:
    """The lured user's address, the session token and the page's token are in no output; the attacker is in all."""
    report = documents.exposed()
    text = reports.render(report.redacted(), "x" + suffix).decode()
    for secret in (LURED, JWT, JWT.split(".")[1], "secretvalue1", "192.0.2.7"):
        assert secret not in text
    for kept in (ATTACKER, "collect.evil.example", "169.254.169.254"):
        assert kept in text


def test_a_value_has_one_mask_in_the_whole_report() -> None:
    """The query of the field and that of the raw line agree, and different values differ."""
    row = report_of(LINES["nginx referer"]).redacted().data["findings"][1]
    mask = row["request_target"].split("b=")[1]
    assert mask.startswith("REDACTED-")
    assert f"x={mask} HTTP" in row["raw"]
    assert f"__session={mask}" not in row["raw"]


def test_evidence_stays_readable() -> None:
    """Target hosts, paths, names of parameters, times, versions and the attacker's address are not touched."""
    raw = documents.exposed().redacted().data["findings"][3]["raw"]
    for kept in (
        "[30/Mar/2026:04:12:07 +0000]",
        "//collect.evil.example/p.js?_clerk_js_version=REDACTED-",
        "Chrome/122.0.0.0",
    ):
        assert kept in raw
    assert "forum.lure.example/thread/1?token=REDACTED-" in raw


def test_an_address_has_one_mask_however_it_is_written() -> None:
    """IPv6 in any spelling and IPv4 inside IPv6 are one address."""
    line = 'x "2001:DB8:0:0::9" 2001:db8::9 ::ffff:192.0.2.200 192.0.2.200 04:12:07 [2001:db8::9]:443'
    raw = report_of(line).redacted().data["findings"][1]["raw"]
    words = raw.split()
    assert words[1].strip('"') == words[2] == words[6].split("]")[0][1:]
    assert words[3] == words[4] != words[2]
    assert words[5] == "04:12:07"


def test_an_attacker_who_was_named_by_a_host_name_stays_and_a_user_does_not() -> None:
    """Logs with resolved host names are masked as well."""
    attack = finding(client_ip="vps.attacker.example")
    user = finding(
        client_ip="dsl-7.isp.example", rule_id="client-double-slash", incident_id=None, raw="dsl-7.isp.example GET"
    )
    report = Report(documents.document("key-exposed", findings=[attack, user], incidents=[incident(1, [attack])]))
    text = report.redacted().to_json().decode()
    assert "vps.attacker.example" in text
    assert "dsl-7.isp.example" not in text


def test_own_hops_stay() -> None:
    """The addresses of one's own balancers and proxies are no bystanders' and stay where the document names them."""
    report = report_of(LINES["forwarded"])
    report.data["own_addresses"] = ["10.0.0.2"]
    raw = report.redacted().data["findings"][1]["raw"]
    assert "10.0.0.2" in raw
    assert "10.0.0.1 " not in raw


def test_redacting_twice_changes_nothing_and_says_so() -> None:
    """Masks are no values; the document tells that it was redacted, and the original stays as it was."""
    report = documents.exposed()
    before = report.to_json()
    once = report.redacted()
    assert once.redacted().to_json() == once.to_json()
    assert once.data["redacted"] is True
    assert report.to_json() == before


def renumbered(document: bytes) -> bytes:
    """Return a document with its masks numbered anew, as they stand in it."""
    seen: dict[bytes, bytes] = {}
    number = lambda match: seen.setdefault(match[0], b"%s-%d" % (match[1], len(seen)))  # noqa: E731
    return re.sub(rb"(REDACTED|address)-\d+", number, document)


def test_tables_are_masked_as_the_same_rows_are() -> None:
    """Columns of frames, as an analysis makes them, and rows of a saved report hide and keep the same."""
    for report in (documents.exposed(), *map(report_of, LINES.values())):
        tables = {
            name: Rows(pl.DataFrame(report.data[name], infer_schema_length=None)) for name in ("findings", "timeline")
        }
        saved = {name: rows[:] for name, rows in tables.items()}  # with every field in every row
        masked, expected = (Report(report.data | some).redacted().to_json() for some in (tables, saved))
        assert b"REDACTED-" in masked
        assert renumbered(masked) == renumbered(expected)


@given(st.text(max_size=80))
def test_any_line_can_be_redacted(text: str) -> None:
    """No text of an attacker makes the masking fail."""
    assert report_of(text).redacted().data["findings"][1]["raw"] is not None
