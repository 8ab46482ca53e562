"""Times by their shape: each usual way to write one is read right, and what could be two days is none."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.inference import time_shapes
from clerk_logscan.parsing.inference.tokens import tokens

WHEN = datetime(2026, 11, 24, 14, 51, 36, tzinfo=UTC)
WAYS = [
    "24/Nov/2026:14:51:36 +0000", "24/Nov/2026 14:51:36", "2026-11-24T14:51:36Z", "2026-11-24 14:51:36,000",
    "2026/11/24 14:51:36", "2026/11/24 - 14:51:36", "Tue, 24 Nov 2026 14:51:36 GMT", "Tue Nov 24 14:51:36 2026",
    "11/24/2026, 2:51:36 PM", "24-Nov-2026 14:51:36.000",
    "Nov 24, 2026 @ 14:51:36.000", "Nov/24/2026:14:51:36 +0000",
    "24.11.2026 14:51:36", "24.11.2026, 14:51:36", "2026.11.24 14:51:36", "2026:11:24-14:51:36", "2026-11-24_14:51:36",
    "20261124 14:51:36", "20261124T145136Z", "261124 14:51:36", "Tue Nov 24 2026 14:51:36 GMT+0000",
    "Tue Nov 24 14:51:36 UTC 2026", "Tuesday, 24-Nov-26 14:51:36 GMT", "Nov 24, 2026 2:51:36 PM",
    "Nov 24 2026 14:51:36", "11/24/2026 14:51:36", "24/11/2026 14:51:36", "24/11/2026, 14:51:36", "24-11-2026 14:51:36",
    "11/24/2026 2:51:36 PM",
    "1795531896", "1795531896.000", "1795531896000",
]  # fmt: skip


@pytest.mark.parametrize("text", WAYS)
def test_a_usual_way_to_write_a_time_is_one_word_and_read_right(text: str) -> None:
    for method in ("GET", "POST"):
        assert [token.text for token in tokens(f"203.0.113.7 {text} {method} /x")][1:3] == [text, method]
    time = time_shapes.time_of([text])
    assert time is not None
    assert read_time(pl.Series([text]), time.kind, "UTC").to_list() == [WHEN]


@pytest.mark.parametrize("text", ["03/04/2026 14:51:36", "03-04-2026 14:51:36", "99.99.2026 14:51:36"])
def test_what_could_be_two_days_or_is_none_is_no_time(text: str) -> None:
    assert time_shapes.time_of([text]) is None


def test_one_line_of_the_file_tells_day_from_month() -> None:
    texts = ["03/04/2026 14:51:36", "24/04/2026 14:51:36"]
    time = time_shapes.time_of(texts)
    assert time is not None
    assert [one.month for one in read_time(pl.Series(texts), time.kind, "UTC")] == [4, 4]
