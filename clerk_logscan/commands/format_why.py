"""`formats --why`: how a log file was understood, as `analyze` understands it, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterator

from clerk_logscan.options import DEFAULT_PROXY_PATH, OptionError
from clerk_logscan.parsing.library import Library
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.readers import sources
from clerk_logscan.readers.scan import Scan
from clerk_logscan.readers.search import Search
from clerk_logscan.reading import Input, Reading, read

_SHOWN = 3  # unread lines


def explanation(path: str, library: Library) -> Iterator[str]:
    """Yield lines that say how the file (or each of a folder) was read. Raises OptionError where there is none."""
    found, errors = sources.find([path])
    if errors:
        raise OptionError(errors[0].message)
    for source in found:
        scan = Scan(source, Search([DEFAULT_PROXY_PATH]))
        parser = Parser(library, source.name)
        reading = Reading(scan, parser, keep=lambda requests: requests.clear())
        yield from _lines(read(Input(reading)), library)


def _lines(reading: Reading, library: Library) -> Iterator[str]:
    """Yield what is to be said of one input."""
    row = reading.row()
    yield f"{row['source']}: {row['lines']:,} lines, {row['examined']:,} of them parsed"
    if row["error"]:
        yield f"  {row['error']}"
    yield from (f"  {sentence}" for sentence in reading.parser.why)
    for name, count in row["log_formats"].items():
        yield f"  read as {name}: {count:,} requests"
        hidden = library[name].hidden_by if name in library else None
        if hidden:
            yield f"    this log cannot show the attack: its path field `{hidden}` is normalised"
    yield f"  no requests: {row['not_requests']:,}; like requests, but unreadable: {row['malformed']:,}"
    for number, raw in reading.unread.select("line_number", "raw").head(_SHOWN).rows():
        yield f"    line {number}: {raw[:200]}"
