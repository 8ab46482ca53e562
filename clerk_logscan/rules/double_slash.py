"""Two or more slashes under the proxy path that stay on the Frontend API: what the advisory's own search finds."""

from __future__ import annotations

import polars as pl

from clerk_logscan.proxy import FRONTEND_API_HOSTS
from clerk_logscan.rules.rule import NOWHERE, Example, Rule

# A host that the user allowed is reached on purpose.
_CLERKS_OWN = pl.col("target_host").is_null() | pl.col("target_host").is_in(list(FRONTEND_API_HOSTS))

RULE = Rule(
    id="double-slash",
    severity="low",
    title="Repeated slashes under the proxy path, and no foreign host",
    reason=(
        "The target holds two or more slashes under the proxy path, as the advisory says to search for, but it "
        "resolves to the Frontend API itself. It may be a probe that missed."
    ),
    harmless="Clients that join URLs carelessly do it.",
    when=pl.col("slashes") & pl.col("matched") & pl.col("off_host").fill_null(value=False).not_() & _CLERKS_OWN,
    examples=(
        Example("/__clerk/v1//client", True, "deeper in the path"),
        Example("/__clerk//frontend-api.clerk.dev/v1/client", True, "names the Frontend API itself"),
        Example("/__clerk/v1/client", False, "single slashes"),
        Example("/__clerk//evil.example/", False, "a foreign host: the graver rule"),
    ),
    target=NOWHERE,
)
