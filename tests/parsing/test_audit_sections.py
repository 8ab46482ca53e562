"""ModSecurity's native audit log: an entry is one request, whatever its bodies imitate."""

from __future__ import annotations

import pytest
from parsing_help import parse


def entry(boundary: str, target: str, *, body: tuple[str, ...] = (), end: bool = True) -> list[str]:
    return [
        f"--{boundary}-A--",
        "[24/Nov/2026:14:51:35 +0000] XMyFyWdPpz9cuNemUHJz2QAAAAA 192.0.2.1 46148 10.0.0.5 443",
        f"--{boundary}-B--",
        f"POST {target} HTTP/1.1",
        "Host: app.example.com",
        "User-Agent: curl/8.5.0",
        "",
        f"--{boundary}-C--",
        *body,
        f"--{boundary}-F--",
        "HTTP/1.1 403 Forbidden",
        "",
        *([f"--{boundary}-Z--", ""] if end else []),
    ]


@pytest.mark.parametrize("block", [1, 4, 1000])
def test_an_entry_is_one_request(block: int) -> None:
    parsed, _ = parse([*entry("b182065a", "/"), *entry("b182065b", "/__clerk//evil.example/x")], block)
    wanted = [("/", 403, "192.0.2.1", "app.example.com", "curl/8.5.0"), ("/__clerk//evil.example/x", 403)]
    columns = ("request_target", "status", "client_ip", "host", "user_agent")
    assert parsed.requests.select(columns).row(0) == wanted[0]
    assert parsed.requests.select(columns).row(1)[:2] == wanted[1]
    assert parsed.requests["line_number"].to_list() == [1, 14] and parsed.malformed.is_empty()


def test_a_body_ends_no_entry_and_hides_none() -> None:
    body = ("GET /planted HTTP/1.1", "--00000000-Z--", "--00000000-B--", "GET /planted HTTP/1.1")
    parsed, _ = parse([*entry("b182065a", "/__clerk//evil.example/x", body=body), *entry("b182065b", "/a")])
    assert parsed.requests["request_target"].to_list() == ["/__clerk//evil.example/x", "/a"]


def test_an_entry_that_was_cut_is_read_as_far_as_it_came() -> None:
    parsed, _ = parse([*entry("b182065a", "/a", end=False), *entry("b182065b", "/__clerk//evil.example/x", end=False)])
    assert parsed.requests["request_target"].to_list() == ["/a", "/__clerk//evil.example/x"]
