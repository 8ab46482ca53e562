"""The detector rules: one small file each; the first that holds, the gravest first, names a request's finding."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import polars as pl

from clerk_logscan.columns import held
from clerk_logscan.rules.rule import DECODED, NOWHERE, SENT, Example, Rule

__all__ = ["DECODED", "NOWHERE", "SENT", "Example", "Rule", "apply", "known"]

_FROM_DECODED = {"target_host": "decoded_host", "target_url": "decoded_url", "target_kind": "decoded_kind"}


@cache
def known() -> tuple[Rule, ...]:
    """Return every rule: each module of this folder that has a `RULE`, the gravest first."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.RULE for module in modules if hasattr(module, "RULE")), key=lambda rule: rule.rank))


def apply(frame: pl.DataFrame, rules: Sequence[Rule] | None = None) -> pl.DataFrame:
    """Return the rows of `frame` that a rule reports, each once, with `rule_id` and `severity` added, and `_observed`,
    their places in `frame`.

    `frame` has the columns of `schema.FRAME` and `destinations.DESTINATION_COLUMNS`. The gravest rule wins; the target
    columns are then those of the destination that it speaks of (see `Rule.target`).
    """
    rules = known() if rules is None else rules
    numbers = frame.select(_first(rules)).to_series()
    reported = numbers.is_not_null()
    which = numbers.drop_nulls()
    return held(frame, reported).with_columns(
        _of_rules([rule.id for rule in rules], which).alias("rule_id"),
        _of_rules([rule.severity for rule in rules], which).alias("severity"),
        *_targets([rule.target for rule in rules], which),
        reported.arg_true().alias("_observed"),
    )


def _first(rules: Sequence[Rule]) -> pl.Expr:
    """Return the number of the first rule that holds, null where none does."""
    holds = (rule.when.fill_null(value=False) for rule in rules)
    return pl.coalesce(pl.when(one).then(pl.lit(number, pl.UInt32)) for number, one in enumerate(holds))


def _of_rules(texts: Sequence[str], which: pl.Series) -> pl.Series:
    """Return of the rules' `texts` that of each row's rule; `which` has their numbers."""
    return pl.Series(texts, dtype=pl.String).gather(which)


def _targets(targets: Sequence[str], which: pl.Series) -> list[pl.Expr]:
    """Return the target columns that change, by where each row's rule takes them from."""
    taken = _of_rules(targets, which)
    sent, decoded = taken == SENT, taken == DECODED
    if sent.all():
        return []
    return [
        pl.when(sent).then(column).when(decoded).then(of_decoded).alias(column)
        for column, of_decoded in _FROM_DECODED.items()
    ]
