"""destinations: columns equal to the resolver, decoded readings, allowed hosts, unread lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan import decoding, destinations, plain_targets, proxy, schema

CASES = [json.loads(line) for line in (Path(__file__).parent / "data" / "oracle.jsonl").read_text().splitlines()]
DECODING = [
    "/__clerk/%2fevil.example",
    "/__clerk%2f%2fevil.example",
    "/__cl%65rk//evil.example",
    "/x/..%2f__clerk/%2fevil.example",
    "/__clerk/%5cevil.example",
    "/%5F%5Fclerk//evil.example/x",
    "/__clerk/%2f%C3%A9vil.example/",
    "/__clerk/%2E%2fx%2f..%2f%2fevil.example",
]


@dataclass(frozen=True)
class Options:
    proxy_paths: tuple[str, ...] = ("/__clerk",)
    framework: str = "any"
    allow_hosts: tuple[str, ...] = ()


def frame(*targets: str | None, host: str | None = None, method: str | None = "GET") -> pl.DataFrame:
    rows = pl.DataFrame({"request_target": pl.Series(targets, dtype=pl.String)})
    return schema.conform(rows.with_columns(host=pl.lit(host), method=pl.lit(method)))


def one(target: str | None, options: Options = Options(), **columns: str | None) -> dict[str, object]:
    return destinations.resolve(frame(target, **columns), options).row(0, named=True)


PIECES = """
/ // \\ .. . .x %2e %2f %5c % %zz %C3%A9 %65 é @ : :80 :22 ? # & ' " ^ __clerk /__clerk /__clerk/ /__clerk//
/__cl%65rk %5f%5fclerk /api /api/__clerk v1 npm client evil.example EVIL.test a-b.c 1.2.3.4 1 0x7f a.0x1 xn--a
xn--e1afmkfd localhost frontend-api.clerk.dev webhook.site ?a=b//c ?q=%2f http://x
"""
pieces = st.sampled_from(PIECES.split())
targets = st.builds(
    "".join,
    st.tuples(st.sampled_from(["/__clerk", "/__clerk/", "/__clerk//", "/", "", "//x"]), st.lists(pieces).map("".join)),
)
options = st.builds(
    Options,
    proxy_paths=st.sampled_from(
        [("/__clerk",), ("/__clerk", "/api/__clerk"), ("/__clerk/", "/__clerk/v1"), ("/",), ("/a%b",)]
    ),
    framework=st.sampled_from(["any", *proxy.FRAMEWORKS]),
    allow_hosts=st.sampled_from([(), ("evil.example",), ("Evil.Test", "1.2.3.4")]),
)
methods = st.sampled_from(["GET", "get", "POST", "HEAD", "TRACE", "CONNECT", "FOO", None])


@settings(max_examples=120, deadline=None)
@given(
    st.lists(targets, min_size=1, max_size=20), options, methods, st.sampled_from([None, "app.example", "x/__clerk/"])
)
def test_columns_equal_the_resolver_row_by_row(
    sent: list[str], chosen: Options, method: str | None, host: str | None
) -> None:
    """Neither the pre-filter nor the plain targets change an answer."""
    got = destinations.resolve(frame(*sent, host=host, method=method), chosen).select(*destinations.DESTINATION_COLUMNS)
    for target, row in zip(sent, got.iter_rows(named=True), strict=True):
        odd = host if host and "/" in host else ""
        assert row == by_the_resolver(target, odd, (method or "GET").upper(), chosen), target


def by_the_resolver(target: str, host: str, method: str, chosen: Options) -> dict[str, object]:
    """Return the columns with each reading given to the resolver by itself."""

    def answer(reading: str, raw_bytes: bool) -> dict[str, object]:
        row = destinations._row(reading, host, method, raw_bytes, options=chosen)
        return dict(zip(destinations.DESTINATION_COLUMNS, row, strict=False))

    def gravity(row: dict[str, object]) -> tuple[object, ...]:
        off_host = bool(row["off_host"])
        return off_host and not row["refused"], off_host, row["unresolvable"], row["slashes"], row["matched"]

    raw = not target.isascii()
    sent = answer(target, raw)
    readings = list(decoding.readings(target, raw))
    decoded = sent if readings == [target] and not raw else max((answer(one, False) for one in readings), key=gravity)
    names = {"decoded_host": "target_host", "decoded_url": "target_url", "decoded_kind": "target_kind"}
    decoding_columns = [name for name in destinations.DESTINATION_COLUMNS if name.startswith("decoded_")]
    return sent | {name: decoded[names.get(name, name.removeprefix("decoded_"))] for name in decoding_columns}


def test_most_benign_proxy_requests_are_plain() -> None:
    """The columns decide what honest clients send, so that a log full of it stays cheap."""
    keys = frame(
        "/__clerk/v1/client?_clerk_js_version=5.56.0&__clerk_api_version=2025-04-10",
        "/__clerk/npm/@clerk/clerk-js@5/dist/clerk.browser.js",
        "/__clerk//v1/client/sessions/sess_1/touch?x=%2F",
        "/__clerk//collect.evil.example/v1/client",
        "/__clerk",
        "/__clerk/%5Cevil.example/x%20y",
        "/__clerk/\\evil.example\\x",
    ).with_columns(host=pl.lit(""), _non_ascii=pl.lit(False))
    plain, others = plain_targets.resolve(keys, Options())
    assert (plain.height, others.height) == (7, 0)


def test_every_case_of_the_oracle_keeps_its_host() -> None:
    """off_host in a frame is what any of the three frameworks did when it was recorded."""
    for path in {case["proxy_path"] for case in CASES}:
        cases = pl.DataFrame([case for case in CASES if case["proxy_path"] == path], infer_schema_length=None)
        rows = schema.conform(cases.rename({"target": "request_target"}).drop("proxy_path"))
        found = destinations.resolve(rows, Options(proxy_paths=(path,)))
        assert found["off_host"].to_list() == cases["off_host"].is_not_null().to_list()


@pytest.mark.parametrize("target", DECODING)
def test_decoding_once_finds_the_foreign_host(target: str) -> None:
    """What a hop makes of a harmless-looking path is seen, and not taken for what was sent."""
    row = one(target)
    assert not row["off_host"]
    assert row["decoded_off_host"]
    assert row["decoded_host"] in ("evil.example", "xn--vil-9la.example")


def test_decoding_happens_once() -> None:
    """A doubly encoded slash is still encoded behind the hop."""
    assert not one("/__clerk/%252fevil.example")["decoded_off_host"]


def test_raw_bytes_reach_nobody_but_a_hop_may_encode_them() -> None:
    """Node answers 400 to raw bytes; nginx with a URI in proxy_pass writes them as %XX."""
    row = one("/__clerk//évil.example/")
    assert not row["matched"]
    assert row["decoded_host"] == "xn--vil-9la.example"
    marked = frame("/__clerk//\\xC3\\xA9vil.example/").with_columns(_non_ascii=pl.lit(True))
    assert destinations.resolve(marked, Options())["decoded_host"].to_list() == ["xn--vil-9la.example"]


def test_gravest_proxy_path_counts() -> None:
    """Each proxy path is tried; the one that leaks names the row."""
    row = one("/api/__clerk//evil.example", Options(proxy_paths=("/__clerk", "/api/__clerk/")))
    assert (row["proxy_path"], row["target_host"]) == ("/api/__clerk", "evil.example")


def test_allowed_host_is_exactly_one_host() -> None:
    """A sub-domain, another port, and a look-alike of an allowed host are foreign."""
    chosen = Options(allow_hosts=("Clerk.Example.com",))
    answers = {
        target: one(f"/__clerk//{target}/", chosen)["off_host"]
        for target in ("clerk.example.com", "CLERK.example.com", "x.clerk.example.com", "clerk.example.com:8443")
    }
    assert list(answers.values()) == [False, False, True, True]


def test_rows_without_a_proxy_path_say_nothing() -> None:
    """Null targets, other paths and a broken `//` give false flags and null texts."""
    rows = destinations.resolve(frame(None, "/", "//", "/index.html"), Options()).select(
        *destinations.DESTINATION_COLUMNS
    )
    assert rows.select(pl.any_horizontal(pl.selectors.boolean().any())).item() is False
    assert rows.select(pl.selectors.string()).null_count().row(0) == (4,) * 7


def test_frame_keeps_rows_order_and_columns() -> None:
    """The columns are added at the end, and resolving twice changes nothing."""
    rows = frame("/__clerk//b.example", "/", "/__clerk/%zz", "/__clerk//b.example", "/__clerk/v1")
    found = destinations.resolve(rows, Options())
    assert found.columns == [*rows.columns, *destinations.DESTINATION_COLUMNS]
    assert found["target_host"].to_list()[::3] == ["b.example", "b.example"]
    assert destinations.resolve(found, Options()).equals(found)
    assert dict(found.select(*destinations.DESTINATION_COLUMNS).schema) == destinations.DESTINATION_COLUMNS


@pytest.mark.parametrize(
    "line",
    [
        '1.2.3.4 ?? GET /__clerk//evil.example/x HTTP/1.1" 200',
        r"{\"p\":\"\/__clerk\/\/evil.example\"} {",
        r'"uri":"\u002f__clerk\u002F/evil.example"',
        r"\x2F__clerk/\x5Cevil.example",
        "#2F__clerk//evil.example x",
        "/x/%2e%2e/__clerk%2f%2fevil.example\tGET",
        "path=/__clerk//evil.example,next",
        "GET http://u@x/__clerk//evil.example HTTP/1.1",
        "//x:99999/__clerk/v1 ",
        "{'url':'/__clerk//'}",
    ],
)
def test_unread_line_with_an_attack_is_suspicious(line: str) -> None:
    """Whatever the escaping, and wherever the target begins or ends."""
    assert destinations.suspicious(line, Options())


@pytest.mark.parametrize(
    "line",
    [
        '1.2.3.4 ?? GET /__clerk/v1/client?_clerk_js_version=5&x=//y HTTP/1.1" 200 "https://app.example/a"',
        "GET /__clerkx//evil.example HTTP/1.1",
        '"/__clerk/npm/@clerk/clerk-js@5/dist/clerk.browser.js","Mozilla/5.0 (X11; Linux x86_64)"',
        "no proxy path //evil.example",
    ],
)
def test_unread_line_without_one_is_not(line: str) -> None:
    """Queries, referers and look-alike prefixes are no attack."""
    assert not destinations.suspicious(line, Options())


ESCAPINGS = {
    "none": lambda text: text,
    "nginx": lambda text: "".join(f"\\x{ord(c):02X}" if c in '"\\' else c for c in text),
    "apache": lambda text: text.replace("\\", "\\\\").replace('"', '\\"'),
    "json": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "haproxy": lambda text: "".join(f"#{ord(c):02X}" if c in '"#{|}' else c for c in text),
    "percent": lambda text: quote(text, safe="/%?#[]@:;&=+$,!'()*").replace("%", "%25"),
    "json in json": lambda text: json.dumps(json.dumps(text))[1:-1],
}


@pytest.mark.parametrize("escaping", ESCAPINGS)
def test_no_leak_hides_in_an_unread_line(escaping: str) -> None:
    """Every case of the oracle that leaks or crashes is suspicious in every escaping of the logs."""
    for case in CASES:
        chosen = Options(proxy_paths=(case["proxy_path"],))
        found = proxy.resolve(case["target"], host=case["host"], method=case["method"], proxy_path=case["proxy_path"])
        if found.off_host or found.unresolvable:
            line = f'x [oops "GET {ESCAPINGS[escaping](case["target"])} HTTP/1.1" 200 "curl'
            assert destinations.suspicious(line, chosen), line
