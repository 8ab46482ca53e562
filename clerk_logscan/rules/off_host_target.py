"""The key goes to a foreign host: the whole vulnerability."""

from __future__ import annotations

import polars as pl

from clerk_logscan.rules.client_hosts import CLIENT_HOSTS
from clerk_logscan.rules.rule import Example, Rule

RULE = Rule(
    id="off-host-target",
    severity="critical",
    title="The proxy is told to send the secret key to a foreign host",
    reason=(
        "What follows the proxy path names another host. The vulnerable proxy resolves it as a URL reference against "
        "the Frontend API, so the request, the caller's headers and your Clerk-Secret-Key go to that host "
        "(CVE-2026-34076)."
    ),
    harmless=(
        "A hop in front may have merged the slashes before the application saw them, or the application may already "
        "run a fixed version; only a log behind that hop, or the time of the upgrade, shows it."
    ),
    when=pl.col("off_host") & pl.col("target_host").is_in(CLIENT_HOSTS).not_(),
    examples=(
        Example("/__clerk//evil.example/x", True, "the advisory's own case"),
        Example("/__clerk/\\evil.example/x", True, "a backslash counts as a slash in a URL"),
        Example("/__clerk//169.254.169.254/latest/meta-data/", True, "an internal target is foreign, too"),
        Example("/__clerk//user:pw@evil.example/", True, "refused by fetch, and reported all the same"),
        Example("/__clerk/v1/client", False, "an ordinary request"),
        Example("/__clerk//v1/client", False, "the known clerk-js bug"),
        Example("/__clerk/%2fevil.example/x", False, "nothing is percent-decoded by the proxy"),
        Example("/other//evil.example/x", False, "not under the proxy path"),
    ),
)
