"""Many paths out of one record at once: what the keys of each object allow is learnt once a key set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from clerk_logscan.parsing import json_paths

REMEMBERED: Final = 4096  # key sets of one object

Text = Callable[[Any], str | None]


class Column(NamedTuple):
    """A field: where its text goes, its name, its path in the object at hand, and how its value becomes text."""

    place: int
    name: str
    path: str
    how: Text


class _Shape(NamedTuple):
    """What an object with certain keys gives: values of its own, objects below, paths that need a search."""

    leaves: tuple[tuple[int, str, Text], ...]
    below: tuple[tuple[str, Taker], ...]
    searched: tuple[Column, ...]


class Taker:
    """Takes the `wanted` paths out of objects; `headers`: its keys are header names, which have no case."""

    def __init__(self, wanted: Iterable[Column], *, headers: bool = False) -> None:
        self._wanted = tuple(wanted)
        self._headers = headers
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._below: dict[tuple[str, tuple[Column, ...]], Taker] = {}

    def flat(self, keys: tuple[str, ...]) -> list[Column] | None:
        """Return the columns that records with these `keys` give by a key of their own, where that is all; or None."""
        shape = self._learn(keys)
        if shape.below or shape.searched or len(shape.leaves) < 2:
            return None
        found = {column.place: column for column in self._wanted}
        return [found[place]._replace(path=key) for place, key, _ in shape.leaves]

    def take_all(self, record: dict[str, Any]) -> list[str | None]:
        """Return the text of every wanted path of `record`, None where it has none."""
        texts: list[str | None] = [None] * len(self._wanted)
        self.take(record, texts)
        return texts

    def take(self, record: dict[str, Any], texts: list[str | None]) -> None:
        """Put the text of every wanted path of `record` into its place in `texts`; others stay as they are."""
        keys = tuple(record)
        shape = self._shapes.get(keys)
        if shape is None:
            if len(self._shapes) >= REMEMBERED:
                self._shapes.clear()
            shape = self._shapes[keys] = self._learn(keys)
        for index, key, how in shape.leaves:
            value = record[key]
            texts[index] = value if type(value) is str else how(value)
        for key, taker in shape.below:
            value = json_paths.opened(record[key])
            if type(value) is dict:
                taker.take(value, texts)
        for wanted in shape.searched:
            texts[wanted.place] = wanted.how(json_paths.find(record, wanted.path))

    def _learn(self, keys: tuple[str, ...]) -> _Shape:
        leaves: list[tuple[int, str, Text]] = []
        below: dict[str, list[Column]] = {}
        searched: list[Column] = []
        spelled = {key.lower(): key for key in reversed(keys)} if self._headers else {}
        for wanted in self._wanted:
            ways = [(key, rest) for key, rest in json_paths.splits(wanted.path) if key in keys]
            if not ways and self._headers and (actual := spelled.get(wanted.path.lower())) is not None:
                ways = [(actual, None)]
            if wanted.path.endswith("]") or len(ways) > 1:
                searched.append(wanted)
            elif ways and ways[0][1] is None:
                leaves.append((wanted.place, ways[0][0], wanted.how))
            elif ways:
                below.setdefault(ways[0][0], []).append(wanted._replace(path=str(ways[0][1])))
        takers = tuple((key, self._taker(key, tuple(paths))) for key, paths in below.items())
        return _Shape(tuple(leaves), takers, tuple(searched))

    def _taker(self, key: str, wanted: tuple[Column, ...]) -> Taker:
        """Return the taker below `key`, the same one for all key sets that lead there alike."""
        is_headers = key.lower().endswith("headers")
        return self._below.setdefault((key, wanted), Taker(wanted, headers=is_headers))
