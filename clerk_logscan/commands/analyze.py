"""`analyze`: find the requests, write the timeline and the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from clerk_logscan.commands.settings import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clerk_logscan.report import Report

# From the gravest down; `never` is added for --fail-on. The same words as schema.SEVERITIES, which loads polars.
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")

_LARGE: Final = 8 << 20  # bytes, as they are stored


@click.command(
    cls=SectionCommand, context_settings=SETTINGS, short_help="Find the requests, write the timeline and the verdict."
)
@inputs_argument
@reading_options
@option("--proxy-path", metavar="PATH", multiple=True, section="Your application",
        help="The configured proxy path. Default: /__clerk. Repeatable: each is tried.")  # fmt: skip
@option("--framework", metavar="NAME", section="Your application",
        help="Whose behaviour decides: express, fastify, hono, or that of at least one: any (default).")  # fmt: skip
@option("--allow-host", metavar="HOST", multiple=True, section="Your application",
        help="A host of your own that the proxy may reach (a custom Frontend API); repeatable.")  # fmt: skip
@option("--host", metavar="HOST", multiple=True, section="Your application",
        help="Only requests to this Host, where the log names one; repeatable.")  # fmt: skip
@option("--vulnerable-from", metavar="DATE", section="Your application",
        help="When the vulnerable version was first deployed.")  # fmt: skip
@option("--vulnerable-until", metavar="DATE", section="Your application",
        help="When it was fixed or switched off.")  # fmt: skip
@option("--key-rotated", metavar="DATE", section="Your application",
        help="When the secret key was rotated: the verdict then says which leaks still matter.")  # fmt: skip
@option("--since", metavar="DATE", section="Time", help="Only requests from this time on.")
@option("--until", metavar="DATE", section="Time",
        help="Only requests up to this time. A day alone means its end here and for --vulnerable-until, "
             "else its start; UTC where no zone is named.")  # fmt: skip
@option("--context", metavar="DURATION", section="Time",
        help="Other requests of the same clients around each finding: 10m (default), 1h30m, 0 for none.")  # fmt: skip
@option("-o", "--output", metavar="FILE", multiple=True, type=click.Path(), section="Output",
        help="Write a report; the suffix decides: .html .md .json .jsonl .csv .parquet .stix.json .timesketch.jsonl. "
             "Repeatable. - writes JSONL to standard output, and the report for people to standard error.")  # fmt: skip
@option("--fail-on", metavar="SEVERITY", type=click.Choice([*SEVERITIES, "never"]), default="low", section="Output",
        help="The lowest severity for exit code 1: critical, high, medium, low (default), info; or never.")  # fmt: skip
@option("--redact", is_flag=True, section="Output",
        help="Mask every cookie, token and query value, and the addresses of bystanders, in every report.")  # fmt: skip
@option("--unparsed", metavar="FILE", type=click.Path(path_type=Path), section="Output",
        help="Write every line that no format could read, as it stands, with its source and number.")  # fmt: skip
@option("--full", is_flag=True, section="Other", help="Parse every line, not only candidates.")
@option("--evidence", is_flag=True, section="Other", help="Hash every input (SHA-256).")
@option("-q", "--quiet", is_flag=True, section="Other", help="Print the verdict alone, and no messages.")
@option("--no-progress", is_flag=True, section="Other", help="Show no progress on standard error.")
@option("-v", "--verbose", is_flag=True, section="Other", help="Say more of what is done, and where an error arose.")
def analyze(
    inputs: tuple[str, ...],
    output: tuple[str, ...],
    fail_on: str,
    quiet: bool,
    no_progress: bool,
    verbose: bool,
    **asked: Any,
) -> int:
    """Find every request that made the vulnerable proxy send the secret key
    elsewhere; print the timeline and the verdict.

    INPUT is a file, a folder (read recursively), a glob, or - for standard
    input; plain or compressed, of any log format.

    \b
    Exit codes: 0  nothing at or above --fail-on, and all was read
                1  findings
                2  wrong use, or no input could be opened
                3  nothing at or above --fail-on, but something could not
                   be read or told
    """
    from clerk_logscan.commands.output import check_outputs, check_unparsed, publish
    from clerk_logscan.options import OptionError, Options

    inputs = given_inputs(inputs)
    with refusing(OptionError):
        options = Options.of(**asked)
        targets = check_outputs(output, inputs)
        check_unparsed(options.unparsed, inputs)
    if not quiet:
        for note in options.notes:
            say(note)
    report = _analyzed(inputs, options, shown=not (quiet or no_progress))
    unopened = [row for row in report.data["inputs"] if row["bytes"] is None]
    for row in unopened:
        say(row["error"])
    if len(unopened) == len(report.data["inputs"]):
        return EXIT_USAGE
    written = publish(report, targets, quiet=quiet)
    if verbose:
        _say_inputs(report)
    code = exit_code(report, fail_on)
    return code if written or code == EXIT_FINDINGS else EXIT_USAGE


def _say_inputs(report: Report) -> None:
    """Say of every input how it was read; the report on the terminal names only the first few."""
    from clerk_logscan.reports import words

    for row in report.data["inputs"]:
        formats = ", ".join(f"{name} ({count:,})" for name, count in row["log_formats"].items()) or "no format"
        end = f"not read to its end: {row['error']}" if row["error"] else "read to its end"
        lines = words.count(row["lines"] or 0, "line")
        say(f"{row['source']}: {lines}, {row['examined'] or 0:,} parsed, {formats}; {end}")


def _analyzed(inputs: tuple[str, ...], options: Any, *, shown: bool) -> Report:
    """Run the pipeline with a progress line; errors of definitions and formats are wrong use."""
    from clerk_logscan.commands.processors import one_for_small, stored_sizes

    sizes = stored_sizes(inputs)
    with one_for_small(sizes):  # polars' own threads begin with its import
        _begin(sizes, options)
        from clerk_logscan.analysis import analyze as run
        from clerk_logscan.commands.memory import keep_freed
        from clerk_logscan.commands.progress import ProgressLine
        from clerk_logscan.options import OptionError
        from clerk_logscan.parsing.definitions import DefinitionError

        keep_freed()
        with refusing(OptionError, DefinitionError), ProgressLine(shown) as progress:
            return run(inputs, options, progress)


def _begin(sizes: Sequence[int | None], options: Any) -> None:
    """Compile the patterns for large logs beside the imports: their first blocks would wait for them."""
    import threading

    from clerk_logscan.readers.search import Search

    if sum(size or 0 for size in sizes) >= _LARGE:
        threading.Thread(target=Search(options.proxy_paths).prepare, daemon=True).start()


def exit_code(report: Report, fail_on: str) -> int:
    """Return the exit code of a report on inputs that could be opened; `fail_on` is a severity or `never`."""
    from clerk_logscan.rows import distinct

    graver = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()
    if any(severity in graver for (severity,) in distinct(report.data["findings"], "severity")):
        return EXIT_FINDINGS
    rows = report.data["inputs"]
    if report.data["statement"].get("reasons") or not all(row["complete"] for row in rows):
        return EXIT_INCOMPLETE
    return EXIT_CLEAN
