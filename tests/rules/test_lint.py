"""No rule lands without words, and without examples that match and that do not, which are run."""

from __future__ import annotations

import polars as pl
import pytest

from clerk_logscan import destinations, rules, schema
from clerk_logscan.options import Options

if not hasattr(destinations, "resolve"):
    pytest.skip("destinations.resolve is not there", allow_module_level=True)

EXAMPLES = [(rule, example) for rule in rules.known() for example in rule.examples]
IDS = {"off-host-target", "off-host-after-decoding", "unresolvable-target", "client-double-slash", "double-slash"}


def test_the_contracts_rules_are_all_there() -> None:
    assert {rule.id for rule in rules.known()} >= IDS


@pytest.mark.parametrize("rule", rules.known(), ids=lambda rule: rule.id)
def test_a_rule_has_its_words_and_both_kinds_of_examples(rule: rules.Rule) -> None:
    assert rule.severity in schema.SEVERITIES
    assert all(text.strip() for text in (rule.title, rule.reason, rule.harmless))
    assert {example.matches for example in rule.examples} == {True, False}


@pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{rule.id}:{example.target}" for rule, example in EXAMPLES]
)
def test_an_example_does_what_it_says(rule: rules.Rule, example: rules.Example) -> None:
    request = {"method": example.method, "request_target": example.target, "host": example.host}
    frame = pl.DataFrame({name: [request.get(name)] for name in schema.FRAME}, schema=schema.FRAME)
    found = rules.apply(destinations.resolve(frame, Options()))
    assert (found["rule_id"].to_list() == [rule.id]) is example.matches, example.why
