"""Which envelopes a file wears: those whose inner lines a format reads, where the line around it is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing import octets
from clerk_logscan.parsing.envelopes import languages
from clerk_logscan.parsing.envelopes.declarations import Envelope
from clerk_logscan.parsing.envelopes.engines import Engines
from clerk_logscan.parsing.envelopes.work import clean_text
from clerk_logscan.parsing.pieces import Reads

MAX_LINES: Final = 60  # lines of a sample that are tried; more do not change the answer
MAX_INNER: Final = 8  # lines of one record that are tried
MIN_LINES: Final = 3  # that wear an unknown envelope
HEADER_WITHIN: Final = 3  # lines: where a table's header stands; some exports begin with `sep=;`, or a blank line

_DIRECTIVES: Final = ("#Version:", "#Fields:")  # W3C: what names the columns of the lines that follow
_FEWEST_COLUMNS: Final = 5

Opened = dict[str, list[str]]  # by envelope, the lines that it finds inside a text


class Readable:
    """Tells whether a format reads a text, as it stands or with envelopes peeled; remembers its answers."""

    def __init__(self, envelopes: Sequence[Envelope], reads: Reads | None) -> None:
        self._engines = Engines(envelopes)
        self._certain = {"octets", *(one.name for one in envelopes if one.certain)}
        self._reads = reads
        self._plain: dict[str, bool] = {}
        self._deep: dict[tuple[str, int], bool] = {}
        self._widths: set[int] = set()  # columns of the W3C rows whose directives were seen

    def learn(self, texts: Sequence[str]) -> None:
        """Take the W3C directives among `texts`: rows of as many columns are no envelopes, whatever a client sent."""
        widths = {len(text.split()) - 1 for text in texts if text.startswith("#Fields:")}
        self._widths |= {width for width in widths if width >= _FEWEST_COLUMNS}

    def plain(self, text: str) -> bool:
        """Tell whether a format reads `text` as it stands."""
        if text not in self._plain:
            self._plain[text] = bool(text and self._reads and (self._is_w3c(text) or self._reads(text)))
        return self._plain[text]

    def _is_w3c(self, text: str) -> bool:
        return text.startswith(_DIRECTIVES) or (bool(self._widths) and len(text.split()) in self._widths)

    def deep(self, text: str, depth: int) -> bool:
        """Tell whether a format reads `text` or what lies within at most `depth` envelopes, or one is certain."""
        text = clean_text(text)
        if self.plain(text):
            return True
        if depth <= 0 or not text:
            return False
        if (text, depth) not in self._deep:
            inner = self.opened(text) | _in_language(text)
            self._deep[text, depth] = not self._certain.isdisjoint(inner) or any(
                self.holds(lines, depth - 1) for lines in inner.values()
            )
        return self._deep[text, depth]

    def holds(self, lines: Sequence[str], depth: int) -> bool:
        """Tell whether one of the first of `lines` is read."""
        return any(self.deep(line, depth) for line in lines[:MAX_INNER])

    def wears(self, text: str, names: Sequence[str]) -> bool:
        """Tell whether `text` is one of the envelopes `names`, or one that is certain."""
        return not self._certain.union(names).isdisjoint(self.opened(text))

    def opened(self, text: str) -> Opened:
        """Return what each envelope finds inside `text`, those alone that are certain where there are such."""
        if messages := octets.messages(text):
            return {"octets": messages}
        found = {one.envelope.name: lines for one in self._engines.prefixes if (lines := one.one(text))}
        if text.lstrip().startswith(("{", "[")):
            found |= self._engines.records.opened(text)
        return {name: lines for name, lines in found.items() if name in self._certain} or found


def _in_language(text: str) -> Opened:
    """Return the record that a programming language printed in `text`, as JSON."""
    record = languages.on_line(text) if "{" in text or "map[" in text else None
    if record is None:
        return {}
    from clerk_logscan.parsing.envelopes.values import dump

    return {languages.NAME: [dump(record[1])]}


def choose(texts: Sequence[str], readable: Readable, depth: int) -> list[str]:
    """Return the names of the envelopes that explain `texts`, the best first.

    A text that a format reads is no envelope, whatever its values look like: an agent may hold a whole line. So
    each envelope must give more lines that are read than there are such texts among those that it would take.
    """
    unread = _spread([text for text in texts if text and not readable.plain(text)])
    if not unread:
        return []
    against: Counter[str] = Counter()
    for text in _spread([text for text in texts if readable.plain(text)]):
        against.update(readable.opened(text).keys())
    found = [readable.opened(text) for text in unread]
    gains = [{name: readable.holds(lines, depth - 1) for name, lines in opened.items()} for opened in found]
    return _greedy(gains, against)


def _greedy(gains: list[dict[str, bool]], against: Counter[str]) -> list[str]:
    """Pick the envelope that reads most, then the one that reads most of what is left, and so on."""
    chosen: list[str] = []
    while gains:
        counts = Counter({name: -count for name, count in against.items()})
        for one in gains:
            counts.update({name: int(good) for name, good in one.items()})
        best, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
        if count <= 0:
            break
        chosen.append(best)
        gains = [one for one in gains if best not in one]
    return chosen


def _spread(texts: list[str]) -> list[str]:
    """Return at most MAX_LINES of `texts`, from the whole of them."""
    step = -(-len(texts) // MAX_LINES) or 1
    return texts[::step]
