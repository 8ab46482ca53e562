"""Lines that may tell of a request, in whatever layout: wider than what is called malformed."""

from __future__ import annotations

import re
from typing import Final

from clerk_logscan.parsing.inference import shapes

HEADS: Final = 10  # first lines, of which one may name the columns
# Characters of a line from which on it tells of no layout: no server takes longer requests by default, and to try all
# ways to read it takes the square of its length.
LONGEST: Final = 32 << 10
_TARGET: Final = re.compile(
    r"""(?:^|[\s@#$!*&§¶·•"'=|,;:\[({<\t\x01^~])(?:\\?/|(?i:https?):\\?/\\?/|\\u002[fF])"""
    r"|[A-Za-z0-9]\.[A-Za-z]{2,}(?::[0-9]+)?/"  # a site, and the target behind it
)
_METHOD: Final = re.compile(rf"(?:^|[^A-Za-z0-9_/-])(?:{'|'.join(sorted(shapes.METHODS))})(?:$|[^A-Za-z0-9_/-])")
_LOWER: Final = re.compile(r"""(?i)(?:method|verb)["']?\s*[:=]\s*["']?(?:get|post|put|head|delete|patch|options)\b""")
_STATUS: Final = re.compile(r"""(?:^|[\s"'=|,;:\t])[1-5][0-9]{2}(?=$|[\s"',;|}\])])""")
_ERROR: Final = re.compile(
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: "
    r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:.]+ \d{4}\] \[[\w:-]*\] "
)


def may_show(text: str) -> bool:
    """Tell whether the layout of a log may be guessed from a line."""
    return len(text) <= LONGEST and may_tell(text)


def may_tell(text: str) -> bool:
    """Tell whether a line may be a request's: a target and a method, or a target and a status."""
    if not _TARGET.search(text) or _ERROR.match(text):
        return False
    return bool(_METHOD.search(text) or _LOWER.search(text) or _STATUS.search(text))
