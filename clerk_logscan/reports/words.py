"""The words and shapes that every report uses for verdicts, severities, outcomes and times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

HEADLINES = {
    "key-exposed": "KEY EXPOSED",
    "attempted": "ATTEMPTED",
    "probed": "PROBED",
    "incomplete": "INCOMPLETE",
    "no-evidence": "NO EVIDENCE",
}

SENTENCES = {
    "key-exposed": "The proxy sent your Clerk-Secret-Key to a foreign host.",
    "attempted": "Somebody tried to make the proxy send your Clerk-Secret-Key away.",
    "probed": "Somebody probed the proxy; nothing in these logs made it send the key away.",
    "incomplete": "These logs cannot answer the question.",
    "no-evidence": "Nothing in these logs made the proxy send the key elsewhere.",
}

# How sure it is that the key left: the same few words everywhere.
OUTCOMES = {
    "presumed-sent": "key sent",
    "undetermined": "possible",
    "not-forwarded": "stopped",
    "refused": "refused",
    "not-vulnerable": "ruled out",
    "none": "no key",
}

MEANINGS = {
    "presumed-sent": "Presumed: nothing shows that the request stopped on the way. Treat the key as captured.",
    "undetermined": "Possible: the answer fits both; the key may have been captured.",
    "not-forwarded": "Ruled out: a log shows that the request never reached the application.",
    "refused": "Ruled out: the runtime refuses such a fetch before it connects.",
    "not-vulnerable": "Ruled out: by the times given, no vulnerable version was live then.",
    "none": "Nothing to send: no foreign host was named, or the target arrived in a harmless form.",
}

SHAPES = {
    "presumed-sent": "●",
    "undetermined": "◐",
    "not-forwarded": "○",
    "refused": "□",
    "not-vulnerable": "◇",
    "none": "·",
}

_GRAVITY = ("critical", "high", "medium", "low", "info")

LIMITS = (
    "An access log shows what was asked, not what the proxy sent on: an outcome is computed from the request target "
    "as the vulnerable package computes it, and from what the logs show of the answer. No status alone clears a "
    "request.",
    "The vulnerable proxy follows redirects with the key. No access log shows where a second hop went.",
    "Of times that the logs do not cover, nothing is known: no finding there means nothing.",
    "ALB and CloudFront deliver their logs on a best-effort basis: a request may be missing from them.",
    "Every line is searched as bytes; the lines that the search picks, and a sample for times and formats, are parsed. "
    "With --full every line is parsed.",
)


def gravity(severity: object) -> int:
    """Return the rank of a severity, 0 the gravest; unknown ones last."""
    return _GRAVITY.index(severity) if severity in _GRAVITY else len(_GRAVITY)


def certainty(outcome: object) -> int:
    """Return the rank of an outcome, 0 where the key is presumed sent; unknown ones last."""
    return list(OUTCOMES).index(str(outcome)) if outcome in OUTCOMES else len(OUTCOMES)


def outcome(name: object) -> str:
    """Return the short word for an outcome; an unknown one stands as it is."""
    return OUTCOMES.get(str(name), "" if name is None else str(name))


def day(timestamp: object) -> str:
    """Return the date of a document's time, `2026-03-30`; empty where there is none."""
    return str(timestamp)[:10] if timestamp else ""


def clock(timestamp: object) -> str:
    """Return the time of day to the second, `04:12:07`; empty where there is none."""
    return str(timestamp)[11:19] if timestamp else ""


def moment(timestamp: object) -> str:
    """Return date and time to the second, `2026-03-30 04:12:07 UTC`; `an unknown time` where there is none."""
    return f"{day(timestamp)} {clock(timestamp)} UTC" if timestamp else "an unknown time"


def between(first: object, last: object) -> str:
    """Return a span of time, its date once where both are of one day."""
    if not first or not last or str(first)[:19] == str(last)[:19]:
        return moment(first or last)
    end = clock(last) if day(first) == day(last) else f"{day(last)} {clock(last)}"
    return f"{day(first)} {clock(first)} to {end} UTC"


def count(number: object, noun: str, plural: str | None = None) -> str:
    """Return `1 request`, `1,204 requests`."""
    value = number if isinstance(number, int) else 0
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def listed(items: Iterable[Any], most: int = 3, *, of: int | None = None) -> str:
    """Return the first few items and the exact number of the rest: `a, b, c and 12 more`.

    `of` is how many there are, where `items` are only the first.
    """
    texts = [str(item) for item in items]
    rest = (len(texts) if of is None else of) - most
    return ", ".join(texts[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the statement's facts as (label, text), with what makes it incomplete under `why` if no fact says it."""
    statement = data["statement"]
    pairs = [(str(fact.get("label", "")), str(fact.get("text", ""))) for fact in statement.get("facts") or []]
    said = " ".join(text for _, text in pairs)
    why = [("why", str(reason)) for reason in statement.get("reasons") or [] if str(reason) not in said]
    return pairs + why


def heading(data: dict[str, Any]) -> tuple[str, str]:
    """Return the verdict's two words and its sentence."""
    statement = data["statement"]
    verdict = data["verdict"]
    head = str(statement.get("headline") or HEADLINES.get(verdict, verdict)).upper()
    return head, str(statement.get("sentence") or SENTENCES.get(verdict, ""))


def subtitle(data: dict[str, Any]) -> str:
    """Return tool, advisory, and how much was read, in one line."""
    tool, inputs = data["tool"], data["inputs"]
    lines = sum(row.get("lines") or 0 for row in inputs)
    name = f"{tool.get('name', 'clerk-logscan')} {tool.get('version', '')}".strip()
    parts = [
        name,
        str(tool.get("advisory") or "CVE-2026-34076").split(" ")[0],
        f"{count(len(inputs), 'file')}, {count(lines, 'line')}",
    ]
    proxy = data.get("proxy_requests")
    return " · ".join([*parts, f"{count(proxy, 'proxy request')}"])
