"""Where inputs lie: files, folders, globs and standard input become sources, oldest first, each object once."""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

STDIN: Final = "-"


class Source(Protocol):
    """One stored object: a file, standard input, an object of a store."""

    @property
    def name(self) -> str:
        """As the user would name it; the `source` of every line."""

    @property
    def size(self) -> int | None:
        """Stored bytes; None where it is not known before the end."""

    @property
    def path(self) -> Path | None:
        """The regular file that it is, which can be read at any place and again; None for all else."""

    @property
    def rereadable(self) -> bool:
        """Whether it can be opened again."""

    def open(self) -> BinaryIO:
        """Return the stored bytes from the start. May raise OSError."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file; a pipe or device that was named itself can be read once only."""

    name: str
    size: int | None = None
    regular: bool = True

    @property
    def path(self) -> Path | None:
        """The file, where it is a regular one."""
        return Path(self.name) if self.regular else None

    @property
    def rereadable(self) -> bool:
        """Whether it can be opened again."""
        return self.regular

    def open(self) -> BinaryIO:
        """Return its bytes. May raise OSError."""
        return Path(self.name).open("rb", buffering=0)


@dataclass(frozen=True, slots=True)
class StdinSource:
    """Standard input: read once."""

    name: str = STDIN
    size: int | None = None
    path: Path | None = None
    rereadable: bool = False

    def open(self) -> BinaryIO:
        """Return the bytes of standard input, which stays open. May raise OSError."""
        if sys.stdin is None:  # a process may be started without
            raise OSError("there is no standard input")
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)


class InputError(NamedTuple):
    """An input that cannot be read, and why, as a sentence that names it."""

    name: str
    message: str


def find(inputs: Sequence[str]) -> tuple[list[Source], list[InputError]]:
    """Return the sources that `inputs` name, and what could not be found.

    Members of a rotation set stand together, the oldest first; an object reached twice stands once. Nothing is raised.
    """
    named: list[Source] = []
    errors: list[InputError] = []
    for text in inputs:
        if text == STDIN:
            named.append(StdinSource())
            continue
        try:
            found = list(expanded(text, errors))
        except OSError as error:
            errors.append(InputError(text, f"{text}: {_reason(error)}"))
            continue
        named += found
    return _oldest_first(_once(named)), errors


def expanded(text: str, errors: list[InputError]) -> Iterator[Source]:
    """Yield the sources of one input that is no standard input; say in `errors` what is missing. May raise OSError."""
    if os.path.lexists(text):
        yield from _below(text, errors) if Path(text).is_dir() else [_file(text)]
        return
    paths = sorted(glob.iglob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not paths:
        what = "no file matches this pattern" if glob.has_magic(text) else "no such file or folder"
        errors.append(InputError(text, f"{text}: {what}"))
    for path in paths:
        if Path(path).is_dir():
            yield from _below(path, errors) if "**" not in text else ()
        else:
            yield _file(path)


def _below(folder: str, errors: list[InputError]) -> Iterator[Source]:
    """Yield every regular file below `folder`; links are followed, but no folder twice."""
    seen: set[tuple[int, int]] = set()
    empty = True

    def unreadable(error: OSError) -> None:
        errors.append(InputError(str(error.filename), f"{error.filename}: {_reason(error)}"))

    failures = len(errors)
    for place, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        folders[:] = sorted(name for name in folders if _is_new(os.path.join(place, name), seen))  # noqa: PTH118
        for name in sorted(files):
            path = os.path.join(place, name)  # noqa: PTH118  (keeps the user's own spelling)
            if Path(path).is_file():
                empty = False
                yield _file(path)
    if empty and len(errors) == failures:
        errors.append(InputError(folder, f"{folder}: this folder holds no file"))


def _file(path: str) -> FileSource:
    """Return the source of `path`. May raise OSError, for a broken link or a path without permission."""
    status = os.stat(path)  # noqa: PTH116
    regular = stat.S_ISREG(status.st_mode)
    return FileSource(path, status.st_size if regular else None, regular)


def _is_new(path: str, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder `path` was not seen yet; it is now."""
    identity = _identity(path)
    if identity is None or identity in seen:
        return False
    seen.add(identity)
    return True


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _once(sources: Iterable[Source]) -> list[Source]:
    """Return the sources without those that are the same object as an earlier one."""
    kept: dict[object, Source] = {}
    for source in sources:
        kept.setdefault((_identity(source.name) if source.path else None) or source.name, source)
    return list(kept.values())


_PACKED: Final = re.compile(r"\.(?:gz|gzip|z|zst|zstd|bz2|xz)$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[._-](\d{1,4})$")
_DATE: Final = re.compile(r"[._-](\d{4}-?\d{2}-?\d{2}(?:[T._-]?\d{2,6})?)$")


def _oldest_first(sources: list[Source]) -> list[Source]:
    """Return the sources with each rotation set together, in order of time, at the place of its first member.

    `access.log.10.gz` is older than `access.log.2.gz` than `access.log`; dates in names sort by themselves.
    """
    sets: dict[str, list[Source]] = {}
    for source in sources:
        sets.setdefault(_age(source.name)[0], []).append(source)
    return [source for members in sets.values() for source in sorted(members, key=lambda one: _age(one.name)[1:])]


def _age(name: str) -> tuple[str, int, int, str]:
    """Return the name of the rotation set and the place in it; the file without a mark is the newest."""
    bare = _PACKED.sub("", name)
    if dated := _DATE.search(bare):
        return bare[: dated.start()], 0, 0, re.sub(r"\D", "", dated[1])
    if numbered := _NUMBER.search(bare):
        return bare[: numbered.start()], 1, -int(numbered[1]), ""
    return bare, 2, 0, ""


def _reason(error: OSError) -> str:
    """Return the cause of `error` in plain words."""
    known = {
        "PermissionError": "no permission to read it",
        "FileNotFoundError": "the link leads nowhere",
    }
    return known.get(type(error).__name__, (error.strerror or str(error)).lower())
