"""What all commands share: exit codes, the environment's prefix, options used twice, messages on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

PROGRAM: Final = "clerk-logscan"
EXIT_CLEAN: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2
EXIT_INCOMPLETE: Final = 3

# The same prefix for every command: CLERK_LOGSCAN_PROXY_PATH, not CLERK_LOGSCAN_ANALYZE_PROXY_PATH.
SETTINGS: Final[dict[str, Any]] = {
    "auto_envvar_prefix": "CLERK_LOGSCAN",
    "help_option_names": ["-h", "--help"],
    "max_content_width": 80,
}

_F = TypeVar("_F", bound=Callable[..., Any])


class SectionOption(click.Option):
    """An option that stands under a heading of its own in the help."""

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionCommand(click.Command):
    """A command whose help lists its options under the headings that they name; `--help` stands under the last."""

    last_section = "Other"

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of each section, in the order in which the sections first occur."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                sections.setdefault(getattr(param, "section", self.last_section), []).append(record)
        width = max(len(names) for records in sections.values() for names, _ in records)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl([(names.ljust(width), text) for names, text in records])


def option(*names: str, section: str = "Options", **attributes: Any) -> Callable[[_F], _F]:
    """Declare an option that stands under `section` in the help."""
    return click.option(*names, cls=SectionOption, section=section, **attributes)


inputs_argument = click.argument("inputs", metavar="[INPUT]...", nargs=-1)


def reading_options(function: _F) -> _F:
    """Add the options that say how lines are read: `--log-format`, `--parser`, `--assume-timezone`."""
    declared = (
        option(
            "-l",
            "--log-format",
            metavar="FORMAT",
            section="Reading",
            help="A format's name, or a format string of nginx, Apache, HAProxy, Envoy, morgan, gunicorn, uWSGI "
            "or GoAccess. Default: told by the lines themselves.",
        ),
        option(
            "--parser",
            metavar="FILE.toml",
            multiple=True,
            type=click.Path(path_type=Path),
            section="Reading",
            help="A format definition of your own; repeatable.",
        ),
        option(
            "--assume-timezone",
            metavar="ZONE",
            section="Reading",
            help="The zone of logs that state none. Default: UTC.",
        ),
    )
    for decorate in reversed(declared):
        function = decorate(function)
    return function


def given_inputs(inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the inputs; with none, standard input where something is piped into it."""
    if inputs:
        return inputs
    if sys.stdin is None or sys.stdin.isatty():
        raise refuse("no input: name a file, a folder, a glob, or - for standard input")
    return ("-",)


def printable(text: str) -> str:
    """Return `text` on one line without anything that a terminal would obey: names and errors may be an attacker's."""
    from clerk_logscan.visible import visible

    return visible(text)


def say(message: str) -> None:
    """Write one line to standard error, named as the program's."""
    click.echo(f"{PROGRAM}: {printable(message)}", err=True)


def refuse(message: str) -> click.ClickException:
    """Return the error for wrong use: one sentence that needs no help beside it, exit code 2."""
    return click.ClickException(message)


@contextmanager
def refusing(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds, whose text is a sentence for the user, into wrong use (exit code 2)."""
    try:
        yield
    except kinds as error:
        raise refuse(str(error)) from None


def write_out(text: str) -> bool:
    """Write to standard output; False where its reader has left, which is no error of the run."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True
