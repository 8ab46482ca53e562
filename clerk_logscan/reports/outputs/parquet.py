"""`.parquet`: the findings as the typed frame, exact."""

from __future__ import annotations

import io

from clerk_logscan.report import Report


def render(report: Report) -> bytes:
    """Return the findings as Parquet (zstd), times as `Datetime(us, UTC)`."""
    out = io.BytesIO()
    report.findings.write_parquet(out, compression="zstd")
    return out.getvalue()
