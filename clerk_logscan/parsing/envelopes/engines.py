"""What opens envelopes: imported, and built, when there is one to open, as most logs wear none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from clerk_logscan.parsing.envelopes.declarations import Envelope

if TYPE_CHECKING:
    from clerk_logscan.parsing.envelopes.prefixes import Prefix
    from clerk_logscan.parsing.envelopes.records import Records


class Engines:
    """The engines of some envelopes; `keeps_newline` as for Records."""

    def __init__(self, envelopes: Sequence[Envelope], *, keeps_newline: bool = True) -> None:
        self._envelopes, self._keeps_newline = envelopes, keeps_newline

    @cached_property
    def prefixes(self) -> list[Prefix]:
        """One of each envelope that is a prefix."""
        from clerk_logscan.parsing.envelopes.prefixes import Prefix

        return [Prefix(one) for one in self._envelopes if one.prefix is not None]

    @cached_property
    def records(self) -> Records:
        """The one of all envelopes that are records."""
        from clerk_logscan.parsing.envelopes.records import Records

        return Records([one for one in self._envelopes if one.record], keeps_newline=self._keeps_newline)
