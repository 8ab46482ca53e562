"""The target has no valid host: an error 500, or the Node process dies."""

from __future__ import annotations

import polars as pl

from clerk_logscan.rules.rule import NOWHERE, Example, Rule

RULE = Rule(
    id="unresolvable-target",
    severity="medium",
    title="The proxy is given a host that is none: a probe, or a crash",
    reason=(
        "What follows the proxy path begins like another host, but has no valid one, so the proxy throws. Fastify and "
        "Hono answer 500; with Express 4 the Node process dies, and an outage follows. Honest clients do not ask for "
        "this: it is how the hole is probed, or used to bring the application down."
    ),
    harmless="A crawler that follows broken links may do it; no key leaves with such a request.",
    when=pl.col("unresolvable"),
    examples=(
        Example("/__clerk//", True, "an empty host"),
        Example("/__clerk//:80/", True, "a port without a host"),
        Example("/__clerk//%zz/", True, "a host that is no host"),
        Example("/__clerk/", False, "the Frontend API's own root"),
        Example("/__clerk//evil.example/", False, "a valid host: the graver rule"),
    ),
    target=NOWHERE,
)
