"""Unknown envelopes are found by trying: where in the lines of a file does a line start that a format reads?

The guess must hold for several lines, and for most of those that are unread. Nothing is taken for an envelope
whose other fields are a request's own: there the line inside is what a client sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from clerk_logscan.parsing.envelopes import times, values
from clerk_logscan.parsing.envelopes.declarations import Envelope, Path_, Record
from clerk_logscan.parsing.envelopes.detection import MAX_INNER, MIN_LINES, Readable

TRIED: Final = 24  # lines
_LONGEST: Final = 256  # characters of a prefix
_DEEPEST: Final = 3  # keys of a path
_DEEPEST_LIST: Final = 6
_PLACES: Final = 512  # of a record; the line lies in one of a few dozen, and a document may have thousands

# What a client sends, or what tells that the record is a request itself.
_SENT: Final = re.compile(
    r"agent|refer|header|cookie|quer|ur[il]|path|arg|param|body|payload_?sent|request|user|host", re.IGNORECASE
)
_REQUEST_KEYS: Final = frozenset(
    {"url", "uri", "requesturi", "requesturl", "request", "method", "httpmethod", "requestmethod", "rawpath"}
)
_BOUNDARY: Final = re.compile(r"[\s|:>\])]+(?=[^\s|:>\])])")
_METHOD: Final = re.compile(r"\b[A-Z]{3,8} (?:/|\*|https?:)")
_ADDRESS: Final = re.compile(r"\[?(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\]?,?")
_SITE: Final = re.compile(r"(?:(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?|-) ")  # before the client, as %v writes it
_MONOLOG: Final = r"(?P<text>\{(?s:.*)\}) \[\]\s*$"  # https://github.com/Seldaek/monolog: an empty list follows
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_JSON: Final = re.compile(r"""\s*(?:\{|\[\s*["\[{])""")


def invent(texts: Sequence[str], readable: Readable, depth: int) -> list[Envelope]:
    """Return the envelope that most of the unread `texts` wear; none where there is no such one."""
    texts = list(texts)[:TRIED]
    objects = [text for text in texts if text.lstrip().startswith("{")]
    plain = [text for text in texts if not _JSON.match(text)]
    found = _list(objects, readable, depth) or _record(objects, readable, depth) or _prefix(plain, readable, depth)
    return [found] if found else []


def _enough(count: int, tried: int) -> bool:
    return count >= MIN_LINES and count * 2 > tried


def _list(texts: Sequence[str], readable: Readable, depth: int) -> Envelope | None:
    """Find the list whose records are read, or hold a line that is: one document may hold them all."""
    read: Counter[Path_] = Counter()
    total: Counter[Path_] = Counter()
    for text in texts:
        for value, _ in values.records(text)[:1]:
            for path, items in _lists(value, ()) if not _is_request(value) else ():
                total[path] += len(items)
                read[path] += sum(_is_read(item, readable, depth - 1) for item in items)
    path, count = next(iter(read.most_common(1)), ((), 0))
    if count * 2 <= total[path]:
        return None
    return Envelope(f"record:{'.'.join(path)}", "found by trying", "", record=Record(text=((),), each=path))


def _lists(value: Any, path: Path_) -> Iterator[tuple[Path_, list[Any]]]:
    """Yield the places of lists of objects within `value`, and the first of these objects."""
    for key, inner in value.items():
        if _SENT.search(key):
            continue
        if isinstance(inner, dict) and len(path) < _DEEPEST_LIST:
            yield from _lists(inner, (*path, key))
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            here = (*path, key, "[]")
            yield here, [item for item in inner[:MAX_INNER] if isinstance(item, dict)]
            if len(here) < _DEEPEST_LIST:
                yield from _lists(inner[0], here)


def _is_read(item: Any, readable: Readable, depth: int) -> bool:
    """Tell whether a record of a list is read, or holds a text that is."""
    if readable.deep(values.dump(item), depth):
        return True
    return any(readable.plain(line) for _, line in _leaves(item, ()))


def _record(texts: Sequence[str], readable: Readable, depth: int) -> Envelope | None:
    """Find the one path whose values are lines that are read, as they stand or in base64."""
    found: Counter[tuple[Path_, bool]] = Counter()
    for text in texts:
        for value, _ in values.records(text)[:1]:
            if not _is_request(value):
                found.update(set(_places(value, readable, depth - 1)))
    if not found:
        return None
    (path, encoded), count = found.most_common(1)[0]
    if not _enough(count, len(texts)):
        return None
    record = Record(text=(path,), encoded=encoded)
    return Envelope(f"record:{'.'.join(path)}", "found by trying", "", opaque=encoded, record=record)


def _places(value: Any, readable: Readable, depth: int) -> Iterator[tuple[Path_, bool]]:
    """Yield the places of lines that are read, and whether each is in base64."""
    for place, line in islice(_leaves(value, ()), _PLACES):
        if readable.deep(line, depth):
            yield place, False
        elif any(readable.deep(inner, depth) for inner in _decoded(line)):
            yield place, True


def _decoded(text: str) -> list[str]:
    """Return the first lines that a text holds in base64."""
    opened = values.open_base64(text) if _BASE64.fullmatch(text) else None
    return opened[0].splitlines()[:MAX_INNER] if opened else []


def _is_request(value: Any) -> bool:
    """Tell whether a record names a request's own parts: then it is no envelope."""
    if not isinstance(value, dict):
        return False
    if any(re.sub(r"[^a-z]", "", key.lower()) in _REQUEST_KEYS for key in value):
        return True
    return any(_is_request(inner) for inner in value.values() if isinstance(inner, dict))


def _leaves(value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Return the texts and objects within `value` that could be lines, with their places."""
    for key, inner in value.items():
        here = (*path, key)
        if _SENT.search(key):
            continue
        if isinstance(inner, str):
            yield here, inner.rstrip("\r\n")
        elif isinstance(inner, dict):
            yield here, values.dump(inner)
            if len(here) < _DEEPEST:
                yield from _leaves(inner, here)


def _prefix(texts: Sequence[str], readable: Readable, depth: int) -> Envelope | None:
    """Find the prefix, of as many words in each line, behind which lines are read."""
    found = [prefix for text in texts if (prefix := _shortest(text, readable, depth)) is not None]
    shapes = Counter(map(_shape, found))
    if not shapes:
        return None
    shape, count = shapes.most_common(1)[0]
    if not _enough(count, len(texts)):
        return None
    same = [prefix for prefix in found if _shape(prefix) == shape]
    rest = _MONOLOG if all(text.rstrip().endswith("} []") for text in texts) else ""
    return Envelope("prefix", "found by trying", "", prefix=f"^{_with_time(same)}{rest}")


def _with_time(prefixes: Sequence[str]) -> str:
    """Return a pattern for the prefixes of a file, the time that each of them states apart."""
    stated = [times.WITHIN.search(prefix) for prefix in prefixes]
    found = [time for time in stated if time]
    if len(found) < len(prefixes):
        return _pattern(prefixes)
    before = _pattern([time.string[: time.start()] for time in found])
    after = _pattern([time.string[time.end() :] for time in found])
    return f"{before}(?P<time>{times.WITHIN.pattern}){after}"


def _pattern(prefixes: Sequence[str]) -> str:
    return "".join(_word(words) for words in zip(*map(_words, prefixes), strict=False))


def _shortest(text: str, readable: Readable, depth: int) -> str | None:
    """Return the shortest prefix of `text` behind which a line is read, with no request and no open quote in it."""
    limit = text.find('"') if '"' in text[:_LONGEST] else _LONGEST
    text = text.rstrip().removesuffix(" []")
    for match in _BOUNDARY.finditer(text, 0, min(len(text), _LONGEST)):
        rest, prefix = text[match.end() :], text[: match.end()]
        if _METHOD.search(prefix):
            return None
        if match.end() > limit and not (rest.startswith("{") and prefix.count('"') % 2 == 0):
            continue  # within or behind quotes, where a client may have written; a record ends the line all the same
        if readable.deep(rest, depth - 1) if rest.startswith("{") else readable.plain(rest):
            last = prefix.split()[-1]
            named = _ADDRESS.fullmatch(last) or _SITE.fullmatch(f"{last} ")
            return None if named else prefix
    return None


def _shape(prefix: str) -> tuple[str, ...]:
    """Return what is alike in the prefixes of a file: the blanks, or, where there is none, all signs."""
    return tuple(re.findall(r"\s+", prefix)) or tuple(re.findall(r"\W", prefix))


def _words(prefix: str) -> list[str]:
    return re.findall(r"\s+|\S+", prefix)


def _word(words: Sequence[str]) -> str:
    """Return a pattern for one word of the prefix: itself where it never changes, a time, or any word."""
    if len(set(words)) == 1:
        return re.escape(words[0])
    parts = [re.findall(r"\w+|\W", word) for word in words]
    if len({_shape(word) for word in words}) == 1 and len({len(part) for part in parts}) == 1:
        return "".join(map(_part, zip(*parts, strict=True)))
    tail = _common_tail(words)
    return rf"\S+?{re.escape(tail)}" if tail else r"\S+"


def _part(parts: Sequence[str]) -> str:
    """Return a pattern for one part of a word: itself, digits, or letters."""
    if len(set(parts)) == 1:
        return re.escape(parts[0])
    return r"\d+" if all(part.isdigit() for part in parts) else r"\w+"


def _common_tail(words: Sequence[str]) -> str:
    """Return the punctuation that all `words` end in: a prefix may end without a blank."""
    tails = {re.search(r"[^\w\s]*$", word)[0] for word in words}  # type: ignore[index]  # it matches the empty text
    return tails.pop() if len(tails) == 1 else ""
