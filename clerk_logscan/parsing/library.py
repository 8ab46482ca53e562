"""Where definitions come from: TOML files of this package, of installed ones and of the user, read when asked for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from clerk_logscan.parsing.definitions import Definition, DefinitionError


class Library(Mapping[str, Definition]):
    """Definitions by name, each read when first asked for; `-` and `_` are one in a name.

    `paths`: files of the package and of plug-ins; `loaded`: those already read. A later one of a name replaces
    an earlier one. Reading raises DefinitionError. `open`: what none of them reads may be guessed.
    """

    def __init__(self, paths: Iterable[Path], loaded: Iterable[Definition] = ()) -> None:
        self._paths = {path.stem: path for path in paths}
        self._loaded = {definition.name: definition for definition in loaded}
        self._of_grammar: dict[str, list[Definition]] = {}
        self._grammars: dict[str, str] = {}
        self.open = bool(self._paths)

    def __getitem__(self, name: str) -> Definition:
        key = name.replace("-", "_")
        if key not in self._loaded:
            if key not in self._paths:
                raise KeyError(name)
            path = self._paths[key]
            self._loaded[key] = _shipped(path) if path.parent == folder() else load(path)
        return self._loaded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({**self._paths, **self._loaded}))

    def __len__(self) -> int:
        return len({**self._paths, **self._loaded})

    def of_grammar(self, grammar: str) -> list[Definition]:
        """Return the definitions of one grammar in order of name, without reading the files of the others."""
        if grammar not in self._of_grammar:
            self._of_grammar[grammar] = [self[name] for name in self if self._grammar(name) == grammar]
        return list(self._of_grammar[grammar])

    def _grammar(self, name: str) -> str:
        """Return the grammar of a definition; its file is not read as TOML for that (a millisecond each)."""
        if name not in self._grammars:
            path = self._paths.get(name) if name not in self._loaded else None
            found = path and re.search(rb'^grammar\s*=\s*["\'](\w+)', path.read_bytes(), re.MULTILINE)
            self._grammars[name] = found[1].decode() if found else self[name].grammar
        return self._grammars[name]


@cache
def folder() -> Path:
    """Return the folder of the shipped definitions: in the wheel beside the code, in a checkout `parsers/`."""
    shipped = Path(__file__).parent.parent / "parsers"
    return shipped if shipped.is_dir() else Path(__file__).parent.parent.parent / "parsers"


def load_definitions(extra: Iterable[Path] = ()) -> Library:
    """Return the shipped definitions, those of installed packages, and `extra` files, which win over both.

    A package brings definitions by an entry point of the group `clerk_logscan.formats` that names a module; every
    .toml beside that module is one. Raises DefinitionError for a bad file of `extra` at once, for others when read.
    """
    paths = [*sorted(folder().glob("*.toml")), *_plugged()]
    return Library(paths, [load(path) for path in extra])


def _plugged() -> list[Path]:
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found: list[Path] = []
    for point in entry_points(group="clerk_logscan.formats"):
        spec = find_spec(point.module)
        if spec is not None and spec.origin:
            found += sorted(Path(spec.origin).parent.glob("*.toml"))
    return found


@cache
def _shipped(path: Path) -> Definition:
    """Load a file of the package, which does not change: read once, however many analyses a process makes."""
    return load(path)


def load(path: Path) -> Definition:
    """Read one definition file. Raises DefinitionError with file, and key and line where they are known."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return parse(text, path.stem.replace("-", "_"), str(path))


def parse(text: str, name: str, origin: str = "") -> Definition:
    """Read a definition from TOML text; `origin` is what errors call the file. Raises DefinitionError.

    What stands from the first `[[samples]]` on is kept as text: reading it would double the time to start.
    """
    from clerk_logscan.parsing.definition_checks import build

    cut = re.search(r"^\[\[samples\]\]", text, re.MULTILINE)
    head = text[: cut.start()] if cut else text
    try:
        document = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{origin or name}: not TOML: {error}") from error
    shipped = bool(origin) and Path(origin).parent == folder()
    return build(document, head, name, origin, text if cut else "", proven=shipped)
