"""`rules`: the detector rules, or one of them with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clerk_logscan.commands.formats import table
from clerk_logscan.commands.settings import SETTINGS, printable, refuse, write_out

if TYPE_CHECKING:
    from clerk_logscan.rules import Example, Rule


@click.command(context_settings=SETTINGS, short_help="The detector rules, or one with its reasons.")
@click.argument("name", required=False)
def rules(name: str | None) -> int:
    """List the rules, the gravest first; or show one with its reason, what
    would explain it harmlessly, and examples.
    """
    from clerk_logscan.rules import known

    if name is None:
        rows = [("RULE", "SEVERITY", "TITLE"), *((rule.id, rule.severity, rule.title) for rule in known())]
        write_out(table(rows))
        return 0
    for rule in known():
        if rule.id == name:
            write_out(_one(rule))
            return 0
    raise refuse(f"no rule is called {name!r}: there are {', '.join(rule.id for rule in known())}")


def _one(rule: Rule) -> str:
    """Return one rule with its reasons and examples."""
    import textwrap

    parts = [f"{rule.id} ({rule.severity}): {rule.title}"]
    parts += [textwrap.fill(text, 78) for text in (rule.reason, f"Harmless if: {rule.harmless}")]
    parts.append("\n".join(["Examples:", *(_example(example) for example in rule.examples)]))
    return "\n\n".join(parts) + "\n"


def _example(example: Example) -> str:
    """Return one example: whether the rule matches, the request target, and what it shows."""
    return f"  {'yes' if example.matches else 'no ':<3}  {printable(example.target)}\n       {example.why}"
