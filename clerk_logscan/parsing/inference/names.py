"""Keys by their names: which column a key of an unknown log fills, by the synonyms in data/synonyms.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent.parent.parent / "data" / "synonyms.toml"
_WORDS: Final = re.compile(r"[a-z0-9]+|[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_UNITS: Final = (
    (r"(?:milliseconds?|millis|ms)$", "ms"),
    (r"(?:microseconds?|micros|microsec|us|usec)$", "us"),
    (r"(?:nanoseconds?|nanos|ns)$", "ns"),
    (r"(?:seconds?|secs?|s)$", "s"),
)


# Words that log lines hold in sentences, too.
_PROSE: Final = frozenset(
    ("request", "action", "page", "response", "trace", "forwarded", "source", "when", "date", "time", "query")
)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _ranks(column: str) -> dict[str, int]:
    return {plain(name): place for place, name in enumerate(_data()["columns"][column])}


@cache
def others(kind: str) -> frozenset[str]:
    """Return a list of `[others]`: parents, sent, answers, headers, routes or shippers."""
    return frozenset(_data()["others"][kind])


def plain(name: str) -> str:
    """Return a name in lower case, letters and digits alone; accents do not count (`Größe`, `méthode`)."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", name.casefold()))


def parts(path: str) -> list[str]:
    """Return the keys of a path (`request.headers[User-Agent]`), each plain."""
    return [plain(part) for part in re.split(r"[.\[\]]+", path) if plain(part)]


@cache
def rank(path: str, column: str) -> int | None:
    """Return how well the key `path` is known as a name of `column`, 0 the best; None where it is not.

    A key that is known by its last part alone counts less, and not at all where it stands below another's name.
    """
    keys = parts(path)
    known = _ranks(column)
    if others("sent").intersection(keys[:-1]) and not others("answers").intersection(keys):
        return None
    for start, penalty in ((0, 0), (len(keys) - 2, 5), (len(keys) - 1, 10)):
        name = "".join(keys[max(start, 0) :])
        if name in known and start >= 0:
            own = path.endswith("]") or not set(keys[: max(start, 0)]) & others("parents")
            return known[name] + (penalty if start > 0 else 0) if own else None
    return _rank_of_words(path, known)


def _rank_of_words(path: str, known: dict[str, int]) -> int | None:
    """Return how well the last words of a key are known: two at least, or one where the key was a path before.

    Exports into flat columns join the keys of a path (`httpRequest_status`); Log Analytics adds a type (`host_s`).
    """
    key = re.sub(r"_[sdgbt]$", "", path)
    words = [word.lower() for word in _WORDS.findall(key)]
    ends = ["".join(words[start:]) for start in range(len(words) - 1)]
    if key != path or re.search(r"[a-z][A-Z].*_|_.*[a-z][A-Z]", key):
        ends.append(plain(key.rpartition("_")[2]))
    end = next((end for end in ends if end in known), None)
    if end is None or others("parents").intersection(_before(words, end)):
        return None
    return known[end] + 20


def _before(words: list[str], end: str) -> list[str]:
    """Return the words before those that make `end`, which may be a part of the last one."""
    at = len(words)
    while at and len("".join(words[at:])) < len(end):
        at -= 1
    return words[:at]


def is_known(word: str) -> bool:
    """Tell whether a word is a name of some column, and none that stands in prose."""
    name = plain(word)
    return len(name) > 3 and name not in _PROSE and any(name in _ranks(column) for column in _data()["columns"])


def is_route(path: str) -> bool:
    """Tell whether a key names a template of the router."""
    keys = parts(path)
    return bool(keys) and (keys[-1] in others("routes") or "".join(keys[-2:]) in others("routes"))


def unit(path: str) -> str | None:
    """Return the unit that a key's name ends in: `duration_ms`, `latencySeconds`, `reqtime_microsec`; or None."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.split(r"[.\[\]]+", path.rstrip("]"))[-1]).lower()
    for pattern, name in _UNITS:
        if re.search(rf"(?:^|[_-]){pattern}", words):
            return name
    return None
