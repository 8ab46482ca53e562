"""Envelopes around log lines (Docker, syslog, journald, shippers ...) are peeled, nested, by one mechanism."""

from clerk_logscan.parsing.envelopes.declarations import EnvelopeError, load_all
from clerk_logscan.parsing.envelopes.peeler import Peeler
from clerk_logscan.parsing.envelopes.work import HIDDEN

__all__ = ["HIDDEN", "EnvelopeError", "Peeler", "load_all"]
