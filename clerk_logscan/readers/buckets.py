"""The order of literals in which Teddy, the packed search under the sieve, is quickest.

Teddy looks at the first bytes of literals only, at each half of a byte by itself, and puts the literals in buckets: a
place in the text is a candidate of a bucket where each half fits any of its literals. Every candidate is then compared
in full, which costs far more than to pass by. The order of the literals decides on their buckets (crate aho-corasick,
`packed/teddy/generic.rs`): so they are dealt to let as little usual text as possible look like a candidate. With the
literals of the usual proxy path this makes the sieve twice as quick, and a bad order four times as slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, reduce
from math import prod
from operator import and_, or_
from typing import Final

# Usual text of logs. Nothing depends on it but the speed.
_SAMPLE: Final = rb"""
192.0.2.174 - - [07/Mar/2026:18:45:39 +0000] "GET /_next/static/chunks/f7b0c8a1d2e3964f.js HTTP/1.1" 200 153968
"https://app.example.com/blog/post-8" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)
203.0.113.65 - eve [31/Dec/2025:23:59:58 -0500] "POST /api/trpc/user.get?batch=1&input=%7B%220%22%3A17%7D&url=%2Fimg%20a
"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) Version/18.3 Mobile/15E148 Safari/604.1" Chrome/133.0.0.0
{"level":30,"time":"2026-03-07T18:45:39.183Z","pid":7,"req":{"id":"req-4f","method":"GET","url":"/dashboard?tab=2\u0026q
"host":"app.example.com","remoteAddress":"::ffff:198.51.100.4","headers":{"user-agent":"curl/8.5.0","x-forwarded-for":
https 2026-03-07T18:45:39.690214Z app/web/50dc6c495c0c9188 10.1.62.9:46532 10.0.0.5:3000 0.001 0.028 -1 502 241 1893
"GET https://app.example.com:443/pricing HTTP/1.1" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:ecs:
2026-03-07	18:45:39	FRA56-P2	IAD89	GET	d111abcdef8.cloudfront.net	/favicon.ico	Mozilla/5.0%20(X11;%20Linux)
Hit	SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ== "Root=1-58337262-36d228ad5d99923122bbe354"
Mar  7 18:45:39 lb haproxy[1429]: 10.0.1.2:33317 [07/Mar/2026:18:45:39.655] web~ app/srv_1 10/0/30/69/109 - - ---- 1/1/0
2026-03-07T18:45:39+00:00 stdout F at=info method=GET path="/images/Zq%C3%BC9.webp?v=16&w=640" fwd="192.0.2.9"
"""
_DEEPEST: Final = 4  # first bytes that Teddy looks at, fewer where a literal is shorter
_ROOM: Final = 4  # literals of a bucket
_FILLER: Final = b"\x01\x02\x03\x04"  # with a number behind it; it occurs in no log

# At which places of the sample the lower and the upper half of each byte looked at fit, as the bits of integers.
_Fits = list[int]


def dealt(literals: Iterable[bytes], buckets: int) -> list[bytes]:
    """Return `literals`, at most four for each of `buckets`, in the quickest order found.

    Fillers may be among them, which hold the places of buckets that have fewer.
    """
    held = sorted(literals, key=len, reverse=True)
    depth = min(_DEEPEST, len(held[-1]))
    rows: list[list[bytes]] = [[] for _ in range(buckets)]
    fits: list[_Fits] = [[0] * 2 * depth for _ in range(buckets)]
    families = _families(held, depth)
    for family in sorted(families, key=lambda family: -_cost(_fits(family, depth))):
        own = _fits(family, depth)
        free = (bucket for bucket in range(buckets) if len(rows[bucket]) < _ROOM)
        best = min(free, key=lambda bucket: _cost(_either(fits[bucket], own)) - _cost(fits[bucket]))
        rows[best].append(family[0])
        fits[best] = _either(fits[best], own)
    return _in_turn(rows, [literal for family in families for literal in family[1:]])


def _families(literals: Sequence[bytes], depth: int) -> list[list[bytes]]:
    """Return the literals, the longest first, by the lower halves of their first bytes.

    Teddy puts all of a family in the bucket of the first, wherever the others stand.
    """
    families: dict[bytes, list[bytes]] = {}
    for literal in literals:
        families.setdefault(bytes(byte & 15 for byte in literal[:depth]), []).append(literal)
    return list(families.values())


def _in_turn(rows: Sequence[Sequence[bytes]], others: list[bytes]) -> list[bytes]:
    """Return one literal of each row in turn, as Teddy deals them to its buckets; `others` take free places."""
    order = []
    for place in range(max(map(len, rows))):
        for row in rows:
            if place < len(row):
                order.append(row[place])
            else:
                order.append(others.pop() if others else _FILLER + bytes([len(order) + 1]))
    return order + others


@cache
def _halves() -> tuple[list[int], list[int]]:
    """Return at which places of the sample stands a byte with each lower and each upper half."""
    lower, upper = [0] * 16, [0] * 16
    for place, byte in enumerate(_SAMPLE):
        lower[byte & 15] |= 1 << place
        upper[byte >> 4] |= 1 << place
    return lower, upper


def _fits(family: Iterable[bytes], depth: int) -> _Fits:
    """Return where the halves of the first bytes of any of a family fit."""
    lower, upper = _halves()
    each = (
        [half[key] >> at for at in range(depth) for half, key in ((lower, literal[at] & 15), (upper, literal[at] >> 4))]
        for literal in family
    )
    return reduce(_either, each)


def _either(one: _Fits, other: _Fits) -> _Fits:
    return list(map(or_, one, other))


def _cost(fits: _Fits) -> float:
    """Return how many places of the sample are candidates, and how many would be with its bytes shuffled."""
    bytes_fit = list(map(and_, fits[::2], fits[1::2]))
    by_chance: float = prod(one.bit_count() / len(_SAMPLE) for one in bytes_fit) * len(_SAMPLE)
    return float(reduce(and_, bytes_fit).bit_count() + by_chance)
