"""The known clerk-js bug: a proxy URL with a trailing slash makes honest browsers ask for the host `v1` or `npm`."""

from __future__ import annotations

import polars as pl

from clerk_logscan.rules.client_hosts import CLIENT_HOSTS
from clerk_logscan.rules.rule import Example, Rule

RULE = Rule(
    id="client-double-slash",
    severity="info",
    title="The known clerk-js bug with a proxy URL that ends in a slash",
    reason=(
        "Older clerk-js, configured with a proxy URL that ends in a slash, asks for //v1 or //npm below the proxy path "
        "itself (clerk/javascript pull request 6706). The vulnerable proxy takes that for the host v1 or npm, a single "
        "label that does not resolve, so nothing is sent."
    ),
    harmless="Honest browsers send these. Remove the trailing slash from the proxy URL.",
    when=pl.col("off_host") & pl.col("target_host").is_in(CLIENT_HOSTS),
    examples=(
        Example("/__clerk//v1/client?_clerk_js_version=5.0.0", True, "the Frontend API's path taken for a host"),
        Example("/__clerk//npm/@clerk/clerk-js@5/dist/clerk.browser.js", True, "clerk-js loading itself"),
        Example("/__clerk//v1.example/client", False, "a real host that begins alike"),
        Example("/__clerk/v1/client", False, "the same request done right"),
    ),
)
