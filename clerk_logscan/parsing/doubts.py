"""What else a line may have meant: other targets that it gives where its escaping, or its lack, leaves a doubt.

The first reading stays the request's; who resolves targets takes the gravest. These doubts are known:

1. JSON without escaping (nginx `escape=none`): `/__clerk/","x":"/..//evil.example` reads as a target and a key of its
   own. Node takes quotes in a target, so what follows up to a key that other lines have, too, may belong to it.
2. `\\\\` is one backslash where the log escapes, and two where it does not. Other lines of the same log tell; of a
   guess, whose escaping may be what a client wrote, only escaped quotes do.
3. On API Gateway's own domain a path begins with the stage; the application gets it without.
4. A log that leaves quotes as they come may hold a whole line within its user, before the request (in the agent, behind
   it, such a line is no request).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Final

import polars as pl

from clerk_logscan.parsing import escapes, template
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.fields import typed

_LEARNT: Final = 200  # lines of a format, from which its usual keys are learnt
_ENDS: Final = 8  # places where a target may end that are tried

# Only a dot segment brings a target back from behind the quote that would have ended it.
_DOTS: Final = r"(?:\.|%2[eE]){2}"
_KEYS: Final = re.compile(r'[,{]\s*"((?:[^"\\]|\\.)*)"\s*:')
_BOUNDARY: Final = re.compile(r'"\s*(?:,\s*"((?:[^"\\]|\\.)*)"\s*:|(?=[,}\]]))')
_REQUEST: Final = re.compile(r"^[^ /]+ (.*?)(?: HTTP/[0-9.]+)?$", re.DOTALL)

# API Gateway: the stage, the domain that shows it, and a path that may begin with one.
_STAGES: Final = r'"stage"\s*:|\.execute-api\.'
_STAGE: Final = re.compile(r'"stage"\s*:\s*"([^"]*)"')
_STAGED: Final = re.compile(r'"[^"]*[pP]ath"\s*:\s*"(?:/|\\/)([^"/\\{]+)((?:/|\\/)[^"]*)"')

# A backslash that none stands before, and that begins no escape: what escapes writes none such.
_LONE: Final = {"json": r'(?:^|[^\\])(?:\\\\)*\\[^"\\/bfnrtux]', "quote": r'(?:^|[^\\])(?:\\\\)*\\[^"\\]'}
# Escapes that are guessed from lines in which a client may have written them.
_GUESSED: Final = dict.fromkeys(("c", "apache"), r'(?:^|[^\\])(?:\\\\)*\\[^"\\/abfnrtuvx]')
# A user with a name, and what follows it; the last request of a line.
_USER: Final = re.compile(r"^(?:[^\s\"\[]+ ){1,2}- (?!-? ?\[)[^\"]+? \[")
_NO_USER: Final = r"^[^\s\"\[]+ - - \["  # as most lines begin
_LAST_REQUEST: Final = re.compile(r'.*\] "[A-Z]+ ([^ ]+) HTTP/[0-9.]+" [0-9]{3} ', re.DOTALL)
_ESCAPED: Final = r'(?:^|[^\\])(?:\\\\)*\\"'


class Doubts:
    """Remembers of one input what its formats showed, and gives the other readings of lines in doubt."""

    def __init__(self) -> None:
        self._keys: dict[str, Counter[tuple[str, ...]]] = {}
        self._raw: set[str] = set()  # formats that were seen to write a lone backslash
        self._escaping: set[str] = set()  # formats that were seen to escape a quote

    def others(self, definition: Definition, texts: pl.Series) -> pl.Series | None:
        """Return the other targets of `texts` (lines that `definition` reads), apart by blanks; null where none.

        Node takes no blank in a target. None where no line is in doubt.
        """
        found: dict[int, list[str]] = {}
        if definition.grammar == "json":
            self._planted(definition, texts, found)
            self._staged(definition, texts, found)
        if lone := (_LONE | _GUESSED if definition.guessed else _LONE).get(definition.escape):
            self._doubled(definition, lone, texts, found)
        if definition.grammar == "template":
            self._imitated(texts, found)
        if not found:
            return None
        rows = pl.Series(list(found), dtype=pl.UInt32)
        others = pl.Series([" ".join(dict.fromkeys(targets)) for targets in found.values()], dtype=pl.String)
        return texts.clear(len(texts)).scatter(rows, others)

    def _planted(self, definition: Definition, texts: pl.Series, found: dict[int, list[str]]) -> None:
        """Find what follows targets in JSON up to a key that is usual in this log."""
        dotted = texts.str.contains(_DOTS)
        self._learn(definition.name, texts, dotted)
        if not dotted.any():
            return
        usual = self._usual(definition)
        for row in dotted.arg_true():
            for target in _longer(texts[row], _target_keys(definition), usual):
                found.setdefault(row, []).append(target)

    @staticmethod
    def _staged(definition: Definition, texts: pl.Series, found: dict[int, list[str]]) -> None:
        """Find the paths of API Gateway that begin with a stage, and what the application gets of them."""
        if not definition.name.startswith("aws_api_gateway"):
            return
        for row in texts.str.contains(_STAGES).arg_true():
            text = texts[row]
            stage = _STAGE.search(text)
            for path in _STAGED.finditer(text):
                if stage is None or path[1] == stage[1]:
                    found.setdefault(row, []).extend(_spellings(path[2]))

    @staticmethod
    def _imitated(texts: pl.Series, found: dict[int, list[str]]) -> None:
        """Find the last request of lines in which a user with a name may hold a line of its own."""
        is_named = ~texts.str.contains(_NO_USER)
        if not is_named.any():
            return
        named, some = is_named.arg_true(), texts.filter(is_named)
        for row in named.filter(some.str.count_matches('] "', literal=True) > 1):
            text = texts[row]
            if _USER.match(text) and (last := _LAST_REQUEST.match(text)):
                found.setdefault(row, []).append(last[1])

    def _learn(self, name: str, texts: pl.Series, dotted: pl.Series) -> None:
        """Count the key sets of lines without dot segments."""
        seen = self._keys.setdefault(name, Counter())
        left = _LEARNT - seen.total()
        if left > 0:
            seen.update(tuple(_KEYS.findall(text)) for text in texts.filter(~dotted).head(left))

    def _usual(self, definition: Definition) -> frozenset[str]:
        """Return the keys of most lines; where none is known those that the definition reads."""
        common = self._keys[definition.name].most_common(1)
        return frozenset(common[0][0]) if common else frozenset(path.split(".")[-1] for path in definition.fields)

    def _doubled(self, definition: Definition, lone: str, texts: pl.Series, found: dict[int, list[str]]) -> None:
        """Read lines with a backslash as if the log escaped nothing, where it may be so: `lone` begins no escape."""
        slashed = texts.str.contains("\\", literal=True)
        if not slashed.any():
            return
        some = texts.filter(slashed)
        if some.str.contains(lone).any():
            self._raw.add(definition.name)
        if some.str.contains(_ESCAPED).any():
            self._escaping.add(definition.name)
        known = definition.escape == "json" and not definition.guessed
        if definition.name not in self._raw and (known or definition.name in self._escaping):
            return
        rows = slashed.arg_true()
        for row, target in zip(rows, _unescaped(definition, texts.gather(rows)), strict=True):
            if target is not None and " " not in target:
                found.setdefault(row, []).append(target)


def _longer(text: str, keys: frozenset[str], usual: frozenset[str]) -> Iterator[str]:
    """Yield what the values of `keys` may be when quotes in them are the client's."""
    counts = Counter(_KEYS.findall(text))
    for key in _KEYS.finditer(text):
        if key[1] not in keys or not (opening := re.compile(r'\s*"').match(text, key.end())):
            continue
        ends = []
        for place in _BOUNDARY.finditer(text, opening.end()):
            ends.append(place.start())
            if len(ends) > _ENDS or (place[1] in usual and counts[place[1]] == 1):
                break
        for end in ends[1:]:
            yield from _spellings(text[opening.end() : end])


def _spellings(value: str) -> Iterator[str]:
    """Yield the target in `value`, a request line or a target, as it stands and with JSON's escapes undone."""
    line = _REQUEST.match(value)
    target = line[1] if line else value
    if " " in target:
        return
    yield target
    if "\\" in target:
        from clerk_logscan.parsing import json_values

        yield json_values.unescape(target)


@cache
def _target_keys(definition: Definition) -> frozenset[str]:
    """Return the last keys of the paths in which a definition finds the target."""
    columns = ("request_target", "request", "url", "path")
    sources = [source for name in columns for source in definition.columns.get(name, ())]
    return frozenset(path.split(".")[-1] for source in sources for path in source.fields)


def _unescaped(definition: Definition, texts: pl.Series) -> list[str | None]:
    """Return the target of each of `texts` as a log that escapes nothing (or less: JSON alone) would have it."""
    less = "none"
    if definition.grammar == "pairs":
        less = "nginx"  # of which the reader of pairs leaves the values as they are
    elif definition.grammar == "json" and definition.escape == "quote":
        less = "json"
    raw = replace(definition, escape=less)
    if definition.grammar == "template":
        matched, fields = template.cut(texts, raw, loose=True)
        cuts = [(matched.arg_true(), fields)]
    else:
        from clerk_logscan.parsing.record_lines import read_by

        cuts = [(cut.rows, cut.raw) for cut in read_by(raw, texts)]
    targets: list[str | None] = [None] * len(texts)
    for rows, fields in cuts:
        read = typed(escapes.undo_frame(fields, raw.escape), raw, "UTC")["request_target"]
        for row, target in zip(rows, read, strict=True):
            targets[row] = target
    return targets
