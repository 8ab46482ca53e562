"""Registrable domains are those of the whole public suffix list, though most names are settled without it."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from clerk_logscan.incident.domains import registrable

WHOLE = PublicSuffixList()
RULES = [line.split()[0] for line in Path(PSLFILE).read_text("utf-8").splitlines() if line and line[:2] != "//"]
LABELS = st.sampled_from(
    ["a", "www", "co", "com", "uk", "ck", "jp", "github", "io", "xn--p1ai", "a_b", "-", "", "example"]
)


def expected(host: str) -> str:
    return WHOLE.privatesuffix(host) or host


def test_each_rule_holds_for_the_names_around_it() -> None:
    """A suffix itself, names under it, its parent, and another name under the same top-level domain."""
    chance = random.Random(1)
    for rule in chance.sample(RULES, 3000):
        suffix = rule.lstrip("!").replace("*", "x").encode("idna").decode()
        top = suffix.rpartition(".")[2]
        for host in (suffix, f"a.{suffix}", f"b.a.{suffix}", suffix.partition(".")[2] or top, f"unlisted.{top}"):
            assert registrable(host) == expected(host)


@given(st.lists(LABELS, min_size=1, max_size=5).map(".".join))
def test_any_name_has_the_domain_that_the_list_gives_it(host: str) -> None:
    """Listed or not, valid or not; a dot at the end aside, which is no part of a name's text."""
    assert registrable(host) == expected(host.rstrip("."))
