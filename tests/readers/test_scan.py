"""A scan: the ledger is exact, numbers and offsets of picked lines are exact, by every way of reading."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import os
import random
import threading
import time
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from clerk_logscan.parsing.lines import from_batch, from_block, without_nuls
from clerk_logscan.readers import blocks, pick, ranges, scan, search
from clerk_logscan.readers.blocks import Batch, Line
from clerk_logscan.readers.newlines import Counts
from clerk_logscan.readers.scan import Scan
from clerk_logscan.readers.search import Search
from clerk_logscan.readers.sources import find

SEARCH = Search(["/__clerk"])
OTHERS = Counts.__dict__["_others"].func
HOSTILE = b'192.0.2.7 - - "GET /__clerk//evil.example/%d HTTP/1.1" 200 5'


def log(lines: int, every: int = 97, seed: int = 1, ending: bytes = b"\n") -> bytes:
    """Return a log in which every so many lines is hostile, another a proxy request, and lengths vary widely."""
    chance = random.Random(seed)
    made = []
    for number in range(lines):
        if number % every == 5:
            made.append(HOSTILE % number)
        elif number % every == 50:
            made.append(b'192.0.2.8 - - "GET /__clerk/v1/client HTTP/1.1" 200 5')
        else:
            made.append(b'192.0.2.9 - - "GET /%s HTTP/1.1" 200 5' % (b"x" * chance.choice([1, 20, 300])))
    return ending.join(made) + ending


def scanned(path: Path, search: Search | None = SEARCH, **options: Any) -> tuple[Scan, list[Line]]:
    """Return the finished scan of a file and the lines that it picked."""
    (source,), errors = find([str(path)])
    assert errors == []
    one = Scan(source, search, **options)
    return one, [line for batch in one for line in lines_of(batch)]


def lines_of(batch: Batch) -> list[Line]:
    """Return the lines of a batch, one by one."""
    texts = (data.removesuffix(b"\r") for data in batch.data.split(b"\n")[:-1])
    every = zip(batch.numbers, batch.offsets, texts, strict=True)
    return [Line(n, at + len(data) - len(data.lstrip(b"\0")), data.lstrip(b"\0")) for n, at, data in every]


def attacks(lines: list[Line]) -> list[Line]:
    """Return the lines with an attack."""
    return [line for line in lines if b"/__clerk//" in line.data]


@pytest.mark.parametrize("kind", ["plain", "gzip", "utf-16"])
def test_picked_lines_are_the_rows_of_their_block(kind: str, tmp_path: Path) -> None:
    """Number, offset and text agree with what the whole block gives; NULs before a line go."""
    text = log(30_000, every=6).replace(b"/xx", b"/\xc3\xa9", 50).replace(b"\n192.0.2.9", b"\n\0\0" + b"192.0.2.9", 3)
    stored = text.decode().encode("utf-16") if kind == "utf-16" else PACK[kind](text)
    (tmp_path / "a.log").write_bytes(stored)
    (source,), _ = find([str(tmp_path / "a.log")])
    count = 0
    for batch in Scan(source, SEARCH):
        rows = from_batch(batch)
        count += rows.height
        assert rows.equals(without_nuls(from_block(batch.block)).filter(pl.col("line_number").is_in(batch.numbers)))
        assert [line.data.decode() for line in lines_of(batch)] == rows["raw"].to_list()
    assert count > 5000


def check(text: bytes, picked: list[Line]) -> None:
    """Compare each picked line with the text: its number, its offset and what it holds."""
    expected = text.split(b"\n")
    starts = [0]
    for line in expected:
        starts.append(starts[-1] + len(line) + 1)
    for line in picked:
        assert line.offset == starts[line.number - 1]
        assert line.data == expected[line.number - 1].removesuffix(b"\r")
    assert [line.number for line in picked] == sorted({line.number for line in picked})


PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data[: len(data) // 3]) + gzip.compress(data[len(data) // 3 :]),
    "zstd": zstandard.ZstdCompressor().compress,
    "bzip2": bz2.compress,
}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_every_line_is_counted_and_every_candidate_picked_in_its_place(
    kind: str, ending: bytes, tmp_path: Path
) -> None:
    """The same text, however packed, gives the same lines; the file's name plays no part."""
    text = log(60_000, ending=ending)
    path = tmp_path / "access.log.gz"
    path.write_bytes(PACK[kind](text))
    one, lines = scanned(path, digest=True)
    assert (one.bytes, one.lines, one.complete, one.error) == (len(text), 60_000, True, None)
    assert one.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert one.read == path.stat().st_size
    assert one.hits == text.count(b"/__clerk")
    assert len(attacks(lines)) == text.count(b"/__clerk//")
    assert len(lines) < len(attacks(lines)) + 200 + 3 * len(text) / (60 << 10) + 10
    check(text, lines)


@pytest.mark.parametrize("last", [b"", b"GET /__clerk//e.example", b"nothing"])
def test_many_candidates_are_cut_as_few_are(last: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One by one or as columns, the same lines are picked and counted, a last one without its newline among them."""
    (tmp_path / "a.log").write_bytes(log(20_000, every=60) + last)
    found = []
    for many in (0, 1 << 40):
        monkeypatch.setattr(search, "_MANY", many)
        monkeypatch.setattr(pick, "_MANY", many)
        one, lines = scanned(tmp_path / "a.log")
        found.append((one.lines, one.hits, lines))
    assert found[0] == found[1]
    assert found[0][:2] == (20_000 + bool(last), 667 + (b"__clerk" in last))
    assert (lines[-1].number, lines[-1].data) == (20_000 + bool(last), last or lines[-1].data)


@pytest.mark.parametrize("kind", PACK)
def test_samples_are_never_far_apart_and_hold_the_first_lines_and_the_last(kind: str, tmp_path: Path) -> None:
    """At least one line each 64 KiB is sampled, for times; two hundred at the start, for detection."""
    text = log(40_000, every=1 << 30)
    (tmp_path / "a.log").write_bytes(PACK[kind](text))
    _, sampled = scanned(tmp_path / "a.log")
    assert [line.number for line in sampled[:200]] == list(range(1, 201))
    assert sampled[-1].number == 40_000
    offsets = [line.offset for line in sampled]
    assert max(b - a for a, b in pairwise(offsets)) <= 64 << 10
    assert len(sampled) < 200 + 3 * len(text) / (60 << 10) + 10


def small_ranges(monkeypatch: pytest.MonkeyPatch, size: int, longest: int = 16 << 20) -> None:
    """Cut plain files into ranges of `size` bytes."""
    for module, name, value in (
        (ranges, "BLOCK", size), (ranges, "_SLACK", 50), (ranges, "_MORE", 70), (ranges, "LONGEST_LINE", longest),
        (scan, "WORTH", 0),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(blocks.cut, "__defaults__", (size, longest, 0))


@pytest.mark.parametrize("size", [64, 100, 333, 4096])
@pytest.mark.parametrize("cut", [0, 1, 20])
def test_ranges_of_any_size_give_each_line_once(
    size: int, cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines over a border, lines longer than a range, and a last line without its newline."""
    small_ranges(monkeypatch, size)
    text = log(400, every=9)
    text = text[: len(text) - cut]
    (tmp_path / "a.log").write_bytes(text)
    one, lines = scanned(tmp_path / "a.log", digest=True)
    assert (one.bytes, one.lines, one.complete, one.error) == (len(text), 400, True, None)
    assert one.hits == text.count(b"/__clerk")
    assert len(attacks(lines)) == text.count(b"/__clerk//")
    assert one.sha256 == hashlib.sha256(text).hexdigest()
    check(text, lines)


def test_a_line_too_long_for_ranges_is_read_in_pieces_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows it has its right number and offset; nothing in the pieces is lost."""
    small_ranges(monkeypatch, 1000, longest=5000)
    long = b'{"uri":"/__clerk//evil.example"}' * 36_000
    text = log(50) + long + b"\n" + log(50)
    (tmp_path / "a.log").write_bytes(text)
    one, lines = scanned(tmp_path / "a.log")
    assert (one.bytes, one.lines, one.complete) == (len(text), 101, True)
    assert "(number 51) of more than 16 MiB, which was read in pieces" in str(one.error)
    assert sum(line.data.count(b"/__clerk//") for line in lines if line.number == 51) > 35_900
    check(text, [line for line in lines if line.number != 51])


def test_an_empty_input_and_one_of_blank_lines_are_complete(tmp_path: Path) -> None:
    """Zero bytes are no line; a newline alone is one."""
    for text, count in ((b"", 0), (b"\n", 1), (b"\n\nx", 3), (b"x", 1)):
        (tmp_path / "a.log").write_bytes(text)
        one, lines = scanned(tmp_path / "a.log")
        assert (one.lines, one.complete, one.error, one.bytes) == (count, True, None, len(text))
        check(text, lines)


def test_a_broken_stream_gives_its_lines_and_a_sentence(tmp_path: Path) -> None:
    """The cut line at the end is searched like the others."""
    text = log(3000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(text)[:-800])
    one, lines = scanned(tmp_path / "a.gz", digest=True)
    assert (one.complete, one.error) == (False, f"{tmp_path}/a.gz breaks off inside its gzip stream")
    assert one.lines > 1000
    assert text.startswith(lines[-1].data, lines[-1].offset)


def test_damage_in_a_file_costs_next_to_nothing_before_it(tmp_path: Path) -> None:
    """What a failed call had inflated is inflated once more, in small pieces; each line is given once."""
    text = log(60_000)
    packer = zlib.compressobj(wbits=31)
    sound = packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "a.gz").write_bytes(sound + b"\xff" * 1000)  # no block of deflate begins so
    one, lines = scanned(tmp_path / "a.gz")
    assert (one.complete, "damaged gzip stream" in str(one.error)) == (False, True)
    assert 0 <= len(text) - one.bytes <= 16 << 10
    check(text, lines[:-1])


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    """A file that went away after it was found; a folder's place taken."""
    (tmp_path / "a.log").write_text("x\n")
    (source,), _ = find([str(tmp_path / "a.log")])
    (tmp_path / "a.log").unlink()
    one = Scan(source, SEARCH)
    assert list(one) == []
    assert (one.complete, one.error) == (False, f"{tmp_path}/a.log cannot be read: no such file or directory")


def test_headers_of_w3c_logs_are_picked_wherever_they_stand(tmp_path: Path) -> None:
    """At the start behind a mark, in the middle after NUL bytes; not inside a line."""
    row = b"2026-11-20\t10:00:00\tx\n"
    text = b"\xef\xbb\xbf#Version: 1.0\n#Fields: date time\n" + row * 9000 + b"\0\0#Fields: time date\n" + row
    text += b'"ua #Fields: no"\n' + row * 10
    (tmp_path / "a.log").write_bytes(text)
    _, lines = scanned(tmp_path / "a.log")
    assert [line.number for line in lines if b"#" in line.data[:4]] == [1, 2, 9003]
    assert next(line for line in lines if line.number == 9003).data == b"#Fields: time date"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_searched_as_text_and_offsets_are_those_of_the_file(encoding: str, tmp_path: Path) -> None:
    """The picked line begins in the file where its offset says."""
    text = "é 😀\n" * 50 + log(3000).decode() + "\ud800 lone\nend"
    mark = "\ufeff".encode(encoding)
    data = mark + text.encode(encoding, "surrogatepass")
    (tmp_path / "a.log").write_bytes(data)
    one, lines = scanned(tmp_path / "a.log")
    assert (one.lines, one.complete) == (3052, True)
    assert len(attacks(lines)) == text.count("/__clerk//")
    for line in lines:
        assert data[line.offset :].startswith(
            line.data.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
        )


def test_marked_lines_of_a_path_that_was_not_given_are_picked_but_few_of_many(tmp_path: Path) -> None:
    """A forgotten --proxy-path shows itself; a log full of it does not make the search slow."""
    marked = b'"GET /auth-proxy/v1/client?_clerk_js_version=5 HTTP/1.1" 200\n'
    given = b'"GET /__clerk/v1/client?_clerk_js_version=5 HTTP/1.1" 200\n'
    rest = given * 500
    for text, low, high in ((rest + marked + rest, 1, 1), (marked * 100, 100, 100), (rest + marked * 5000, 256, 262)):
        (tmp_path / "a.log").write_bytes(text)
        one, lines = scanned(tmp_path / "a.log")
        assert low <= sum(line.data.startswith(marked[:-1]) for line in lines) <= high
        assert one.hits == text.count(b"/__clerk/")


def test_other_literals_are_found_for_a_second_look(tmp_path: Path) -> None:
    """Every line with one of many addresses, and no other candidate."""
    addresses = [b"198.51.100.%d" % n for n in range(200)] + [b"2001:db8::7"]
    text = b"".join(b"%s - - x\n" % (addresses[n % 201] if n % 50 == 0 else b"203.0.113.9") for n in range(30_000))
    (tmp_path / "a.log").write_bytes(text)
    _, lines = scanned(tmp_path / "a.log", Search((), addresses))
    wanted = set(range(1, 30_001, 50))
    assert wanted <= {line.number for line in lines}
    assert len({line.number for line in lines} - wanted) < 200 + len(text) / (60 << 10) + 3


def test_newlines_that_an_earlier_scan_counted_are_counted_again_only_where_the_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks without a candidate are not counted at all; numbers stay exact, with a longer file, too."""
    small_ranges(monkeypatch, 4096)
    path, text = tmp_path / "a.log", log(400, every=150)
    path.write_bytes(text)
    first, _ = scanned(path)
    counted: list[int] = []
    monkeypatch.setattr(Counts, "_others", property(lambda self: counted.append(1) or OTHERS(self)))
    again, lines = scanned(path, samples=False, earlier=first)
    assert again.lines == first.lines == 400
    assert lines == attacks(lines) and len(lines) == 3
    assert 0 < len(counted) <= 3 < len(text) // 4096
    check(text, lines)
    path.write_bytes(b"\n\n" + text)
    longer, lines = scanned(path, samples=False, earlier=first)
    assert longer.lines == 402
    check(b"\n\n" + text, lines)


def test_whole_scans_give_samples_and_blocks_that_hold_every_byte(tmp_path: Path) -> None:
    """`convert` parses the blocks; proxy requests are counted all the same."""
    text = log(90_000)
    (tmp_path / "a.log").write_bytes(text)
    (source,), _ = find([str(tmp_path / "a.log")])
    one = Scan(source, SEARCH, candidates=False)
    parts, numbers = [], []
    for batch in one:
        assert len(batch.numbers) < 200 + len(batch.block) / (60 << 10) + 3
        assert batch.block.offset == sum(map(len, parts))
        parts.append(batch.block.data)
        numbers.append(batch.block.first_line)
    assert b"".join(parts) == text
    assert numbers == [1 + b"".join(parts[:at]).count(b"\n") for at in range(len(parts))]
    assert one.hits == text.count(b"/__clerk")


def test_a_scan_that_is_told_to_stop_keeps_what_it_has(tmp_path: Path) -> None:
    """It ends within a block, incomplete and saying so."""
    (tmp_path / "a.log").write_bytes(log(150_000))
    (source,), _ = find([str(tmp_path / "a.log")])
    stop = threading.Event()
    one = Scan(source, SEARCH, stop=stop)
    for _ in one:
        stop.set()
    assert (one.complete, one.error) == (False, f"{source.name} was not read to its end: stopped")
    assert 0 < one.lines < 150_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_read_as_it_comes_and_can_be_stopped_while_it_is_silent(tmp_path: Path) -> None:
    """Standard input and `<(zcat a.gz)`."""
    pipe, text = tmp_path / "pipe", log(30_000)
    os.mkfifo(pipe)
    (source,), _ = find([str(pipe)])
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(text),))
    writer.start()
    one = Scan(source, SEARCH)
    check(text, [line for batch in one for line in lines_of(batch)])
    writer.join()
    assert (one.lines, one.complete) == (30_000, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_silent_pipe_can_be_stopped_and_what_it_gave_is_kept(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """`kubectl logs -f | clerk-logscan analyze -`, ended by Ctrl-C; half of a gzip stream is one that was stopped."""
    pipe, text = tmp_path / "pipe", log(300)
    os.mkfifo(pipe)
    (source,), _ = find([str(pipe)])
    keeps_open = os.open(pipe, os.O_RDWR)
    sent = os.write(keeps_open, pack(text) if pack is bytes else pack(text)[:-20])
    stop = threading.Event()
    one = Scan(source, SEARCH, stop=stop)

    def stop_when_all_is_read() -> None:
        while one.read < sent:
            time.sleep(0.01)
        stop.set()

    stopping = threading.Thread(target=stop_when_all_is_read)
    stopping.start()
    given = [line for batch in one for line in lines_of(batch)]
    stopping.join()
    os.close(keeps_open)
    assert one.lines > 100 and len(given) > 10
    assert (one.complete, one.error) == (False, f"{source.name} was not read to its end: stopped")


def test_the_same_file_gives_the_same_lines_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the threads were scheduled, marked lines of a busy log included."""
    small_ranges(monkeypatch, 100_000)
    benign = b'"GET /__clerk/v1/client?_clerk_js_version=5 HTTP/1.1" 200\n' * 50
    marked = b'"GET /other/v1/client?_clerk_js_version=5 HTTP/1.1" 200\n'
    (tmp_path / "a.log").write_bytes((benign + marked) * 1000)
    runs = [[line.number for line in scanned(tmp_path / "a.log")[1]] for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]


def test_standard_input_is_read_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`zcat a.gz | clerk-logscan analyze -`; a process without standard input says so."""
    (tmp_path / "in").write_bytes(log(1000))
    (source,), _ = find(["-"])
    with (tmp_path / "in").open("rb") as file:
        monkeypatch.setattr("sys.stdin", file)
        one = Scan(source, SEARCH)
        assert sum(len(batch.numbers) for batch in one) > 0
    assert (one.lines, one.complete, source.name) == (1000, True, "-")
    monkeypatch.setattr("sys.stdin", None)
    none = Scan(source, SEARCH)
    assert (list(none), none.error) == ([], "- cannot be read: there is no standard input")
