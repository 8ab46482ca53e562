"""The bytes between two lines come again as they stood, from a plain file or from the blocks that are held."""

from pathlib import Path

from clerk_logscan.lookback import Lookback, Point
from clerk_logscan.readers.blocks import Block
from clerk_logscan.readers.sources import FileSource

LINES = [f"line {number}\n".encode() * (number % 3 + 1) for number in range(1, 9)]
TEXT = b"".join(LINES)
NUMBERS = [*range(1, TEXT.count(b"\n") + 1)]
WHOLE = TEXT.splitlines(keepends=True)


def point(number: int) -> Point:
    return Point(number, sum(map(len, WHOLE[: number - 1])), None)


def every_pair(lookback: Lookback) -> None:
    for first in NUMBERS:
        for last in NUMBERS[first - 1 :]:
            assert lookback.between(point(first), point(last)) == b"".join(WHOLE[first - 1 : last - 1])


def test_of_a_stream_the_held_blocks_give_them_across_their_borders() -> None:
    lookback, half = Lookback(FileSource("never opened")), sum(map(len, WHOLE[:5]))
    lookback.hold(Block(TEXT[:half], 0, half, 0, first_line=1))
    lookback.hold(Block(b"rest" + TEXT[half:], 4, 4 + len(TEXT) - half, half, first_line=6))
    assert lookback.size == len(TEXT)
    every_pair(lookback)


def test_of_a_plain_file_it_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(TEXT)
    lookback = Lookback(FileSource(str(path)))
    lookback.hold(Block(b"", 0, len(TEXT), 0, stored=True))
    assert lookback.size == 0
    every_pair(lookback)


def test_what_was_let_go_or_is_gone_gives_nothing(tmp_path: Path) -> None:
    lookback, half = Lookback(FileSource(str(tmp_path / "gone"))), sum(map(len, WHOLE[:5]))
    lookback.hold(Block(TEXT[:half], 0, half, 0, first_line=1))
    lookback.hold(Block(TEXT[half:], 0, len(TEXT) - half, half, first_line=6))
    lookback.forget()
    assert lookback.between(point(1), point(4)) == b""
    assert lookback.between(point(6), point(8)) == b"".join(WHOLE[5:7])
    plain = Lookback(FileSource(str(tmp_path / "gone")))
    plain.hold(Block(b"", 0, len(TEXT), 0, stored=True))
    assert plain.between(point(1), point(4)) == b""
