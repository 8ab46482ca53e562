"""Platforms as people run them: clusters, containers, edges of many addresses, logs in one file."""

from __future__ import annotations

from dataclasses import replace

import servers
from kit import ATTACKER, CHROME, CURL, HOST, KEY, OPEN, SENT, STOPPED, Hop, Request, Story, at, story

EDGES = ("192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14")
CLOUDFLARE = Hop("cloudflare.json", servers.each(servers.cloudflare), EDGES)
EDGE = Hop("cloudfront.log", servers.cloudfront, EDGES)
ALB = Hop("alb.log", servers.each(servers.alb), ("10.0.1.21", "10.0.2.34"))
MAIN = Hop("nginx.log", servers.each(servers.main), "127.0.0.1")
APP = Hop("app.log", servers.fastify)


@story(CLOUDFLARE, MAIN, APP)
def cloudflare_in_front(tale: Story) -> None:
    tale.everyday()
    hops = ["cloudflare.json", "nginx.log", "app.log"]
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=hops)
    blocked = {"cloudflare.json": {"action": "block", "origin": 0}}
    tale.event(Request(at("04:13:07"), "203.0.113.78", KEY, 403, stops="cloudflare.json", by=blocked), STOPPED,
               "collect.evil.example", hops=hops[:1])  # fmt: skip
    tale.expect("key-exposed", "An edge of many addresses: none of them is an attacker.", incidents=1,
                attackers=[ATTACKER, "203.0.113.78"], incident_events=[2])  # fmt: skip


@story(CLOUDFLARE, MAIN)
def edge_log_was_not_kept(tale: Story) -> None:
    tale.everyday()
    tale.missing = ["cloudflare.json"]
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["nginx.log"])
    tale.event(Request(at("04:12:37"), ATTACKER, KEY, 200, claimed=("8.8.8.8",)), SENT, hops=["nginx.log"])
    tale.expect("key-exposed", "Most lines come from a fleet that forwards: the right-most entry is the client.",
                attackers=[ATTACKER], context=0)  # fmt: skip


@story(EDGE, ALB, MAIN, APP)
def straight_to_the_balancer(tale: Story) -> None:
    tale.everyday()
    hops = ["alb.log", "nginx.log", "app.log"]
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, enters="alb.log"), SENT, hops=hops)
    forged = ("198.51.100.200",)
    tale.event(Request(at("04:12:47"), ATTACKER, KEY, 200, enters="alb.log", claimed=forged), SENT, hops=hops)
    tale.expect("key-exposed", "Who goes past the edge is seen by the balancer first, whatever the header claims.",
                attackers=[ATTACKER], incidents=1)  # fmt: skip


@story(Hop("ingress.log", servers.each(servers.ingress), "10.244.0.7"), Hop("pod.log", servers.fastify))
def ingress_and_pod(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=["ingress.log", "pod.log"])
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 503, stops="ingress.log"), STOPPED, hops=["ingress.log"])
    tale.event(Request(at("04:14:07"), ATTACKER, KEY, 502, size=119), OPEN, hops=["ingress.log", "pod.log"])
    tale.expect("key-exposed", "ingress-nginx names the upstream, or `-`.", incidents=1, incident_events=[3])


@story(MAIN, APP)
def containers_in_one_file(tale: Story) -> None:
    tale.everyday()
    tale.mixed = {"compose.log": {"nginx.log": "nginx-1  | ", "app.log": "app-1    | "}}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:14:07"), ATTACKER, "/__clerk/%2fevil.example/", 404), "none", "evil.example")
    tale.expect("key-exposed", "`docker compose logs`: two logs in one file are hops all the same.", findings=4,
                attackers=[ATTACKER], incident_events=[1])  # fmt: skip


@story(Hop("router.log", servers.each(servers.heroku)))
def heroku_router(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 503, stops="router.log"), STOPPED)
    tale.event(Request(at("04:14:07"), ATTACKER, KEY, 200, claimed=("198.51.100.200",)), SENT)
    tale.expect("key-exposed", "Heroku's `fwd` is a list: its right-most entry is who connected.",
                attackers=[ATTACKER])  # fmt: skip


@story(MAIN, APP)
def application_that_trusts_no_proxy(tale: Story) -> None:
    tale.everyday(by={"app.log": {"untrusting": True}})
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, by={"app.log": {"untrusting": True}}), SENT,
               hops=["nginx.log"])  # fmt: skip
    tale.event(Request(at("04:12:07.004"), "127.0.0.1", KEY, 200, unlogged=("nginx.log", "app.log")), SENT,
               client=None, hops=["app.log"])  # fmt: skip
    tale.expect("key-exposed", "Without a shared address nothing is joined, and one's own proxy is no attacker.",
                attackers=[ATTACKER], incidents=1)  # fmt: skip


@story(replace(ALB), MAIN, APP)
def probe_exploit_and_cleanup(tale: Story) -> None:
    tale.everyday()
    hops = ["alb.log", "nginx.log", "app.log"]
    tale.add(Request(at("04:08:00"), ATTACKER, "/"), Request(at("04:08:30"), ATTACKER, "/__clerk/v1/environment"))
    tale.event(Request(at("04:09:00"), ATTACKER, "/__clerk/v1//client", 404), "none", None, hops=hops)
    tale.event(Request(at("04:09:30"), ATTACKER, "/__clerk//", 500, size=99), "none", None, hops=hops)
    tale.event(Request(at("04:10:00"), ATTACKER, KEY, 502, size=119), OPEN, hops=hops)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, hops=hops)
    tale.add(Request(at("04:15:00"), ATTACKER, "/account", 401), Request(at("04:50:00"), ATTACKER, "/late", 200))
    tale.expect("key-exposed", "The same client's other requests within ten minutes are told once over all logs.",
                context=3, attackers=[ATTACKER], first="2026-03-30T04:12:07")  # fmt: skip


@story(MAIN, APP)
def lured_over_two_hops(tale: Story) -> None:
    lure = "https://forum.example.net/thread/8841"
    tale.everyday()
    tale.event(Request(at("04:12:07"), "203.0.113.144", "/__clerk//login.phish.example/hi", 200, CHROME, lure), SENT,
               "login.phish.example", hops=["nginx.log", "app.log"])  # fmt: skip
    own = f"https://{HOST}/account"
    tale.event(Request(at("04:22:07"), "203.0.113.145", "/__clerk//login.phish.example/hi", 200, CHROME, own), SENT,
               "login.phish.example", hops=["nginx.log", "app.log"])  # fmt: skip
    tale.event(Request(at("04:32:07"), ATTACKER, "/__clerk//login.phish.example/", 200, CURL), SENT,
               "login.phish.example", hops=["nginx.log", "app.log"])  # fmt: skip
    tale.expect("key-exposed", "A Referer of one's own site lures nobody.", lured=[["203.0.113.144", lure]],
                attackers=["203.0.113.145", ATTACKER], incidents=1)  # fmt: skip
