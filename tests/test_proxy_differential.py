"""The resolver against the real, vulnerable packages: raw targets over TCP, fetch replaced by a recorder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clerk_logscan import proxy, whatwg

DATA = Path(__file__).parent / "data" / "oracle.jsonl"

STARTS = r"""
/__clerk /__clerk/ /__clerk// /__clerk\ /__clerk/\ /__clerk/.// /__clerk\\ /x/../__clerk/ /./__clerk// /.x/../__clerk//
//x/__clerk// ///x/__clerk/ /\x/__clerk// //u@x/__clerk// //x:99999/__clerk// //[::1]/__clerk// //%00/__clerk//
//a%41/__clerk// //xn--a/__clerk// http://x/__clerk// http://x/__clerk/ https://x:8/__clerk// http://u@x/__clerk//
http://%@x/__clerk// HTTP://x/__clerk// http:// http://[x/__clerk// http://a[b/__clerk// http://a:b/__clerk//
http://x?/__clerk// http://x#/__clerk// http://xn--a/__clerk// file:///__clerk// file://x/__clerk/\ ws://x/__clerk//
foo://x/__clerk// foo:///__clerk// foo://u:p@x/__clerk// */../__clerk// * /__clerk/../__clerk//
/__clerk/%2e%2e/__clerk// /__clerkx// /__CLERK// /api/__clerk// /a/b/c// / //
"""
PIECES = r"""
/ // \ /\ . .. .x ... %2e %2E%2e .%2e %2f %5c % %zz %25 %00 %09 %0a %20 %C3%A9 %c3 %EF%BD%85 %E3%80%82 %C2%AD %E2%80%8B
%F0%9F%92%A9 %D7%90 %D9%A0 @ @@ :@ : :80 :443 :8443 :0 :22 :65536 ? # & ; = * ! ' " < > ^ ` { | } ~ [ ] [::1]
[::ffff:1.2.3.4] [fe80::1%25eth0] 127.0.0.1 127.1 0x7f.1 0177.1 1 256 4294967296 1.2.3.4.5 0x evil.example EVIL.Example.
evil..example .example localhost v1 npm client frontend-api.clerk.dev frontend-api.clerk.dev. frontend-api.clerk.dev:443
frontend-api.clerk.dev:444 u@ u:p@ xn-- xn--a xn--a- xn--e1afmkfd xn--4db xn--1-0hc XN--80A a_b a%62c x - http: https://
file:// __clerk /__clerk /__clerk/ //__clerk//
"""
HOSTS = """
app.example.com 127.0.0.1:3000 [::1]:3000 APP.example.com app.example.com:8443 localhost app.example.com. 1 0x7f.1 x:
xn--a xn--e1afmkfd.test a%62c u@x x/y x?y x#y x:99999 [::1 256.1.1.1 a..b é.test a,b *.x x:80 :80 x/__clerk
"""
METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND LOCK TRACE CONNECT FOO"
PATHS = ["/__clerk", "/__clerk", "/__clerk", "/api/__clerk", "/clerk-proxy/", "/", "/a/b/c", "//", "/a b", "/x^y"]


@dataclass(frozen=True)
class Case:
    """One request, as the recorder reads it."""

    method: str
    target: str
    host: str
    proxy_path: str


visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)
anything = st.text(st.characters(min_codepoint=0x01, max_codepoint=0xFF, exclude_characters="\r\n"), max_size=6)
tails = st.lists(st.sampled_from(PIECES.split()), max_size=6).map("".join)
targets = st.builds(str.__add__, st.sampled_from(STARTS.split()), st.one_of(tails, tails, visible, anything))
common = st.builds(Case, st.just("GET"), targets, st.just("app.example.com"), st.just("/__clerk"))
odd = st.builds(Case, st.sampled_from(METHODS.split()), targets, st.sampled_from(HOSTS.split()), st.sampled_from(PATHS))
cases = st.one_of(common, common, odd)


class Recorder:
    """One framework in a Node process of its own."""

    def __init__(self, framework: str, packages: Path) -> None:
        self.framework = framework
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).parent / "node" / "recorder.mjs"), framework],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"CLERK_LOGSCAN_NODE": str(packages)},
        )

    def send(self, batch: list[Case]) -> None:
        """Hand over requests."""
        assert self._process.stdin
        self._process.stdin.write("".join(json.dumps(asdict(case)) + "\n" for case in batch).encode())
        self._process.stdin.flush()

    def answers(self, count: int) -> list[dict[str, object]]:
        """Return what became of them."""
        assert self._process.stdout
        lines = [self._process.stdout.readline() for _ in range(count)]
        assert all(lines), f"{self.framework}: its process ended, and says why on standard error"
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def recorders(node_packages: Path) -> Iterator[list[Recorder]]:
    started = [Recorder(framework, node_packages) for framework in proxy.FRAMEWORKS]
    yield started
    for recorder in started:
        recorder.close()


@pytest.fixture(scope="module")
def followed_node() -> bool:
    """Tell whether this Node parses URLs as the one that is followed; on others, the known differences are left out."""
    version = subprocess.run(["node", "-p", "process.versions.ada"], capture_output=True, text=True, check=True).stdout
    return version.startswith("2.9.")


def compare(recorders: list[Recorder], batch: list[Case], followed: bool) -> None:
    """Send the cases to all frameworks at once, and hold the resolver against each."""
    if not followed:
        batch = [case for case in batch if case.target.isascii() and not differs_by_release(case)]
    for recorder in recorders:
        recorder.send(batch)
    for recorder in recorders:
        for case, seen in zip(batch, recorder.answers(len(batch)), strict=True):
            assert computed(case, recorder.framework) == seen, (recorder.framework, case)


def differs_by_release(case: Case) -> bool:
    text = (case.target + case.host).lower()
    return "^" in text or "%" in text or "xn--" in text or whatwg.keeps_dots(case.target)


def computed(case: Case, framework: str) -> dict[str, object]:
    found = proxy.resolve(**asdict(case), framework=framework).results[0]
    return {
        "key_sent_to": found.key_sent_to,
        "url": found.url,
        "status": found.status,
        "process_crashed": found.crashed,
    }


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(cases, min_size=120, max_size=120))
def test_thousands_of_made_targets_agree(recorders: list[Recorder], followed_node: bool, batch: list[Case]) -> None:
    """Host, URL, status and crash are the same for each framework, whatever the target, Host, method and path."""
    compare(recorders, batch, followed_node)


def test_the_recorded_cases_agree_again(recorders: list[Recorder], followed_node: bool) -> None:
    """The oracle in tests/data is what these packages do."""
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    batch = [Case(row["method"], row["target"], row["host"], row["proxy_path"]) for row in rows]
    compare(recorders, batch, followed_node)


def test_the_limit_of_node_clears_no_long_target(recorders: list[Recorder]) -> None:
    """Node answers 431 from 16 KiB of headers on, but the limit is an option, so the resolver leaves it out."""
    target = "/__clerk//evil.example/".ljust(16384, "a")
    recorders[0].send([Case("GET", target, "x", "/__clerk")])
    assert recorders[0].answers(1)[0]["status"] == 431
    assert proxy.resolve(target).target_host == "evil.example"
