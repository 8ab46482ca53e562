"""The pipeline from files to the Report: nothing goes missing, whatever the inputs are."""

from __future__ import annotations

import gzip
import signal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import clerk_logscan as cl
from clerk_logscan import rules
from clerk_logscan.looks import Looks
from clerk_logscan.report import Report

LINE = '{client} - - [30/Mar/2026:{time} +0000] "GET {target} HTTP/1.1" {status} 5 "-" "curl/8"\n'
ATTACK = "/__clerk//evil.example/x"
COUNTS = ("lines", "searched", "examined", "requests", "not_requests", "malformed", "suspicious_malformed")


def line(target: str, time: str = "04:12:07", client: str = "203.0.113.77", status: int = 200) -> str:
    return LINE.format(client=client, time=time, target=target, status=status)


def analyzed(path: Path, text: str, **options: Any) -> Report:
    path.write_text(text)
    return cl.analyze(str(path), **options)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


def test_an_attack_is_a_finding_with_its_place(log: Path) -> None:
    report = analyzed(log, line("/") + line(ATTACK))
    found = report.data["findings"]
    assert report.verdict == "key-exposed"
    assert [(row["rule_id"], row["target_host"], row["line_number"]) for row in found] == [
        ("off-host-target", "evil.example", 2)
    ]
    assert log.read_bytes()[found[0]["byte_offset"] :].decode() == found[0]["raw"] + "\n"


def test_what_the_same_client_did_before_is_context(log: Path) -> None:
    text = line("/robots.txt", "04:11:40") + line("/other", "04:11:50", "198.51.100.1") + line(ATTACK)
    timeline = analyzed(log, text).data["timeline"]
    assert [(row["kind"], row["request_target"]) for row in timeline] == [
        ("context", "/robots.txt"),
        ("finding", ATTACK),
    ]


def test_context_can_be_switched_off(log: Path) -> None:
    timeline = analyzed(log, line("/robots.txt", "04:11:40") + line(ATTACK), context="0").data["timeline"]
    assert [row["kind"] for row in timeline] == ["finding"]


def test_the_ledger_counts_every_line_once(log: Path) -> None:
    """Sampled, searched and second-look lines are in one of three kinds, and no line is in two."""
    text = "".join(line(f"/page/{n}", f"04:{n // 60:02}:{n % 60:02}") for n in range(900))
    text += "not a request\n" + '1.2.3.4 - - [no time] "GET /__clerk//evil.example/ HTTP/1.1" broken\n' + line(ATTACK)
    for full in (False, True):
        row = analyzed(log, text, full=full).data["inputs"][0]
        counts = [row[name] for name in COUNTS]
        assert counts[:2] == [903, 903]
        assert row["requests"] + row["not_requests"] + row["malformed"] == row["examined"] <= 903
        assert (row["malformed"], row["suspicious_malformed"], row["complete"]) == (1, 1, True)
    assert row["examined"] == 903


def test_an_unread_line_with_an_attack_makes_the_verdict_incomplete_and_is_written_out(
    log: Path, tmp_path: Path
) -> None:
    broken = '1.2.3.4 - - [no time] "GET /__clerk//evil.example/ HTTP/1.1" broken'
    report = analyzed(log, line("/") + broken + "\n", unparsed=tmp_path / "unread.txt")
    assert report.verdict == "incomplete"
    assert (tmp_path / "unread.txt").read_text() == f"{log}\t2\t{broken}\n"


def test_bad_inputs_are_rows_with_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    good, cut, empty = tmp_path / "good.log", tmp_path / "cut.gz", tmp_path / "folder"
    good.write_text(line(ATTACK))
    cut.write_bytes(gzip.compress((line("/") * 500).encode())[:-20])
    empty.mkdir()
    report = cl.analyze(str(tmp_path / "absent"), str(good), str(cut), str(empty))
    rows = {Path(row["source"]).name: row for row in report.data["inputs"]}
    assert report.verdict == "key-exposed"
    assert rows["good.log"]["complete"] and not rows["good.log"]["error"]
    for name in ("absent", "cut.gz", "folder"):
        assert not rows[name]["complete"] and rows[name]["error"].startswith(str(tmp_path))


def test_a_forgotten_proxy_path_makes_the_verdict_incomplete_and_is_named(log: Path) -> None:
    report = analyzed(log, line("/auth/v1/client?_clerk_js_version=5") + line("/auth//evil.example/"))
    assert report.verdict == "incomplete"
    assert "/auth" in " ".join(report.data["statement"]["reasons"])
    assert analyzed(log, log.read_text(), proxy_path="/auth").verdict == "key-exposed"


def test_each_of_several_proxy_paths_is_tried(log: Path) -> None:
    text = line("/auth//one.example/") + line("/__clerk//two.example/")
    found = analyzed(log, text, proxy_path=["/auth", "/__clerk"]).data["findings"]
    assert [row["target_host"] for row in found] == ["one.example", "two.example"]


@pytest.mark.parametrize(
    ("options", "count"),
    [({"since": "2026-03-30T05:00Z"}, 1), ({"until": "2026-03-30T04:30Z"}, 1), ({"since": "2026-03-31"}, 0), ({}, 2)],
)
def test_only_requests_in_the_time_asked_for_are_findings(log: Path, options: dict[str, str], count: int) -> None:
    report = analyzed(log, line(ATTACK, "04:12:07") + line(ATTACK, "05:12:07"), **options)
    assert len(report.data["findings"]) == count


def test_an_allowed_host_is_no_finding(log: Path) -> None:
    assert (
        analyzed(log, line("/__clerk//clerk.mine.example/"), allow_host="clerk.mine.example").verdict == "no-evidence"
    )


def test_equal_inputs_give_equal_bytes(log: Path) -> None:
    text = line(ATTACK) + line("/__clerk/%2fevil.example/", "04:13:00") + line("/", "04:14:00")
    assert analyzed(log, text).to_json() == analyzed(log, text).to_json()


def test_a_redacted_report_holds_no_query_value(log: Path) -> None:
    report = analyzed(log, line(ATTACK + "?token=sesame"), redact=True)
    assert b"sesame" not in report.to_json()


def test_many_inputs_of_one_log_have_their_silences_judged_together(tmp_path: Path) -> None:
    """A rotation in a busy hour is no gap; an hour that no file of the set covers is one."""
    early = "".join(line("/", f"01:{n // 2:02}:{n % 2 * 30:02}") for n in range(120))
    late = "".join(line("/", f"04:{n // 2:02}:{n % 2 * 30:02}") for n in range(120))
    (tmp_path / "access.log.1").write_text(early)
    (tmp_path / "access.log").write_text(late)
    rows = cl.analyze(str(tmp_path)).data["inputs"]
    assert [row["gaps"] for row in rows if row["gaps"]] == [
        [{"from": "2026-03-30T01:59:30.000000Z", "to": "2026-03-30T04:00:00.000000Z"}]
    ]


@pytest.mark.parametrize(
    ("target", "status", "logs", "again"),
    [(ATTACK, 200, 1, False), (ATTACK, 200, 2, True), ("/__clerk//[", 502, 1, True), ("/__clerk//[", 200, 1, False)],
)
def test_ordinary_proxy_requests_are_read_again_only_where_they_tell_more(
    log: Path, monkeypatch: pytest.MonkeyPatch, target: str, status: int, logs: int, again: bool
) -> None:
    """They show the hops of several logs, and when a process that died was back; else they are a burden."""
    read: list[int] = []
    second = Looks.second

    def counted(*arguments: Any, **options: Any) -> pl.DataFrame:
        more = second(*arguments, **options)
        read.append(more.filter(pl.col("request_target").str.starts_with("/__clerk/v1")).height)
        return more

    monkeypatch.setattr(Looks, "second", counted)
    ordinary = [line(f"/__clerk/v1/{n}", f"04:{n // 60:02}:{n % 60:02}", "198.51.100.1") for n in range(1000)]
    log.write_text("".join(ordinary[:500]) + line(target, "04:08:20", status=status) + "".join(ordinary[500:]))
    if logs > 1:
        log.with_name("inner.log").write_text("".join(ordinary[700:]))
    assert cl.analyze(str(log.parent)).data["proxy_requests"] == 1001 + (logs - 1) * 300
    assert len(read) == 1
    assert (read[0] > 500) is again and (read[0] > 0) is again


def test_inputs_of_other_times_than_the_findings_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a rotation family the file of the attack and one of two hours before; one without times is read, too."""
    read: list[list[str]] = []
    second = Looks.second

    def noted(looks: Looks, sources: Any, *arguments: Any, **options: Any) -> pl.DataFrame:
        read.append(sorted(Path(source.name).name for source in sources))
        return second(looks, sources, *arguments, **options)

    monkeypatch.setattr(Looks, "second", noted)
    (tmp_path / "access.log.3").write_text(line("/", "01:00:00") + line("/", "01:30:00"))
    (tmp_path / "access.log.2").write_text(line("/", "01:30:00") + line("/before", "04:02:30"))
    (tmp_path / "access.log.1").write_text(line(ATTACK) + line("/", "05:00:00"))
    (tmp_path / "access.log").write_text("no request\n")
    report = cl.analyze(str(tmp_path))
    assert read == [["access.log", "access.log.1", "access.log.2"]]
    assert "/before" in [row["request_target"] for row in report.data["timeline"]]


def test_an_interrupt_after_all_was_read_ends_with_the_whole_report(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The investigation goes on, with no second look; the second Ctrl-C ends it, and a later one is Python's again."""

    apply = rules.apply

    def interrupted(*arguments: Any, times: int = 1) -> pl.DataFrame:
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        return apply(*arguments)

    monkeypatch.setattr(rules, "apply", interrupted)
    report = analyzed(log, line("/") + line(ATTACK))
    assert report.verdict == "key-exposed" and report.data["inputs"][0]["complete"]
    monkeypatch.setattr(rules, "apply", partial(interrupted, times=2))
    with pytest.raises(KeyboardInterrupt):
        analyzed(log, line(ATTACK))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
