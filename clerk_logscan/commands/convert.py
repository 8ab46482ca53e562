"""`convert`: every request of any log as Parquet, JSONL or CSV in the common schema."""

from __future__ import annotations

import click

from clerk_logscan.commands.settings import (
    EXIT_CLEAN,
    EXIT_INCOMPLETE,
    EXIT_USAGE,
    SETTINGS,
    SectionCommand,
    given_inputs,
    inputs_argument,
    option,
    reading_options,
    refusing,
    say,
)


@click.command(
    cls=SectionCommand, context_settings=SETTINGS, short_help="Every request of any log as .parquet, .jsonl or .csv."
)
@inputs_argument
@option("-o", "--output", metavar="FILE", required=True, section="Output",
        help="The suffix decides: .parquet .jsonl .csv; - writes JSONL to standard output.")  # fmt: skip
@option("--columns", metavar="A,B,C", section="Output", help="Only these, in this order. Default: all but raw.")
@reading_options
@option("-q", "--quiet", is_flag=True, section="Other", help="No messages.")
@option("--no-progress", is_flag=True, section="Other", help="Show no progress on standard error.")
def convert(
    inputs: tuple[str, ...], output: str, columns: str | None, quiet: bool, no_progress: bool, **asked: object
) -> int:
    """Write every request of any log in one common schema.

    INPUT is a file, a folder (read recursively), a glob, or - for standard
    input; plain or compressed, of any log format.
    """
    from clerk_logscan.commands.memory import keep_freed
    from clerk_logscan.commands.output import refuse_input
    from clerk_logscan.commands.progress import ProgressLine
    from clerk_logscan.convert import convert as run
    from clerk_logscan.options import OptionError, Options
    from clerk_logscan.parsing.definitions import DefinitionError

    inputs = given_inputs(inputs)
    refuse_input(output, inputs)
    keep_freed()
    with refusing(OptionError, DefinitionError):
        options = Options.of(**asked)
        chosen = [name.strip() for name in columns.split(",")] if columns else None
        with ProgressLine(not (quiet or no_progress)) as progress:
            logs = run(inputs, output, chosen, options, progress)
    for failure in logs.failures:
        say(failure)
    if not logs.sources:
        return EXIT_USAGE
    return EXIT_INCOMPLETE if logs.failures else EXIT_CLEAN
