"""The report on the screen: the answer first, then what it rests on; the last line is the verdict."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Any

from clerk_logscan.reports import screen, words
from clerk_logscan.reports.inert import evidence, prose
from clerk_logscan.reports.layout import Line, cells, cut_target, hanging, middle, pad, plain
from clerk_logscan.reports.runs import Run
from clerk_logscan.reports.story import Bundle, Chapter, Story
from clerk_logscan.rows import distinct

if TYPE_CHECKING:
    from clerk_logscan.report import Report

_MOST_FACTS, _MOST_INCIDENTS, _MOST_BUNDLES, _MOST_RUNS, _MOST_INPUTS, _MOST_LURED, _MOST_MOMENTS = 14, 5, 8, 8, 8, 5, 6
_LINE_NUMBER = re.compile(r"(?<=:)\d+(?=\))")  # of the line of a log in brackets


def show(report: Report, stream: IO[str] | None = None, *, width: int | None = None) -> None:
    """Write the report for people to `stream` (standard output), in its terminal's width, 80 columns in a pipe."""
    out = stream or sys.stdout
    screen.write(lines(report, width or screen.width(out)), out)


def text(report: Report, width: int = 80) -> str:
    """Return the report as plain text of so many columns."""
    return "\n".join(plain(line) for line in lines(report, width)) + "\n"


def lines(report: Report, width: int = 80) -> list[Line]:
    """Return the styled lines of the whole report."""
    story, data = Story(report.data), report.data
    blocks = [_head(data, width), _next_steps(data, width), *_incidents(story, width), _lured(data, width)]
    blocks += [_moments(story, width), _rules(story, width), _ledger(data, width)]
    page: list[Line] = []
    for block in filter(None, blocks):
        page += [*block, []]
    return [*page, [(" ", ""), ("verdict: ", ""), (report.verdict, "head")]]


def _head(data: dict[str, Any], width: int) -> list[Line]:
    headline, sentence = words.heading(data)
    block: list[Line] = [*hanging("", prose(words.subtitle(data)), width, style="quiet"), []]
    block += hanging(f" {prose(headline)}   ", prose(sentence), width, label_style=data["verdict"], style="head")
    block.append([])
    facts = words.facts(data)
    column = max([8, *(cells(label) for label, _ in facts)]) + 2
    for label, fact in facts[:_MOST_FACTS]:
        block += hanging("  " + pad(prose(label), column), prose(fact), width, label_style="label")
    if len(facts) > _MOST_FACTS:
        block.append(
            [(f"  and {words.count(len(facts) - _MOST_FACTS, 'more reason')}, in the written reports", "quiet")]
        )
    return block


def _next_steps(data: dict[str, Any], width: int) -> list[Line]:
    if not data["next_steps"]:
        return []
    block: list[Line] = [[(" What now", "head")]]
    for number, step in enumerate(data["next_steps"], 1):
        block += hanging(f"  {number}. ", prose(step), width)
    return block


def _incidents(story: Story, width: int) -> list[list[Line]]:
    told, bundled = story.told(_MOST_INCIDENTS)
    blocks = [_incident(chapter, story, width) for chapter in told]
    rest: list[Line] = []
    for bundle in bundled[:_MOST_BUNDLES]:
        rest += _bundle(bundle, width)
    if len(bundled) > _MOST_BUNDLES:
        left = sum(len(bundle.numbers) for bundle in bundled[_MOST_BUNDLES:])
        rest.append([(f"  and {words.count(left, 'more incident')}, in the written reports", "quiet")])
    if rest:
        rest.insert(0, [(" Other incidents" if told else " Incidents", "head")])
    return [*blocks, rest]


def _incident(chapter: Chapter, story: Story, width: int) -> list[Line]:
    incident = chapter.incident
    severity, outcome = str(incident.get("severity")), incident.get("outcome")
    requests = words.count(chapter.request_count, "request")
    title = f" Incident {chapter.number} of {story.count:,} · "
    block: list[Line] = [
        [(title, "head"), (severity, severity), (f" · {words.outcome(outcome)} · {requests}", "")],
        *hanging("  ", prose(chapter.name), width, style="head"),
    ]
    if incident.get("summary"):
        block += hanging("  ", prose(incident["summary"]), width)
    return [*block, *_requests(chapter, width), *_reasons(chapter, width), *_places(chapter, story.roles, width)]


def _requests(chapter: Chapter, width: int) -> list[Line]:
    block, day = [], ""
    shown = chapter.runs(_MOST_RUNS, findings_first=True)
    client = min(max((len(str(run.row.get("client_ip") or "-")) for run in shown), default=1), 39, width - 38)
    for run in shown:
        if words.day(run.row.get("timestamp")) != day:
            day = words.day(run.row.get("timestamp"))
            block.append([(f"  {day or 'without a time'}", "quiet")])
        block += _run(run, client, width)
    left = len(chapter.rows) - sum(run.count for run in shown)
    if left:
        block.append([(f"  and {words.count(left, 'more request')}, in the written reports", "quiet")])
    return block


def _run(run: Run, client: int, width: int) -> list[Line]:
    row = run.row
    outcome = row.get("outcome") if row.get("kind") == "finding" else None
    start = f"  {words.clock(row.get('timestamp')) or '--:--:--'}  {pad(middle(visible_client(row), client), client)}  "
    method = pad(middle(evidence(row.get("method") or "-"), 7), 4) + " "
    status = f"  {row.get('status') or '---'}"
    end = f"  {pad(words.outcome(outcome), 8)}" if outcome else " " * 10
    room = width - cells(start) - cells(method) - cells(status) - cells(end)
    if row.get("kind") not in ("finding", "context"):
        return hanging(
            f"  {words.clock(row.get('timestamp'))}  ", f"{row.get('kind')}: {prose(row.get('text'))}", width
        )
    target = evidence(row.get("request_target") or "-")
    shown_host = evidence(row.get("target_host") or "")
    wide = room >= 20
    style = str(outcome or "quiet")
    first: Line = [(start, ""), (method, "")]
    first += [(pad(cut_target(target, shown_host, room), room), "")] if wide else []
    block: list[Line] = [[*first, (status, ""), (end, style)]]
    if not wide:
        block.append([("            ", ""), (cut_target(target, shown_host, width - 12), "")])
    if run.count > 1:
        block.append(
            [(f"            {run.count:,} times, the last at {words.moment(run.last.get('timestamp'))}", "quiet")]
        )
    return block


def visible_client(row: dict[str, Any]) -> str:
    """Return a row's client, `-` where the log has none."""
    return evidence(row.get("client_ip") or "-")


def _reasons(chapter: Chapter, width: int) -> list[Line]:
    """Return on what the outcomes rest; sentences that differ only in the line of a log are one."""
    reasons = distinct(chapter.requests, "outcome", "text")
    gravest_first = sorted(reasons, key=lambda reason: words.certainty(reason[0]))
    alike: dict[str, list[str]] = defaultdict(list)
    for text in dict.fromkeys(prose(text) for _, text in gravest_first if text):
        alike[_LINE_NUMBER.sub("", text)].append(text)
    block: list[Line] = []
    for first, *others in list(alike.values())[:3]:
        more = f" (and {len(others):,} more like it)" if others else ""
        block += hanging("  why  ", first + more, width, label_style="label")
    if len(alike) > 3:
        block.append([(f"       and {words.count(len(alike) - 3, 'more reason')}, in the written reports", "quiet")])
    return block


def _places(chapter: Chapter, roles: dict[str, str], width: int) -> list[Line]:
    places = [f"{evidence(row.get('source'))}:{row.get('line_number')}" for row in chapter.findings[:3]]
    seen = [hops for (hops,) in distinct(chapter.requests, "hops") if len(hops or ()) > 1]
    hops = [" → ".join(roles.get(name, name) for name in names) for names in seen]
    where = words.listed(places, of=chapter.finding_count)
    block = hanging("  in   ", where, width, label_style="label") if places else []
    if hops:
        block += hanging("  via  ", prose(words.listed(dict.fromkeys(hops))), width, label_style="label")
    return block


def _bundle(bundle: Bundle, width: int) -> list[Line]:
    number = words.count(len(bundle.numbers), "incident")
    requests = words.count(bundle.requests, "request")
    label = f"  {bundle.severity:<9}"
    who = f" by {words.listed(bundle.clients, 2)}" if bundle.clients else ""
    hosts = words.listed(map(prose, bundle.hosts[:2]), 2, of=len(bundle.hosts))
    where = f", {words.count(len(bundle.hosts), 'host')}: {hosts}" if bundle.hosts else ""
    when = f", {words.between(bundle.first, bundle.last)}"
    what = f"{number} ({', '.join(bundle.rules)}; {words.outcome(bundle.outcome)}), {requests}{prose(who)}{where}{when}"
    return hanging(label, what, width, label_style=bundle.severity)


def _lured(data: dict[str, Any], width: int) -> list[Line]:
    lured = data["lured"]
    if not lured:
        return []
    block: list[Line] = [[(f" Users lured there: {len(lured):,}. Their sessions were exposed as well.", "head")]]
    for row in lured[:_MOST_LURED]:
        page = f", lured by {prose(row['referer'])}" if row.get("referer") else ""
        said = f"{prose(row.get('client_ip'))} to {prose(row.get('target_host'))}{page}"
        block += hanging(f"  {words.day(row.get('first_seen'))} {words.clock(row.get('first_seen'))}  ", said, width)
    if len(lured) > _MOST_LURED:
        block.append([(f"  and {words.count(len(lured) - _MOST_LURED, 'more user')}, in the written reports", "quiet")])
    return block


def _moments(story: Story, width: int) -> list[Line]:
    moments = story.moments_beside(story.told(_MOST_INCIDENTS)[0])
    block: list[Line] = [[(" What else happened", "head")]] if moments else []
    for row in moments[:_MOST_MOMENTS]:
        when = f"{words.day(row.get('timestamp'))} {words.clock(row.get('timestamp'))}"
        block += hanging(f"  {when}  ", f"{row.get('kind')}: {prose(row.get('text'))}", width)
    if len(moments) > _MOST_MOMENTS:
        block.append([(f"  and {len(moments) - _MOST_MOMENTS:,} more, in the written reports", "quiet")])
    return block


def _rules(story: Story, width: int) -> list[Line]:
    block: list[Line] = [[(" Why these lines", "head")]] if story.rules else []
    for rule in story.rules:
        block += hanging("  ", f"{prose(rule.get('id'))}: {prose(rule.get('reason'))}", width)
        if rule.get("harmless"):
            block += hanging("    ", f"Harmless if: {prose(rule['harmless'])}", width, style="quiet")
    return block


def _ledger(data: dict[str, Any], width: int) -> list[Line]:
    rows = sorted(data["inputs"], key=lambda row: bool(row.get("complete")) and not row.get("error"))
    block: list[Line] = [[(" How it was read", "head")]] if rows else []
    for row in rows[:_MOST_INPUTS]:
        block += hanging("  ", _read(row), width)
    if len(rows) > _MOST_INPUTS:
        block.append(
            [
                (
                    f"  and {words.count(len(rows) - _MOST_INPUTS, 'more input')}, all listed in the written reports",
                    "quiet",
                )
            ]
        )
    return block


def _read(row: dict[str, Any]) -> str:
    if row.get("error") and row.get("bytes") is None:
        return prose(row["error"])  # never opened; the sentence names it
    formats = ", ".join(f"{name} {number:,}" for name, number in (row.get("log_formats") or {}).items())
    parts = [
        f"{row.get('searched') or 0:,} of {words.count(row.get('lines'), 'line')} searched",
        f"{row.get('examined') or 0:,} parsed" + (f" ({prose(formats)})" if formats else ""),
    ]
    if row.get("malformed"):
        parts.append(f"{row['malformed']:,} unreadable, {row.get('suspicious_malformed') or 0:,} of them suspicious")
    if row.get("error"):
        parts.append(prose(str(row["error"]).removeprefix(f"{row.get('source')} ")))
    elif row.get("complete") is False:
        parts.append("not read to its end")
    return f"{evidence(row.get('source'))}: {', '.join(parts)}"
