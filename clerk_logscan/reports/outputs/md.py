"""`.md`: the report for a ticket, in GitHub's Markdown; log text stands in code spans that it cannot leave."""

from __future__ import annotations

from typing import Any

from clerk_logscan.report import Report
from clerk_logscan.reports import words
from clerk_logscan.reports.inert import evidence, host, unicode_host
from clerk_logscan.reports.layout import middle
from clerk_logscan.reports.markdown import code, fenced, sentence
from clerk_logscan.reports.runs import Run
from clerk_logscan.reports.story import Bundle, Chapter, Story

_MOST_INCIDENTS, _MOST_RUNS, _MOST_RAW, _MOST_LURED, _MOST_ROWS = 20, 40, 20, 50, 100
_TARGET, _RAW = 120, 2000


def render(report: Report) -> bytes:
    """Return the report as Markdown, UTF-8; times in UTC, URLs defanged."""
    story, data = Story(report.data), report.data
    told, bundled = story.told(_MOST_INCIDENTS)
    parts = [_head(data), _steps(data), *(_incident(chapter, story) for chapter in told)]
    parts += [_bundles(bundled), _lured(data), _moments(story), _rules(story), _ledger(data), _limits(data)]
    parts.append(f"**verdict: {code(report.verdict)}**")
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def _head(data: dict[str, Any]) -> str:
    headline, said = words.heading(data)
    facts = [f"- **{sentence(label)}**: {sentence(text)}" for label, text in words.facts(data)]
    return "\n".join([f"# {sentence(headline)}: {sentence(said)}", "", sentence(words.subtitle(data)), "", *facts])


def _steps(data: dict[str, Any]) -> str:
    steps = [f"- [ ] {number}: {sentence(step)}" for number, step in enumerate(data["next_steps"], 1)]
    return "\n".join(["## What now", "", *steps]) if steps else ""


def _incident(chapter: Chapter, story: Story) -> str:
    incident = chapter.incident
    hosts = [_host(name) for name in chapter.hosts[:20]]
    title = f"## Incident {chapter.number} of {story.count:,}"
    title += f": {incident.get('severity')}, {words.outcome(incident.get('outcome'))}"
    attackers = incident.get("attacker_clients") or []
    clients = words.listed([code(client) for client in attackers[:10]], 10, of=len(attackers))
    facts = [
        f"- to: {words.listed(hosts, 10) or 'no host'} ({', '.join(incident.get('target_kinds') or []) or 'no kind'})",
        f"- by: {clients or 'no attacker known'}",
        f"- seen: {words.between(incident.get('first_seen'), incident.get('last_seen'))}",
        f"- requests: {chapter.request_count:,}; lines: {chapter.finding_count:,}",
        f"- rules: {', '.join(code(rule) for rule in incident.get('rule_ids') or [])}",
    ]
    summary = [sentence(incident["summary"]), ""] if incident.get("summary") else []
    return "\n".join([title, "", *summary, *facts, "", _table(chapter, story.roles), "", _raw(chapter)])


def _host(name: str) -> str:
    other = unicode_host(name)
    return f"{code(name)} (shown as {code(other)})" if other else code(name)


def _table(chapter: Chapter, roles: dict[str, str]) -> str:
    head = [
        "| time (UTC) | client | request | status | outcome | seen in | rests on |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    runs = chapter.runs(_MOST_RUNS)
    rows = [_row(run, roles) for run in runs]
    left = len(chapter.rows) - sum(run.count for run in runs)
    note = ["", f"and {words.count(left, 'more request')}, in the JSON report."] if left else []
    return "\n".join([*head, *rows, *note])


def _row(run: Run, roles: dict[str, str]) -> str:
    row = run.row
    times = f" ({run.count:,} times, last {words.moment(run.last.get('timestamp'))})" if run.count > 1 else ""
    request = middle(f"{evidence(row.get('method'))} {evidence(row.get('request_target'))}".strip(), _TARGET)
    outcome = words.outcome(row.get("outcome")) if row.get("kind") == "finding" else row.get("kind")
    when = f"{words.day(row.get('timestamp'))} {words.clock(row.get('timestamp'))}".strip() or "-"
    cells = [
        when + times,
        code(row.get("client_ip")),
        code(request, shown=True),
        str(row.get("status") or "-"),
        f"**{outcome}**" if row.get("outcome") == "presumed-sent" else str(outcome or ""),
        " → ".join(code(roles.get(hop, hop)) for hop in row.get("hops") or []) or code(row.get("source")),
        sentence(row.get("text")),
    ]
    return f"| {' | '.join(cells)} |"


def _raw(chapter: Chapter) -> str:
    """Return the lines of the logs as they stand, with their places."""
    lines = []
    for row in chapter.findings[:_MOST_RAW]:
        lines += [
            f"{evidence(row.get('source'))}:{row.get('line_number')}",
            f"    {middle(evidence(row.get('raw')), _RAW)}",
        ]
    left = chapter.finding_count - _MOST_RAW
    return fenced(lines) + (f"\n\nand {words.count(left, 'more line')}, in the JSON report." if left > 0 else "")


def _bundles(bundled: list[Bundle]) -> str:
    rows = []
    for bundle in bundled[:_MOST_ROWS]:
        hosts = words.listed([code(name) for name in bundle.hosts[:3]], of=len(bundle.hosts))
        clients = words.listed([code(client) for client in bundle.clients[:3]], of=len(bundle.clients))
        who = f" by {clients}" if clients else ""
        where = f" to {words.count(len(bundle.hosts), 'host')}: {hosts}" if hosts else ""
        rules = ", ".join(code(rule) for rule in bundle.rules)
        number, requests = words.count(len(bundle.numbers), "incident"), words.count(bundle.requests, "request")
        when = words.between(bundle.first, bundle.last)
        rows.append(
            f"- {bundle.severity}: {number} ({rules}; {words.outcome(bundle.outcome)}), {requests}{who}{where}; {when}"
        )
    left = sum(len(bundle.numbers) for bundle in bundled[_MOST_ROWS:])
    rest = [f"- and {words.count(left, 'more incident')}, in the JSON report."] if left else []
    return "\n".join(["## Other incidents", "", *rows, *rest]) if rows else ""


def _lured(data: dict[str, Any]) -> str:
    rows = []
    for row in data["lured"][:_MOST_LURED]:
        page = f", lured by {code(row['referer'])}" if row.get("referer") else ""
        when = words.moment(row.get("first_seen"))
        rows.append(f"- {when}: {code(row.get('client_ip'))} to {code(host(row.get('target_host')))}{page}")
    left = len(data["lured"]) - _MOST_LURED
    rest = [f"- and {words.count(left, 'more user')}, in the JSON report."] if left > 0 else []
    head = ["## Lured users", "", "Their sessions were exposed as well: end them, and tell these users.", ""]
    return "\n".join([*head, *rows, *rest]) if rows else ""


def _moments(story: Story) -> str:
    moments = story.moments_beside(story.told(_MOST_INCIDENTS)[0])
    rows = [
        f"- {words.moment(row.get('timestamp'))}: {row.get('kind')}: {sentence(row.get('text'))}" for row in moments
    ]
    left = len(rows) - _MOST_ROWS
    rest = [f"- and {left:,} more, in the JSON report."] if left > 0 else []
    return "\n".join(["## What else happened", "", *rows[:_MOST_ROWS], *rest]) if rows else ""


def _rules(story: Story) -> str:
    rows = []
    for rule in story.rules:
        harmless = f" Harmless if: {sentence(rule['harmless'])}" if rule.get("harmless") else ""
        rows.append(f"- **{code(rule.get('id'))}** ({rule.get('severity')}): {sentence(rule.get('reason'))}{harmless}")
    return "\n".join(["## Why these lines", "", *rows]) if rows else ""


def _ledger(data: dict[str, Any]) -> str:
    head = [
        "| input | lines | searched | parsed | unreadable | suspicious | formats | from | to | state | SHA-256 |",
        "| --- | --: | --: | --: | --: | --: | --- | --- | --- | --- | --- |",
    ]
    rows = [_input(row) for row in data["inputs"][:_MOST_ROWS]]
    left = len(data["inputs"]) - _MOST_ROWS
    rest = ["", f"and {words.count(left, 'more input')}, in the JSON report."] if left > 0 else []
    return "\n".join(["## How it was read", "", *head, *rows, *rest]) if rows else ""


def _input(row: dict[str, Any]) -> str:
    counts = [
        f"{row.get(name) or 0:,}" for name in ("lines", "searched", "examined", "malformed", "suspicious_malformed")
    ]
    formats = ", ".join(f"{code(name)} {number:,}" for name, number in (row.get("log_formats") or {}).items())
    times = [str(row.get(name) or "-")[:19].replace("T", " ") for name in ("first_timestamp", "last_timestamp")]
    state = (
        sentence(row["error"])
        if row.get("error")
        else ("read to its end" if row.get("complete") else "not read to its end")
    )
    cells = [code(row.get("source")), *counts, formats or "none", *times, state, code(row.get("sha256"))]
    return f"| {' | '.join(cells)} |"


def _limits(data: dict[str, Any]) -> str:
    limits = data.get("limits") or words.LIMITS
    return "\n".join(["## What logs cannot show", "", *(f"- {sentence(limit)}" for limit in limits)])
