"""Decoding hops: what a real nginx, with a URI in proxy_pass, makes of a target is found in the logged one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from wire import Backend, Sent

from clerk_logscan import destinations, proxy, schema

ORACLE = Path(__file__).parent.parent / "data" / "oracle.jsonl"
STARTS = ["/", "/__clerk", "/__clerk/", "/__cl%65rk", "/x/..%2f__clerk", "/__clerk%2f", "/%5f%5fclerk/"]
PIECES = r"""
/ // \ .. . %2e %2f %2F %5c %252f % %C3%A9 evil.example /__clerk __clerk x @ %40 %3a80 ? %3f %23 # %20 %00 %2e%2e ..%2f
%c3 " ^ v1 :22 %7e %25
"""


class Options:
    proxy_paths = ("/__clerk",)
    framework = "any"
    allow_hosts = ()


def targets() -> list[str]:
    made = random.Random(5)
    pieces = PIECES.split()
    recorded = [json.loads(line)["target"] for line in ORACLE.read_text().splitlines()][::3]
    return recorded + [made.choice(STARTS) + "".join(made.choices(pieces, k=made.randint(1, 5))) for _ in range(600)]


@pytest.mark.parametrize(("merge_slashes", "only_decoded"), [("off", 4), ("on", 0)])
def test_no_leak_behind_nginx_is_missed(
    nginx: Callable[..., Any], backend: Backend, merge_slashes: str, only_decoded: int
) -> None:
    """Whatever leaks as nginx passes it on is off-host as logged, or off-host after decoding: some only then."""
    location = f"merge_slashes {merge_slashes}; location / {{ proxy_pass http://127.0.0.1:{backend.port}/; }}"
    server = nginx({"combined": None}, location)
    leaks = {}
    for target in targets():
        before = len(backend.requests)
        server.send(Sent(target.encode("latin-1")))
        arrived = [behind.decode("latin-1") for behind in backend.targets()[before:]]
        if any(proxy.resolve(behind).off_host for behind in arrived):
            leaks[target] = arrived
    logged = [target.encode("latin-1").decode("utf-8", "backslashreplace") for target in leaks]
    rows = pl.DataFrame({"request_target": logged, "_non_ascii": [not target.isascii() for target in leaks]})
    found = destinations.resolve(schema.conform(rows), Options())
    missed = found.filter(~(pl.col("off_host") | pl.col("decoded_off_host")))
    assert [(target, leaks[target]) for target in missed["request_target"]] == []
    assert found.height > 3
    assert found.filter(~pl.col("off_host")).height >= only_decoded
