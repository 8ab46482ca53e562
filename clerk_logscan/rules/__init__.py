"""The detector rules: one small file each; the first that holds, the gravest first, names a request's finding."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import polars as pl

from clerk_logscan.rules.rule import DECODED, NOWHERE, SENT, Example, Rule

__all__ = ["DECODED", "NOWHERE", "SENT", "Example", "Rule", "apply", "known"]

_FROM_DECODED = {"target_host": "decoded_host", "target_url": "decoded_url", "target_kind": "decoded_kind"}


@cache
def known() -> tuple[Rule, ...]:
    """Return every rule: each module of this folder that has a `RULE`, the gravest first."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.RULE for module in modules if hasattr(module, "RULE")), key=lambda rule: rule.rank))


def apply(frame: pl.DataFrame, rules: Sequence[Rule] | None = None) -> pl.DataFrame:
    """Return the rows of `frame` that a rule reports, each once, with `rule_id` and `severity` added.

    `frame` has the columns of `schema.FRAME` and `destinations.DESTINATION_COLUMNS`. The gravest rule wins; the target
    columns are then those of the destination that it speaks of (see `Rule.target`).
    """
    rules = known() if rules is None else rules
    named = frame.with_columns(_first(rules).alias("rule_id")).filter(pl.col("rule_id").is_not_null())
    severity = {rule.id: rule.severity for rule in rules}
    return named.with_columns(
        pl.col("rule_id").replace_strict(severity, return_dtype=pl.String).alias("severity"),
        *(_target(column, rules) for column in _FROM_DECODED),
    )


def _first(rules: Sequence[Rule]) -> pl.Expr:
    """Return the id of the first rule that holds, null where none does."""
    return pl.coalesce(pl.when(rule.when.fill_null(value=False)).then(pl.lit(rule.id)) for rule in rules)


def _target(column: str, rules: Sequence[Rule]) -> pl.Expr:
    """Return the expression of one target column, by where the row's rule takes it from."""
    decoded = [rule.id for rule in rules if rule.target == DECODED]
    sent = [rule.id for rule in rules if rule.target == SENT]
    return (
        pl.when(pl.col("rule_id").is_in(sent))
        .then(pl.col(column))
        .when(pl.col("rule_id").is_in(decoded))
        .then(pl.col(_FROM_DECODED[column]))
        .alias(column)
    )
