"""Where a report goes: the files asked for, and the terminal, whose last line is the verdict."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clerk_logscan.commands.settings import refuse, refusing, say

if TYPE_CHECKING:
    from typing import TextIO

    from clerk_logscan.report import Report

STDOUT = "-"


def check_outputs(outputs: Sequence[str], inputs: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs, each once; refuse, before long work, what cannot be written or would destroy an input."""
    from clerk_logscan.reports import OutputError, check

    outputs = tuple(dict.fromkeys(outputs))
    for path in outputs:
        with refusing(OutputError):
            check(path)
        refuse_input(path, inputs)
    return outputs


def check_unparsed(path: Path | None, inputs: Sequence[str]) -> None:
    """Refuse, before long work, a file for unread lines that cannot be written or would destroy an input."""
    from clerk_logscan.reports import OutputError, check_place

    if path is not None:
        with refusing(OutputError):
            check_place(str(path))
        refuse_input(str(path), inputs)


def refuse_input(path: str, inputs: Sequence[str]) -> None:
    """Refuse an output that is one of the inputs: logs are evidence."""
    if path == STDOUT or not Path(path).is_file():
        return
    if any(_holds(one, Path(path)) for one in inputs):
        raise refuse(f"{path} is an input: writing there would destroy it; choose another name or folder")


def _holds(given: str, output: Path) -> bool:
    """Whether an input is the very file of an output, or a folder or a glob that it is read from."""
    import glob

    named = [given] if Path(given).exists() else glob.glob(given, recursive=True)  # noqa: PTH207 (takes absolute ones)
    return any(
        output.samefile(one) or output.resolve().is_relative_to(Path(one).resolve())
        for one in named
        if Path(one).exists()
    )


def publish(report: Report, outputs: Sequence[str], *, quiet: bool) -> bool:
    """Write every output and print the report; return whether all could be written.

    Where JSONL takes standard output, the report for people goes to standard error. `quiet`: only its last line.
    """
    from clerk_logscan.reports import OutputError, write

    written = True
    for path in outputs:
        try:
            write(report, path)
        except BrokenPipeError:
            _abandon(sys.stdout)
        except OutputError as error:
            say(str(error))
            written = False
    stream = sys.stderr if STDOUT in outputs else sys.stdout
    return _print(report, stream, quiet=quiet) and written


def _print(report: Report, stream: TextIO, *, quiet: bool) -> bool:
    """Print the report for people, or its last line alone; return whether the stream took it.

    A reader who left (head, less) is no error; a full disk is.
    """
    try:
        if not quiet:
            from clerk_logscan.reports.terminal import show

            show(report, stream)
        else:
            stream.write(f"verdict: {report.verdict}\n")
        stream.flush()
    except (BrokenPipeError, SystemExit):  # rich ends the program so, with the exit code of findings
        _abandon(stream)
    except OSError as error:
        _abandon(stream)
        say(f"the report cannot be printed: {error.strerror or error}")
        return False
    return True


def _abandon(stream: TextIO) -> None:
    """Point a broken stream at nothing, so that what is still buffered does not fail when Python ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        stream.close()
