"""The verdict in words: what somebody reads who was woken up and must decide within a minute."""

from __future__ import annotations

from typing import Any, Final

from clerk_logscan.incident import first_screen
from clerk_logscan.incident.scene import Scene, first_of, full, hosts_of
from clerk_logscan.incident.times import between, said
from clerk_logscan.incident.verdict import ATTEMPTED, INCOMPLETE, KEY_EXPOSED, NO_EVIDENCE, PROBED, Case

HEADLINES: Final = {
    KEY_EXPOSED: "KEY EXPOSED",
    ATTEMPTED: "ATTEMPTED",
    PROBED: "PROBED",
    INCOMPLETE: "INCOMPLETE",
    NO_EVIDENCE: "NO EVIDENCE",
}


def statement(scene: Scene) -> dict[str, Any]:
    """Return headline, sentence, facts in the order of the first screen, and the reasons of incompleteness."""
    verdict = scene.case.verdict
    return {
        "headline": HEADLINES[verdict],
        "sentence": _sentence(scene),
        "facts": [{"label": label, "text": text} for label, text in first_screen.told(scene) if text],
        "reasons": [full(why) for why, _ in scene.case.reasons],
    }


def limits(scene: Scene) -> list[str]:
    """Return what these logs cannot show, a sentence each: only what applies to them."""
    found = ["Of times that the logs do not cover nothing is known: no finding there means nothing."]
    formats = {name for row in scene.inputs for name in row.get("log_formats") or {}}
    best = sorted(name for name in formats if scene.facts.get(name, {}).get("best_effort"))
    if best:
        verb = "are" if len(best) > 1 else "is"
        found.append(
            f"{', '.join(best)} {verb} delivered on a best-effort basis (ALB, CloudFront): a request may be missing."
        )
    found += [
        f"The layout of {row['source']} was guessed from its lines; `clerk-logscan formats --why` says how."
        for row in scene.inputs
        if row.get("_guessed")
    ]
    if scene.case.off_host.height:
        found.append(
            "The vulnerable proxy follows redirects with the key; no access log shows where a second hop went."
        )
    return found


def _sentence(scene: Scene) -> str:
    case = scene.case
    if case.verdict == KEY_EXPOSED:
        return _exposed(case)
    if case.verdict == ATTEMPTED:
        hosts = hosts_of(case.off_host)
        head = f"Somebody tried to make the proxy send your Clerk-Secret-Key to {hosts}, {first_of(case.off_host)}"
        if case.possible.height:
            return f"{head}; it is possible that it was sent: rotate the key."
        return f"{head}; that it was sent is ruled out, as far as these logs tell."
    if case.verdict == PROBED:
        return _probed(case)
    if case.verdict == INCOMPLETE:
        return "These logs cannot answer whether the proxy sent your Clerk-Secret-Key elsewhere."
    covered = scene.covered_spans
    if not scene.proxy_requests:
        return (
            "Nothing in these logs made the proxy send the key elsewhere, but they hold no proxy-path request at all."
        )
    if not covered:
        return "Nothing in these logs made the proxy send the key elsewhere; which time they cover is unknown."
    return f"Nothing in these logs made the proxy send the key elsewhere, {between(covered[0][0], covered[-1][1])}."


def _exposed(case: Case) -> str:
    head = f"Your Clerk-Secret-Key is presumed sent to {hosts_of(case.sent)}, {first_of(case.sent)}."
    if case.after_rotation.height:
        return f"{head} The new key leaked too, {first_of(case.after_rotation)}: rotate again."
    rotated = case.windows.key_rotated
    if rotated is not None and not case.sent["time"].has_nulls():
        return f"{head} All of it was before the key was rotated ({said(rotated)}): the old key leaked."
    return head


def _probed(case: Case) -> str:
    head = f"Somebody probed the proxy, {first_of(case.loud)}"
    if case.possible.height:
        return f"{head}; nothing shows that the key was sent, but it is possible where a hop decodes the path."
    return f"{head}; nothing in these logs made it send the key away."
