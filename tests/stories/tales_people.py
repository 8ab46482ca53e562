"""Who asked, whom it concerns, and how much of it there was (contract, Incidents)."""

from __future__ import annotations

from datetime import timedelta

import servers
from kit import ATTACKER, CHROME, CLERK, CURL, FIREFOX, HOST, KEY, SENT, Hop, Request, Story, at, story, visit

NGINX = Hop("access.log", servers.each(servers.combined))
VHOST = Hop("access.log", servers.each(servers.vhost))
TRAEFIK = Hop("traefik.json", servers.each(servers.traefik))
LURE = "https://forum.example.net/thread/8841"


@story(VHOST)
def lured_by_a_page(tale: Story) -> None:
    tale.everyday()
    tale.add(*visit(tale.dice, at("04:10:00"), "203.0.113.144"))
    tale.event(Request(at("04:12:07"), "203.0.113.144", "/__clerk//login.phish.example/hi", 200, CHROME, LURE), SENT,
               "login.phish.example")  # fmt: skip
    tale.expect("key-exposed", "A browser that comes from another site is a lured user; the page is named.",
                lured=[["203.0.113.144", LURE]], attackers=[], says=["Revoke the sessions"])  # fmt: skip


@story(NGINX)
def lured_without_a_logged_host(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), "203.0.113.144", "/__clerk//login.phish.example/hi", 200, CHROME, LURE), SENT,
               "login.phish.example")  # fmt: skip
    own = f"https://{HOST}/account"
    tale.event(Request(at("04:13:07"), ATTACKER, "/__clerk//login.phish.example/hi", 200, FIREFOX, own), SENT,
               "login.phish.example")  # fmt: skip
    tale.expect("key-exposed", "Where the log has no Host, the site of most Referers is one's own: the second one "
                "comes from there, and is no lured user.", lured=[["203.0.113.144", LURE]], attackers=[ATTACKER],
                incidents=1, incident_events=[2])  # fmt: skip


@story(TRAEFIK)
def lured_by_fetch_site(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), "203.0.113.144", "/__clerk//login.phish.example/hi", 200, CHROME,
                       fetch_site="cross-site"), SENT, "login.phish.example")  # fmt: skip
    tale.event(Request(at("04:13:07"), ATTACKER, "/__clerk//login.phish.example/hi", 200, CURL, LURE), SENT,
               "login.phish.example")  # fmt: skip
    tale.expect("key-exposed", "Sec-Fetch-Site names a lured browser; curl with a Referer is no browser.",
                lured=[["203.0.113.144", None]], attackers=[ATTACKER])  # fmt: skip


@story(NGINX)
def three_settled_browsers(tale: Story) -> None:
    tale.everyday()
    users = [f"203.0.113.{number}" for number in (141, 142, 143)]
    for number, user in enumerate(users):
        tale.add(*visit(tale.dice, at(f"04:1{number}:00"), user))
        tale.event(Request(at(f"04:2{number}:07"), user, "/__clerk//login.phish.example/hi", 200, CHROME), SENT,
                   "login.phish.example")  # fmt: skip
    tale.event(Request(at("04:30:00"), ATTACKER, "/__clerk//login.phish.example/hi", 200, CHROME), SENT,
               "login.phish.example")  # fmt: skip
    tale.expect("key-exposed", "Three clients towards one host that had loaded pages and assets before are lured, even "
                "without a Referer; a fourth that had not is an attacker.",
                lured=[[user, None] for user in users], attackers=[ATTACKER])  # fmt: skip


@story(NGINX)
def sweep_of_hosts(tale: Story) -> None:
    tale.everyday()
    for number in range(1500):
        moment = at("04:12:00") + timedelta(seconds=number * 0.4)
        host = f"h{number}.sweep{number % 700}.example"
        tale.event(Request(moment, f"203.0.113.{70 + number % 3}", f"/__clerk//{host}/", 200 if number % 5 else 502),
                   SENT if number % 5 else "undetermined", host)  # fmt: skip
    tale.expect("key-exposed", "Findings towards one registrable domain are one incident, whoever asked.",
                incidents=700, attackers=["203.0.113.70", "203.0.113.71", "203.0.113.72"])  # fmt: skip


@story(NGINX)
def internal_targets(tale: Story) -> None:
    tale.everyday()
    hosts = {
        "169.254.169.254": "metadata", "metadata.google.internal": "metadata", "[fd00:ec2::254]": "metadata",
        "localhost": "loopback", "127.0.0.1": "loopback", "10.1.2.3": "private", "db.internal": "private",
        "printer.local": "private", "169.254.3.4": "link-local", "redis": "single-label",
    }  # fmt: skip
    for number, (host, kind) in enumerate(hosts.items()):
        tale.event(Request(at(f"04:12:{number:02d}"), ATTACKER, f"/__clerk//{host}/latest/", 502, size=119),
                   "undetermined", host, kind=kind)  # fmt: skip
    tale.event(Request(at("04:13:00"), "203.0.113.78", "/__clerk//10.1.2.3/", 200), SENT, "10.1.2.3", kind="private")
    tale.expect("key-exposed", "Internal targets by one client are one incident.", incidents=2,
                incident_events=[1, 10], says=["a private network"])  # fmt: skip


@story(NGINX)
def canary_domains(tale: Story) -> None:
    tale.everyday()
    for second, host in ((1, "c8f2.oast.fun"), (2, "d7.oast.fun"), (3, "k2.burpcollaborator.net")):
        tale.event(Request(at(f"04:12:0{second}"), ATTACKER, f"/__clerk//{host}/", 200), SENT, host, kind="canary")
    tale.expect("key-exposed", "Out-of-band testing services are named, and got what was sent all the same.",
                incidents=2, says=["out-of-band testing service"])  # fmt: skip


@story(NGINX)
def thousands_of_honest_browsers(tale: Story) -> None:
    tale.everyday()
    for number in range(2600):
        moment = at("03:00:05") + timedelta(seconds=number * 3)
        user = f"198.51.{100 + number % 3}.{number % 200}"
        tale.add(Request(moment, user, f"/__clerk//v1/client?{CLERK}", 502, FIREFOX, f"https://{HOST}/", size=119))
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "Noise by the thousand hides no attack, and its clients are no attackers.", noise=2600,
                attackers=[ATTACKER], incidents=1)  # fmt: skip


@story(NGINX)
def two_attackers_one_domain(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, "/__clerk//a.evil.co.uk/x", 200), SENT, "a.evil.co.uk")
    tale.event(Request(at("04:22:07"), "203.0.113.78", "/__clerk//b.evil.co.uk/x", 200), SENT, "b.evil.co.uk")
    tale.event(Request(at("04:32:07"), "203.0.113.78", "/__clerk//other.co.uk/x", 200), SENT, "other.co.uk")
    tale.expect("key-exposed", "The public suffix list tells registrable domains apart.", incidents=2,
                incident_events=[1, 2], attackers=[ATTACKER, "203.0.113.78"])  # fmt: skip
