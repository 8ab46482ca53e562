"""Values of a TOML document, each of the type that it must have; an error names file, key and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from clerk_logscan.parsing.definitions import DefinitionError


class Values:
    """The values of one document. `text`, of which it was read, only places errors; `name` is what they call it where
    it is of no file (`origin`). Every method raises DefinitionError.
    """

    def __init__(self, document: Mapping[str, Any], text: str, name: str, origin: str) -> None:
        self.document, self.text, self.name, self.origin = document, text, name, origin

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise the error of `key` (`columns.host`, `evidence[1]`) with the line where it stands, if it does."""
        leaf, _, index = key.split(".")[-1].partition("[")
        pattern = rf'^\s*(?:\[+[\w. "-]*)?"?{re.escape(leaf)}"?\s*(?:=|\])'
        places = [found.start() for found in re.finditer(pattern, self.text, re.MULTILINE)]
        place = places[min(int(index[:-1] or 0) if index else 0, len(places) - 1)] if places else None
        line = "" if place is None else f":{self.text.count(chr(10), 0, place) + 1}"
        raise DefinitionError(f"{self.origin or self.name}{line}: {key}: {problem}")

    def text_value(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self.document.get(key, default)
        if not isinstance(value, str):
            self.fail(key, "is missing" if value is None else "must be a text")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return a true or false."""
        value = self.document.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, "must be true or false")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None) -> str:
        """Return one of `allowed`."""
        value = self.text_value(key, default)
        if value not in allowed:
            self.fail(key, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def strings(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of texts."""
        return self.as_strings(key, self.document.get(key, list(default)))

    def as_strings(self, key: str, value: object) -> tuple[str, ...]:
        """Return `value`, a text or a list of texts, as a tuple."""
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.fail(key, "must be a text or a list of texts")
        return tuple(items)

    def table(self, key: str) -> Mapping[str, Any]:
        """Return a table; an absent one is empty."""
        value = self.document.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, "must be a table")
        return value

    def tables(self, key: str) -> list[Mapping[str, Any]]:
        """Return an array of tables; an absent one is empty."""
        value = self.document.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"must be an array of tables: [[{key}]]")
        return value
