"""The hosts that clerk-js' own double slash names; shared by the rules that must tell the two apart."""

from __future__ import annotations

from typing import Final

# Older clerk-js, given a proxy URL with a trailing slash, asked for `//v1/client` and `//npm/@clerk/...` below it
# (clerk/javascript pull request 6706). Neither name can resolve: they are single labels.
CLIENT_HOSTS: Final = ("v1", "npm")
