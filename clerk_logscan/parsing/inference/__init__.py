"""Unknown layouts: a Definition guessed from the lines of a file, and the evidence for it.

Its parts are loaded where a line is met that no format reads; most logs have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clerk_logscan.parsing.inference.guess import Guess as Guess
    from clerk_logscan.parsing.inference.guess import infer as infer

__all__ = ["Guess", "infer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from clerk_logscan.parsing.inference import guess

    return getattr(guess, name)
