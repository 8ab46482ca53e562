"""Which formats an input is of: full matches of every definition on sampled lines, and why.

A definition that only some lines fit is kept too: files are mixed, and a log's format changes half-way. Where
two read the same lines, the one that says more about them comes first; patterns with an open end and those without
escaping, which read nearly anything, come last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import polars as pl

from clerk_logscan.parsing import template
from clerk_logscan.parsing.definitions import ESCAPES, Definition, Template
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.plausible import is_plausible
from clerk_logscan.parsing.variables import REFERENCE
from clerk_logscan.parsing.w3c import W3c, reads_alone

if TYPE_CHECKING:
    from clerk_logscan.parsing.json_lines import JsonLines
    from clerk_logscan.parsing.record_lines import RecordLines

_FEW: Final = 100  # lines: they are looked at sooner than a pattern is compiled
_JOINED: Final = re.compile(
    r"^[^\[].*[^0-9A-Fa-f:.].*:.*[0-9A-Fa-f]|^[0-9]+:[0-9]{1,3}\."
)  # a name, a colon, an address
SAMPLED: Final = 1000  # lines that decide; more do not change the answer
Definitions = Library | Mapping[str, Definition] | Iterable[Definition]


@dataclass
class Ranking:
    """What detection found.

    templates   definitions of the grammar `template` in the order in which to try them
    matches     sampled lines that each format reads by itself, the most first
    sampled     how many lines were looked at
    whole       each of them is read by a template
    doubted     definitions whose patterns fit, though their fields cannot hold what stands there: to be tried last
    """

    templates: list[Definition] = field(default_factory=list)
    matches: dict[str, int] = field(default_factory=dict)
    sampled: int = 0
    whole: bool = False
    doubted: list[Definition] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """Return why the formats were chosen, a sentence each, the strongest first."""
        found = [f"{name} reads {count} of {self.sampled} sampled lines" for name, count in self.matches.items()]
        return found or [f"no format reads any of {self.sampled} sampled lines"]


def of_grammar(definitions: Definitions, grammar: str) -> list[Definition]:
    """Return the definitions of one grammar; of a Library only those files are read."""
    if isinstance(definitions, Library):
        return definitions.of_grammar(grammar)
    values = definitions.values() if isinstance(definitions, Mapping) else definitions
    return [definition for definition in values if definition.grammar == grammar]


def sample(frame: pl.DataFrame) -> pl.DataFrame:
    """Return of many lines the first ones and as many from all of them: these decide, and the others only cost time."""
    if frame.height <= 2 * SAMPLED:
        return frame
    place = pl.int_range(pl.len())
    return frame.filter((place < SAMPLED) | (place % (frame.height // SAMPLED) == 0))


def rank(texts: pl.Series, templates: Sequence[Definition], jsons: Callable[[], JsonLines] | None, w3c: W3c) -> Ranking:
    """Rank the definitions by the sampled `texts` (envelopes peeled). `w3c` is one to be thrown away afterwards."""
    texts = texts.filter(texts.str.contains(r"\S"))
    if len(texts) > SAMPLED:
        texts = texts.gather(pl.int_range(0, len(texts), eager=True).sample(SAMPLED, seed=0).sort())
    counts: dict[str, int] = {}
    is_json = texts.str.contains(r"^\s*\{")
    cuts = (jsons().cut(texts.filter(is_json)) if jsons and is_json.any() else []) + w3c.trial(texts.filter(~is_json))
    for cut in cuts:
        counts[cut.definition.name] = counts.get(cut.definition.name, 0) + len(cut.rows)
    lines = texts.filter(~is_json | any(reads_json(definition) for definition in templates))
    masks = template.masks(lines, _likely(lines.to_list(), templates))
    doubted = [one for one, mask in masks.items() if mask.any() and not is_plausible(one, lines.filter(mask))]
    if doubted:
        templates = [one for one in templates if one not in doubted]
        masks = {one: mask for one, mask in masks.items() if one not in doubted}
    counts |= {definition.name: total for definition, mask in masks.items() if (total := int(mask.sum()))}
    order = _ordered(templates, masks)
    places = {definition.name: place for place, definition in enumerate(order)}
    matches = dict(sorted(counts.items(), key=lambda item: (-item[1], places.get(item[0], -1))))
    taken = [mask for mask in masks.values() if mask.any()]
    by_templates = len(lines) == len(texts) and bool(taken) and bool(reduce(or_, taken).all())
    return Ranking(order, matches, len(texts), by_templates, doubted)


def _likely(lines: Sequence[str], templates: Sequence[Definition]) -> dict[Definition, list[Template]]:
    """Return the definitions of which a line could be, by which templates; most are excluded so, and need no pattern.

    Templates that prove nothing (`weak`) are left out.
    """
    text = "\n".join(lines)
    begun: dict[str, list[str]] = {}  # many templates begin alike

    def could_be(one: Template, definition: Definition) -> bool:
        if one.weak or not template.holds_literals(text, one):
            return False
        if len(lines) < _FEW and not any(template.could_be(line, one) for line in lines):
            return False
        beginning = template.beginning(one, definition)
        if beginning.pattern not in begun:
            begun[beginning.pattern] = [line for line in lines if beginning.match(line)]
        return any(template.could_be(line, one) for line in begun[beginning.pattern])

    found = {d: [one for one in d.templates if could_be(one, d)] for d in templates}
    return {definition: some for definition, some in found.items() if some}


def _ordered(templates: Sequence[Definition], masks: Mapping[Definition, pl.Series]) -> list[Definition]:
    """Return the definitions in the order in which to try them: each reads the most of what those before it left."""
    order: list[Definition] = []
    left = {d: mask for d, mask in masks.items() if mask.any()}
    while left:
        best = min(left, key=lambda d: (-_weight(d, left[d]), *_looseness(d), d.name))
        order.append(best)
        taken = left.pop(best)
        left = {d: rest for d, mask in left.items() if (rest := mask & ~taken).any()}
    return before_others(order, templates)


def may_lead(text: str, templates: Sequence[Definition]) -> Iterator[Definition]:
    """Yield the definitions that read one text whole, in the order in which `rank` tries those that read as much.

    What reads every line of an input reads its first.
    """

    def reads(definition: Definition) -> bool:
        some = (one for one in definition.templates if not one.weak and template.could_be(text, one))
        return any(_reads(one, definition, text) for one in some)

    return filter(reads, _escaping_first(tuple(templates)))


def before_others(order: Sequence[Definition], templates: Sequence[Definition]) -> list[Definition]:
    """Return the definitions of `order`, which read lines, and then the other templates, the strict ones first."""
    return [*order, *(definition for definition in _strict_first(tuple(templates)) if definition not in order)]


@lru_cache(maxsize=16)
def _escaping_first(templates: tuple[Definition, ...]) -> list[Definition]:
    return sorted(_strict_first(templates), key=lambda d: d.escape == "none")


@lru_cache(maxsize=16)
def _strict_first(templates: tuple[Definition, ...]) -> list[Definition]:
    return sorted(templates, key=lambda d: (*_looseness(d), d.name))


def _weight(definition: Definition, mask: pl.Series) -> float:
    """Return how many lines a definition reads; less for one without escaping, as such a pattern reads nearly all."""
    return int(mask.sum()) * (0.9 if definition.escape == "none" else 1.0)


@cache
def _looseness(definition: Definition) -> tuple[bool, int, int, int]:
    """Return how much the definition leaves open, the strict ones first: an open end, loose escaping, few literals."""
    is_open = all(one.open for one in definition.templates)
    text = max((one.pattern + "".join(one.tail) for one in definition.templates), key=len)
    literal = sum(map(len, REFERENCE.split(text)[::3]))
    return is_open, ESCAPES.index(definition.escape), -len(definition.shapes), -literal


@cache
def reads_json(definition: Definition) -> bool:
    """Tell whether a template may read lines that begin as JSON: a log_format that is written as an object."""
    return any(one.pattern.lstrip().startswith("{") for one in definition.templates)


class Reads:
    """Tells whether some definition reads a single text whole; for deciding what only looks like an envelope.

    `jsons` and `records` give the definitions of JSON, and of CSV and pairs, of which most logs need none; `guesses`:
    layouts may be guessed.
    """

    def __init__(
        self,
        templates: Sequence[Definition],
        jsons: Callable[[], JsonLines] | None = None,
        records: Callable[[], RecordLines] | None = None,
        w3c: Sequence[Definition] = (),
        *,
        guesses: bool = False,
    ) -> None:
        self._templates = [(one, definition) for definition in templates for one in definition.templates]
        self._jsons, self._records, self._guesses, self._w3c = jsons, records, guesses, w3c
        self._last: tuple[Template, Definition] | None = None

    def __call__(self, text: str) -> bool:
        """Return whether `text` is a request line of a known format."""
        if text.lstrip().startswith("{"):
            if self._jsons is not None and self._jsons().reads(text):
                return True
            if not self._guesses:
                return False
            from clerk_logscan.parsing.inference.record_guesses import tells_request

            return tells_request(text)
        if self._last is not None and _reads(*self._last, text):
            return True
        for place, (one, definition) in enumerate(self._templates):
            if template.could_be(text, one) and _reads(one, definition, text):
                # Lines of one log are alike: what read this one is tried first on the next.
                self._templates.insert(0, self._templates.pop(place))
                self._last = (one, definition)
                return True
        if any(reads_alone(definition, text) for definition in self._w3c):
            return True
        return self._records is not None and self._records().reads(text)


def _reads(one: Template, definition: Definition, text: str) -> bool:
    begins = template.beginning(one, definition).match(text)  # most texts fail here, before the whole is compiled
    found = _pattern(one, definition).match(text) if begins is not None else None
    return found is not None and _has_client(found, one, definition)


def _has_client(found: re.Match[str], one: Template, definition: Definition) -> bool:
    """Tell whether the client that a template found is no name with something before it (`access.log:192.0.2.1`)."""
    fields = [field for source in definition.columns.get("client_ip", ()) for field in source.fields]
    names = template.compile_template(one, definition).fields
    clients = [found[names.index(field) + 1] or "" for field in fields if field in names]
    return not any(_JOINED.search(client) for client in clients)


@cache
def _pattern(one: Template, definition: Definition) -> re.Pattern[str]:
    return re.compile(_python(template.compile_template(one, definition).regex))


def _python(pattern: str) -> str:
    """Return a pattern of the Rust syntax in Python's; of what these patterns use only the end anchor differs."""
    return pattern.removesuffix("$") + r"\Z"
