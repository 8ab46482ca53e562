"""The facts of the first screen: when, to whom, by whom, how sure that is, and what the logs cover."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from clerk_logscan.incident.coverage import Span, uncovered, union
from clerk_logscan.incident.incidents import KINDS, listed
from clerk_logscan.incident.scene import Scene, first_of, full, hosts_of
from clerk_logscan.incident.times import MINUTE, between, earliest, latest, length, said
from clerk_logscan.incident.verdict import INCOMPLETE, NO_EVIDENCE, Case


def told(scene: Scene) -> list[tuple[str, str]]:
    """Return label and text of each fact, in the order in which they are read; an empty text is left out."""
    case = scene.case
    facts: list[tuple[str, str]] = []
    subject = next((some for some in (case.sent, case.off_host, case.loud) if some.height), None)
    if subject is not None:
        facts += [("first", _when(subject)), ("to", hosts_of(subject.filter(pl.col("target_host") != "")))]
        facts += [
            ("kind", _kinds(subject)),
            ("by", _by(scene, subject)),
            ("lured", _lured(scene)),
            ("how sure", _sure(scene, subject)),
        ]
        facts += [("rotation", _rotation(case)), ("ruled out", _ruled_out(case))]
    facts += [("why", full(why)) for why, _ in case.reasons] if case.verdict == INCOMPLETE else []
    facts += [("covered", _covered(scene)), ("proxy requests", _seen(scene))]
    facts += [("clocks", _clocks(scene)), ("own hops", listed(sorted(scene.own), 5)), ("noise", _noise(case))]
    if case.verdict != INCOMPLETE:
        facts += [("not read", full(why)) for why, _ in case.reasons]
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
        count = f"{late.height:,} of these came after {said(rotated)}"
        return f"the new key leaked too: {count}, {first_of(late)}; rotate again"
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


def _covered(scene: Scene) -> str:
    spans = scene.covered_spans
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
        return f"{count:,} lines hold the proxy path" if count > 1 else "1 line holds the proxy path"
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
