"""Unknown layouts: a Definition guessed from the lines of a file, and the evidence for it."""

from __future__ import annotations

from clerk_logscan.parsing.inference.guess import Guess, infer

__all__ = ["Guess", "infer"]
