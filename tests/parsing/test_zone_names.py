"""Names of time zones: one offset, or none."""

from __future__ import annotations

import polars as pl
import pytest

from clerk_logscan.parsing.field_times import read_time
from clerk_logscan.parsing.zone_names import NAMES, spelled


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-30 04:12:07 CEST", "2026-03-30T02:12:07"),
        ("2026-03-30 04:12:07.5 PDT", "2026-03-30T11:12:07.500"),
        ("2026-03-30T04:12:07 UTC", "2026-03-30T04:12:07"),
        ("2026-03-30 04:12:07 EST", None),
        ("2026-03-30 04:12:07 IST", None),
        ("2026-03-30 04:12:07.123 +0530 IST", "2026-03-29T22:42:07.123"),
        ("2026-03-30 04:12:07 -0500 EST m=+0.1", "2026-03-30T09:12:07"),
    ],
)
def test_a_name_means_its_offset_or_nothing(text: str, utc: str | None) -> None:
    [found] = read_time(pl.Series([text]), "iso8601", "UTC").to_list()
    assert (found.replace(tzinfo=None).isoformat(timespec="auto")[:23] if found else None) == utc


def test_a_format_with_a_name_reads_it() -> None:
    texts = pl.Series(["Mon Mar 30 04:12:07 CEST 2026", "Mon Mar 30 04:12:07 EST 2026"])
    found = read_time(texts, "strftime(%a %b %e %H:%M:%S %Z %Y)", "UTC")
    assert found.dt.strftime("%H:%M").to_list() == ["02:12", None]


def test_every_name_that_is_looked_for_is_known_or_has_several_meanings() -> None:
    names = pl.Series(["UTC", "CEST", "EST", "AKDT", "NZST", "BST", "SAST", "HKT", "MST"])
    assert names.str.contains(f"^(?:{NAMES})$").all()
    assert spelled("2026-03-30 04:12:07 " + names).null_count() == 3
