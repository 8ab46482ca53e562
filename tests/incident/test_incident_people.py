"""Who asked: clients behind one's own hops, attackers, and lured users with the page that lured them."""

from __future__ import annotations

from typing import Any

import pytest
from incident_story import CHROME, CURL, KEY, LogFile, Story

from clerk_logscan.incident import addresses
from clerk_logscan.incident.people import Clients, browser

ATTACKER, PAGE = "203.0.113.77", "https://lure.evil.example/win.html"


def people(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Attackers and lured users of the gravest incident."""
    return report["incidents"][0]["attacker_clients"], report["incidents"][0]["lured_clients"]


def visit(log: LogFile, client: str, minute: int, *, agent: str = CHROME, asset: bool = True, **more: Any) -> None:
    """A browser loads a page with its asset, then is made to ask for the key."""
    log.line(f"04:{minute:02}:00", client, "/", user_agent=agent)
    if asset:
        log.line(f"04:{minute:02}:01", client, "/app.js?v=3", user_agent=agent)
    log.line(f"04:{minute:02}:30", client, KEY, user_agent=agent, **more)


def test_a_browser_from_another_site_is_a_lured_user_and_the_page_is_named() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", "198.51.100.20", KEY, user_agent=CHROME, referer=PAGE, host="app.example.com")
    log.line("04:13:07", ATTACKER, KEY, user_agent=CURL, host="app.example.com")
    report = story.told()
    assert people(report) == ([ATTACKER], ["198.51.100.20"])
    assert report["lured"] == [
        {
            "client_ip": "198.51.100.20",
            "referer": PAGE,
            "first_seen": "2026-03-30T04:12:07.000000Z",
            "target_host": "collect.evil.example",
            "incident_id": report["incidents"][0]["incident_id"],
        }
    ]
    assert PAGE in next(fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "lured")
    assert any("Revoke the sessions" in step for step in report["next_steps"])


@pytest.mark.parametrize(
    ("columns", "is_lured"),
    [
        ({"user_agent": CHROME, "referer": "https://www.example.com/", "host": "app.example.com"}, False),
        ({"user_agent": CHROME, "referer": "https://app.example.com:8443/", "host": "app.example.com:443"}, False),
        ({"user_agent": CURL, "referer": PAGE, "host": "app.example.com"}, False),
        ({"user_agent": None, "referer": PAGE, "host": "app.example.com"}, False),
        ({"user_agent": CHROME, "referer": None, "host": "app.example.com"}, False),
        ({"user_agent": CHROME, "_fetch_site": "cross-site", "host": "app.example.com"}, True),
        ({"user_agent": CHROME, "_fetch_site": "same-origin", "host": "app.example.com"}, False),
        ({"user_agent": CHROME, "referer": "https://example.com.evil.example/", "host": "app.example.com"}, True),
        ({"user_agent": CHROME, "referer": "https://collect.evil.example/a", "host": None}, True),
        ({"user_agent": CHROME, "referer": "not a url", "host": "app.example.com"}, False),
    ],
)
def test_who_is_lured_and_who_attacks(columns: dict[str, Any], is_lured: bool) -> None:
    story = Story()
    story.log("access.log").line("04:12:07", ATTACKER, KEY, **columns)
    assert people(story.told()) == (([], [ATTACKER]) if is_lured else ([ATTACKER], []))


@pytest.mark.parametrize("host", [None, "10.0.0.4:3000", "app"])
def test_without_a_host_the_site_of_most_referers_is_ones_own(host: str | None) -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(3):
        log.line(f"04:10:{number:02}", "198.51.100.3", "/a", referer="https://shop.example.com/", host=host)
    log.line("04:12:07", "198.51.100.20", KEY, user_agent=CHROME, referer=PAGE, host=host)
    log.line("04:12:09", ATTACKER, KEY, user_agent=CHROME, referer="https://shop.example.com/x", host=host)
    assert people(story.told()) == ([ATTACKER], ["198.51.100.20"])


def test_three_settled_browsers_towards_one_host_are_lured_without_a_referer() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(3):
        visit(log, f"198.51.100.{number}", 10 + number)
    log.line("04:20:00", ATTACKER, KEY, user_agent=CURL)
    assert people(story.told()) == ([ATTACKER], ["198.51.100.0", "198.51.100.1", "198.51.100.2"])


@pytest.mark.parametrize("change", [{"agent": CURL}, {"asset": False}])
def test_two_settled_browsers_and_another_are_no_crowd(change: dict[str, Any]) -> None:
    story = Story()
    log = story.log("access.log")
    visit(log, "198.51.100.0", 10)
    visit(log, "198.51.100.1", 11)
    visit(log, "198.51.100.2", 12, **change)
    assert people(story.told())[1] == []


def test_pages_loaded_afterwards_do_not_count() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(3):
        log.line(f"04:1{number}:00", f"198.51.100.{number}", KEY, user_agent=CHROME)
        log.line(f"04:1{number}:10", f"198.51.100.{number}", "/", user_agent=CHROME)
        log.line(f"04:1{number}:11", f"198.51.100.{number}", "/app.js", user_agent=CHROME)
    assert people(story.told())[1] == []


def test_a_prober_of_targets_without_a_host_is_an_attacker_and_a_careless_client_is_none() -> None:
    story = Story()
    log = story.log("access.log")
    log.line("04:12:07", ATTACKER, "/__clerk//", 500)
    log.line("04:12:08", "198.51.100.7", "/__clerk/v1//client")
    report = story.told()
    assert {tuple(row["attacker_clients"]) for row in report["incidents"]} == {(ATTACKER,), ()}


@pytest.mark.parametrize(
    ("client", "forwarded_for", "named"),
    [
        (ATTACKER, None, ATTACKER),
        (ATTACKER, "8.8.8.8", ATTACKER),
        ("10.0.1.9", ATTACKER, ATTACKER),
        ("10.0.1.9", f"8.8.8.8, {ATTACKER}", ATTACKER),
        ("10.0.1.9", f"8.8.8.8, {ATTACKER}, 10.0.3.3", ATTACKER),
        ("::ffff:10.0.1.9", f"{ATTACKER}:55012", ATTACKER),
        ("10.0.1.9", None, "10.0.1.9"),
        ("2001:DB8::1", None, "2001:db8::1"),
    ],
)
def test_the_left_of_x_forwarded_for_is_the_senders_claim(client: str, forwarded_for: str | None, named: str) -> None:
    story = Story()
    story.log("access.log").line("04:12:07", client, KEY, forwarded_for=forwarded_for)
    assert people(story.told()) == ([named], [])


def test_behind_a_fleet_the_peer_is_a_hop_though_no_outer_log_is_there() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(8):
        log.line(f"04:10:{number:02}", f"130.176.0.{number}", "/a", forwarded_for=f"198.51.100.{number}")
    log.line("04:12:07", "130.176.0.99", KEY, forwarded_for=f"8.8.8.8, {ATTACKER}")
    assert people(story.told()) == ([ATTACKER], [])


def test_in_a_log_without_a_front_a_forged_header_moves_no_blame() -> None:
    story = Story()
    log = story.log("access.log")
    for number in range(8):
        log.line(f"04:10:{number:02}", f"198.51.100.{number}", "/a")
    for number in range(3):
        log.line(f"04:12:{number:02}", ATTACKER, KEY, forwarded_for=f"8.8.8.{number}")
    assert people(story.told()) == ([ATTACKER], [])


def test_a_hop_known_from_one_request_is_none_of_the_attackers_of_another() -> None:
    story = Story()
    edge, app = story.log("edge.gz", "cloudfront"), story.log("app.log", "fastify")
    for number in range(3):
        edge.line(f"04:10:0{number}", "198.51.100.9", f"/__clerk/v1/client?n={number}")
        app.line(f"04:10:0{number}", "130.176.0.1", f"/__clerk/v1/client?n={number}", forwarded_for="198.51.100.9")
    app.line("06:12:07", "130.176.0.1", KEY)
    assert people(story.told()) == ([], [])


def test_addresses_have_one_spelling() -> None:
    spelled = ["[2001:db8::1]:443", "2001:DB8:0::1", "fe80::1%eth0", "::ffff:192.0.2.1", "192.0.2.1:80", "-", "unknown"]
    assert [addresses.normal(text) for text in spelled] == [
        "2001:db8::1",
        "2001:db8::1",
        "fe80::1",
        "192.0.2.1",
        "192.0.2.1",
        None,
        None,
    ]
    assert addresses.entries('for="[2001:db8::1]:4711";proto=https, for=192.0.2.1') == ("2001:db8::1", "192.0.2.1")


def test_browsers_are_told_from_tools_that_imitate_them() -> None:
    assert browser(CHROME)
    tools = [
        "Mozilla/5.0",
        CURL,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        CHROME + " HeadlessChrome/1",
        "",
    ]
    assert not any(browser(agent) for agent in [*tools, None])


def test_an_edge_whose_log_is_not_given_is_known_from_what_stands_behind_it() -> None:
    story = Story()
    balancer, nginx = story.log("alb.gz", "alb"), story.log("access.log")
    for number in range(4):
        balancer.line(f"04:10:0{number}", "130.176.0.1", f"/__clerk/v1/client?n={number}")
        nginx.line(
            f"04:10:0{number}",
            "10.0.1.9",
            f"/__clerk/v1/client?n={number}",
            forwarded_for=f"198.51.100.{number}, 130.176.0.1",
        )
    balancer.line("04:12:07", "130.176.0.1", KEY)
    nginx.line("04:12:07", "10.0.1.9", KEY, forwarded_for=f"{ATTACKER}, 130.176.0.1")
    assert people(story.told()) == ([ATTACKER], [])


def test_a_real_client_that_an_inner_log_states_is_no_hop() -> None:
    story = Story()
    edge, balancer = story.log("cf.gz", "cloudfront"), story.log("alb.gz", "alb")
    nginx, app = story.log("access.log"), story.log("app.log", "fastify")
    edge.line("04:12:07", ATTACKER, KEY)
    balancer.line("04:12:07", "130.176.0.1", KEY)
    nginx.line("04:12:07", "10.0.1.9", KEY, forwarded_for=f"{ATTACKER}, 130.176.0.1")
    app.line("04:12:07", ATTACKER, KEY)
    report = story.told()
    assert people(report) == ([ATTACKER], [])
    assert "130.176.0.1" in next(fact["text"] for fact in report["statement"]["facts"] if fact["label"] == "own hops")


def test_an_empty_address_is_nobody_with_or_without_a_chain() -> None:
    """A log may quote nothing; a client of one's own network alone is one, a hop of one's own none."""
    clients = Clients({"10.0.0.9"}, {})
    asked = [('""', None), ('""', "-"), (None, None), ("10.0.0.9", None), ("10.0.0.5", None), ("203.0.113.6", "")]
    assert [clients.behind_hops("a.log", *one) for one in asked] == [None, None, None, None, "10.0.0.5", "203.0.113.6"]
