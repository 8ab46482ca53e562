"""No request that a rule could report is ever dropped: the search against the resolver, in every log's escaping."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clerk_logscan import decoding, proxy
from clerk_logscan.readers import search as search_module
from clerk_logscan.readers import spellings
from clerk_logscan.readers.blocks import Block
from clerk_logscan.readers.search import Mood, Search

ORACLE = [json.loads(line) for line in (Path(__file__).parent.parent / "data/oracle.jsonl").read_text().splitlines()]


def hexed(before: str, chars: Callable[[str], bool], upper: bool = True) -> Callable[[str], str]:
    """Return what spells the characters for which `chars` is true as `before` and two hexadecimal digits."""
    form = "%s%02X" if upper else "%s%02x"
    return lambda target: "".join(form % (before, ord(c)) if chars(c) else c for c in target)


def as_json(target: str) -> str:
    return json.dumps(target)[1:-1]


def strange(char: str) -> bool:
    return char in '"\\' or not " " <= char <= "~"


# How a server, a shipper or a store writes a request target: the log's own escaping and those laid over it.
ESCAPINGS: dict[str, Callable[[str], str]] = {
    "none": lambda target: target,
    "nginx": hexed(r"\x", strange),
    "apache": lambda target: hexed(r"\x", lambda c: not " " <= c <= "~", upper=False)(
        target.replace("\\", "\\\\").replace('"', '\\"')
    ),
    "json": as_json,
    "json with escaped slashes": lambda target: as_json(target).replace("/", r"\/"),
    "json with coded slashes": lambda target: as_json(target).replace("/", r"\u002f"),
    "json with every sign coded": hexed(r"\u00", lambda c: not c.isalnum(), upper=False),
    "json with every character coded": hexed(r"\u00", lambda c: True, upper=False),
    "haproxy": hexed("#", lambda c: c in '"#' or not " " <= c <= "~"),
    "cloudfront": lambda target: quote(target, safe="/-._~!$&'()*+,;=:@?"),
    "nginx in a json record": lambda target: as_json(hexed(r"\x", strange)(target)),
    "json in a json record": lambda target: as_json(as_json(target)),
    "json in json in json": lambda target: as_json(as_json(as_json(target))),
}
LINES: dict[str, str] = {
    "combined": '192.0.2.7 - - [20/Nov/2026:10:00:00 +0000] "{method} {target} HTTP/1.1" 200 5 "https://a.example/"',
    "compact json": '{{"m":"{method}","uri":"{target}","ref":"https://a.example/x","status":200}}',
    "tabs": "2026-11-20\t10:00:00\t198.51.100.7\t{method}\tapp.example.com\t{target}\t200\t-",
    "key=value": "at=info method={method} path={target} host=app.example.com status=200",
    "absolute": 'https 2026-11-20T10:00:00Z app/x "{method} https://app.example.com:443{target} HTTP/1.1" "curl/8"',
}


def reportable(target: str, path: str, method: str = "GET") -> bool:
    """Tell whether a rule could report this request, as sent or percent-decoded once by a hop in front."""
    sent = proxy.resolve(target, proxy_path=path, method=method)
    if sent.off_host or sent.unresolvable or (sent.matched and sent.slashes):
        return True
    return any(proxy.resolve(reading, proxy_path=path, method=method).off_host for reading in decoding.readings(target))


def picked(search: Search, lines: list[str], mood: Mood | None = None, index: int = 0) -> list[bool]:
    """Tell of each line whether the search picks it as a candidate."""
    data = [line.encode("latin-1", "replace") + b"\n" for line in lines]
    block = Block(b"".join(data), 0, sum(map(len, data)), 0)
    ends = search.look(block, mood or Mood(), index).ends
    at, found = 0, []
    for line in data:
        at += len(line)
        found.append(at in ends)
    return found


def written(target: str, method: str = "GET") -> list[str]:
    """Return the target in every kind of line and escaping."""
    return [
        line.format(method=method, target=escape(target)) for line in LINES.values() for escape in ESCAPINGS.values()
    ]


def missed(search: Search, target: str, method: str = "GET") -> list[str]:
    """Return the lines with the target that the search does not pick."""
    lines = [line for line in written(target, method) if "\n" not in line]
    return [line for line, found in zip(lines, picked(search, lines), strict=True) if not found]


SEARCHES: dict[str, Search] = {}


def search_for(path: str) -> Search:
    """Return the search for one proxy path; compiled once."""
    return SEARCHES.setdefault(path, Search([path]))


def test_every_reportable_case_of_the_oracle_is_picked_in_every_escaping_and_line() -> None:
    """Whatever the real packages did not keep on the Frontend API is picked, however the log writes it."""
    lost = {
        row["id"]: lost
        for row in ORACLE
        if reportable(row["target"], row["proxy_path"], row["method"])
        if (lost := missed(search_for(row["proxy_path"]), row["target"], row["method"]))
    }
    assert lost == {}


def test_what_the_real_packages_sent_elsewhere_or_died_of_under_the_proxy_path_is_picked() -> None:
    """The same by the recordings alone, without this project's resolver."""

    def bad(row: dict[str, Any]) -> bool:
        answers = [row[name] for name in ("express", "fastify", "hono")]
        return bool(row["off_host"]) or any(a["process_crashed"] or a["status"] == 500 for a in answers)

    rows = [row for row in ORACLE if bad(row) and row["proxy_path"].strip("/") in row["target"]]
    assert len(rows) > 150
    assert [row["id"] for row in rows if missed(search_for(row["proxy_path"]), row["target"], row["method"])] == []


def disguise(text: str, draw: st.DrawFn) -> str:
    """Percent-encode some characters of `text`, as a client may."""
    marks = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=len(text), max_size=len(text)))
    return "".join(
        ("%s", "%%%02x", "%%%02X")[mark] % (c if mark == 0 else ord(c)) for c, mark in zip(text, marks, strict=True)
    )


BETWEEN = [
    "/",
    "/",
    "/",
    "\\",
    "%2f",
    "%5C",
    "//",
    "/./",
    "/x/../",
    "/%2e/",
    '/"',
    "/a/..",
    "",
    "%09",
    "?",
    "#",
    "@",
    ":80",
    "//[",
    ".",
]
HOSTS = [
    "evil.example",
    "v1",
    "[::1]",
    "%65vil.example",
    "u@evil.example",
    ":80",
    "",
    "1.2.3.4.5",
    "xn--a",
    "frontend-api.clerk.dev",
]


@st.composite
def targets(draw: st.DrawFn, path: str) -> str:
    """Make request targets around the proxy path, most of them hostile."""
    pieces = st.sampled_from([*BETWEEN, *HOSTS])
    before = draw(
        st.sampled_from(
            ["", "", "", "/x/..", "//x", "/.", "http://a.example", "//x:999999", "/\\u@x", "http://1.2.3.4.5"]
        )
    )
    prefix = disguise(path, draw) if draw(st.booleans()) else path
    rest = draw(st.lists(pieces, max_size=6))
    return before + prefix + "".join(rest)


@pytest.mark.parametrize("path", ["/__clerk", "/api/__clerk", "/a/b/c", "/clerk-proxy", "/x"])
def test_made_up_targets_that_a_rule_could_report_are_picked(path: str) -> None:
    """Hypothesis composes targets; each that the resolver calls off-host, invalid or doubly slashed is picked."""

    @settings(max_examples=250, deadline=None)
    @given(targets(path), st.sampled_from(["GET", "GET", "POST", "TRACE"]))
    @example(f"{path}foo//../../{path.strip('/')}/v1", "GET")
    @example(f'{path}/",/..//evil.example', "GET")
    @example(f"//user@x{path}/v1", "GET")
    @example(f"//256.256.256.256{path}", "GET")
    @example(f"{path}/v1", "TRACE")
    def check(target: str, method: str) -> None:
        if reportable(target, path, method):
            assert missed(search_for(path), target, method) == []

    check()


@pytest.mark.parametrize("path", ["/__clerk", "/clerk-proxy", "/x", "/WVX", "/a-b_c.d~e!f"])
def test_what_begins_within_another_literal_is_picked(path: str) -> None:
    """The sieve passes over a literal that overlaps the one before; where both make a target, its line is picked."""
    literals = [literal.decode("latin-1") for literal in Search([path])._literals(0)]
    for first, second in product(literals, repeat=2):
        for at in range(1, len(first)):
            if second.startswith(first[at:]) and len(second) > len(first) - at:
                for before, after in product(("", "/", "//", "http://a/"), ("//e.example", path + "//e.example")):
                    target = before + first[:at] + second + after
                    if reportable(target, path):
                        assert missed(search_for(path), target) == []


@pytest.mark.parametrize("many", [0, 1 << 40])
def test_a_log_full_of_proxy_requests_hides_nothing(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the path itself is frequent the same lines are picked, judged by themselves or with the whole block."""
    monkeypatch.setattr(search_module, "_MANY", many)
    search, mood = Search(["/__clerk"]), Mood()
    benign = [LINES["combined"].format(method="GET", target="/__clerk/v1/client?_clerk_js_version=5")] * 1000
    hostile = ["/__clerk//e.example", "/__cl%65rk//e.example", "/__cler%6b//e.example", "/%5f_clerk/%2fe.example"]
    lines = [line for target in hostile for line in written(target)]
    for index in range(20):
        assert not any(picked(search, benign, mood, index))
    assert mood.busy(17)
    for index in range(16, 32):
        assert all(picked(search, benign + lines, mood, index)[1000:])


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "2f",
        "2F",
        "%2f",
        "\\",
        ":",
        "c",
        " ",
        "x",
        "v1/",
        "?",
        "\n",
        "//[",
        "PATH",
        "PATH",
        "/PATH",
        "/PATH//e",
    ]
)


@pytest.mark.parametrize(
    "paths", [["/__clerk"], ["/clerk2"], ["/x2f"], ["/clerk", "/clerkx"], ["/p", "/auth"], ["/a/b"]]
)
def test_lines_are_judged_alike_at_once_and_one_by_one(paths: list[str]) -> None:
    """The whole block at once, each line by itself, and that after the first gave up: same lines, same count."""
    search = Search(paths)

    def found(text: bytes, many: int, few: int) -> tuple[int, set[int]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search_module, "_MANY", many)
            patch.setattr(search_module, "_FEW", few)
            seen = search.look(Block(text, 0, len(text), 0), Mood())
        return seen.hits, seen.ends

    @settings(max_examples=300, deadline=None)
    @given(st.lists(PIECES, max_size=30), st.sampled_from(paths))
    def check(pieces: list[str], path: str) -> None:
        text = "".join(pieces).replace("PATH", path.strip("/")).encode() + b"\n"
        one_by_one = found(text, 1 << 40, 0)
        assert found(text, 0, 1 << 40) == one_by_one
        assert found(text, 0, 0) == one_by_one

    check()


def test_a_log_full_of_escapes_hides_nothing() -> None:
    """Where escapes are so frequent that blocks are judged at once, a disguised path is still picked, and it alone."""
    search, mood = Search(["/__clerk"]), Mood()
    noise = ["GET /search?q=%63%6c%5f%65 HTTP/1.1"] * 1000
    for index in range(20):
        found = picked(search, [*noise, "GET /__cl%65rk//e.example HTTP/1.1"], mood, index)
        assert found == [False] * 1000 + [True]
    assert mood.busy(17)


@given(st.binary(max_size=9), st.binary(max_size=9), st.sampled_from(["/__clerk", "/clerk-proxy"]))
def test_a_proxy_path_in_base64_is_picked_wherever_it_lies(before: bytes, after: bytes, path: str) -> None:
    code = base64.b64encode(before + path.encode() + after).decode()
    assert any(part in code for part in spellings.coded(path))
    assert picked(search_for(path), [f'{{"id":1,"frame":"{code}"}}', "nothing"]) == [True, False]
    assert spellings.coded("/x") == []


def test_several_proxy_paths_are_searched_at_once() -> None:
    """Each of three paths is found beside the others."""
    search = Search(["/__clerk", "/api/auth", "/p"])
    lines = ["GET /__clerk//e HTTP/1.1", "GET /api/auth//e HTTP/1.1", "GET /p//e HTTP/1.1", "GET /q//e HTTP/1.1"]
    assert picked(search, lines) == [True, True, True, False]


@pytest.mark.parametrize(
    "line",
    [
        '{"MESSAGE":[47,95,95,99,108,101,114,107,47,47,101],"_PID":"1"}',
        '{ "MESSAGE" : [ 47, 95, 95, 99 ] }',
        '{"rawData":"R0VUIC9fX2NsZXJrLy9lIEhUVFAvMS4x"}',
        '{"awslogs":{"data":"H4sIAAAAAAAAA"}}',
    ],
)
def test_records_whose_text_no_search_sees_are_picked(line: str) -> None:
    """Arrays of bytes and base64 are handed to the parser, whatever they hold."""
    assert picked(Search(["/__clerk"]), [line]) == [True]
