"""hosts: the kind of a host, the first that holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from publicsuffixlist import PSLFILE, PublicSuffixList

from clerk_logscan import hosts

KINDS = {
    "canary": "webhook.site x.oast.fun a.b.oastify.com burpcollaborator.net. abc.dnslog.cn token.canarytokens.com",
    "metadata": "169.254.169.254 [fd00:ec2::254] metadata.google.internal metadata.google.internal. [::ffff:a9fe:a9fe]",
    "loopback": "127.0.0.1 127.8.9.1 [::1] localhost localhost. app.localhost 0.0.0.0 [::] [::ffff:7f00:1]",
    "link-local": "169.254.1.1 [fe80::1] 169.254.170.2",
    "private": "10.0.0.1 172.31.255.255 192.168.1.1 100.64.0.1 [fd12::1] db.internal x.local [64:ff9b::a00:1]",
    "single-label": "v1 npm evil x. _ metadata",
    "public": "evil.example 203.0.113.77 [2001:db8::1] 172.32.0.1 notwebhook.site internal.example xn--p1ai.test",
}


@pytest.mark.parametrize(("kind", "host"), [(kind, host) for kind, text in KINDS.items() for host in text.split()])
def test_kind_of_host(kind: str, host: str) -> None:
    """Names with or without a trailing dot, addresses in either version."""
    assert hosts.kind(host) == kind


def test_canary_domains_are_lower_case_names() -> None:
    """The data file holds domains, each once, none a whole top-level domain."""
    domains = hosts.canary_domains()
    assert len(domains) > 50
    assert all(domain == domain.lower() and "." in domain and " " not in domain for domain in domains)


def test_the_public_suffixes_of_a_host_are_those_of_the_whole_list() -> None:
    """Rules in other scripts are known in Punycode, too; exceptions and wildcards as they are; unknown labels are."""
    theirs = PublicSuffixList()
    rules = [line.split(" ")[0] for line in Path(PSLFILE).read_text("utf-8").splitlines() if line[:2] not in {"", "//"}]
    names = [rule.lstrip("!*.") for rule in rules]
    names += [name.encode("idna").decode() for name in names if not name.isascii()]
    asked = [f"{before}{name}" for name in names for before in ("", "a.", "b.a.")]
    assert len(asked) > 20_000
    asked += ["", "a", "a.example", "b.a.example", "a.xn--", "a.xn--99999999999", "a.\udcff", "B.A.CO.UK", "a..uk"]
    assert [
        name for name in asked if hosts.public_suffixes(name).privatesuffix(name) != theirs.privatesuffix(name)
    ] == []
    for name in ("a.example", "a.co.uk", "invalid"):
        known = hosts.public_suffixes(name).publicsuffix(name, accept_unknown=False)
        assert known == theirs.publicsuffix(name, accept_unknown=False)
