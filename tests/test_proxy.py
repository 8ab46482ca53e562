"""proxy: every recorded case for each framework, and what a Destination says of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clerk_logscan import nodejs, proxy

CASES = [json.loads(line) for line in (Path(__file__).parent / "data" / "oracle.jsonl").read_text().splitlines()]


def test_there_are_cases() -> None:
    """The recorded cases are all there."""
    assert len(CASES) == 621


@pytest.mark.parametrize("framework", proxy.FRAMEWORKS)
def test_every_recorded_case_agrees(framework: str) -> None:
    """Who got the key, the URL, the status and the crash are what the real package did."""
    for case in CASES:
        found = proxy.resolve(
            case["target"],
            host=case["host"],
            method=case["method"],
            proxy_path=case["proxy_path"],
            framework=framework,
        )
        (result,) = found.results
        computed = {
            "key_sent_to": result.key_sent_to,
            "url": result.url,
            "status": result.status,
            "process_crashed": result.crashed,
        }
        assert computed == case[framework], case["id"]
        assert found.crashes == case[framework]["process_crashed"], case["id"]


def test_any_is_what_at_least_one_would_do() -> None:
    """The recorded foreign host, whichever framework sent the key there."""
    for case in CASES:
        found = proxy.resolve(case["target"], host=case["host"], method=case["method"], proxy_path=case["proxy_path"])
        assert found.off_host == (case["off_host"] is not None), case["id"]
        if found.off_host and case["off_host"]:
            port = f":{found.target_url.split('/')[2].rpartition(':')[2]}" if ":" in case["off_host"] else ""
            assert case["off_host"] in (found.target_host, f"{found.target_host}{port}")


@pytest.mark.parametrize("port", [1, 22, 25, 6000, 6666, 10080, 5060])
def test_fetch_refuses_blocked_ports(port: int) -> None:
    """The host is foreign all the same, but the key does not go there."""
    found = proxy.resolve(f"/__clerk//evil.example:{port}/")
    assert (found.off_host, found.refused, found.target_host) == (True, True, "evil.example")


def test_blocked_ports_are_those_of_the_fetch_standard() -> None:
    """82 ports, as undici has them; 80, 443, 8080 and 8443 are not among them."""
    assert len(nodejs.BLOCKED_PORTS) == 82
    assert nodejs.BLOCKED_PORTS.isdisjoint({80, 443, 8080, 8443})


@pytest.mark.parametrize("target", ["/__clerk//u@evil.example/", "/__clerk//:p@evil.example/"])
def test_fetch_refuses_userinfo(target: str) -> None:
    """A URL with credentials throws before it connects."""
    found = proxy.resolve(target)
    assert (found.off_host, found.refused) == (True, True)


def test_trace_gets_nowhere() -> None:
    """fetch forbids the method in Hono, and in Express the process dies."""
    hono = proxy.resolve("/__clerk//evil.example/", method="TRACE", framework="hono")
    express = proxy.resolve("/__clerk//evil.example/", method="TRACE", framework="express")
    assert (hono.off_host, hono.refused) == (True, True)
    assert (express.off_host, express.unresolvable, express.crashes) == (False, True, True)


@pytest.mark.parametrize(
    ("rest", "off_host"),
    [
        ("frontend-api.clerk.dev", False),
        ("FRONTEND-API.clerk.dev:443", False),
        ("frontend-api.clerkstage.dev", False),
        ("frontend-api.lclclerk.com", False),
        ("frontend-api.clerk.dev.", True),
        ("frontend-api.clerk.dev:8443", True),
        ("x.frontend-api.clerk.dev", True),
        ("clerk.dev", True),
    ],
)
def test_only_the_frontend_api_itself_is_home(rest: str, off_host: bool) -> None:
    """Clerk's own hosts on the default port are no finding; a trailing dot or another port is another origin."""
    assert proxy.resolve(f"/__clerk//{rest}/v1").off_host == off_host


def test_allowed_host_may_name_a_port() -> None:
    """An allowed host is its default port, unless it says otherwise."""
    assert not proxy.resolve("/__clerk//me.example:8443/", allow_hosts=["me.example:8443"]).off_host
    assert proxy.resolve("/__clerk//me.example:8443/", allow_hosts=["me.example"]).off_host


@pytest.mark.parametrize(
    "target", ["/__clerk//", "/__clerk//:80/", "/__clerk//%zz/", "//u@x/__clerk/v1", "//x:99999/__clerk/"]
)
def test_no_valid_host_is_unresolvable(target: str) -> None:
    """Nobody gets the key, and the Express process dies."""
    found = proxy.resolve(target, framework="express")
    assert (found.unresolvable, found.crashes, found.target_host) == (True, True, None)


def test_a_crash_elsewhere_is_not_about_the_proxy() -> None:
    """`//` kills an Express process whatever the proxy path; it is no request for the proxy."""
    found = proxy.resolve("//")
    assert (found.crashes, found.matched, found.unresolvable) == (True, False, False)


@pytest.mark.parametrize(
    ("target", "slashes"),
    [
        ("/__clerk/v1//client", True),
        ("/__clerk/v1\\\\client", True),
        ("/__clerk//frontend-api.clerk.dev/v1", True),
        ("/__clerk//x/../..", True),
        ("/__clerk/v1/client?next=https://app.example//", False),
        ("/__clerk/v1#//x", False),
        ("/__clerk/v1/%2f%2fx", False),
        ("//x/__clerk/v1", False),
        ("/other//x", False),
    ],
)
def test_slashes_are_counted_under_the_proxy_path(target: str, slashes: bool) -> None:
    """Either kind, as sent or as parsed; not in the query, not before the proxy path."""
    assert proxy.resolve(target).slashes == slashes


def test_raw_bytes_are_refused_by_the_parser() -> None:
    """A target of raw bytes gets a 400 everywhere, however it is written in the log."""
    for found in (
        proxy.resolve("/__clerk//évil.example/"),
        proxy.resolve("/__clerk//\\xE9vil.example/", raw_bytes=True),
        proxy.resolve("/__clerk//evil.example/ x"),
    ):
        assert not found.matched
        assert {result.status for result in found.results} == {400}


def test_newer_nodes_remove_dots_that_node_20_keeps() -> None:
    """ada 2.9 misses dot segments behind a name such as `.x`; where a newer Node leaks, that counts."""
    found = proxy.resolve("/__clerk/.x/..//evil.example")
    assert {result.host for result in found.results} == {"frontend-api.clerk.dev"}
    assert found.target_host == "evil.example"
    assert any("newer" in step for step in proxy.explain("/__clerk/.x/..//evil.example").steps)


def test_invalid_punycode_has_no_host() -> None:
    """Node refuses what ada-url keeps."""
    assert proxy.resolve("/__clerk//xn--a/").unresolvable
    assert proxy.resolve("/__clerk//xn--e1afmkfd.test/").target_host == "xn--e1afmkfd.test"


def test_explain_says_who_gets_the_key_and_why() -> None:
    """The steps name the path, the rest, the base and the host, in that order."""
    text = "\n".join(proxy.explain("/__clerk//evil.example/x?q=1").steps)
    places = [
        text.index(part)
        for part in ("/__clerk//evil.example/x", "what is left is //evil.example/x", "https://evil.example/x?q=1")
    ]
    assert places == sorted(places)
    assert text.splitlines()[-1].startswith("evil.example gets the key")


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case["id"])
def test_explain_equals_resolve(case: dict[str, str]) -> None:
    """Explaining changes no answer and always says something."""
    explained = proxy.explain(case["target"], proxy_path=case["proxy_path"])
    resolved = proxy.resolve(case["target"], proxy_path=case["proxy_path"])
    assert explained.steps
    assert (explained.target_url, explained.off_host) == (resolved.target_url, resolved.off_host)


def test_unknown_framework_is_refused() -> None:
    """A typing error does not count as harmless."""
    with pytest.raises(ValueError, match="koa"):
        proxy.resolve("/__clerk//evil.example/", framework="koa")


def test_explaining_loads_no_polars() -> None:
    """The resolver starts at once."""
    code = "import sys; from clerk_logscan import proxy; proxy.explain('/__clerk//webhook.site/'); "
    code += "print('polars' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_explain_says_where_the_key_goes_if_a_hop_in_front_decodes_the_path() -> None:
    steps = proxy.explain("/__clerk/%2fevil.example/x").steps
    assert "evil.example would get the key" in steps[-1] and "/__clerk//evil.example/x" in steps[-1]
    assert not any("hop in front" in step for step in proxy.explain("/__clerk/v1/a%20b").steps)
    assert not any("hop in front" in step for step in proxy.explain("/__clerk//evil.example/").steps)
