"""Small inputs together: what one definition reads of several is cut and typed at once.

A call of polars costs as much as some hundred lines, and exports to object stores are thousands of small objects. Each
input gets what its own parser would give: only lines that one definition reads as they stand go together, and what it
reads of a line does not depend on others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.cuts import Cut
from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.parser import Parsed, Parser
from clerk_logscan.parsing.records import records_of_cut, requests_of
from clerk_logscan.parsing.settling import Settling, bare

_Lines = tuple[Parser, pl.DataFrame]  # some lines of a parser's input: line_number, byte_offset, raw


class _Question(NamedTuple):
    """What does a definition, if there is one, read of the texts of an input?"""

    settling: Settling
    definition: Definition | None
    texts: pl.Series


class _Share(NamedTuple):
    """All lines of an input, as one definition reads them."""

    parser: Parser
    frame: pl.DataFrame
    cut: Cut


def settle(samples: Sequence[_Lines]) -> None:
    """Settle each parser by a sample of its input, as Parser.settle does."""
    if not samples:
        return
    questions = []
    for (parser, _), texts in zip(samples, bare([sample for _, sample in samples]), strict=True):
        questions.append(_Question(parser.settling, next(parser.settling.candidates(texts), None), texts))
    for (_, sample), question, cut in zip(samples, questions, _answers(questions), strict=True):
        if not question.settling.is_led(question.texts, cut):
            question.settling.detect(sample)


def read(inputs: Sequence[_Lines]) -> list[Parsed]:
    """Return what each parser reads of the lines of its input, as Parser.read does."""
    shares: dict[Definition, list[_Share]] = {}
    for share in _shares([one for one in inputs if one[0].is_led]) if len(inputs) > 1 else ():
        shares.setdefault(share.cut.definition, []).append(share)
    parsed: dict[Parser, Parsed] = {}
    for definition, some in shares.items():
        parsed.update(zip((share.parser for share in some), _parsed(definition, some), strict=True))
    return [parsed[parser] if parser in parsed else parser.read(frame) for parser, frame in inputs]


def _shares(inputs: Sequence[_Lines]) -> Iterator[_Share]:
    """Yield the inputs of which the definition that leads reads every line; of others it is remembered what it does."""
    questions = []
    known = [parser.settling.known(frame["raw"]) for parser, frame in inputs]
    for (parser, frame), cut in zip(inputs, known, strict=True):
        questions.append(_Question(parser.settling, None if cut else parser.settling.leading, frame["raw"]))
    for (parser, frame), cut, answer in zip(inputs, known, _answers(questions), strict=True):
        found = cut or answer
        if found is None:
            continue
        if len(found.rows) == frame.height:
            yield _Share(parser, frame, found)
        else:
            parser.settling.know(frame["raw"], found)


def _answers(questions: Sequence[_Question]) -> list[Cut | None]:
    """Return the answers, those for one definition found at once; None where it reads nothing, or there is none."""
    found: list[Cut | None] = [None] * len(questions)
    alike: dict[Definition, list[int]] = {}
    for place, question in enumerate(questions):
        if question.definition is not None:
            alike.setdefault(question.definition, []).append(place)
    for definition, places in alike.items():
        for place, cut in zip(places, _answer(definition, [questions[place] for place in places]), strict=True):
            found[place] = cut
    return found


def _answer(definition: Definition, questions: Sequence[_Question]) -> Iterator[Cut | None]:
    """Yield the answers to questions for one definition."""
    cut = questions[0].settling.cut_by(definition, pl.concat([one.texts for one in questions]))
    if cut is None:
        yield from (None for _ in questions)
        return
    edges = list(accumulate((len(one.texts) for one in questions), initial=0))
    places = cut.rows.search_sorted(pl.Series(edges, dtype=cut.rows.dtype)).to_list()
    for start, first, end in zip(edges, places, places[1:], strict=False):
        size = end - first
        rows, raw = cut.rows.slice(first, size) - start, cut.raw.slice(first, size)
        yield Cut(cut.definition, rows, raw) if size else None


def _parsed(definition: Definition, shares: Sequence[_Share]) -> Iterator[Parsed]:
    """Yield what each of the inputs holds, typed at once."""
    sources = [pl.Series("source", [share.parser.source]).new_from_index(0, share.frame.height) for share in shares]
    places = pl.concat([share.frame for share in shares]).with_columns(pl.concat(sources), envelope_time=None)
    raw = pl.concat([share.cut.raw for share in shares], how="diagonal")
    cut = Cut(definition, pl.int_range(raw.height, dtype=pl.UInt32, eager=True), raw)
    others = _others(definition, shares, places["raw"])
    requests = requests_of(definition, records_of_cut(cut, places, others), shares[0].parser.zone)
    counts = dict(requests["source"].value_counts().iter_rows())
    at = 0
    for parser, frame, _ in shares:
        count = counts.get(parser.source, 0)
        parser.log_formats[definition.name] += count
        yield Parsed(requests.slice(at, count), frame.height - count, lines.none_unread())
        at += count


def _others(definition: Definition, shares: Sequence[_Share], texts: pl.Series) -> pl.Series | None:
    """Return the other targets that the lines, all in `texts`, may mean; None where there are none."""
    if not texts.str.contains("\\", literal=True).any():  # what the lines of an input do with it is to be learnt
        return shares[0].parser.others(definition, texts)
    found = [share.parser.others(definition, share.frame["raw"]) for share in shares]
    if all(others is None for others in found):
        return None
    none = pl.Series([None], dtype=pl.String)
    return pl.concat(
        none.new_from_index(0, share.frame.height) if others is None else others
        for share, others in zip(shares, found, strict=True)
    )
