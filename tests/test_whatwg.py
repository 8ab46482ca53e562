"""whatwg: hosts and paths on which Node 20 and ada-url differ, as Node 20 was seen to decide them."""

from __future__ import annotations

import pytest

from clerk_logscan import whatwg

BASE = "https://frontend-api.clerk.dev"


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("xn--a", None),
        ("xn--", None),
        ("xn--b-b", None),
        ("a.xn--9b09.example", None),
        ("xn--a-", "xn--a-"),
        ("xn---8a", "xn---8a"),
        ("XN--80A", "xn--80a"),
        ("xn--1-0hc", "xn--1-0hc"),
        ("xn--1-0hc%E3%80%82example", "xn--1-0hc.example"),
        ("%D9%A0.example", "xn--8hb.example"),
        ("1%D7%90", "xn--1-0hc"),
        ("ab%D7%90", "xn--ab-wld"),
        ("a%D7%90b", None),
        ("u@%D9%A0:8443", "xn--8hb:8443"),
        ("%CC%80%D7%90", None),
        ("%C3%A9vil.example", "xn--vil-9la.example"),
        ("evil^x", None),
        ("xn--80A-%D7%90", None),
        ("%C2%AD", None),
        ("client%EF%BD%85%D7%90", "xn--cliente-c5i"),
    ],
)
def test_host(host: str, seen: str | None) -> None:
    """Invalid Punycode is refused; right-to-left labels are taken as ada 2.9 takes them."""
    url = whatwg.parse(f"//{host}/", BASE)
    assert (url and url.host) == seen


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("/.x/../y", "/y"),
        ("/a/.x/../y", "/a/.x/../y"),
        ("/a/.x/./y/..", "/a/.x/./y/.."),
        ("//h/a/.x/../y", "/a/.x/../y"),
        ("///h/a/.x/../y", "/a/.x/../y"),
        ("/a/../.x/../y", "/y"),
        ("/.x/%2e%2e/y", "/y"),
        ("/.x\\..\\y", "/y"),
        ("/...//y", "/...//y"),
        ("/.../../y", "/y"),
        ("/a^b/%5E/^/..", "/a^b/%5E/"),
    ],
)
def test_path(reference: str, path: str) -> None:
    """Only the first `/.` behind the first name of a plain path is looked at, and `^` stands as it was sent."""
    url = whatwg.parse(reference, BASE)
    assert url is not None
    assert url.pathname == path
    assert url.href.endswith(path)


def test_newer_nodes_follow_the_standard() -> None:
    """Dot segments are removed, wherever they stand."""
    url = whatwg.parse("/a/.x/../y", BASE, newer=True)
    assert url is not None
    assert url.pathname == "/a/y"


def test_base_must_be_valid_too() -> None:
    """`new URL("http://x/", "http://xn--a")` throws for its base."""
    assert whatwg.parse("http://x/", "http://xn--a") is None
