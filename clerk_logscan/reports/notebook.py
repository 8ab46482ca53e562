"""A Report in a notebook: its first screen as a fragment of HTML, without styles or scripts of its own page."""

from __future__ import annotations

from html import escape
from typing import Any

from clerk_logscan.reports import words
from clerk_logscan.reports.inert import prose
from clerk_logscan.reports.story import Story

_COLOURS = {"key-exposed": "#b42318", "attempted": "#b54708", "probed": "#b54708", "incomplete": "#175cd3"}
_MOST = 10


def fragment(data: dict[str, Any]) -> str:
    """Return of a report's document the verdict, its facts, the next steps and the gravest incidents as HTML.

    All text is escaped.
    """
    (headline, sentence), verdict = words.heading(data), data["verdict"]
    colour = _COLOURS.get(verdict, "#067647")
    facts = "".join(f"<dt><b>{_text(label)}</b></dt><dd>{_text(fact)}</dd>" for label, fact in words.facts(data))
    steps = "".join(f"<li>{_text(step)}</li>" for step in data["next_steps"])
    return (
        f'<div style="border-left:6px solid {colour};padding:2px 14px">'
        f'<p><b style="color:{colour}">{_text(headline)}</b> {_text(sentence)}</p><dl>{facts}</dl><ol>{steps}</ol>'
        f"{_incidents(Story(data))}<p>verdict: <b>{_text(data['verdict'])}</b></p></div>"
    )


def _incidents(story: Story) -> str:
    told, bundled = story.told(_MOST)
    rows = [
        (c.incident.get("severity"), words.outcome(c.incident.get("outcome")), c.name, c.request_count) for c in told
    ]
    rows += [
        (b.severity, words.outcome(b.outcome), words.listed(b.hosts or b.rules), b.requests) for b in bundled[:_MOST]
    ]
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = "<tr><th>severity</th><th>outcome</th><th>host</th><th>requests</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>" if rows else ""


def _text(value: object) -> str:
    return escape(prose(value))
