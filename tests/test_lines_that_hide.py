"""Lines that hide an attack: each is read right, or reported as suspicious and unread; never passed over."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import log_printers as printers
import polars as pl
import pytest
from log_printers import js

import clerk_logscan as cl
from clerk_logscan.report import Report

CLF = "24/Nov/2026:14:51:36 +0000"
ISO = "2026-11-24T14:51:36.031123Z"
FLOW = "fe be/s1 0/0/0/7/8 200 141 - - ---- 1/1/0/0/0 0/0"
NULS = "\0" * 5000


UNREAD = ["unread"]  # in place of hosts: the attack is reported as suspicious and unread


class Outcome(NamedTuple):
    """The hosts of findings, with `unread` where suspicious lines were not read; and the findings themselves."""

    hosts: list[str]
    key: list[tuple[object, ...]]


class Row(NamedTuple):
    """Lines, and the hosts that their requests would have sent the key to; all other requests are harmless."""

    name: str
    lines: Sequence[str]
    hosts: Sequence[str]


def nginx(
    target: str, agent: str = "curl/8.5.0", referer: str = "-", user: str = "-", client: str = "203.0.113.9"
) -> str:
    return f'{client} - {user} [{CLF}] "GET {target} HTTP/1.1" 200 18 "{referer}" "{agent}"'


def traefik(target: str, agent: str = "x", referer: str = "-", user: str = "-", client: str = "203.0.113.9") -> str:
    return f'{nginx(target, agent, referer, user, client)} 7 "web@docker" "http://172.18.0.3:3000" 12ms'


def nginx_json(target: str, agent: str = "curl", status: str = '"200"', upstream: str = '"200"') -> str:
    """A log_format written as an object, with escape=none and numbers without quotes."""
    return (
        f'{{"time_iso8601":"2026-11-24T14:51:36+00:00","remote_addr":"203.0.113.9","request_method":"GET",'
        f'"request_uri":"{target}","status":{status},"upstream_status":{upstream},"http_user_agent":"{agent}"}}'
    )


def haproxy(target: str, captures: str = "") -> str:
    return f'203.0.113.66:36189 [24/Nov/2026:14:49:22.019] {FLOW} {captures}"GET {target} HTTP/1.1"'


def caddy(target: str) -> str:
    return js(printers.caddy("GET", target, 1))


def journald(text: str) -> str:
    return json.dumps({"__REALTIME_TIMESTAMP": "1795531896031123", "_PID": "42", "MESSAGE": list(text.encode())})


def firehose(text: str) -> str:
    return js({"attemptsMade": 4, "arrivalTimestamp": 1795531896123, "errorCode": "x", "rawData": coded(text)})


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def subscription(text: str, layers: int = 1) -> str:
    events = {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1795531896031, "message": text}]}
    data = js(events).encode()
    for _ in range(layers):
        data = gzip.compress(data, mtime=0)
    return json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}})


ATTACK = "/__clerk//h{}.example/x"
ROWS = [
    Row("a quote in the agent breaks the JSON", [nginx_json(ATTACK.format(1), 'say "hi"')], ["h1.example"]),
    Row("a number that is missing breaks the JSON", [nginx_json(ATTACK.format(2), upstream="")], ["h2.example"]),
    Row("a dash where a number should be breaks it", [nginx_json(ATTACK.format(3), upstream="-")], ["h3.example"]),
    Row("several tries break it", [nginx_json(ATTACK.format(4), upstream="502, 200")], ["h4.example"]),
    Row("a lone backslash breaks it", [nginx_json("/__clerk/\\h5.example")], ["h5.example"]),
    Row("a backslash that JSON would take", [nginx_json("/__clerk\\/h6.example/a\\e")], ["h6.example"]),
    Row("a cut record", [nginx_json(ATTACK.format(7))[:-40]], ["h7.example"]),
    Row("the server's own key comes first", [nginx_json(ATTACK.format(8), 'x","request_uri":"/ok')], ["h8.example"]),
    Row("a planted second key", [nginx_json("/ok", 'x","request_uri":"/__clerk//no1.example/')], []),
    Row("a key planted in the target", [nginx_json('/__clerk/","x":"/..//h9.example')], ["h9.example"]),
    Row("a known key planted in the target", [nginx_json('/__clerk/","status":"/..//h10.example')], ["h10.example"]),
    Row("a target between two planted keys", [nginx_json('/x","y":"/../../__clerk//h11.example')], ["h11.example"]),
    Row(
        "slashes spelled by JSON", [printers.unicoded(js(printers.caddy("GET", ATTACK.format(12), 1)))], ["h12.example"]
    ),
    Row(
        "the proxy path spelled by JSON",
        [caddy(ATTACK.format(13)).replace("__clerk", "\\u005f\\u005fclerk")],
        ["h13.example"],
    ),
    Row("a whole line as the agent", [nginx("/ok", nginx("/__clerk//no2.example/").replace('"', "\\x22"))], []),
    Row("a request as the referer", [nginx("/ok", referer="GET /__clerk//no3.example/ HTTP/1.1")], []),
    Row("an attack behind an agent that ends it", [traefik(ATTACK.format(14), 'x" 200 5 "-" "-"')], ["h14.example"]),
    Row("a whole line as a raw agent", [traefik("/ok", nginx("/__clerk//no4.example/"))], []),
    Row("a raw agent with a line's end", [traefik("/ok", 'x" 7 "r" "http://1.2.3.4" 12ms')], []),
    Row("a raw referer that is a request", [traefik("/ok", referer='" "GET /__clerk//no5.example/ HTTP/1.1')], []),
    Row("quotes in a target", [traefik('/__clerk//h15.example/?q="x"2005"-"')], ["h15.example"]),
    Row(
        "a user who is a whole line",
        [traefik(ATTACK.format(16), user=f'x [{CLF}] "GET /ok HTTP/1.1" 200 5 "-" "-"')],
        ["h16.example"],
    ),
    Row("a user with blanks and brackets", [nginx(ATTACK.format(17), user="a [b] c")], ["h17.example"]),
    Row(
        "older morgan escapes nothing",
        [
            "::ffff:" + nginx("/ok"),
            "::ffff:" + nginx("/a\\e", 'say "hi"'),
            "::ffff:" + nginx("/__clerk\\\\h18.example"),
        ],
        ["h18.example"],
    ),
    Row("NULs before a line (copytruncate)", [NULS + nginx(ATTACK.format(19))], ["h19.example"]),
    Row("NULs before a record", [NULS + nginx_json(ATTACK.format(20))], ["h20.example"]),
    Row("a byte order mark in the middle", ["\ufeff" + nginx(ATTACK.format(21))], ["h21.example"]),
    Row("an array of bytes", [journald(nginx(ATTACK.format(22)))], ["h22.example"]),
    Row(
        "an error log repeats a request",
        [
            f"2026/11/24 14:51:36 [error] 12#12: *1 connect() failed (111: Connection refused) while connecting to "
            f'upstream, client: 203.0.113.9, server: a, request: "GET {ATTACK.format(38)} HTTP/1.1", upstream: '
            f'"http://127.0.0.1:3000{ATTACK.format(38)}", host: "app.example.com"',
            nginx(ATTACK.format(38)),
        ],
        ["h38.example"],
    ),
    Row(
        "an error handler repeats a request",
        [
            *printers.fastify("GET", ATTACK.format(39), 1)[:1],
            printers.fastify("GET", ATTACK.format(39), 1)[0]
            .replace('"level":30', '"level":50')
            .replace(
                '"msg":"incoming request"', '"res":{"statusCode":500},"err":{"type":"TypeError"},"msg":"Invalid URL"'
            ),
            *printers.fastify("GET", ATTACK.format(39), 1)[1:],
        ],
        ["h39.example"],
    ),
    Row(
        "a record printed over lines behind a log of lines",
        [
            *[nginx("/ok")] * 250,
            *json.dumps({"req": {"uri": ATTACK.format(40)}, "status": 200}, indent=2).split("\n"),
        ],
        UNREAD,
    ),
    Row("base64", [firehose(nginx(ATTACK.format(23)))], ["h23.example"]),
    Row("base64 in one record of nobody's", [json.dumps({"id": 1, "frame": coded(nginx(ATTACK.format(41)))})], UNREAD),
    Row("gzip in base64", [subscription(nginx(ATTACK.format(24)))], ["h24.example"]),
    Row("gzip in gzip in base64", [subscription(nginx(ATTACK.format(25)), 2)], ["h25.example"]),
    Row("colours", [f"\x1b[36mweb-1  |\x1b[0m {nginx(ATTACK.format(26))}"], ["h26.example"]),
    Row("a target that begins with //", [nginx(f"//x{ATTACK.format(27)}"), nginx("//h0.example/x")], ["h27.example"]),
    Row(
        "an absolute target of an HTTP/2 front",
        [nginx(f"https://app.example.com{ATTACK.format(28)}").replace("HTTP/1.1", "HTTP/2.0")],
        ["h28.example"],
    ),
    Row("HAProxy's line cut at 1,024 bytes", [haproxy(ATTACK.format(29) + "a" * 2000)[:1024]], ["h29.example"]),
    Row("HAProxy's own escape", [haproxy("/__clerk/#5Ch30.example/#22")], ["h30.example"]),
    Row("a capture that is a request", [haproxy("/ok", "{GET /__clerk//no6.example/ HTTP/1.1} ")], []),
    Row("bytes that are no UTF-8", [nginx(ATTACK.format(31), "\\xFF\\xC3(")], ["h31.example"]),
    Row("a tab in the agent", [nginx(ATTACK.format(32), "a\tb")], ["h32.example"]),
    Row(
        "Apache's \\\\",
        [nginx("/__clerk/\\\\h33.example", 'a\\"').replace("203.0.113.9", "host")],
        ["h33.example"],
    ),
    Row("a percent-encoded proxy path", [nginx("/%5f_clerk//h37.example/")], ["h37.example"]),
    Row(
        "a message of Docker's cut inside the attack",
        [
            js({"log": text, "stream": "stdout", "time": ISO})
            for text in (nginx("/a?" + "b" * 16300 + "/x"), nginx("/ok") + "\n")
        ],
        [],
    ),
    Row(
        "CRI's pieces, cut inside the attack",
        [
            f"{ISO} stdout P {nginx(ATTACK.format(34))[:70]}",
            f"{ISO} stderr F {nginx('/ok')}",
            f"{ISO} stdout F {nginx(ATTACK.format(34))[70:]}",
        ],
        ["h34.example"],
    ),
    Row(
        "objects with no newline between",
        ["".join(nginx_json(ATTACK.format(n)) for n in (35, 36))],
        ["h35.example", "h36.example"],
    ),
    Row(
        "a body that is a record",
        [
            js(
                {
                    "level": 30,
                    "time": 1795531896031,
                    "msg": "hook",
                    "body": js(printers.caddy("GET", "/__clerk//no8.example/", 1)),
                }
            )
        ],
        [],
    ),
]


def write(path: Path, lines: Sequence[str]) -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def off_host(findings: pl.DataFrame) -> list[str]:
    """Return the hosts of the findings that send the key away, sorted."""
    rules = ["off-host-target", "off-host-after-decoding"]
    return sorted(findings.filter(pl.col("rule_id").is_in(rules))["target_host"].to_list())


def key(findings: pl.DataFrame) -> list[tuple[object, ...]]:
    columns = ("rule_id", "target_host", "request_target", "line_number", "byte_offset", "raw")
    return sorted(findings.select(columns).rows())


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Row], list[Outcome]]:
    """What is told of a row's lines, which are all of their file: searched, and read whole."""
    folder = tmp_path_factory.mktemp("alone")
    paths = {row.name: folder / f"{number}.log" for number, row in enumerate(ROWS)}
    for row in ROWS:
        write(paths[row.name], row.lines)
    reports = [cl.analyze(str(folder), full=full) for full in (False, True)]
    return lambda row: [_outcome(report, str(paths[row.name])) for report in reports]


def _outcome(report: Report, source: str) -> Outcome:
    mine = pl.col("source") == source
    findings = report.findings.filter(mine)
    unread = report.inputs.filter(mine)["suspicious_malformed"].sum()
    return Outcome(off_host(findings) + ["unread"] * (unread > 0), key(findings))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_line_that_hides_is_read_right_alone(row: Row, alone: Callable[[Row], list[Outcome]]) -> None:
    searched, whole = alone(row)
    assert [host for host in searched.hosts if host != "unread" or row.hosts == UNREAD] == sorted(row.hosts)
    assert searched.key == whole.key


def test_all_lines_that_hide_in_one_file_are_read_or_reported(tmp_path: Path) -> None:
    """What is not read is counted as suspicious; nothing harmless becomes an attack."""
    log = tmp_path / "x.log"
    write(log, [line for row in ROWS for line in row.lines])
    found, whole = cl.analyze(str(log)), cl.analyze(str(log), full=True)
    wanted = {host for row in ROWS for host in row.hosts}
    hosts = off_host(found.findings)
    assert set(hosts) <= wanted
    assert len(wanted.difference(hosts)) <= found.inputs["suspicious_malformed"].sum()
    assert key(whole.findings) == key(found.findings)
