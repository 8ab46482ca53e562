"""`report`: write a saved report again in another form."""

from __future__ import annotations

from pathlib import Path

import click

from clerk_logscan.commands.settings import SETTINGS, option, refuse, refusing


@click.command(context_settings=SETTINGS, short_help="Write a saved report again in another form.")
@click.argument("saved", metavar="REPORT.json", type=click.Path(path_type=Path))
@option("-o", "--output", metavar="FILE", multiple=True, type=click.Path(),
        help="Where to; the suffix decides, as for analyze. Repeatable. Without it the report is printed.")  # fmt: skip
@option("--redact", is_flag=True, help="Mask cookies, tokens, query values and bystanders' addresses.")
def report(saved: Path, output: tuple[str, ...], redact: bool) -> int:
    """Write a saved report again in another form; nothing is computed anew."""
    from clerk_logscan.commands.output import check_outputs, publish
    from clerk_logscan.options import OptionError
    from clerk_logscan.report import Report, ReportError

    with refusing(OptionError):
        targets = check_outputs(output, (str(saved),))
    with refusing(ReportError):
        document = Report.from_json(_bytes(saved))
    if redact:
        document = document.redacted()
    written = publish(document, targets, quiet=bool(targets))
    return 0 if written else 2


def _bytes(path: Path) -> bytes:
    """Read the saved report; a file that cannot be read is wrong use."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise refuse(f"{path} cannot be read ({error.strerror or error})") from None
