"""Texts, addresses, numbers and durations of logs to their types; what does not fit is null."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Final

import polars as pl

from clerk_logscan.parsing import escapes

_HOST: Final = r"^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?$"
_DOTTED: Final = r"^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\.?(?::[0-9]+)?$"
_URL: Final = r"^[a-z][a-z0-9+.-]*://"
_ADDRESSES: Final = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?:, *[0-9A-Fa-f.:]+)*$"
_GROUPED: Final = r"^[0-9]{1,3}(?:,[0-9]{3})+$"
_MICROS: Final = {"ns": 1e-3, "us": 1.0, "µs": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}
_UNITS: Final = re.compile(r"([0-9.]+) ?(ns|us|µs|ms|s|m|h)")


def read_text(texts: pl.Series, kind: str) -> pl.Series:
    """Return a String series by a kind of definitions.TEXTS or CAPTURED; an empty text is null.

    address: without port and brackets, of a list the first; last-address: of a list the last, one's own hop's.
    address-port: a port is always behind it, and an IPv6 address has no brackets (HAProxy's `%ci:%cp`).
    trace: the root of an X-Amzn-Trace-Id. authority: without userinfo. plus: `+` is a blank (IIS).
    percent: percent-encoded once by the log; form: the same, and `+` is a blank (Akamai).
    first-word: up to a blank (`GET Home/Index`).
    captured-*: HAProxy's captures, which name no header: a text is taken only where its shape is that of the column.
    """
    read = _TEXTS.get(kind)
    return read(texts) if read else texts


_BARE: Final = (
    pl.first()
    .str.replace(r"(?s),.*$", "")
    .str.strip_chars()
    .str.replace(r"^\[([^\]]*)\](?::[0-9]*)?$", "$1")
    .str.replace(r"^([^:]+):[0-9]*$", "$1")
    .replace({"unix:": None, "unix": None, "-": None, "": None})
)


def _address(texts: pl.Series) -> pl.Series:
    odd = texts.str.contains("[^0-9.]").fill_null(False)
    if not odd.any():
        return texts
    bare = texts.filter(odd).to_frame().select(_BARE).to_series()
    return texts.scatter(odd.arg_true(), bare)


def _address_port(texts: pl.Series) -> pl.Series:
    return _address(texts.str.replace(r"^([^\[\]]*:[^\[\]]*):[0-9]+$", "$1"))


def _last_address(texts: pl.Series) -> pl.Series:
    return _address(texts.str.replace(r"(?s)^.*,", ""))


def _not(*patterns: str) -> Callable[[pl.Series], pl.Series]:
    """Return a function that keeps the texts in which none of `patterns` is found."""
    return _where(lambda texts: ~reduce(or_, (texts.str.contains(pattern) for pattern in patterns)))


def _only(pattern: str) -> Callable[[pl.Series], pl.Series]:
    """Return a function that keeps the texts in which `pattern` is found."""
    return _where(lambda texts: texts.str.contains(pattern))


def _where(test: Callable[[pl.Series], pl.Series]) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: texts.zip_with(test(texts), pl.Series([None], dtype=pl.String))


_TEXTS: Final[dict[str, Callable[[pl.Series], pl.Series]]] = {
    "address": _address,
    "address-port": _address_port,
    "last-address": _last_address,
    "trace": lambda texts: texts.str.extract(r"(?:^|[;, ])Root=([^;, ]+)").fill_null(texts),
    "authority": lambda texts: texts.str.replace("^.*@", ""),
    "first-word": lambda texts: texts.str.extract(r"^\s*(\S+)"),
    "percent": lambda texts: escapes.undo(texts, "percent-once"),
    "form": lambda texts: escapes.undo(texts.str.replace_all("+", " ", literal=True), "percent-once"),
    "plus": lambda texts: texts.str.replace_all("+", " ", literal=True),
    "captured-host": _only(_HOST),
    "captured-domain": _only(_DOTTED),
    "captured-text": _not(_DOTTED, _URL, _ADDRESSES),
    "captured-agent": _not(_HOST, _URL, _ADDRESSES),
    "captured-url": _only(_URL),
    "captured-addresses": _only(_ADDRESSES),
}


def read_status(texts: pl.Series) -> pl.Series:
    """Return Int32 statuses as logged (0 and -1 too); of several tries (`502, 200`) the last, null where it is `-`."""
    return _whole(texts, r"(-?[0-9]+)(?:\.0*)?\s*$", pl.Int32())


def read_bytes(texts: pl.Series) -> pl.Series:
    """Return Int64 counts; a negative one is null, a unit behind the number (`512B`) is passed over.

    Kibana writes `5,123` into its exports.
    """
    counts = texts.cast(pl.Int64, strict=False)
    if counts.null_count() > texts.null_count():
        grouped = texts.str.contains(_GROUPED).fill_null(False)
        texts = texts.zip_with(~grouped, texts.str.replace_all(",", "", literal=True))
        counts = _whole(texts, r"^\s*([0-9]+)(?:\.0*)?(?:$|[^0-9.])", pl.Int64())
    if not (counts < 0).any():
        return counts
    return counts.zip_with((counts >= 0).fill_null(True), pl.Series([None], dtype=pl.Int64))


def _whole(texts: pl.Series, odd: str, dtype: pl.DataType) -> pl.Series:
    """Cast to whole numbers; where that fails take the number that the pattern `odd` finds."""
    numbers = texts.cast(dtype, strict=False)
    if numbers.null_count() == texts.null_count():
        return numbers
    left = numbers.is_null() & texts.is_not_null()
    return numbers.scatter(left.arg_true(), texts.filter(left).str.extract(odd).cast(dtype, strict=False))


def read_duration(parts: list[pl.Series], kind: str) -> pl.Series:
    """Return Duration(us): the sum of `parts` in the unit `kind` (or, `duration`, that the text names itself).

    ALB logs its time in three parts. A negative part means that there was none: null.
    """
    numbers = [_micros(part, kind) for part in parts]
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total.round().cast(pl.Int64, strict=False).cast(pl.Duration("us"))


def _micros(texts: pl.Series, kind: str) -> pl.Series:
    if kind == "duration":
        found = {text: _with_units(text) for text in texts.unique() if text is not None}
        return pl.Series([found.get(text) for text in texts], dtype=pl.Float64)
    numbers = texts.cast(pl.Float64, strict=False) * _MICROS[kind]
    usable = (numbers >= 0) & (numbers < 9e18)
    if usable.all():
        return numbers
    return numbers.zip_with(usable.fill_null(False), pl.Series([None], dtype=pl.Float64))


def _with_units(text: str) -> float | None:
    """Return the microseconds of `0.001s`, `12ms`, `1m2.5s` (Go); null where the text is anything else."""
    if _UNITS.sub("", text).strip():
        return None
    try:
        return sum(float(number) * _MICROS[unit] for number, unit in _UNITS.findall(text)) if text else None
    except ValueError:
        return None
