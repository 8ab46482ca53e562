"""One log alone: what each format tells of forwarding, and what no status tells (contract, Outcome 3 to 5)."""

from __future__ import annotations

import servers
from kit import ATTACKER, CLERK, CURL, FIREFOX, KEY, OPEN, SENT, STOPPED, Hop, Request, Story, at, story

NGINX = Hop("access.log", servers.each(servers.combined))
TIMED = Hop("access.log", servers.each(servers.timed))
ALB = Hop("alb.log", servers.each(servers.alb))


@story(NGINX)
def single_nginx(tale: Story) -> None:
    tale.everyday()
    tale.add(Request(at("04:11:40"), ATTACKER, "/"))
    for second, status in (("04:12:07", 200), ("04:12:31", 404), ("04:12:40", 403)):
        tale.event(Request(at(second), ATTACKER, KEY, status), SENT)
    tale.expect(
        "key-exposed", "No status clears a request: 404 and 403 are the foreign host's answers, too.",
        incidents=1, attackers=[ATTACKER], context=1, outages=0, gaps=0,
    )  # fmt: skip


@story(NGINX)
def statuses_that_leave_it_open(tale: Story) -> None:
    tale.everyday()
    for second, status in enumerate((502, 504, 301, 302, 303, 307, 308)):
        tale.event(Request(at(f"04:12:0{second}"), ATTACKER, KEY, status, size=119), OPEN)
    tale.expect(
        "attempted", "502 and 504 may have captured the key before the connection failed; a redirect mostly comes from "
        "a front that mends slashes. Undetermined still says to rotate.",
        incidents=1, attackers=[ATTACKER], says=["Rotate the secret key", "Next.js"],
    )  # fmt: skip


@story(NGINX)
def redirects_of_a_front(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 308, size=0), OPEN)
    tale.expect("attempted", "308 looks like Next.js, whose applications are not affected: said, not believed.",
                says=["Next.js"])  # fmt: skip


@story(ALB)
def alb_that_forwarded_nothing(tale: Story) -> None:
    tale.everyday()
    for second, actions in (("04:12:07", "waf"), ("04:12:17", "waf,fixed-response"), ("04:12:27", "redirect"),
                            ("04:12:37", "-")):  # fmt: skip
        tale.event(
            Request(at(second), ATTACKER, KEY, 403, stops="alb.log", by={"alb.log": {"actions": actions}}), STOPPED
        )
    tale.expect("attempted", "actions_executed holds no forward: never forwarded.", attackers=[ATTACKER],
                severities=["low"], says=["without forward"])  # fmt: skip


@story(ALB)
def alb_old_short_lines(tale: Story) -> None:
    short = {"short": True}
    tale.everyday(by={"alb.log": short})
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 403, stops="alb.log", by={"alb.log": short}), STOPPED)
    tale.event(Request(at("04:12:37"), ATTACKER, KEY, 200, by={"alb.log": short}), SENT)
    tale.expect("key-exposed", "Lines without actions: target and target group both `-` were never forwarded.",
                incidents=1)  # fmt: skip


@story(ALB)
def alb_lambda_target(tale: Story) -> None:
    tale.everyday()
    lost = {"target": "-", "target_status": "-"}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, by={"alb.log": lost}), OPEN)
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 502, by={"alb.log": {"target_status": "-"}}), OPEN)
    tale.expect("attempted", "Target `-` with forward may be a Lambda that ran; a target without a status may have had "
                "the request.", says=["Lambda", "Rotate the secret key"])  # fmt: skip


@story(TIMED)
def nginx_upstream_says(tale: Story) -> None:
    tale.everyday()
    for second, status in (("04:12:07", 403), ("04:12:17", 404), ("04:12:27", 429)):
        tale.event(Request(at(second), ATTACKER, KEY, status, stops="access.log"), STOPPED)
    tale.expect("attempted", "nginx' $upstream_addr is `-`: it answered by itself.", says=["upstream_addr"],
                severities=["low"], never=["Rotate the secret key: deploy"])  # fmt: skip


@story(TIMED)
def nginx_answers_from_its_cache(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, stops="access.log"), OPEN)
    tale.expect("attempted", "$upstream_addr `-` with 200 may be nginx' own cache: undetermined, not cleared.")


@story(TIMED)
def client_hangs_up(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 499, size=0, seconds=0.5), SENT)
    tale.expect("key-exposed", "499: the client hung up after the application had the request.")


@story(Hop("envoy.log", servers.each(servers.envoy)))
def envoy_flags(tale: Story) -> None:
    tale.everyday()
    expected = {"NR": STOPPED, "UF": STOPPED, "UH": STOPPED, "UC": OPEN, "UT": OPEN, "DC": SENT}
    statuses = {"NR": 404, "UF": 503, "UH": 503, "UC": 502, "UT": 504, "DC": 0}
    for number, (flags, outcome) in enumerate(expected.items()):
        tale.event(Request(at(f"04:12:0{number}"), ATTACKER, KEY, statuses[flags], by={"envoy.log": {"flags": flags}}),
                   outcome)  # fmt: skip
    tale.expect("key-exposed", "NR, UF, UH were never forwarded; UC, UT and DC are no evidence, so the answer decides.",
                attackers=[ATTACKER], incidents=1)  # fmt: skip


@story(Hop("traefik.json", servers.each(servers.traefik)))
def traefik_asked_no_service(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 403, stops="traefik.json"), STOPPED)
    tale.expect("attempted", "OriginStatus 0: Traefik asked no service.", incidents=1)


@story(Hop("cloudflare.json", servers.each(servers.cloudflare)))
def cloudflare_blocks_and_workers(tale: Story) -> None:
    tale.everyday(by={"cloudflare.json": {"origin": 0}})
    blocked = {"action": "block", "origin": 0}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 403, by={"cloudflare.json": blocked}), STOPPED)
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 200, by={"cloudflare.json": {"origin": 0}}), SENT)
    tale.expect("key-exposed", "OriginResponseStatus 0 clears only what was blocked: a Worker, which may be the "
                "application, answers with it as well.", first="2026-03-30T04:13:07")  # fmt: skip


@story(Hop("vercel.ndjson", servers.vercel))
def vercel_repeats_count_once(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:12:09"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "A drain repeats a request under one requestId: one event each.", incidents=1,
                incident_events=[2])  # fmt: skip


@story(NGINX)
def unresolvable_only(tale: Story) -> None:
    tale.everyday()
    for second, target in (("04:11:01", "/__clerk//"), ("04:11:02", "/__clerk//:80/"), ("04:11:03", "/__clerk//%zz/")):
        tale.event(Request(at(second), ATTACKER, target, 500, size=99), "none", None)
    tale.expect("probed", "Targets without a host: nothing to send; Fastify's 99 bytes are an indication.", incidents=1,
                incident_events=[0], attackers=[ATTACKER], says=["Fastify"], severities=["medium"])  # fmt: skip


@story(NGINX)
def double_slash_only(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:11:01"), "198.51.100.7", "/__clerk/v1//client", 404), "none", None)
    tale.expect("probed", "Two slashes that stay on the Frontend API: a probe at most, its client no attacker.",
                attackers=[], severities=["low"])  # fmt: skip


@story(NGINX)
def client_bug_only(tale: Story) -> None:
    tale.everyday()
    for number in range(40):
        bug = "/__clerk//npm/@clerk/clerk-js@5/dist/x.js" if number % 2 else f"/__clerk//v1/client?{CLERK}"
        tale.add(Request(at(f"04:{number:02d}:03"), f"198.51.100.{60 + number % 8}", bug, 502, FIREFOX,
                         "https://app.example.com/", size=119))  # fmt: skip
    tale.expect("no-evidence", "//v1 and //npm of honest browsers: the known clerk-js bug is noise, not an attack.",
                noise=40, attackers=[], exit_code=0, says=["known clerk-js bug"])  # fmt: skip


@story(Hop("fastify.log", servers.fastify))
def application_alone_shows_harmless_form(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk/%2fevil.example/x", 404), "none", "evil.example")
    tale.expect("probed", "The application's own log, also when alone, shows that it arrived undecoded.",
                severities=["low"])  # fmt: skip


@story(NGINX)
def decoding_hop_without_application_log(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk/%2fevil.example/x", 200), OPEN, "evil.example")
    tale.expect("probed", "Off-host only if a hop behind decodes the path, and no log behind settles it: possible.",
                severities=["medium"], attackers=[ATTACKER], incident_events=[0])  # fmt: skip


@story(NGINX)
def refused_by_fetch(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk//u:p@evil.example/", 502), "refused", "evil.example")
    tale.event(Request(at("04:12:09"), ATTACKER, "/__clerk//evil.example:6000/", 502), "refused", "evil.example")
    tale.expect("attempted", "fetch refuses userinfo and blocked ports before it connects.", severities=["low"],
                incidents=1, incident_events=[2])  # fmt: skip


@story(TIMED)
def refused_comes_before_forwarding(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk//evil.example:22/", 403, stops="access.log"), "refused",
               "evil.example")  # fmt: skip
    tale.expect("attempted", "The first outcome that holds: refused stands before not-forwarded.")


@story(Hop("access.log", servers.each(servers.untimed)))
def log_without_times(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT, time=None)
    tale.expect(
        "key-exposed", "A line without a time is inside every window, and nothing is known of when.",
        options={"log_format": '$remote_addr "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
                 "since": "2026-04-01", "vulnerable_until": "2026-03-01"},
        says=["unknown time", "covered|unknown"],
    )  # fmt: skip


@story(NGINX)
def nothing_happened(tale: Story) -> None:
    tale.everyday()
    tale.expect(
        "no-evidence", "Calm only with the time covered, how many proxy-path requests there were, how far back logs "
        "must go.", exit_code=0, attackers=[], incidents=0,
        says=["2026-03-30 03:00:", "hold the proxy path", "first deployment of an affected version", "no holes"],
    )  # fmt: skip


@story(Hop("access.log", servers.each(servers.combined)))
def ipv6_and_spellings(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), "2001:db8::17", "/__clerk//[2001:DB8:0::99]:8443/", 200), SENT,
               "[2001:db8::99]")  # fmt: skip
    tale.event(Request(at("04:12:08"), "2001:db8::17", "/__clerk/\\\\Evil.Example/x", 200, agent=CURL), SENT,
               "evil.example")  # fmt: skip
    tale.expect("key-exposed", "IPv6 clients and hosts; backslashes are slashes; hosts in lower case.", incidents=2,
                attackers=["2001:db8::17"])  # fmt: skip
