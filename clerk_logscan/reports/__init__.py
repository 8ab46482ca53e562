"""Reports: the registry of outputs, and writing them whole or not at all.

An output is one file of `reports/outputs/` with `render(report) -> bytes | Iterator[bytes]`, the whole or its pieces;
its name is its suffix, `_` for a dot: `stix_json.py` writes `.stix.json`. Nothing else names it.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clerk_logscan.report import Report

STDOUT = "-"


class OutputError(ValueError):
    """An output that cannot be written; the message is one sentence for the user."""


def suffixes() -> list[str]:
    """Return the suffixes that can be written, such as `.html` and `.stix.json`, by name."""
    names = (file.stem for file in (Path(__file__).parent / "outputs").iterdir() if file.suffix == ".py")
    return sorted("." + name.replace("_", ".") for name in names if not name.startswith("__"))


def suffix(path: str) -> str:
    """Return the suffix that decides how `path` is written, the longest that fits; `.jsonl` for `-`."""
    if path == STDOUT:
        return ".jsonl"
    name = Path(path).name.lower()
    fitting = [known for known in suffixes() if name.endswith(known)]
    if not fitting:
        raise OutputError(
            f"No report is written as {path!r}: its name must end in one of {' '.join(suffixes())}, or be `-`."
        )
    return max(fitting, key=len)


def check(path: str) -> None:
    """Raise OutputError where `path` could not be written, before a long analysis rather than after."""
    suffix(path)
    if path != STDOUT:
        check_place(path)


def check_place(path: str) -> None:
    """Raise OutputError where no file could be written at `path`: a folder, or in none that may be written to."""
    folder = Path(path).resolve().parent
    if Path(path).is_dir():
        raise OutputError(f"Cannot write {path}: it is a folder; name a file.")
    if not folder.is_dir():
        raise OutputError(f"Cannot write {path}: there is no folder {folder}; make it first.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"Cannot write {path}: the folder {folder} may not be written to; choose another.")


def render(report: Report, path: str) -> bytes:
    """Return the report in the form that the suffix of `path` names."""
    return b"".join(_pieces(report, path))


def _pieces(report: Report, path: str) -> Iterable[bytes]:
    """Return what `render` gives in pieces, so that a long report is never in memory as a whole."""
    module = importlib.import_module(f"clerk_logscan.reports.outputs.{suffix(path)[1:].replace('.', '_')}")
    data: bytes | Iterator[bytes] = module.render(report)
    return [data] if isinstance(data, bytes) else data


def write(report: Report, path: str) -> None:
    """Write the report to `path`, whole or not at all; `-` is JSONL on standard output. OutputError says why not."""
    check(path)
    pieces = _pieces(report, path)
    if path == STDOUT:
        _to_stdout(pieces)
        return
    try:
        _replace(Path(path), pieces)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error


def _to_stdout(pieces: Iterable[bytes]) -> None:
    """Write to standard output; a reader who left is a BrokenPipeError, anything else an OutputError."""
    try:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"Cannot write to standard output: {error.strerror or error}.") from error


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    """Write beside the file and rename over it; a device or pipe is written as it stands."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        _write(path, pieces)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part"[-250:])
    try:
        _write(beside, pieces)
        _sync(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)


def _sync(path: Path) -> None:
    """Have the bytes on the disk before the name points to them; some file systems cannot."""
    with path.open("rb+") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
