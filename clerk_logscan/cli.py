"""The command line: options in, one call, exit code out. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from clerk_logscan import __version__
from clerk_logscan.commands import COMMANDS
from clerk_logscan.commands.settings import EXIT_INCOMPLETE, EXIT_USAGE, PROGRAM, SETTINGS, say

EPILOG = """Every option can be set by environment too: --proxy-path is
CLERK_LOGSCAN_PROXY_PATH (several values are separated by blanks, file names
by the system's path separator)."""


@click.group(context_settings=SETTINGS, epilog=EPILOG)
# Container images often set NAME_VERSION: that is no wish to see the version.
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s", allow_from_autoenv=False)
def cli() -> None:
    """Audit access logs for CVE-2026-34076: did the vulnerable
    clerkFrontendApiProxy send your Clerk-Secret-Key to a foreign host, when,
    to whom, and what now?

    \b
    Start with:  clerk-logscan analyze /var/log/nginx/
    """


for _command in COMMANDS:
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; whatever happens is said in a sentence, never as a traceback."""
    _have_streams()
    # The search calls back from threads, and waited up to 5 ms for a thread that was busy in Python.
    sys.setswitchinterval(0.0005)
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has left: what is still buffered must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _have_streams() -> None:
    """Give a process that was started without standard output or error (`>&-`) one that leads nowhere."""
    nowhere = sys.stdout is None or sys.stderr is None
    sink = open(os.devnull, "w", encoding="utf-8") if nowhere else None  # noqa: PTH123, SIM115 (for the process's life)
    sys.stdout, sys.stderr = sys.stdout or sink, sys.stderr or sink


def _run(arguments: Sequence[str] | None) -> int:
    """Call click and turn every way to end into an exit code."""
    try:
        return int(cli.main(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.ClickException as error:
        say(_sentence(error))
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        say("stopped before the end; nothing can be said about what was not read.")
        return EXIT_INCOMPLETE
    except SystemExit as stop:
        # click ends so where the reader of a pipe has left, and for shell completion
        return EXIT_INCOMPLETE if isinstance(stop.__context__, OSError) else int(stop.code or 0)
    except OSError as error:
        # polars words a broken pipe, and a full disk, in its own way
        if "Broken pipe" in str(error):
            return EXIT_INCOMPLETE
        return _full(error) if "No space left" in str(error) else _unexpected(error)
    except Exception as error:
        return _unexpected(error)


def _sentence(error: click.ClickException) -> str:
    """Return click's message as one sentence, with the command whose help explains it."""
    context = getattr(error, "ctx", None)
    place = f" (see {context.command_path} --help)" if context is not None else ""
    return f"{' '.join(error.format_message().split())}{place}"


def _full(error: OSError) -> int:
    """Say that the output could not be taken."""
    say(f"cannot write the output ({error.strerror or error}); make room, or write elsewhere.")
    return EXIT_USAGE


def _unexpected(error: Exception) -> int:
    """Say that the program itself failed; exit as for input that was not read, never as clean or as findings."""
    if "-v" in sys.argv or "--verbose" in sys.argv:
        import traceback

        traceback.print_exception(error)
    say(
        f"an error of {PROGRAM} itself ({type(error).__name__}: {error}); nothing can be said about these logs. "
        "Please report it with what -v shows."
    )
    return EXIT_INCOMPLETE
