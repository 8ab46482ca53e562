"""Rows of the document kept as a frame answer as the same rows kept as dicts do."""

from __future__ import annotations

import json

import polars as pl
import pytest

from clerk_logscan.reports.inert import json_bytes, json_pieces
from clerk_logscan.rows import (
    Row,
    Rows,
    Shelf,
    counts,
    distinct,
    fields,
    grouped,
    having,
    items,
    lacking,
    ordered,
    picked,
)

DICTS: list[Row] = [
    {"kind": "finding", "name": "a", "hops": ["x", "y"], "size": 2},
    {"kind": "context", "name": None, "hops": [], "size": None},
    {"kind": "finding", "name": "a", "hops": ["x", "y"], "size": 1},
    {"kind": "gap", "name": 'b\x1b[2J\u202e"\n', "hops": [], "size": 7},
]
FRAME = pl.DataFrame(DICTS)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    """The dicts as a frame, made two at a time."""
    monkeypatch.setattr("clerk_logscan.rows._SLICE", 2)
    return Rows(FRAME)


def test_they_are_the_same_rows(rows: Rows) -> None:
    assert list(rows) == DICTS
    assert rows == DICTS
    assert rows != DICTS[:3]
    assert (len(rows), rows[1], rows[-1], rows[1:3]) == (4, DICTS[1], DICTS[3], DICTS[1:3])


def test_they_answer_alike(rows: Rows) -> None:
    for one in (rows, DICTS):
        assert distinct(one, "kind", "name") == [tuple(DICTS[at][key] for key in ("kind", "name")) for at in (0, 1, 3)]
        assert distinct(one, "hops") == [(("x", "y"),), ((),)]
        assert having(one, "kind", "finding", "gap") == [DICTS[0], DICTS[2], DICTS[3]]
        assert lacking(one, "name", "a") == [DICTS[1], DICTS[3]]
        assert ordered(one, lambda row: row["size"] or 0, lambda: [pl.col("size").fill_null(0)])[0] == DICTS[1]
        assert counts(one, "name") == {"a": 2, DICTS[3]["name"]: 1}
        assert list(fields(one, "kind", "size")) == [(row["kind"], row["size"]) for row in DICTS]
        assert grouped(one, "kind", "name", 1) == {"finding": ["a"], "context": [None], "gap": [DICTS[3]["name"]]}
        assert items(one, "hops") == ["x", "y"]
        assert picked(one, [3, 1]) == [DICTS[3], DICTS[1]]
        some = having(one, "kind", "finding", "gap")
        assert (len(some), some[1], some[-1], some[1:]) == (3, DICTS[2], DICTS[3], DICTS[2:])
        assert lacking(some, "kind", "gap") == picked(some, [0, 1]) == [DICTS[0], DICTS[2]]
        assert counts(some, "name") == {"a": 2, DICTS[3]["name"]: 1}
        shelf = Shelf(one, "name")
        assert (shelf.of("a"), shelf.of("none")) == ([DICTS[0], DICTS[2]], [])


def test_their_json_is_that_of_the_dicts(rows: Rows) -> None:
    """In pieces, whatever the texts hold, also of no rows at all."""
    document = {"verdict": "x", "findings": DICTS, "none": [], "tool": {"a": [1]}}
    told = document | {"findings": rows, "none": Rows(FRAME.clear())}
    assert b"".join(json_pieces(told)) == json_bytes(document, indent=True)
    assert json.loads(b"".join(json_pieces(told))) == document
    assert b"".join(json_pieces({})) == json_bytes({}, indent=True)
