"""Harmless as logged, but off-host if a hop in front of the application percent-decodes the path."""

from __future__ import annotations

import polars as pl

from clerk_logscan.rules.client_hosts import CLIENT_HOSTS
from clerk_logscan.rules.rule import DECODED, Example, Rule

RULE = Rule(
    id="off-host-after-decoding",
    severity="medium",
    title="The key would go to a foreign host if a hop in front decodes the path",
    reason=(
        "As logged, the target stays on the Frontend API. Percent-decoded once, it names a foreign host: nginx does "
        "that where proxy_pass has a URI and merge_slashes is off, and so do other normalising proxies. It is possible "
        "that the key was sent; the application's own log settles it."
    ),
    harmless=(
        "Most setups pass the target on as it came; then nothing left the Frontend API. Where the application's own "
        "log shows the same target undecoded, it is void."
    ),
    when=pl.col("decoded_off_host") & pl.col("decoded_host").is_in(CLIENT_HOSTS).not_(),
    examples=(
        Example("/__clerk/%2fevil.example/x", True, "an encoded second slash"),
        Example("/__clerk%2f%2fevil.example/x", True, "both slashes encoded"),
        Example("/__cl%65rk//evil.example/x", True, "an encoded letter of the proxy path"),
        Example("/x/..%2f__clerk/%2fevil.example", True, "dot segments that appear when decoded"),
        Example("/__clerk/%252fevil.example/x", False, "encoded twice: one decoding does not reach it"),
        Example("/__clerk//evil.example/x", False, "off-host without any decoding: the graver rule"),
        Example("/__clerk/%2fv1/client", False, "decodes to the known clerk-js bug"),
        Example("/__clerk/v1/client?next=%2f%2fevil.example", False, "the query plays no part"),
    ),
    target=DECODED,
)
