"""Compressed inputs: told by their first bytes, opened layer by layer, read as far as they go, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from clerk_logscan.readers.compression import Broken, Trailing, kind_of, unpacked

TEXT = b"".join(b'198.51.100.%d - - "GET /%d HTTP/1.1" 200\n' % (n % 250, n * n) for n in range(20_000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "bzip2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
}


def pieces(data: bytes, size: int = 8192) -> Iterator[bytes]:
    """Yield `data` in chunks, as a file would."""
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, size: int = 8192) -> tuple[bytes, Broken | None]:
    """Return what is inflated, and the failure that ends it."""
    found = []
    try:
        found += unpacked(pieces(data, size))
    except Broken as error:
        return b"".join(found), error
    return b"".join(found), None


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("size", [1, 7, 8192, 1 << 20])
def test_every_kind_is_inflated_whatever_the_chunks(kind: str, size: int) -> None:
    """The stored bytes may come in any pieces."""
    text = TEXT[:5000] if size < 8 else TEXT
    assert read(PACK[kind](text), size) == (text, None)


@pytest.mark.parametrize("kind", PACK)
def test_members_one_after_another_are_one_text(kind: str) -> None:
    """`cat a.gz b.gz` is a valid input, empty members and zero padding included."""
    pack = PACK[kind]
    assert read(pack(TEXT) + pack(b"") + b"\0" * 512 + pack(b"end\n") + b"\0" * 7) == (TEXT + b"end\n", None)


@pytest.mark.parametrize("kind", PACK)
def test_a_stream_cut_short_gives_what_inflates_and_says_so(kind: str) -> None:
    """The text up to the cut is read; the failure names the kind."""
    packed = PACK[kind](TEXT)
    text, error = read(packed[: len(packed) * 2 // 3])
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) // 3
    assert str(error) == f"breaks off inside its {kind} stream"


def test_a_gzip_cut_inside_header_or_trailer_is_said_to_break_off() -> None:
    """Not even a last member of a few bytes is passed over."""
    packed = gzip.compress(TEXT)
    assert read(packed[:-3])[0] == TEXT
    for cut in (packed[:-3], packed[:5], packed + packed[:9]):
        assert "breaks off" in str(read(cut)[1])


@pytest.mark.parametrize("kind", PACK)
def test_damage_in_the_middle_gives_the_text_before_it(kind: str) -> None:
    """A flipped run of bytes ends the reading with a sentence, not with a traceback."""
    packed = bytearray(PACK[kind](TEXT))
    at = len(packed) // 2
    packed[at : at + 64] = b"\xaa" * 64
    text, error = read(bytes(packed))
    assert isinstance(error, Broken)
    assert "damaged" in str(error) or "breaks off" in str(error)
    assert len(text) < len(TEXT) + (1 << 20)


def test_a_wrong_checksum_costs_no_text() -> None:
    """All that was inflated is given, those after the damaged member too."""
    first, second = gzip.compress(TEXT), gzip.compress(b"more\n")
    damaged = first[:-8] + b"\1\2\3\4" + first[-4:]
    text, error = read(damaged + second)
    assert text == TEXT + b"more\n"
    assert "checksum" in str(error)


def test_junk_after_the_last_member_is_left_out_and_said_and_text_is_read() -> None:
    """Binary rubbish is no reason to lose the log; lines that somebody appended are lines."""
    text, error = read(gzip.compress(TEXT) + b"\x07\x00junk")
    assert text == TEXT
    assert isinstance(error, Trailing)
    assert read(gzip.compress(TEXT) + b"appended line\n") == (TEXT + b"appended line\n", None)


def test_gzip_headers_with_name_comment_extra_and_checksum_are_skipped() -> None:
    """RFC 1952, section 2.3: every optional field at once."""
    deflate = zlib.compressobj(wbits=-15)
    body = deflate.compress(TEXT) + deflate.flush()
    trailer = zlib.crc32(TEXT).to_bytes(4, "little") + len(TEXT).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + b"\x03\0abc" + b"access.log\0" + b"a comment\0" + b"\0\0"
    for size in (3, 8192):
        assert read(head + body + trailer, size) == (TEXT, None)


def test_plain_text_is_given_as_it_is_whatever_it_is_called() -> None:
    """No magic, no compression: a `.gz` that holds text is text; so is one that only begins like bzip2."""
    for text in (TEXT, b"", b"\x1f", b"BZh9 is how bzip2 begins\n"):
        assert kind_of(text[:16]) is None
        assert read(text) == (text, None)


@given(st.lists(st.sampled_from(sorted(PACK)), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_layers_are_opened_up_to_four(kinds: list[str]) -> None:
    """gzip in gzip, and any other order."""
    packed = TEXT[:3000]
    for kind in kinds:
        packed = PACK[kind](packed)
    assert read(packed) == (TEXT[:3000], None)


def test_a_fifth_layer_is_not_opened_and_said() -> None:
    """Nothing is opened without end."""
    packed = TEXT[:100]
    for _ in range(5):
        packed = gzip.compress(packed)
    text, error = read(packed)
    assert (text, "packed more than 4 times" in str(error)) == (b"", True)


def test_a_zstd_window_beyond_the_bound_is_refused_in_words() -> None:
    """`zstd --long=31` asks for 2 GiB of memory."""
    head = b"\x28\xb5\x2f\xfd\x00" + bytes([(30 - 10) << 3]) + b"\x01\x00\x00"
    assert "damaged zstd" in str(read(head)[1])


BOMB = """
import resource, sys
from clerk_logscan.readers.compression import unpacked
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = sum(map(len, unpacked(iter(lambda: sys.stdin.buffer.read(65536), b""))))
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("kind", PACK)
def test_a_bomb_is_read_in_bounded_memory(kind: str) -> None:
    """64 MiB of zeros from some kilobytes never stand in memory at once."""
    run = subprocess.run(
        [sys.executable, "-c", BOMB], input=PACK[kind](bytes(64 << 20)), capture_output=True, check=True, timeout=60
    )
    size, grown = map(int, run.stdout.split())
    assert size == 64 << 20
    assert grown * (1 if sys.platform == "darwin" else 1024) < 40 << 20
