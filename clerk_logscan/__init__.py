"""Audit access logs for CVE-2026-34076: was the Clerk-Secret-Key sent to a foreign host?

The public Python API, and nothing else: `analyze`, `scan_logs`, `explain`, `Report`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it; that module takes longer to import than Python to start
if TYPE_CHECKING:
    from typing import Any

    from clerk_logscan.api import analyze as analyze
    from clerk_logscan.logs import scan_logs as scan_logs
    from clerk_logscan.proxy import Destination as Destination
    from clerk_logscan.proxy import explain as explain
    from clerk_logscan.report import Report as Report

__version__ = "1.0.0"
__all__ = ["Destination", "Report", "analyze", "explain", "scan_logs"]

_HOMES = {
    "Destination": "proxy",
    "Report": "report",
    "analyze": "api",
    "explain": "proxy",
    "scan_logs": "logs",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `explain` alone must not load polars."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
