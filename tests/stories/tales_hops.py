"""Several logs of the same requests (contract, Outcome 3 and Event)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import servers
from kit import ATTACKER, CHROME, CURL, KEY, OPEN, SENT, STOPPED, Hop, Request, Story, at, story

EDGE = Hop("cloudfront.log", servers.cloudfront, "192.0.2.11")
ALB = Hop("alb.log", servers.each(servers.alb), "10.0.1.21")
NGINX = Hop("nginx.log", servers.each(servers.timed), "127.0.0.1")
MAIN = Hop("nginx.log", servers.each(servers.main), "127.0.0.1")
APP = Hop("app.log", servers.fastify)
FOUR = ["cloudfront.log", "alb.log", "nginx.log", "app.log"]


@story(EDGE, ALB, NGINX, APP)
def four_hops(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07.25"), ATTACKER, KEY, 200), SENT, hops=FOUR)
    tale.event(Request(at("04:14:07.5"), ATTACKER, KEY, 404), SENT, hops=FOUR)
    tale.expect("key-exposed", "One request over CloudFront, ALB, nginx and Fastify is one event of the outermost "
                "client.", attackers=[ATTACKER], incidents=1, incident_events=[2], findings=8,
                own=["192.0.2.11"])  # fmt: skip


@story(EDGE, ALB, NGINX, APP)
def edge_results(tale: Story) -> None:
    tale.everyday()
    results = {
        "04:10:00": ({"result": "LimitExceeded"}, 503, STOPPED),
        "04:11:00": ({"result": "Error", "detail": "ClientGeoBlocked"}, 403, STOPPED),
        "04:12:00": ({"result": "Redirect"}, 301, STOPPED),
        "04:13:00": ({"result": "Hit"}, 200, SENT),
        "04:14:00": ({"result": "RefreshHit"}, 200, SENT),
    }
    for clock, (more, status, outcome) in results.items():
        request = Request(at(clock), ATTACKER, KEY, status, stops="cloudfront.log", by={"cloudfront.log": more})
        tale.event(request, outcome, hops=["cloudfront.log"])
    tale.expect("key-exposed", "LimitExceeded, ClientGeoBlocked, Redirect never went on; a Hit or RefreshHit answers "
                "what an equal request fetched before: presumed sent though the logs behind lack it, time unknown.",
                says=["time is unknown"])  # fmt: skip


@story(EDGE)
def edge_errors_alone(tale: Story) -> None:
    tale.everyday()
    for clock, more, status, outcome in (
        ("04:10:00", {"result": "Error", "detail": "Error"}, 403, SENT),
        ("04:11:00", {"result": "Error", "detail": "OriginCommError"}, 502, OPEN),
        ("04:12:00", {"result": "Error", "detail": "ClientHungUpRequest", "status": "000"}, 0, SENT),
        ("04:13:00", {"result": "Error", "detail": "AbortedOrigin"}, 504, OPEN),
        ("04:14:00", {"result": "Error", "detail": "OriginConnectError"}, 502, STOPPED),
        ("04:15:00", {"result": "CapacityExceeded"}, 503, STOPPED),
    ):
        tale.event(Request(at(clock), ATTACKER, KEY, status, by={"cloudfront.log": more}), outcome)
    tale.expect("key-exposed", "Error (the origin's 4xx too), 000, OriginCommError and AbortedOrigin are no evidence.",
                says=["best-effort"])  # fmt: skip


@story(Hop("haproxy.log", servers.each(servers.haproxy), "10.0.0.5", skew=timedelta(hours=1)), APP)
def haproxy_an_hour_off(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["haproxy.log", "app.log"])
    tale.event(Request(at("04:20:00"), ATTACKER, KEY, 403, stops="haproxy.log"), STOPPED, hops=["haproxy.log"])
    tale.expect("key-exposed", "HAProxy's log states no zone and is an hour ahead: the skew is found, said, and the "
                "clock that states its zone is believed.", skews={"haproxy.log": 3600},
                says=["haproxy.log is 1 h ahead"],                first="2026-03-30T04:12:07")  # fmt: skip


@story(Hop("haproxy.log", servers.each(servers.haproxy), "10.0.0.5"))
def haproxy_chose_no_server(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:20:00"), ATTACKER, KEY, 403, stops="haproxy.log"), STOPPED)
    tale.expect("attempted", "<NOSRV>: never forwarded.")


@story(ALB, Hop("waf.json", servers.each(servers.waf), within=True))
def waf_and_balancer(tale: Story) -> None:
    tale.everyday()
    blocked = {"alb.log": {"actions": "waf", "target": "-", "target_status": "-"}, "waf.json": {"action": "BLOCK"}}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 403, by=blocked), STOPPED, hops=["alb.log", "waf.json"])
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 200), SENT, hops=["alb.log", "waf.json"])
    tale.expect("key-exposed", "AWS WAF's requestId is ALB's trace id without Root=: one event; BLOCK never went on, "
                "and what it let pass leaves the word to the balancer.", incidents=1, incident_events=[2])  # fmt: skip


@story(Hop("waf.json", servers.each(servers.waf)))
def waf_alone(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 0, by={"waf.json": {"action": "BLOCK"}}), STOPPED)
    tale.expect("attempted", "action BLOCK: not forwarded.", incidents=1)


def _absent(tale: Story, outcome: str, **more: object) -> None:
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, unlogged=("app.log",)), outcome, hops=["nginx.log"], **more)


@story(MAIN, APP)
def absent_from_the_application(tale: Story) -> None:
    tale.everyday()
    _absent(tale, STOPPED)
    tale.expect("attempted", "Absent from the log behind, which covers the time, shares requests of that hour, and "
                "nothing crashed: it never got there.", severities=["low"], says=["absent from app.log"])  # fmt: skip


@story(MAIN, replace(APP, until=at("04:10:00")))
def absent_but_not_covered(tale: Story) -> None:
    tale.everyday()
    _absent(tale, SENT)
    tale.expect("key-exposed", "The application's log ends before the request: its absence proves nothing.")


@story(MAIN, APP)
def absent_but_nothing_shared_near(tale: Story) -> None:
    tale.everyday("01:00:00", "02:00:00")
    for minute in range(0, 240, 5):
        tale.add(Request(at(f"{2 + minute // 60:02d}:{minute % 60:02d}:30"), "198.51.100.5", "/healthz", size=2))
    _absent(tale, SENT)
    tale.expect("key-exposed", "No proxy-path request is shared within the hour: absence proves nothing.")


@story(MAIN, APP)
def absent_while_the_process_died(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:11:58"), "203.0.113.99", "/__clerk//", 502, size=157, unlogged=("app.log",)), "none",
               None, hops=["nginx.log"])  # fmt: skip
    _absent(tale, SENT)
    tale.expect("key-exposed", "The process died around then, and a process that dies logs nothing.", outages=1)


@story(MAIN, (Hop("app-1.log", servers.fastify), Hop("app-2.log", servers.fastify)))
def absent_from_both_replicas(tale: Story) -> None:
    for replica, start in enumerate(("03:00:00", "03:02:00")):
        tale.everyday(start, replica=replica)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, unlogged=("app-1.log", "app-2.log")), STOPPED,
               hops=["nginx.log"])  # fmt: skip
    tale.expect("attempted", "Absent from every replica behind, each of which covers the time.", incidents=1)


@story(MAIN, (Hop("app-1.log", servers.fastify), Hop("app-2.log", servers.fastify, until=at("04:00:00"))))
def absent_from_one_replica(tale: Story) -> None:
    for replica, start in enumerate(("03:00:00", "03:02:00")):
        tale.everyday(start, replica=replica)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, unlogged=("app-1.log", "app-2.log")), SENT,
               hops=["nginx.log"])  # fmt: skip
    tale.expect("key-exposed", "The other replica's log does not cover the time: it may have had the request.")


@story(MAIN, (Hop("app-1.log", servers.fastify), Hop("app-2.log", servers.fastify)))
def replicas_are_no_hops(tale: Story) -> None:
    for replica, start in enumerate(("03:00:00", "03:02:00")):
        tale.everyday(start, replica=replica)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, replica=0), SENT, hops=["nginx.log", "app-1.log"])
    tale.event(Request(at("04:12:08"), ATTACKER, KEY, 200, replica=1), SENT, hops=["nginx.log", "app-2.log"])
    tale.expect("key-exposed", "Two requests a second apart at two replicas are two events.", findings=4,
                incident_events=[2])  # fmt: skip


@story(NGINX, Hop("express.log", servers.each(servers.pino_http)))
def express_crash_and_outage(tale: Story) -> None:
    tale.everyday("03:00:00", "04:10:00")
    tale.event(Request(at("04:12:00"), ATTACKER, "/__clerk//", 502, size=157, unlogged=("express.log",)), "none", None)
    for second in range(5, 60, 7):
        user = f"198.51.100.{60 + second % 9}"
        tale.add(Request(at(f"04:12:{second:02d}"), user, "/", 502, CHROME, size=157, unlogged=("express.log",)))
    tale.add(Request(at("04:13:10"), "198.51.100.61", "/", 200, CHROME))
    tale.everyday("04:14:00", "05:30:00")
    tale.expect("probed", "With Express 4 the process dies of a target without a host: 502s until it is back.",
                outages=1, attackers=[ATTACKER], outage=["2026-03-30T04:12:00", "2026-03-30T04:13:10"],
                incident_events=[0])  # fmt: skip


def _decoding(tale: Story) -> None:
    tale.everyday()
    arrives = {"app.log": {"target_here": "/__clerk//evil.example/x"}}
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk/%2fevil.example/x", 200, by=arrives), SENT, "evil.example",
               hops=["nginx.log", "app.log"])  # fmt: skip


@story(MAIN, APP)
def decoding_hop_certain(tale: Story) -> None:
    _decoding(tale)
    tale.expect("key-exposed", "The log behind has it decoded: the key went.", incidents=1, incident_events=[1])


@story(MAIN, APP)
def decoding_hop_void(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk/%2fevil.example/x", 404), "none", "evil.example",
               hops=["nginx.log", "app.log"])  # fmt: skip
    tale.expect("probed", "The application's own log has it undecoded: void.", severities=["low"])


@story(ALB, Hop("express.log", servers.each(servers.pino_http)))
def slashes_merged_on_the_way(tale: Story) -> None:
    tale.everyday(by={"express.log": {"traced": True}})
    arrives = {"express.log": {"target_here": "/__clerk/collect.evil.example/x", "traced": True}}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, by=arrives), "none", hops=["alb.log", "express.log"])
    tale.expect("attempted", "The log behind, joined by the trace id, shows that it arrived in a harmless form.")


@story(MAIN, APP)
def slashes_merged_without_ids(tale: Story) -> None:
    tale.everyday()
    arrives = {"app.log": {"target_here": "/__clerk/collect.evil.example/x"}}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, by=arrives), STOPPED, hops=["nginx.log"])
    tale.expect("attempted", "Merged slashes join nothing without an id: it is absent from the log behind.")


@story(EDGE, MAIN)
def innermost_decides(tale: Story) -> None:
    tale.everyday()
    by = {"cloudfront.log": {"result": "LimitExceeded", "answered": 503}}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, by=by), SENT, hops=["cloudfront.log", "nginx.log"])
    tale.expect("key-exposed", "The innermost hop that logged it decides over what an outer one claims.")


@story(Hop("uri.json", servers.each(servers.uri_json), "10.0.0.4"), MAIN)
def normalised_log_beside_a_good_one(tale: Story) -> None:
    tale.everyday()
    tale.expect("no-evidence", "The log of $uri cannot show the attack, but another log of the same requests can.",
                exit_code=0)  # fmt: skip


@story(Hop("uri.json", servers.each(servers.uri_json), "10.0.0.4"))
def normalised_log_alone(tale: Story) -> None:
    tale.everyday()
    tale.add(Request(at("04:12:07"), ATTACKER, KEY, 200))
    tale.expect("incomplete", "Its path field `$uri` is normalised: an attack cannot be seen there.", exit_code=3,
                reasons=["its path field `uri` is normalised"])  # fmt: skip


@story(ALB, Hop("nginx.log", servers.each(servers.main), skew=timedelta(seconds=-47)))
def clocks_apart_by_seconds(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["alb.log", "nginx.log"])
    tale.event(Request(at("04:30:00"), ATTACKER, KEY, 404, unlogged=("nginx.log",)), SENT, hops=["alb.log"])
    tale.expect("key-exposed", "Forty-seven seconds of skew are found and said; a line that shows that it went on "
                "is not contradicted by a log that lacks it.", skews={"nginx.log": -47})  # fmt: skip


@story(MAIN)
def same_object_twice(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.texts["copy/nginx.log"] = servers.each(servers.main)([])
    tale.copies = {"copy/nginx.log": "nginx.log"}
    tale.expect("key-exposed", "The same object read twice counts once.", incident_events=[1], incidents=1)


@story(MAIN)
def rotated_files(tale: Story) -> None:
    tale.everyday("2026-03-28 00:00:00", "2026-03-30 05:00:00", every=1500)
    tale.event(Request(at("2026-03-28 12:00:00"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:00:00"), ATTACKER, KEY, 200), SENT)
    tale.split = {"nginx.log": [at("2026-03-29 00:00:00"), at("2026-03-30 00:00:00")]}
    tale.expect("key-exposed", "A rotation set is read as one log, in the order of time.", incident_events=[2], gaps=0,
                first="2026-03-28T12:00:00")  # fmt: skip


@story(ALB, APP)
def lines_without_a_shared_address(tale: Story) -> None:
    tale.everyday(claimed=("198.51.100.1",))
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, claimed=("198.51.100.200",)), SENT,
               hops=["alb.log", "app.log"])  # fmt: skip
    tale.expect("key-exposed", "Entries on the left of X-Forwarded-For are the sender's claim.", attackers=[ATTACKER])


@story(MAIN)
def forged_forwarded_for(tale: Story) -> None:
    tale.everyday(claimed=())
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, claimed=("198.51.100.200", "192.0.2.200")), SENT)
    tale.expect("key-exposed", "In a log without a front the peer is the client, whatever the header claims.",
                attackers=[ATTACKER])  # fmt: skip


@story(Hop("edge-not-given.log", servers.each(servers.main), "10.0.0.8"), MAIN)
def behind_an_edge_whose_log_is_missing(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, claimed=("198.51.100.200",)), SENT, hops=["nginx.log"])
    tale.missing = ["edge-not-given.log"]
    tale.expect("key-exposed", "Without an outer log: the right-most entry that is no known hop of one's own.",
                attackers=[ATTACKER])  # fmt: skip


@story(NGINX, APP)
def two_seconds_apart_are_two(tale: Story) -> None:
    tale.everyday()
    for second in (1, 3, 5, 7):
        tale.event(Request(at(f"04:12:0{second}"), ATTACKER, KEY, 200, agent=CURL), SENT,
                   hops=["nginx.log", "app.log"])  # fmt: skip
    tale.expect("key-exposed", "Equal requests close together: nearest first, each line once.", incident_events=[4])


@story(Hop("nginx.log", servers.each(servers.main), "127.0.0.1", skew=timedelta(hours=-2)), APP)
def nginx_two_hours_off(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["nginx.log", "app.log"])
    tale.event(Request(at("04:32:07"), ATTACKER, KEY, 404, unlogged=("app.log",)), STOPPED, hops=["nginx.log"])
    tale.expect("key-exposed", "Of two clocks a zone apart the one that counts seconds since 1970 is believed, and a "
                "request that only the other one has is told at its corrected time.",
                skews={"nginx.log": -7200}, first="2026-03-30T04:12:07")  # fmt: skip


@story(Hop("nginx.log", servers.each(servers.main), "127.0.0.1", skew=timedelta(hours=1)), APP)
def one_shared_request_a_zone_apart(tale: Story) -> None:
    tale.add(*(Request(at(f"04:{minute}:00"), "198.51.100.5", "/healthz", size=2) for minute in (10, 20, 30)))
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["nginx.log", "app.log"])
    tale.expect("key-exposed", "The attack is the only proxy-path request of both logs, exactly an hour apart.",
                incident_events=[1], skews={"nginx.log": 3600})  # fmt: skip
