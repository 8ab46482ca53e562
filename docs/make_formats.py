"""Write docs/formats.md from the definitions of parsers/. Run: python docs/make_formats.py"""

from __future__ import annotations

from pathlib import Path

from clerk_logscan.parsing.definitions import Definition
from clerk_logscan.parsing.library import load_definitions

PAGE = Path(__file__).parent / "formats.md"
HEAD = """# Log formats

Made from the definitions of `parsers/` by `python docs/make_formats.py`. `clerk-logscan formats NAME` shows one with
its fields, a sample line and how that line is read.

- **attack**: whether a line can show the attack; a log with a normalised path cannot, and its field is named.
- **forwarded**: whether a line can tell that a request went on to the application, or that it did not.
- **hop**: where such a log is written. *best effort*: the vendor says that lines may be missing.

| name | format | grammar | hop | attack | forwarded |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(map(_row, load_definitions().values()))


def _row(one: Definition) -> str:
    attack = "no requests" if not one.requests else f"no: `{one.hidden_by}`" if one.hidden_by else "yes"
    hop = f"{one.hop}, best effort" if one.best_effort else one.hop
    title = f"[{one.title}]({one.vendor})" if one.vendor.startswith("https://") else one.title
    return f"| `{one.name}` | {title} | {one.grammar} | {hop} | {attack} | {'yes' if one.evidence else 'no'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
