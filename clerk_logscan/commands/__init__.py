"""One file a command; each imports what it needs when it runs, so that `--help` stays light."""

from __future__ import annotations

from clerk_logscan.commands.analyze import analyze
from clerk_logscan.commands.convert import convert
from clerk_logscan.commands.explain import explain
from clerk_logscan.commands.formats import formats
from clerk_logscan.commands.report import report
from clerk_logscan.commands.rules import rules

COMMANDS = (analyze, explain, convert, formats, rules, report)

__all__ = ["COMMANDS"]
