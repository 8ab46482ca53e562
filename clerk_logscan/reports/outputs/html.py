"""`.html`: one self-contained page, from the verdict down to the raw lines; it asks for nothing from outside.

jinja2 escapes every value, and before that each is made inert. The Content-Security-Policy names the hashes of the
page's one style sheet and one script: nothing else can run, whatever a log holds.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from clerk_logscan.columns import rank
from clerk_logscan.report import Report
from clerk_logscan.reports import picture, words
from clerk_logscan.reports.inert import evidence, spans, unicode_host
from clerk_logscan.reports.layout import middle
from clerk_logscan.reports.story import Story
from clerk_logscan.rows import ordered
from clerk_logscan.schema import SEVERITIES

_TEMPLATES = Path(__file__).parent.parent / "templates"
_MOST_INCIDENTS, _MOST_FINDINGS, _MOST_INPUTS, _LONGEST = 25, 1000, 200, 3000
_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


def render(report: Report) -> bytes:
    """Return the page as UTF-8 HTML; readable without its script, in light and dark, on paper and on a phone."""
    story, data = Story(report.data), report.data
    told, bundled = story.told(_MOST_INCIDENTS)
    findings = ordered(
        data["findings"], lambda row: (words.gravity(row.get("severity")), row.get("timestamp") or ""), _gravity
    )
    bars, bar_ticks = picture.coverage(data["inputs"])
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            data=data,
            story=story,
            heading=words.heading(data),
            facts=words.facts(data),
            subtitle=words.subtitle(data),
            told=told,
            bundled=bundled,
            picture=picture.timeline(story),
            geometry=picture,
            findings=findings[:_MOST_FINDINGS],
            inputs=data["inputs"][:_MOST_INPUTS],
            bars=bars,
            bar_ticks=bar_ticks,
            limits=data.get("limits") or words.LIMITS,
        )
    )
    return page.encode()


def _gravity() -> list[pl.Expr]:
    """Return by what a frame of findings is ordered, the gravest first, then by time."""
    return [rank("severity", SEVERITIES), pl.col("timestamp").fill_null("")]


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return the environment in which every value is made inert first, then escaped."""
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_inert
    )
    environment.filters |= {
        "text": _text,
        "other_host": _other_host,
        "short": _short,
        "count": words.count,
        "listed": words.listed,
    }
    style, script = _source("report.css"), _source("report.js")
    environment.globals |= {
        "words": words,
        "style": Markup(style),
        "script": Markup(script),
        "policy": Markup(_policy(style, script)),
    }
    return environment


def _inert(value: Any) -> Any:
    """Make a value inert and no longer than a page bears; what the template itself made, and numbers, pass."""
    return value if isinstance(value, (Markup, int, float)) else middle(evidence(value), _LONGEST)


def _text(text: object) -> Markup:
    """Return a sentence, the commands that it quotes as code, and no line's end within a date."""
    pieces = (middle(piece, _LONGEST) for piece in spans(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else _dated(piece) for at, piece in enumerate(pieces)
    )


def _dated(text: str) -> Markup:
    """Return text with its dates marked as such: browsers break lines at a hyphen."""
    words = (Markup("<time>{}</time>" if at % 2 else "{}").format(word) for at, word in enumerate(_DATE.split(text)))
    return Markup("").join(words)


def _short(name: object, width: int) -> str:
    """Return a name cut for a narrow place: a path's end says more than its beginning."""
    shown = evidence(name)
    return shown if len(shown) <= width else "…" + shown[1 - width :]


def _other_host(name: object) -> str:
    return unicode_host(str(name or "")) or ""


def _source(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8").strip()


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy (CSP Level 3): nothing but this style sheet and this script."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    sources = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
