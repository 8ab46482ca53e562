"""The outcome of a request: the first of the contract's cases that holds, and the words it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clerk_logscan.incident import indications
from clerk_logscan.incident.events import Event
from clerk_logscan.incident.evidence import SERVED_BEFORE, Evidence
from clerk_logscan.incident.lines import CLIENT_BUG, DECODED, OFF_HOST, UNRESOLVABLE, Line
from clerk_logscan.incident.times import said

Decision = tuple[str, str] | None


@dataclass(frozen=True)
class Windows:
    """The times that the user gave, microseconds, None where not given: of the vulnerable version, and of the key."""

    vulnerable_from: int | None = None
    vulnerable_until: int | None = None
    key_rotated: int | None = None

    def safe(self, time: int | None, *, kept: bool = False) -> str | None:
        """Return why no vulnerable version was live at `time`, None where one may have been; no time is inside.

        `kept`: the answer is from a cache, so that the request behind it was some time before.
        """
        if time is None:
            return None
        if self.vulnerable_from is not None and time < self.vulnerable_from:
            return f"before the vulnerable release was live (from {said(self.vulnerable_from)}, as you gave it)"
        if self.vulnerable_until is not None and time > self.vulnerable_until and not kept:
            return f"against a fixed version (since {said(self.vulnerable_until)}, as you gave it)"
        return None


def settle(events: Iterable[Event], evidence: Evidence, windows: Windows) -> None:
    """Give every event its outcome and the reason for it."""
    alike: dict[object, tuple[str, str]] = {}
    for event in events:
        key = _alike(event, evidence, windows)
        told = alike.get(key) if key is not None else None
        if told is None:
            outcome, reason = _decide(event, evidence, windows)
            told = outcome, "; ".join([reason, *indications.of(event)])
            if key is not None:
                alike[key] = told
        event.outcome, event.reason = told


def _alike(event: Event, evidence: Evidence, windows: Windows) -> object:
    """Return all that the outcome of a request in one log alone rests on; None where it rests on more.

    A sweep has thousands of such requests, and few different outcomes.
    """
    line = event.gravest
    if len(event.lines) > 1 or line.log.innermost or evidence.hops.pairs:
        return None
    fields = (line.log, line.rule_id, line.refused, line.decoded_refused, line.hint, line.hint_reason, line.status)
    return *fields, line.size if line.size in indications.TELLING else None, line.raw_bytes, windows.safe(line.time)


def _decide(event: Event, evidence: Evidence, windows: Windows) -> tuple[str, str]:
    if not event.names_host:
        return "none", _harmless(event)
    line = _deciding(event)
    cases: tuple[Callable[[], Decision], ...] = (
        lambda: _not_vulnerable(event, windows),
        lambda: _refused(line),
        lambda: _arrived_harmless(event, line),
        lambda: _not_forwarded(event, evidence),
        lambda: _undetermined(event, line),
    )
    for case in cases:
        decision = case()
        if decision is not None:
            return decision
    return "presumed-sent", _presumed(event, line)


def _harmless(event: Event) -> str:
    if UNRESOLVABLE in event.rules:
        return "the target has no valid host, so there was nowhere to send the key"
    if CLIENT_BUG in event.rules:
        return "the known clerk-js bug: a single label that does not resolve"
    return "the target stays on the Frontend API"


def _deciding(event: Event) -> Line:
    """Return the line whose target decides: the innermost of a log that shows targets as they came."""
    return next((line for line in reversed(event.lines) if not line.log.hidden), event.gravest)


def _not_vulnerable(event: Event, windows: Windows) -> Decision:
    why = windows.safe(event.time, kept=event.telling.hint == SERVED_BEFORE)
    return ("not-vulnerable", f"ruled out: {why}") if why else None


def _refused(line: Line) -> Decision:
    refused = line.refused if line.rule_id == OFF_HOST else line.decoded_refused if line.rule_id == DECODED else False
    if not refused:
        return None
    return "refused", "ruled out: fetch refuses this URL before it connects (userinfo, a blocked port, or its method)"


def _arrived_harmless(event: Event, line: Line) -> Decision:
    """Return `none` where a log behind, or the application's own, has the target in a harmless form."""
    if line.rule_id == DECODED and line.log.innermost:
        return (
            "none",
            f"ruled out: the application's own log ({line.place}) has it undecoded, so it stayed on the Frontend API",
        )
    if line.rule_id in {OFF_HOST, DECODED}:
        return None
    return (
        "none",
        f"ruled out: the log behind ({line.place}) shows that it arrived as {line.target}, which names no foreign host",
    )


def _not_forwarded(event: Event, evidence: Evidence) -> Decision:
    line = event.telling
    if line.hint == "not-forwarded":
        why = f" ({line.hint_reason})" if line.hint_reason else ""
        return "not-forwarded", f"ruled out: {line.log.name} shows that it never went on{why}"
    missing = evidence.missing_from(event)
    return ("not-forwarded", f"ruled out: {missing}") if missing else None


def _undetermined(event: Event, line: Line) -> Decision:
    status = event.status
    if event.telling.hint == "undetermined":
        why = f" ({event.telling.hint_reason})" if event.telling.hint_reason else ""
        return "undetermined", f"possible: {event.telling.log.name} does not tell whether it went on{why}"
    if status in indications.GATEWAY:
        return (
            "undetermined",
            f"possible: answered {status}, and the key may have been captured before the connection failed",
        )
    if status in indications.REDIRECTS:
        return "undetermined", f"possible: answered {status}"
    if line.rule_id == DECODED:
        return (
            "undetermined",
            "possible: it names a foreign host only if a hop behind decodes the path, and no log behind settles it",
        )
    return None


def _presumed(event: Event, line: Line) -> str:
    answer = "no answer is logged" if event.status is None else f"answered {event.status}"
    if line.log.innermost:
        return f"presumed: {answer}; the application's own log ({line.place}) has it, so it certainly arrived there"
    if any(one.rule_id == DECODED for one in event.lines) and line.rule_id == OFF_HOST:
        return f"presumed: {answer}; the log behind ({line.place}) has it decoded, naming the foreign host"
    told = event.telling
    if told.hint == SERVED_BEFORE:
        why = told.hint_reason or f"{told.log.name} answered from its cache"
        return f"presumed: {why}; an equal request went on before, perhaps before the log begins, its time is unknown"
    if told.hint == "forwarded":
        why = f" ({told.hint_reason})" if told.hint_reason else ""
        return f"presumed: {answer}; {told.log.name} shows that it went on{why}"
    return f"presumed: {answer}; nothing shows that it stopped on the way"
