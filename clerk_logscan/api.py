"""`analyze` for programs and notebooks: the command's arguments, by keyword."""

from __future__ import annotations

from typing import Any

from clerk_logscan import analysis
from clerk_logscan.options import Options
from clerk_logscan.report import Report


def analyze(*inputs: str, **options: Any) -> Report:
    """Read the logs `inputs` (files, folders, globs) and return the Report.

    `options` are those of the command, by keyword and in the singular as there: `proxy_path="/auth"` or a list of them,
    `since="2026-03-01"` or a datetime. Raises OptionError and DefinitionError for what cannot be used; a log that
    cannot be read is a row of `report.inputs` with an error.
    """
    return analysis.analyze(inputs, Options.of(**options))
