"""Which column of an unknown layout is what: by its key's name, by its values' shapes, by where it stands.

Whoever wrote the log knew; a wrong guess is worse than none. So a column without a name needs a shape of its own or
a place that nothing else could have, and a name is believed only where the values agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clerk_logscan.parsing.definitions import TARGETS
from clerk_logscan.parsing.inference import shapes
from clerk_logscan.parsing.inference.columns import Column, Roles
from clerk_logscan.parsing.inference.role_addresses import add_addresses
from clerk_logscan.parsing.inference.role_numbers import add_numbers
from clerk_logscan.parsing.inference.role_requests import add_request
from clerk_logscan.parsing.inference.role_texts import add_texts
from clerk_logscan.parsing.inference.role_times import add_time

# Beside the target, what proves that lines tell of requests and not merely mention one.
_WITNESSES: Final = ("status", "timestamp", "client_ip", "user_agent", "protocol")


def assign(columns: Sequence[Column]) -> Roles | None:
    """Return what each of `columns` is; None where they hold no request."""
    roles = Roles()
    add_request(columns, roles)
    if set(TARGETS).isdisjoint(roles.sources):
        return None
    add_time(columns, roles)
    add_addresses(columns, roles)
    add_texts(columns, roles)
    add_numbers(columns, roles)
    return roles if _is_access_log(columns, roles) else None


def _is_access_log(columns: Sequence[Column], roles: Roles) -> bool:
    """Tell whether enough was recognised: a method or a whole request line, and a witness beside it."""
    has_method = bool({"request", "method"} & set(roles.sources))
    witnesses = [name for name in _WITNESSES if name in roles.sources]
    if "request" in roles.sources and _whole_lines(columns, roles):
        witnesses.append("protocol")
    return (has_method and len(witnesses) >= 1) or len(witnesses) >= 3


def _whole_lines(columns: Sequence[Column], roles: Roles) -> bool:
    field = roles.sources["request"][0].fields[0]
    return any(one.field == field and one.share(shapes.WHOLE_REQUEST) > 0.5 for one in columns)
