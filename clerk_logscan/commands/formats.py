"""`formats`: the log formats known, one of them, how a file was understood, or a lint of a definition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clerk_logscan.commands.settings import SETTINGS, option, printable, refuse, refusing, write_out

if TYPE_CHECKING:
    from clerk_logscan.parsing.definitions import Definition, Sample
    from clerk_logscan.parsing.library import Library


@click.command(context_settings=SETTINGS, short_help="The log formats known, or one of them.")
@click.argument("name", required=False)
@option("--why", metavar="FILE", type=click.Path(path_type=Path), help="Say how a log file was understood, and why.")
@option("--infer", metavar="FILE", type=click.Path(path_type=Path), help="Write a definition for a log file.")
@option("--check", metavar="FILE.toml", type=click.Path(path_type=Path),
        help="Lint a definition and run its samples.")  # fmt: skip
@option("--parser", metavar="FILE.toml", multiple=True, type=click.Path(path_type=Path),
        help="Know this definition, too; repeatable.")  # fmt: skip
def formats(
    name: str | None, why: Path | None, infer: Path | None, check: Path | None, parser: tuple[Path, ...]
) -> int:
    """List the log formats known; or show one of them with its fields, a
    sample line and how that line is read.

    --infer guesses the layout of a log and writes it as a definition, to
    keep, correct and pass by --parser.

    The list says of each whether its lines can show the attack, and whether
    they tell that a request was forwarded to the application.
    """
    from clerk_logscan.parsing.definitions import DefinitionError
    from clerk_logscan.parsing.library import load_definitions

    if sum(given is not None for given in (name, why, infer, check)) > 1:
        raise refuse("give one of NAME, --why, --infer and --check")
    with refusing(DefinitionError):
        library = load_definitions(parser)
        if check is not None:
            return _check(check)
        if why is not None:
            return _why(why, library)
        if infer is not None:
            return _infer(infer, library)
        write_out(_listed(library.values()) if name is None else _one(_known(name, library)))
    return 0


def _known(name: str, library: Library) -> Definition:
    """Return a definition by name; an unknown one is refused with those that are alike."""
    from difflib import get_close_matches

    if name in library:
        return library[name]
    alike = get_close_matches(name.replace("-", "_"), list(library), n=3)
    hint = f"did you mean {' or '.join(alike)}?" if alike else "`clerk-logscan formats` lists them"
    raise refuse(f"no format is called {name!r}: {hint}")


def _listed(definitions: Iterable[Definition]) -> str:
    """Return the list of formats as a table."""
    rows = [("NAME", "GRAMMAR", "ATTACK", "FORWARDED", "TITLE")]
    for one in definitions:
        rows.append((one.name, one.grammar, shows_attack(one), tells_forwarded(one), one.title))
    return table(rows)


def shows_attack(definition: Definition) -> str:
    """Say whether such a log can show the attack: `yes`, `no: $uri` (the normalised field), or `-` for no requests."""
    if not definition.requests:
        return "-"
    return f"no: {definition.hidden_by}" if definition.hidden_by else "yes"


def tells_forwarded(definition: Definition) -> str:
    """Say whether such a log tells that a request reached the application: by its own evidence or columns."""
    if definition.hop == "application":
        return "application"
    told = definition.evidence or "forwarded" in definition.columns
    return "yes" if told else "no"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as left-aligned columns, two blanks apart."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _one(definition: Definition) -> str:
    """Return one format: what it is, where its fields come from, and how a sample line is read."""
    lines = [
        f"{definition.name}: {definition.title}",
        "",
        f"  vendor        {definition.vendor}",
        f"  grammar       {definition.grammar}, escaping {definition.escape}",
        f"  written by    {definition.hop}",
        f"  shows attack  {shows_attack(definition)}",
        f"  forwarded     {tells_forwarded(definition)}",
    ]
    if definition.best_effort:
        lines.append("  best effort   the vendor says that lines may be lost")
    lines += [f"  pattern       {template.pattern}" for template in definition.templates]
    if definition.columns:
        lines += ["", "  fields"]
        lines += [
            f"    {column:<16}  {' or '.join(' '.join(source.fields) for source in sources)}"
            for column, sources in definition.columns.items()
        ]
    lines += [f"  evidence      {one.shows}: {one.reason}" for one in definition.evidence]
    if definition.samples:
        lines += _sample(definition.samples[0])
    return "".join(f"{printable(line)}\n" for line in lines)


def _sample(sample: Sample) -> list[str]:
    """Return a sample line and what it says, column by column."""
    read = [
        f"    {column:<16}  {'(not logged)' if value is None else value}" for column, value in sample.expect.items()
    ]
    return ["", "  sample", f"    {sample.line}", "", "  read as", *read]


def _why(path: Path, library: Library) -> int:
    """Print how a log file was understood: what was peeled, recognised, and the evidence."""
    from clerk_logscan.commands.format_why import explanation
    from clerk_logscan.options import OptionError

    with refusing(OptionError):
        for line in explanation(str(path), library):
            write_out(f"{printable(line)}\n")
    return 0


def _infer(path: Path, library: Library) -> int:
    """Print the definition that is guessed for a log file."""
    from clerk_logscan.commands.format_infer import documents
    from clerk_logscan.options import OptionError

    with refusing(OptionError):
        write_out("\n".join(documents(str(path), library)))
    return 0


def _check(path: Path) -> int:
    """Print the faults of a definition and its samples; exit code 1 where there are any."""
    from clerk_logscan.commands.format_check import faults

    found = [printable(fault) for fault in faults(path)]
    good = f"{printable(str(path))}: good; every sample is read as it expects"
    write_out("".join(f"{line}\n" for line in found or [good]))
    return 1 if found else 0
