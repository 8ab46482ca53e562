"""Long columns are worked on in slices, and what comes of it is what comes of the whole."""

import threading

import polars as pl
import pytest

from clerk_logscan.parsing import slices, template
from clerk_logscan.parsing.cascade import Cascade
from clerk_logscan.parsing.library import load_definitions

PLAIN = '203.0.113.9 - - [24/Nov/2026:14:51:36 +0000] "GET /{n} HTTP/1.1" 200 18 "-" "curl/8.5.0"'
LONGER = PLAIN + ' "198.51.100.7"'  # nginx' own main format


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "cores", lambda: 2)
    monkeypatch.setattr(slices, "LEAST", 4)


def test_slices_come_in_their_order_and_together_hold_every_row(two_cores: None) -> None:
    rows = pl.Series(range(101))
    threads: set[int] = set()

    def work(some: pl.Series) -> pl.Series:
        threads.add(threading.get_ident())
        return some * 2

    parts = slices.side_by_side(work, rows)
    assert len(parts) == 2
    assert pl.concat(parts).to_list() == (rows * 2).to_list()
    assert threading.get_ident() not in threads


def test_a_few_rows_stay_in_one_piece(two_cores: None) -> None:
    assert slices.side_by_side(len, pl.Series(range(7))) == [7]
    assert slices.side_by_side(len, pl.Series([], dtype=pl.Int64)) == [0]


@pytest.mark.parametrize("first", [0, 12, 40])
def test_slices_of_which_some_hold_no_match_or_another_template_give_the_same_cuts(two_cores: None, first: int) -> None:
    library = load_definitions()
    texts = pl.Series([(PLAIN if n < first else LONGER).format(n=n) for n in range(40)])
    cuts, left = Cascade([library["nginx_main"], library["nginx_combined"]]).cut(texts)
    whole = {name: template.cut(texts, library[name]) for name in ("nginx_main", "nginx_combined")}
    assert not len(left)
    assert sorted(row for cut in cuts for row in cut.rows) == [*range(40)]
    for cut in cuts:
        mask, raw = whole[cut.definition.name]
        assert cut.rows.to_list() == mask.arg_true().to_list()
        assert cut.raw.select(raw.columns).equals(raw)
