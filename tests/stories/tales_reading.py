"""What was asked for, what could not be read, and which times are covered (contract, The report)."""

from __future__ import annotations

import gzip
from datetime import timedelta

import servers
from kit import ATTACKER, CURL, KEY, SENT, Hop, Request, Story, at, story

NGINX = Hop("access.log", servers.each(servers.combined))
VHOST = Hop("access.log", servers.each(servers.vhost))
MAIN = Hop("nginx.log", servers.each(servers.main), "127.0.0.1")
APP = Hop("app.log", servers.fastify)
NOT_VULNERABLE = "not-vulnerable"


@story(NGINX)
def before_the_vulnerable_release(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), NOT_VULNERABLE)
    tale.expect(
        "attempted",
        "Before the vulnerable release was live.",
        severities=["low"],
        attackers=[ATTACKER],
        options={"vulnerable_from": "2026-03-30T04:30:00Z"},
        says=["before the vulnerable release was live"],
    )


@story(NGINX)
def after_the_fix(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:42:07"), ATTACKER, KEY, 200), NOT_VULNERABLE)
    tale.expect("key-exposed", "Against a fixed version after the upgrade; a day alone would mean its end.",
                options={"vulnerable_until": "2026-03-30T04:30:00Z"}, says=["against a fixed version"],
                incident_events=[2], never=["Upgrade: "])  # fmt: skip


@story(NGINX)
def until_a_day_means_its_end(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:42:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "--vulnerable-until with a day alone means the end of it.",
                options={"vulnerable_until": "2026-03-30", "vulnerable_from": "2026-03-30"})  # fmt: skip


@story(NGINX)
def after_the_rotation(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.event(Request(at("04:42:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "One after the rotation, while still vulnerable: the new key leaked too.",
                options={"key_rotated": "2026-03-30T04:30:00Z", "vulnerable_until": "2026-03-30T05:00:00Z"},
                says=["new key leaked too", "rotate again", "Rotate the secret key again"])  # fmt: skip


@story(NGINX)
def rotated_after_all(tale: Story) -> None:
    tale.everyday()
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "All before the rotation: the old key leaked, and nobody must rotate again.",
                options={"key_rotated": "2026-03-30T04:30:00Z"}, says=["the old key leaked"],
                never=["new key leaked", "rotate again"])  # fmt: skip


@story(VHOST)
def one_host_of_a_balancer(tale: Story) -> None:
    tale.everyday()
    tale.everyday("03:01:00", host="other.example.com", prefix="/auth")
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.add(Request(at("04:13:07"), "203.0.113.9", "/__clerk//evil.example/", 200, host="other.example.com"))
    tale.expect("key-exposed", "--host: only requests to this Host; what others do is not one's own.", incidents=1,
                options={"host": "app.example.com"}, attackers=[ATTACKER], reasons=[])  # fmt: skip


@story(MAIN, Hop("app.log", servers.fastify))
def hosts_where_an_inner_log_renames(tale: Story) -> None:
    inner = {"app.log": {}}
    tale.everyday(by=inner)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, by=inner), SENT, hops=["nginx.log", "app.log"])
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 404, by=inner, unlogged=("app.log",)), "not-forwarded",
               hops=["nginx.log"])  # fmt: skip
    tale.expect("key-exposed", "--host and --since choose events, not lines: what an inner log has is still there.",
                options={"host": "app.example.com", "since": "2026-03-30T04:00:00Z"})  # fmt: skip


@story(NGINX)
def only_a_part_of_the_time(tale: Story) -> None:
    tale.everyday()
    tale.add(Request(at("03:30:00"), "203.0.113.9", "/__clerk//early.example/", 200))
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.add(Request(at("05:00:00"), "203.0.113.9", "/__clerk//late.example/", 200))
    tale.expect("key-exposed", "--since and --until: only requests in this time.", incidents=1,
                options={"since": "2026-03-30T04:00:00Z", "until": "2026-03-30T04:30:00Z"})  # fmt: skip


@story(NGINX)
def a_host_of_ones_own(tale: Story) -> None:
    tale.everyday()
    tale.add(Request(at("04:12:07"), "198.51.100.7", "/__clerk//clerk.app.example.com/v1/client", 200))
    tale.event(Request(at("04:13:07"), ATTACKER, "/__clerk//x.clerk.app.example.com/", 200), SENT,
               "x.clerk.app.example.com")  # fmt: skip
    tale.expect("key-exposed", "--allow-host: exactly this one gives no off-host finding.", incidents=1,
                options={"allow_host": "clerk.app.example.com"}, attackers=[ATTACKER])  # fmt: skip


@story(NGINX)
def proxy_path_forgotten(tale: Story) -> None:
    tale.everyday(prefix="/api/auth")
    tale.add(Request(at("04:12:07"), ATTACKER, "/api/auth//evil.example/", 200))
    tale.expect("incomplete", "clerk-js' own marks under another prefix: it must be given.", exit_code=3,
                reasons=["/api/auth"], says=["--proxy-path /api/auth", "NONE"])  # fmt: skip


@story(NGINX)
def proxy_path_given(tale: Story) -> None:
    tale.everyday(prefix="/api/auth")
    tale.event(Request(at("04:12:07"), ATTACKER, "/api/auth//evil.example/", 200), SENT, "evil.example")
    tale.expect("key-exposed", "With the path that was forgotten.", options={"proxy_path": ["/__clerk", "/api/auth"]},
                reasons=[])  # fmt: skip


@story(NGINX)
def prefix_that_answers_404(tale: Story) -> None:
    tale.everyday()
    tale.add(*(Request(at(f"04:12:0{n}"), ATTACKER, "/api/auth/v1/client?_clerk_js_version=5", 404) for n in range(3)))
    tale.expect("no-evidence", "A prefix that only answers 404 serves no clerk-js.", exit_code=0, reasons=[])


def _broken(tale: Story) -> bytes:
    lines = "".join(
        servers.combined(_quiet(number)) + "\n" for number in range(4000)
    )  # fmt: skip
    packed = gzip.compress(lines.encode(), mtime=0)
    return packed[: len(packed) * 2 // 3]


def _quiet(number: int) -> servers.Sighting:
    moment = at("2026-03-29 20:00:00") + timedelta(seconds=number * 3)
    user, path = "198.51.100.8", f"/item/{number * 7919 % 10007}"
    told = (number, moment, user, user, (), "GET", path, "app.example.com", 200, 100 + number, 0.01, CURL)
    return servers.Sighting(*told, None, None, True, "", "", "", "")


@story()
def broken_gzip_alone(tale: Story) -> None:
    tale.texts["access.log.1.gz"] = _broken(tale)
    tale.expect("incomplete", "A gzip cut short: what inflates is read, and the rest is said.", exit_code=3,
                reasons=["access.log.1.gz breaks off after"])  # fmt: skip


@story(NGINX)
def broken_gzip_beside_findings(tale: Story) -> None:
    tale.everyday()
    tale.texts["access.log.1.gz"] = _broken(tale)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "A finding comes first; what could not be read is said beside it.", exit_code=1,
                reasons=["access.log.1.gz breaks off after"])  # fmt: skip


@story(NGINX)
def lines_that_no_format_reads(tale: Story) -> None:
    tale.everyday()
    tale.texts["strange.txt"] = "GET /__clerk//evil.example/ with something around it|203.0.113.77|200\n" * 3
    tale.expect(
        "incomplete",
        "An unread line that holds a target resolving off-host is reported, never dropped.",
        exit_code=3,
        reasons=["strange.txt holds 3 lines", "3 lines of ./strange.txt"],
    )


@story(NGINX)
def error_log_beside(tale: Story) -> None:
    tale.everyday()
    tale.texts["error.log"] = (
        "2026/03/30 04:12:07 [error] 812#812: *44 connect() failed (111: Connection refused) while connecting to "
        'upstream, client: 198.51.100.7, server: _, request: "GET /pricing HTTP/1.1", upstream: '
        '"http://127.0.0.1:3000/pricing", host: "app.example.com"\n'
    )
    tale.texts["ELBAccessLogTestFile"] = "Enable AccessLog for ELB: app at 2026-03-30T03:00:00.000Z"
    tale.expect("no-evidence", "A server's error log and a vendor's test file hold no requests, and worry nobody.",
                exit_code=0, reasons=[])  # fmt: skip


@story()
def empty_file_alone(tale: Story) -> None:
    tale.texts["access.log"] = ""
    tale.expect("incomplete", "An empty file tells nothing.", exit_code=3, reasons=["access.log holds no line"])


@story(NGINX)
def hole_in_a_busy_log(tale: Story) -> None:
    tale.everyday("00:00:00", "02:10:00", every=40)
    tale.everyday("03:55:00", "06:00:00", every=40)
    tale.expect("no-evidence", "A silence of an hour and three quarters in a busy log is a gap, and said.",
                gap=["2026-03-30T02:10", "2026-03-30T03:55"], gaps=1, says=["a hole"])  # fmt: skip


@story(NGINX)
def quiet_log_has_no_holes(tale: Story) -> None:
    tale.everyday("2026-03-27 00:00:00", "06:00:00", every=4800)
    tale.expect("no-evidence", "In a quiet log an hour's silence is usual: no gap is invented.", gaps=0,
                says=["no holes"])  # fmt: skip


@story(NGINX)
def hole_in_a_set(tale: Story) -> None:
    tale.everyday("00:00:00", "02:10:00", every=40)
    tale.everyday("03:55:00", "06:00:00", every=40)
    tale.split = {"access.log": [at("03:00:00")]}
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200), SENT)
    tale.expect("key-exposed", "A gap between two files of a rotation set stands at the later one.", gaps=1,
                gap=["2026-03-30T02:10", "2026-03-30T03:55"])  # fmt: skip


@story(MAIN, APP)
def crash_outside_the_time_asked_for(tale: Story) -> None:
    tale.everyday()
    tale.add(Request(at("04:09:58"), "203.0.113.99", "/__clerk//", 502, size=157, unlogged=("app.log",)))
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 404, unlogged=("app.log",)), SENT, hops=["nginx.log"])
    tale.expect("key-exposed", "A crash just before --since still makes absence prove nothing.",
                options={"since": "2026-03-30T04:11:00Z"})  # fmt: skip


@story(Hop("cloudfront.log", servers.cloudfront))
def cached_answer_after_the_fix(tale: Story) -> None:
    tale.everyday()
    kept = {"cloudfront.log": {"result": "Hit"}}
    tale.event(Request(at("03:10:07"), ATTACKER, KEY, 200, by=kept), NOT_VULNERABLE)
    tale.event(Request(at("04:12:07"), ATTACKER, KEY, 200, by=kept), SENT)
    tale.event(Request(at("04:13:07"), ATTACKER, KEY, 200), NOT_VULNERABLE)
    tale.expect("key-exposed", "An answer that a cache still gives after the fix was fetched before, perhaps while "
                "vulnerable; one from before the vulnerable release was fetched earlier still.",
                options={"vulnerable_from": "2026-03-30T03:30:00Z", "vulnerable_until": "2026-03-30T04:00:00Z"},
                says=["time is unknown"])  # fmt: skip
