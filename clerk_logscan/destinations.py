"""Destinations: every request of a frame gets the host that the vulnerable proxy would have sent the key to."""

from __future__ import annotations

from typing import Final

import polars as pl

# What `resolve` adds to a frame, in this order. `slashes`: two or more adjacent slashes (either kind) in the path
# that the proxy took. `decoded_*`: the same answers for the path percent-decoded exactly once by a hop in front.
DESTINATION_COLUMNS: Final[dict[str, pl.DataType]] = {
    "matched": pl.Boolean(),  # the request reaches the proxy handler, under one of the proxy paths
    "proxy_path": pl.String(),  # the proxy path that took it; null where none
    "target_host": pl.String(),  # who gets the key: lower-case ASCII, no port; the Frontend API itself when harmless
    "target_url": pl.String(),  # what is fetched
    "target_kind": pl.String(),  # canary, metadata, loopback, link-local, private, single-label, public; off-host only
    "off_host": pl.Boolean(),  # a foreign host gets the key, or would if fetch did not refuse
    "refused": pl.Boolean(),  # fetch refuses before it connects
    "unresolvable": pl.Boolean(),  # no valid host: an error 500, or the process dies
    "crashes": pl.Boolean(),  # the Node process dies in at least one of the frameworks asked for
    "slashes": pl.Boolean(),  # two or more adjacent slashes under the proxy path
    "decoded_matched": pl.Boolean(),
    "decoded_host": pl.String(),
    "decoded_url": pl.String(),
    "decoded_kind": pl.String(),
    "decoded_off_host": pl.Boolean(),
    "decoded_refused": pl.Boolean(),
    "decoded_unresolvable": pl.Boolean(),
}
