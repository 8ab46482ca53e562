"""The verdict in words: what somebody reads who was woken up and must decide within a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import polars as pl

from clerk_logscan.incident.coverage import Span, uncovered, union
from clerk_logscan.incident.incidents import KINDS, listed
from clerk_logscan.incident.logs import Facts, Input, Log
from clerk_logscan.incident.times import MINUTE, between, earliest, latest, length, said
from clerk_logscan.incident.verdict import ATTEMPTED, INCOMPLETE, KEY_EXPOSED, NO_EVIDENCE, PROBED, Case

HEADLINES: Final = {
    KEY_EXPOSED: "KEY EXPOSED",
    ATTEMPTED: "ATTEMPTED",
    PROBED: "PROBED",
    INCOMPLETE: "INCOMPLETE",
    NO_EVIDENCE: "NO EVIDENCE",
}
Fact = dict[str, str]


class Scene(NamedTuple):
    """What the words need beside the case: the logs, the people, and how much was read.

    `covered` are the spans from first to last line of each set of inputs, `holes` the gaps that no other log fills.
    """

    case: Case
    inputs: Sequence[Input]
    covered: Sequence[Span]
    holes: Sequence[Span]
    attackers: Sequence[str]
    lured: pl.DataFrame
    own: Sequence[str]
    ahead: dict[Log, int]
    facts: Facts
    proxy_requests: int


def statement(scene: Scene) -> dict[str, Any]:
    """Return headline, sentence, facts in the order of the first screen, and the reasons of incompleteness."""
    verdict = scene.case.verdict
    return {
        "headline": HEADLINES[verdict],
        "sentence": _sentence(scene),
        "facts": [{"label": label, "text": text} for label, text in _facts(scene) if text],
        "reasons": [_full(why) for why, _ in scene.case.reasons],
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
        hosts = _hosts(case.off_host)
        head = f"Somebody tried to make the proxy send your Clerk-Secret-Key to {hosts}, {_first(case.off_host)}"
        if case.possible.height:
            return f"{head}; it is possible that it was sent: rotate the key."
        return f"{head}; ruled out that it was sent, as far as these logs tell."
    if case.verdict == PROBED:
        return _probed(case)
    if case.verdict == INCOMPLETE:
        return "These logs cannot answer whether the proxy sent your Clerk-Secret-Key elsewhere."
    covered = _covered_spans(scene)
    if not scene.proxy_requests:
        return (
            "Nothing in these logs made the proxy send the key elsewhere, but they hold no proxy-path request at all."
        )
    if not covered:
        return "Nothing in these logs made the proxy send the key elsewhere; which time they cover is unknown."
    return f"Nothing in these logs made the proxy send the key elsewhere, {between(covered[0][0], covered[-1][1])}."


def _exposed(case: Case) -> str:
    head = f"Your Clerk-Secret-Key is presumed sent to {_hosts(case.sent)}, {_first(case.sent)}."
    if case.after_rotation.height:
        return f"{head} The new key leaked too, {_first(case.after_rotation)}: rotate again."
    rotated = case.windows.key_rotated
    if rotated is not None and not case.sent["time"].has_nulls():
        return f"{head} All of it was before the key was rotated ({said(rotated)}): the old key leaked."
    return head


def _probed(case: Case) -> str:
    head = f"Somebody probed the proxy, {_first(case.loud)}; nothing in these logs made it send the key away"
    if case.possible.height:
        return f"{head} for certain, but it is possible where a hop decodes the path."
    return f"{head}."


def _hosts(events: pl.DataFrame) -> str:
    return listed(events["target_host"].fill_null("").unique(maintain_order=True).to_list())


def _first(events: pl.DataFrame) -> str:
    first = earliest(events["time"])
    if first is None:
        return "at an unknown time"
    return f"first at {said(first)}" if events.height > 1 else f"at {said(first)}"


def _facts(scene: Scene) -> list[tuple[str, str]]:
    case = scene.case
    facts: list[tuple[str, str]] = []
    subject = next((some for some in (case.sent, case.off_host, case.loud) if some.height), None)
    if subject is not None:
        facts += [("first", _when(subject)), ("to", _hosts(subject.filter(pl.col("target_host") != "")))]
        facts += [
            ("kind", _kinds(subject)),
            ("by", _by(scene, subject)),
            ("lured", _lured(scene)),
            ("how sure", _sure(scene, subject)),
        ]
        facts += [("rotation", _rotation(case)), ("ruled out", _ruled_out(case))]
    facts += [("why", _full(why)) for why, _ in case.reasons] if case.verdict == INCOMPLETE else []
    facts += [("covered", _covered(scene)), ("proxy requests", _seen(scene))]
    facts += [("clocks", _clocks(scene)), ("own hops", listed(sorted(scene.own), 5)), ("noise", _noise(case))]
    if case.verdict != INCOMPLETE:
        facts += [("not read", _full(why)) for why, _ in case.reasons]
    if case.verdict == NO_EVIDENCE:
        facts.append(("still", _still(scene)))
    return facts


def _when(events: pl.DataFrame) -> str:
    first, last = earliest(events["time"]), latest(events["time"])
    if first is None:
        return "the log states no time"
    return said(first) if first == last else f"{said(first)}, last {said(last)}"


def _kinds(events: pl.DataFrame) -> str:
    """Return what the named hosts are, where they are not of the public Internet's usual kind."""
    told = events.filter(pl.col("target_kind").is_in(list(KINDS)) & (pl.col("target_host") != ""))
    named = told.group_by("target_kind", maintain_order=True).agg(pl.col("target_host").unique(maintain_order=True))
    return "; ".join(f"{listed(hosts)}: {KINDS[kind]}" for kind, hosts in named.iter_rows())


def _by(scene: Scene, events: pl.DataFrame) -> str:
    """Return the attackers of `events`, and how many others tried without that."""
    asked = set(events["client"].unique())
    these = [name for name in scene.attackers if name in asked]
    others = len(scene.attackers) - len(these)
    named = listed(these) if these else "lured users only" if scene.lured.height else "an unknown client"
    return f"{named}; {others:,} other client{'s' if others != 1 else ''} tried" if others else named


def _lured(scene: Scene) -> str:
    if not scene.lured.height:
        return ""
    users = scene.case.lured
    pages = scene.lured["page"].drop_nulls().unique(maintain_order=True).to_list()
    page = f"by {listed(pages)}" if pages else "by a page that left no Referer"
    many = f"{len(users):,} user{'s' if len(users) != 1 else ''}"
    return f"{many} ({listed(users)}) {page}; their sessions were exposed as well"


def _counted(values: pl.Series) -> Counter[Any]:
    """Return how often each value that is not null occurs, in the order of their first."""
    counts = values.drop_nulls().alias("value").to_frame().group_by("value", maintain_order=True).len()
    return Counter(dict(counts.iter_rows()))


def _sure(scene: Scene, events: pl.DataFrame) -> str:
    """Return on what it rests: the outcomes, counted, and the reason of the first of the gravest."""
    if events.height == 1:
        return str(events["reason"][0])
    word = {"presumed-sent": "presumed sent", "undetermined": "possible", "none": "nothing to send"}
    parts = [f"{count:,} {word.get(name, name)}" for name, count in _counted(events["outcome"]).most_common()]
    answers = _counted(events["status"])
    answered = (
        "; answered " + ", ".join(f"{status} ({count:,})" for status, count in answers.most_common(3))
        if answers
        else ""
    )
    sent = "; nothing shows that these stopped on the way"
    rest = sent if scene.case.sent.height else f"; the first is {events['reason'][0]}"
    return f"{', '.join(parts)}{answered}{rest}"


def _rotation(case: Case) -> str:
    rotated = case.windows.key_rotated
    if rotated is None or not case.sent.height:
        return ""
    late = case.after_rotation
    if late.height:
        return (
            f"the new key leaked too: {late.height:,} of these came after {said(rotated)}, {_first(late)}; rotate again"
        )
    if case.sent["time"].has_nulls():
        return f"the key was rotated {said(rotated)}; some of these have no time, so the new key may have leaked too"
    return f"all of these came before the key was rotated ({said(rotated)}): the old key leaked"


def _ruled_out(case: Case) -> str:
    """Return how many off-host requests beside the counted ones are ruled out, and why, by outcome."""
    if not case.sent.height and not case.possible.height:
        return ""
    certain = ~pl.col("outcome").is_in(["presumed-sent", "undetermined"])
    counts = _counted(case.events.filter(pl.col("names_host") & certain)["outcome"])
    words = {
        "not-forwarded": "never reached the application",
        "refused": "refused by the runtime",
        "not-vulnerable": "while no vulnerable version was live",
        "none": "arrived in a harmless form",
    }
    return ", ".join(f"{count:,} {words[name]}" for name, count in counts.most_common())


def _covered_spans(scene: Scene) -> list[Span]:
    return union(scene.covered)


def _covered(scene: Scene) -> str:
    spans = _covered_spans(scene)
    if not spans:
        return "unknown: no line with a time was read"
    window = (spans[0][0], spans[-1][1])
    holes = union([*scene.holes, *uncovered(window, spans)])
    text = between(*window)
    if holes:
        text += f"; {'a hole' if len(holes) == 1 else f'{len(holes):,} holes'}: "
        text += listed([f"{between(*hole)} ({length(hole[1] - hole[0])})" for hole in holes], 2)
    else:
        text += ", no holes"
    return f"{text}. Of other times nothing is known.{_beyond(scene, window)}"


def _beyond(scene: Scene, window: Span) -> str:
    """Return which part of the vulnerable time, as the user gave it, the logs do not reach."""
    start, end = scene.case.windows.vulnerable_from, scene.case.windows.vulnerable_until
    missing = []
    if start is not None and start < window[0] - MINUTE:
        missing.append((start, min(window[0], end) if end is not None else window[0]))
    if end is not None and end > window[1] + MINUTE:
        missing.append((max(window[1], start) if start is not None else window[1], end))
    return "".join(f" Not covered of the vulnerable time: {between(*span)}." for span in missing)


def _seen(scene: Scene) -> str:
    count = scene.proxy_requests
    if count:
        return f"{count:,} line{'s' if count != 1 else ''} hold the proxy path"
    return "NONE: no line holds the proxy path. Is it the right log, and the right --proxy-path?"


def _clocks(scene: Scene) -> str:
    """Return whose clock is apart from the others' by a second or more, and by how much."""
    apart = [(log, ahead) for log, ahead in scene.ahead.items() if abs(ahead) >= 1_000_000]
    told = [f"{log.name} is {length(ahead)} {'ahead' if ahead > 0 else 'behind'}" for log, ahead in apart]
    return "; ".join(told[:3])


def _noise(case: Case) -> str:
    count = case.noise.height
    if not count:
        return ""
    return (
        f"{count:,} request{'s' if count != 1 else ''} for //v1 and //npm under the proxy path: the known clerk-js bug "
        "with a proxy URL that ends in a slash. Mend the URL."
    )


def _still(scene: Scene) -> str:
    text = (
        "upgrade; the advisory advises to rotate in any case. Logs from your first deployment of an affected version "
        "until the upgrade are wanted"
    )
    formats = {name for row in scene.inputs for name in row.get("log_formats") or {}}
    if any(scene.facts.get(name, {}).get("best_effort") for name in formats):
        text += "; ALB and CloudFront logs are best effort, a request may be missing from them"
    return text + "."


def _full(why: str) -> str:
    return why if why.endswith(".") else why + "."
