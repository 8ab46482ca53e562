"""Stories from the outside: raw logs of several servers, and what a careful responder concludes from them.

Each folder of tests/stories/ holds the logs and a story.json, written by tests/stories/make.py. Every key that a
story states is compared; `events` are all events above the severity info, in the order of time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from clerk_logscan.cli import main

STORIES = Path(__file__).parent / "stories"
NAMES = sorted(path.parent.name for path in STORIES.glob("*/story.json"))
Document = dict[str, Any]


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_told_as_a_careful_responder_would(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STORIES / name / "logs")
    story = json.loads(Path("../story.json").read_text("utf-8"))
    report = tmp_path / "report.json"
    code = main(["analyze", "-q", "-o", str(report), *switches(story.pop("options")), "."])
    told = json.loads(report.read_bytes()) | {"exit_code": code}
    wrong = [f"{key}: {fault}" for key, value in story.items() for fault in CHECKS[key](told, value)]
    assert not wrong, f"{story['about']}\n" + "\n".join(wrong)
    assert capsys.readouterr().out.rstrip().endswith(f"verdict: {story['verdict']}")


def switches(options: dict[str, str | list[str]]) -> list[str]:
    """The story's options as on the command line."""
    pairs = [
        (name, value) for name, values in options.items() for value in ([values] if isinstance(values, str) else values)
    ]
    return [part for name, value in pairs for part in (f"--{name.replace('_', '-')}", value)]


def test_the_stories_are_what_their_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in a story was edited by hand."""
    import sys

    monkeypatch.syspath_prepend(str(STORIES))
    monkeypatch.setattr(sys, "argv", ["make.py"])
    import make

    make.main(tmp_path)
    assert {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == {
        p.relative_to(STORIES): p.read_bytes() for p in STORIES.glob("*/**/*") if p.is_file() and p.suffix != ".pyc"
    }


def same(found: object, wanted: object) -> list[str]:
    return [] if found == wanted else [f"{found!r}, not {wanted!r}"]


def events(told: Document, wanted: list[Document]) -> list[str]:
    noise = {row["event_id"] for row in told["findings"] if row["rule_id"] == "client-double-slash"}
    rows = [row for row in told["timeline"] if row["kind"] == "finding" and row["event_id"] not in noise]
    if len(rows) != len(wanted):
        return [
            f"{len(rows)} events, not {len(wanted)}: {[(r['timestamp'], r['client_ip'], r['hops']) for r in rows][:9]}"
        ]
    kinds = {row["event_id"]: row["target_kind"] for row in told["findings"]}
    faults = []
    for row, event in zip(rows, wanted, strict=True):
        found = {"outcome": row["outcome"], "host": row["target_host"], "client": row["client_ip"]}
        found |= {"hops": row["hops"], "kind": kinds[row["event_id"]]}
        faults += [f"{event['time']} {key} is {found[key]}, not {event[key]} ({row['text']})"
                   for key in found if key in event and found[key] != event[key]]  # fmt: skip
        if not near(row["timestamp"], event["time"], event.get("tolerance", 1.6)):
            faults.append(f"at {row['timestamp']}, not {event['time']}")
    for row in told["findings"]:
        event_rows = [one for one in rows if one["event_id"] == row["event_id"]]
        if event_rows and event_rows[0]["outcome"] != row["outcome"]:
            faults.append(f"a finding of {row['source']} is {row['outcome']}, its event {event_rows[0]['outcome']}")
    return faults


def near(found: str | None, wanted: str | None, seconds: float = 1.6) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return abs((datetime.fromisoformat(found) - moment(wanted)).total_seconds()) <= seconds


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text if text.endswith("Z") else text + "Z")


def loud(told: Document) -> list[Document]:
    return [incident for incident in told["incidents"] if incident["severity"] != "info"]


def people(told: Document, kind: str) -> list[str]:
    return list(dict.fromkeys(name for incident in told["incidents"] for name in incident[kind]))


def words(told: Document) -> str:
    """Every sentence that a person reads."""
    facts = [f"{fact['label']}|{fact['text']}" for fact in told["statement"]["facts"]]
    texts = [row["text"] or "" for row in told["timeline"]]
    summaries = [incident["summary"] for incident in told["incidents"]]
    return "\n".join([told["statement"]["sentence"], *facts, *told["statement"]["reasons"], *told["next_steps"],
                      *told["limits"], *texts, *summaries])  # fmt: skip


def reasons(told: Document, wanted: list[str]) -> list[str]:
    found = told["statement"]["reasons"]
    missing = [text for text in wanted if not any(text in reason for reason in found)]
    return [f"{found} lack {missing}"] if missing or len(found) != len(wanted) else []


def skews(told: Document, wanted: dict[str, float]) -> list[str]:
    found = {hop["name"]: hop["skew_seconds"] for hop in told["hops"]}
    return [f"{found}, not {wanted}" for name, skew in wanted.items() if abs(found.get(name, 1e9) - skew) > 1.5]


def spans(told: Document, kind: str) -> list[Document]:
    return [span for span in told["spans"] if span["kind"] == kind]


def span(kind: str) -> Callable[[Document, list[str]], list[str]]:
    def check(told: Document, wanted: list[str]) -> list[str]:
        found = [(one["from"], one["to"]) for one in spans(told, kind)]
        edges = [edge if edge.count(":") == 2 else edge + ":00" for edge in wanted]
        slack = 2 if kind == "outage" else 90
        fits = any(near(start, edges[0], slack) and near(end, edges[1], slack) for start, end in found)
        return [] if fits else [f"{found}, not {wanted}"]

    return check


def ledger(told: Document) -> list[str]:
    """What always holds, whatever the story."""
    faults = []
    for row in told["inputs"]:
        if row["requests"] + row["not_requests"] + row["malformed"] != row["examined"]:
            faults.append(f"{row['source']}: the ledger does not add up")
    return faults


CHECKS: dict[str, Callable[[Document, Any], list[str]]] = {
    "about": lambda told, _: ledger(told),
    "verdict": lambda told, wanted: same(told["verdict"], wanted),
    "exit_code": lambda told, wanted: same(told["exit_code"], wanted),
    "events": events,
    "incidents": lambda told, wanted: same(len(loud(told)), wanted),
    "incident_events": lambda told, wanted: same(sorted(one["events"] for one in loud(told)), sorted(wanted)),
    "severities": lambda told, wanted: same(list(dict.fromkeys(one["severity"] for one in loud(told))), wanted),
    "attackers": lambda told, wanted: same(sorted(people(told, "attacker_clients")), sorted(wanted)),
    "lured": lambda told, wanted: [
        *same(sorted(people(told, "lured_clients")), sorted(client for client, _ in wanted)),
        *same([[one["client_ip"], one["referer"]] for one in told["lured"]], wanted),
    ],
    "first": lambda told, wanted: [
        f"{fact['text']}, not {wanted}" for fact in told["statement"]["facts"]
        if fact["label"] == "first" and not fact["text"].startswith(wanted.replace("T", " "))
    ],
    "findings": lambda told, wanted: same(len(told["findings"]), wanted),
    "noise": lambda told, wanted: same(
        sum(row["rule_id"] == "client-double-slash" for row in told["findings"]), wanted
    ),
    "context": lambda told, wanted: same(sum(row["kind"] == "context" for row in told["timeline"]), wanted),
    "gaps": lambda told, wanted: same(sum(len(row["gaps"]) for row in told["inputs"]), wanted),
    "gap": span("gap"),
    "outages": lambda told, wanted: same(len(spans(told, "outage")), wanted),
    "outage": span("outage"),
    "own": lambda told, wanted: [
        f"{name} is not named as one's own" for name in wanted
        if not any(fact["label"] == "own hops" and name in fact["text"] for fact in told["statement"]["facts"])
    ],
    "skews": skews,
    "reasons": reasons,
    "says": lambda told, wanted: [f"nowhere said: {text}" for text in wanted if text not in words(told)],
    "never": lambda told, wanted: [f"said: {text}" for text in wanted if text in words(told)],
}  # fmt: skip
