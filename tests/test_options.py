"""The options: checked once for the command and the Python API."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from clerk_logscan.options import OptionError, Options, check_host, check_proxy_path


def test_without_keywords_the_defaults_hold() -> None:
    assert Options.of() == Options()
    assert Options.of(proxy_path=(), since=None, parser=[]) == Options()
    assert Options().proxy_paths == ("/__clerk",)


def test_keywords_take_texts_or_values() -> None:
    moment = datetime(2026, 3, 27, 6, tzinfo=timezone(timedelta(hours=2)))
    by_text = Options.of(since="2026-03-27T04:00Z", context="1h30m", proxy_path="/a", parser="x.toml")
    by_value = Options.of(since=moment, context=timedelta(minutes=90), proxy_path=["/a"], parser=[Path("x.toml")])
    assert by_text == by_value
    assert by_text.since == datetime(2026, 3, 27, 4, tzinfo=UTC)


def test_a_day_alone_is_the_end_for_until_and_the_start_elsewhere() -> None:
    day = "2026-03-27"
    options = Options.of(since=day, until=day, vulnerable_from=day, vulnerable_until=day, key_rotated=day)
    start, end = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 27, 23, 59, 59, 999999, tzinfo=UTC)
    assert (options.since, options.vulnerable_from, options.key_rotated) == (start, start, start)
    assert (options.until, options.vulnerable_until) == (end, end)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"proxy_path": "/x?a=1"}, "--proxy-path: '/x?a=1' holds a query"),
        ({"proxy_path": "x"}, "does not begin with a slash"),
        ({"proxy_path": "https://app.example/__clerk"}, "is a URL"),
        ({"proxy_path": "/a/../b"}, "can match no request"),
        ({"proxy_path": "/a b"}, "can match no request"),
        ({"proxy_path": "//x"}, "can match no request"),
        ({"framework": "koa"}, "--framework: 'koa' is no framework"),
        ({"allow_host": "https://clerk.example.com"}, "--allow-host: 'https://clerk.example.com' is no host"),
        ({"host": ""}, "--host: '' is no host"),
        ({"since": "March 2026"}, "--since: 'March 2026' names no day"),
        ({"assume_timezone": "EST"}, "--assume-timezone"),
        ({"context": "-1m"}, "--context"),
        ({"context": timedelta(minutes=-1)}, "--context"),
        ({"workers": 0}, "--workers"),
        ({"since": "2026-03-28", "until": "2026-03-27"}, "--since (2026-03-28 00:00:00) is after --until"),
        ({"vulnerable_from": "2026-03-28", "vulnerable_until": "2026-03-27"}, "--vulnerable-from"),
        ({"proxypath": "/x"}, "'proxypath' is no option here"),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence_that_names_it(keywords: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError) as refused:
        Options.of(**keywords)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("written", ["/", "//", "////"])
def test_a_proxy_path_of_slashes_is_the_default_and_said(written: str) -> None:
    options = Options.of(proxy_path=written)
    assert options.proxy_paths == ("/__clerk",)
    assert "/__clerk" in options.notes[0]


def test_proxy_paths_lose_their_trailing_slashes_and_repeats() -> None:
    assert Options.of(proxy_path=["/api/__clerk/", "/api/__clerk"]).proxy_paths == ("/api/__clerk",)
    assert check_proxy_path("/%5F_clerk") == "/%5F_clerk"


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Clerk.Example.COM", "clerk.example.com"),
        ("app.example.com:8443", "app.example.com"),
        ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("::1", "[::1]"),
    ],
)
def test_hosts_are_compared_in_lower_case_without_port(written: str, host: str) -> None:
    assert check_host(written) == host


def test_only_what_differs_from_the_defaults_is_stated() -> None:
    assert Options().stated() == {}
    stated = Options.of(since="2026-03-27", proxy_path="/x", context="0", unparsed="left.log", redact=True).stated()
    assert stated == {
        "proxy_paths": ["/x"],
        "since": "2026-03-27T00:00:00.000000Z",
        "context": 0.0,
        "redact": True,
        "unparsed": "left.log",
    }
