"""What nginx' well-known variables say by themselves, where a definition says nothing of them."""

from __future__ import annotations

from collections.abc import Mapping

from clerk_logscan.parsing import variables
from clerk_logscan.parsing.definitions import COLUMN_KINDS, Condition, Evidence, Source, Template

_Columns = Mapping[str, tuple[Source, ...]]


def variables_of(templates: tuple[Template, ...]) -> list[str]:
    """Return the names of all variables of the templates, each once."""
    return list(dict.fromkeys(n for t in templates for text in (t.pattern, *t.tail) for n in variables.names(text)))


def with_defaults(
    templates: tuple[Template, ...], columns: _Columns, shapes: Mapping[str, str], hidden_by: str | None
) -> tuple[dict[str, tuple[Source, ...]], dict[str, str], str | None]:
    """Return columns, shapes and hidden_by with what the well-known variables of the templates mean by themselves.

    What the file itself says of a column or of a shape stays.
    """
    present = set(variables_of(templates))
    filled: dict[str, list[Source]] = {}
    for name, variable in variables.NGINX.items():
        if name in present and variable.column and variable.column not in columns:
            kind = variable.kind or COLUMN_KINDS[variable.column]
            filled.setdefault(variable.column, []).append(Source((name,), kind))
    result = {**{column: tuple(sources) for column, sources in filled.items()}, **columns}
    if not {"request", "request_target", "url", "path"} & set(result):
        hidden_by = _normalised(present, result) or hidden_by
    known = {name: v.shape for name, v in variables.NGINX.items() if name in present and v.shape}
    return result, {**known, **shapes}, hidden_by


def _normalised(present: set[str], columns: dict[str, tuple[Source, ...]]) -> str | None:
    """Fall back to a normalised path, and return its name as the log_format calls it."""
    for name in variables.NORMALISED:
        if name in present:
            columns["path"] = (Source((name,), "text"),)
            queries = tuple(Source((query,), "text") for query in variables.QUERIES if query in present)
            if queries:
                columns["query"] = queries
            return f"${name}"
    return None


def default_evidence(templates: tuple[Template, ...]) -> tuple[Evidence, ...]:
    """Return what nginx' own `$upstream_addr` shows, where the templates have it.

    nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_addr: `-` where no server was asked; the name
    of the server group, so no port, where none could be chosen.
    """
    present = set(variables_of(templates))
    if "upstream_addr" not in present:
        return ()
    absent = Condition("upstream_addr", "absent", ())
    found = []
    if "upstream_cache_status" in present:
        cached = Condition("upstream_cache_status", "in", ("HIT", "STALE", "UPDATING", "REVALIDATED"))
        found.append(
            Evidence(
                (absent, cached), "undetermined", "$upstream_cache_status is {upstream_cache_status}: from the cache"
            )
        )
    if "status" in present:
        good = Condition("status", "matches", (r"^(?:2..|304)$",))
        found.append(
            Evidence(
                (absent, good),
                "undetermined",
                "$upstream_addr is - with {status}: nginx may have answered from its cache",
            )
        )
    found.append(Evidence((absent,), "not-forwarded", "$upstream_addr is -: nginx asked no upstream server"))
    if "upstream_status" in present:
        # 502 and 504 are nginx' own where the connection failed.
        answered = Condition("upstream_status", "matches", (r"(?:[1-4][0-9]{2}|50[0135-9]|5[1-9][0-9])$",))
        found.append(Evidence((answered,), "forwarded", "$upstream_status is {upstream_status}: the upstream answered"))
    group = Condition("upstream_addr", "matches", (r"^[^:]+$",))
    found.append(
        Evidence((group,), "not-forwarded", "$upstream_addr is {upstream_addr}, the group: no server could be chosen")
    )
    return tuple(found)
