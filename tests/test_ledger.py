"""The ledger: what could not be read is counted, said, and written out on request."""

from __future__ import annotations

import json
from pathlib import Path

import clerk_logscan as cl

LINE = '192.0.2.1 - - [24/Nov/2026:14:51:35 +0000] "GET /a HTTP/1.1" 200 3 "-" "curl/8.5.0"'
ODD = 'x1;GET /b HTTP/1.1;"'


def test_every_line_that_no_format_reads_is_written_out_with_its_place(tmp_path: Path) -> None:
    """Not only those that the search or a sample would have looked at."""
    log, out = tmp_path / "access.log", tmp_path / "unread.txt"
    places = (20_000, 31_234, 40_001)
    lines = [ODD if number in places else LINE for number in range(1, 50_001)]
    log.write_text("\n".join(lines) + "\n")
    report = cl.analyze(str(log), unparsed=str(out))
    assert out.read_text() == "".join(f"{log}\t{number}\t{ODD}\n" for number in places)
    assert report.inputs["malformed"].to_list() == [len(places)]


def test_a_message_that_journald_did_not_print_is_unread_and_said(tmp_path: Path) -> None:
    entry = {"__REALTIME_TIMESTAMP": "1795531896031123", "MESSAGE": LINE}
    log = tmp_path / "journal.json"
    log.write_text("".join(json.dumps(one) + "\n" for one in [entry, {**entry, "MESSAGE": None}, entry]))
    report = cl.analyze(str(log))
    row = report.inputs.row(0, named=True)
    assert (row["requests"], row["not_requests"], row["malformed"]) == (2, 0, 1)
    assert "does not show" in row["error"]
    assert report.verdict == "incomplete"
