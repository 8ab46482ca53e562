"""Compressed inputs, told by their first bytes and inflated piece by piece, so that no bomb fills the memory.

gzip (RFC 1952) by ISA-L, bzip2 and xz by Python, zstd by python-zstandard; several members one after another, and one
inside the other to MOST_LAYERS. A stream that breaks gives what inflates, then raises Broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

MOST_LAYERS: Final = 4
# Bytes of input, and of output, at a time. A call that fails loses what it had inflated itself, and ISA-L inflates
# up to 64 KiB beyond what it gives: so small pieces lose little, and the finest next to nothing.
PIECE, FINEST_PIECE = 512 << 10, 256
OUTPUT, FINE = 4 << 20, 32 << 10
_MEMORY: Final = 128 << 20  # bytes that an xz or zstd stream may ask for as its window; `xz -9` asks for 65 MiB


class Broken(Exception):
    """The rest of a stream cannot be read; the text says why, as the end of a sentence about the input."""


class Damaged(Broken):
    """A call failed, and what it had inflated is lost."""


class Trailing(Broken):
    """All was read; what follows is no log."""


class Inflater(Protocol):
    """One member of a compressed stream, as bz2, lzma and ISA-L offer it."""

    @property
    def eof(self) -> bool: ...  # noqa: D102
    @property
    def needs_input(self) -> bool: ...  # noqa: D102
    @property
    def unused_data(self) -> bytes: ...  # noqa: D102
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...  # noqa: D102


def unpacked(chunks: Iterator[bytes], output: int = FINE, layers: int = MOST_LAYERS) -> Iterator[bytes]:
    """Yield the inflated bytes of `chunks`, `output` of them at most at a time; of an input that is not compressed, the
    bytes as they are. May raise Broken.
    """
    held = Held(chunks)
    kind = kind_of(held.peek(8))
    if kind is None:
        yield from held
    elif layers == 0:
        raise Broken(f"is packed more than {MOST_LAYERS} times, and the inner layers were not opened")
    else:
        yield from unpacked(_members(held, kind, output), output, layers - 1)


def kind_of(head: bytes) -> str | None:
    """Return the compression that `head`, the first bytes, shows; None where it shows none."""
    return next((name for name, magics in _MAGICS.items() if head.startswith(magics)), None)


class Held:
    """An iterator of chunks whose first bytes can be looked at, and into which bytes can be put back."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._front = chunks, b""
        self.fault: str | None = None  # what is wrong with a member that was read all the same

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.next():
            yield chunk

    def next(self) -> bytes:
        """Return some bytes; none at the end."""
        if self._front:
            front, self._front = self._front, b""
            return front
        return next((chunk for chunk in self._chunks if chunk), b"")

    def peek(self, size: int) -> bytes:
        """Return the first `size` bytes, fewer at the end, and keep them."""
        while len(self._front) < size and (more := next(self._chunks, None)) is not None:
            self._front += more
        return self._front[:size]

    def take(self, size: int) -> bytes:
        """Return the first `size` bytes; raise Broken where there are fewer."""
        data = self.peek(size)
        if len(data) < size:
            raise Broken("breaks off inside its gzip stream")
        self._front = self._front[size:]
        return data

    def put_back(self, data: bytes) -> None:
        """Put `data` before what comes next."""
        self._front = data + self._front

    def skip_zeros(self) -> None:
        """Drop the zero bytes that come next."""
        while self.peek(1) == b"\0":
            self._front = self._front.lstrip(b"\0")


def _members(held: Held, kind: str, output: int) -> Iterator[bytes]:
    """Yield what the members of a `kind` stream hold. Zero bytes after one are padding. Text after the last is yielded
    as it stands, as somebody joined the files; other bytes raise Trailing.
    """
    while kind_of(held.peek(8)) == kind:
        yield from _member(held, kind, output)
        held.skip_zeros()
    if held.fault:
        raise Broken(held.fault)
    rest = held.peek(PIECE)
    if rest and (b"\0" in rest or b"\n" not in rest):
        raise Trailing(f"has bytes after its last {kind} member that are not {kind}; they were left out")
    yield from held


def _member(held: Held, kind: str, output: int) -> Iterator[bytes]:
    """Yield what one member holds, and put back what follows it."""
    inflater = _MAKERS[kind](held)
    while not inflater.eof:
        piece = held.next() if inflater.needs_input else b""
        if inflater.needs_input and not piece:
            raise Broken(f"breaks off inside its {kind} stream")
        try:
            data = inflater.decompress(piece, output)
        except Broken:
            raise
        except Exception as error:  # each library has its own
            raise Damaged(f"has a damaged {kind} stream ({error})") from error
        if data:
            yield data
    held.put_back(inflater.unused_data)


class _Gzip:
    """A gzip member; header and checksum are read here, so that a wrong checksum costs no output."""

    unused_data = b""  # what follows the member is put back when its trailer is read

    def __init__(self, held: Held) -> None:
        from isal import igzip_lib, isal_zlib

        _skip_gzip_header(held)
        self._inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
        self._crc32, self._sum, self._size, self._held = isal_zlib.crc32, 0, 0, held
        self.eof = False

    @property
    def needs_input(self) -> bool:
        return bool(self._inflater.needs_input and not self._inflater.eof)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        if self._inflater.eof:
            self._end()
            return b""
        output: bytes = self._inflater.decompress(data, max_length)
        self._sum, self._size = self._crc32(output, self._sum), self._size + len(output)
        return output

    def _end(self) -> None:
        """Read the trailer and compare it with what was inflated."""
        self.eof = True
        self._held.put_back(self._inflater.unused_data)
        expected = self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        if self._held.take(8) != expected:
            self._held.fault = "has a damaged gzip member (its checksum differs)"


def _skip_gzip_header(held: Held) -> None:
    """Read the header of a gzip member: RFC 1952, section 2.3."""
    flags = held.take(10)[3]
    if flags & 4:
        held.take(int.from_bytes(held.take(2), "little"))
    for name_or_comment in (8, 16):
        while flags & name_or_comment and held.take(1) != b"\0":
            pass
    if flags & 2:
        held.take(2)


class _Zstd:
    """A zstd frame. python-zstandard cannot bound the output of a call, so it is fed little: 1 KiB makes 32 MiB at most
    (RFC 8878: a block of 4 bytes holds up to 128 KiB).
    """

    _FED = 1 << 10

    def __init__(self, held: Held) -> None:
        import zstandard

        self._inflater = zstandard.ZstdDecompressor(max_window_size=_MEMORY).decompressobj()
        self._pending = memoryview(b"")

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def needs_input(self) -> bool:
        return not self._pending

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data + bytes(self._pending)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        if data:
            self._pending = memoryview(data)
        fed, self._pending = self._pending[: self._FED], self._pending[self._FED :]
        return self._inflater.decompress(fed)


def _bzip2(held: Held) -> Inflater:
    import bz2

    return bz2.BZ2Decompressor()


def _xz(held: Held) -> Inflater:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)


_MAGICS: Final[dict[str, tuple[bytes, ...]]] = {
    "gzip": (b"\x1f\x8b\x08",),
    # A frame, and the skippable frames that pzstd writes before one.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + low, 0x2A, 0x4D, 0x18)) for low in range(16))),
    "bzip2": tuple(b"BZh%d%b" % (level, block) for level in range(1, 10) for block in (b"1AY&", b"\x17rE8")),
    "xz": (b"\xfd7zXZ\0",),
}
_MAKERS: Final[dict[str, Callable[[Held], Inflater]]] = {"gzip": _Gzip, "zstd": _Zstd, "bzip2": _bzip2, "xz": _xz}
