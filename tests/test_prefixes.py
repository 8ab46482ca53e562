"""A forgotten proxy path is found by the marks of clerk-js, and only by them."""

import polars as pl
import pytest

from clerk_logscan.prefixes import foreign


def requests(*rows: tuple[str, int | None], source: str = "a.log") -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"request_target": pl.String, "status": pl.Int32}, orient="row")
    return frame.with_columns(source=pl.lit(source))


@pytest.mark.parametrize(
    ("target", "prefix"),
    [
        ("/auth/v1/client?_clerk_js_version=5.60.0", "/auth"),
        ("/api/clerk/v1/environment?a=1&__clerk_api_version=2025-11-10", "/api/clerk"),
        ("/auth/npm/@clerk/clerk-js@5/dist/clerk.browser.js", "/auth"),
        ("https://app.example/auth/v1/client?_clerk_js_version=5", "/auth"),
        ("/auth//v1/client?_clerk_js_version=5", "/auth"),
    ],
)
def test_a_mark_under_another_prefix_names_that_prefix(target: str, prefix: str) -> None:
    assert foreign(requests((target, 200)), ["/__clerk"]) == {"a.log": {prefix: 1}}


@pytest.mark.parametrize(
    "target",
    [
        "/__clerk/v1/client?_clerk_js_version=5.60.0",  # the path that was given
        "/v1/client?_clerk_js_version=5",  # the root: a Frontend API of its own
        "/go?to=/auth/v1/client?x&y=_clerk_js_version",  # no key of its own query
        "/go?next=/auth/npm/@clerk/x.js",  # another's path in the query
        "/page/v1/x?clerk_js_version=5",
    ],
)
def test_what_is_no_mark_names_nothing(target: str) -> None:
    assert foreign(requests((target, 200)), ["/__clerk"]) == {}


def test_a_prefix_whose_every_answer_was_404_is_not_a_proxy() -> None:
    rows: list[tuple[str, int | None]] = [("/auth/v1/client?_clerk_js_version=5", 404)] * 3
    assert foreign(requests(*rows), ["/__clerk"]) == {}
    assert foreign(requests(*rows, ("/auth/v1/client?_clerk_js_version=5", None)), ["/__clerk"]) == {
        "a.log": {"/auth": 1}
    }


def test_each_input_has_its_own() -> None:
    mark = "/v1/client?_clerk_js_version=5"
    first = requests((f"/auth{mark}", 200), (f"/b{mark}", 200), (f"/auth{mark}", None), ("/", 200))
    frame = pl.concat([first, requests((f"/b{mark}", 200), source="b.log"), requests(("/c", 200), source="c.log")])
    assert foreign(frame, ["/__clerk"]) == {"a.log": {"/auth": 2, "/b": 1}, "b.log": {"/b": 1}}
