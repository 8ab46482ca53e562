"""What could not be read or cannot be seen: the reasons that make a verdict incomplete, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clerk_logscan.incident.coverage import uncovered, union
from clerk_logscan.incident.hops import Hops
from clerk_logscan.incident.logs import Facts, Input, Log
from clerk_logscan.readers.scan import STOPPED

Reason = tuple[str, str]  # what is wrong, what to do about it


def reasons(inputs: Sequence[Input], facts: Facts, logs: Sequence[Log], hops: Hops) -> list[Reason]:
    """Return what makes the reading incomplete, in the order of the inputs."""
    found: list[Reason] = []
    for row in inputs:
        found.extend(_unread(row))
        found.extend(_guess_falls_short(row))
        found.extend(_blind(row, facts, logs, hops))
    return found + _empty(inputs) + _forgotten(inputs)


def _unread(row: Input) -> Iterable[Reason]:
    source = row["source"]
    error = (row.get("error") or "").rstrip(".")
    if error.endswith(STOPPED):
        yield error, "Run it again, and let it read to the end."
    elif error or row.get("complete") is False:
        yield _broken(row, error), f"Give another copy of {source}."
    elif _no_line_read(row):
        lines = row.get("lines") or 0
        many, them = ("1 line", "it") if lines == 1 else (f"{lines:,} lines", "any of them")
        yield (
            f"{source} holds {many}, and no format reads {them}",
            f"Name the format of {source} (--log-format, --parser); `clerk-logscan formats --why {source}` tells more.",
        )
    suspicious = row.get("suspicious_malformed") or 0
    if suspicious:
        many = f"{suspicious:,} lines" if suspicious != 1 else "1 line"
        yield (
            f"{many} of {source} could not be read, though holding what looks like such a request",
            f"Look at these lines of {source} (--unparsed FILE writes them out), or name their format.",
        )


def _broken(row: Input, error: str) -> str:
    """Return what is wrong with an input that was not read to its end, or not as it stands."""
    source, lines = row["source"], row.get("lines") or 0
    if lines and row.get("complete"):
        return error
    # The error is a sentence that names the input; here it only says more.
    more = error.removeprefix(source).lstrip(": ").removeprefix("breaks off ")
    why = f" ({more})" if more else ""
    if lines:
        return f"{source} breaks off after {lines:,} line{'s' if lines != 1 else ''}{why}"
    return f"{source} could not be read{why}"


def _empty(inputs: Sequence[Input]) -> list[Reason]:
    """Say that no input holds any line: of nothing nothing follows."""
    if not inputs or any(row.get("lines") or row.get("error") for row in inputs):
        return []
    named = inputs[0]["source"] if len(inputs) == 1 else f"none of the {len(inputs):,} inputs"
    verb = "holds no line" if len(inputs) == 1 else "holds any line"
    return [(f"{named} {verb}: there is nothing to tell from", "Give the logs of the time in question.")]


def _guess_falls_short(row: Input) -> Iterable[Reason]:
    """Say that a layout was guessed and leaves lines unread: these may be what was looked for."""
    unread, requests = row.get("malformed") or 0, row.get("requests") or 0
    if row.get("_guessed") and unread:
        source, share = row["source"], unread / (unread + requests)
        yield (
            f"the layout of {source} was guessed, and {unread:,} of its lines ({max(share, 0.001):.1%} of those that "
            "look like requests) could not be read by it",
            f"Give the format of {source}: `clerk-logscan formats --infer {source}` writes the guess, to correct and "
            "pass by --parser.",
        )


def _no_line_read(row: Input) -> bool:
    """Return whether no line was read in an input that was named itself, or that holds what looks like requests."""
    if not row.get("lines") or row.get("requests") or row.get("log_formats"):
        return False
    return bool(row.get("_named") or row.get("_requestlike"))


def _blind(row: Input, facts: Facts, logs: Sequence[Log], hops: Hops) -> Iterable[Reason]:
    """Say that a log cannot show the attack, unless another log of the same requests shows it for all its time."""
    source = row["source"]
    fields = [str(name) for name in row.get("_hidden") or ()]
    for name in row.get("log_formats") or {}:
        hidden_by = facts.get(name, {}).get("hidden_by")
        if hidden_by and str(hidden_by) not in fields:
            fields.append(str(hidden_by))
    if not fields:
        return
    mine = [log for log in logs if source in log.sources and log.hidden]
    if mine and all(_shown_elsewhere(log, logs, hops) for log in mine):
        return
    named = ", ".join(f"`{name}`" for name in fields)
    verb = "is" if len(fields) == 1 else "are"
    yield (
        f"{source} cannot show the attack: its path field {named} {verb} normalised",
        f"Give another hop's log of these hours, one that holds targets as they came; {source} does not.",
    )


def _shown_elsewhere(log: Log, logs: Sequence[Log], hops: Hops) -> bool:
    """Return whether logs of the same requests that show targets as they came cover all of this log's time."""
    coverage = log.coverage
    if coverage.first is None or coverage.last is None:
        return False
    spans = []
    for other in logs:
        hop = hops.between(log, other)
        if hop is not None and not other.hidden:
            back = -hop.skew if hop.outer is log else hop.skew
            spans += [(start + back - _EDGE, end + back + _EDGE) for start, end in other.coverage.spans()]
    return bool(spans) and not uncovered((coverage.first, coverage.last), union(spans))


_EDGE = 60_000_000  # a minute: the first and the last line of two logs of the same requests need not be of the same one


def _forgotten(inputs: Sequence[Input]) -> list[Reason]:
    """Say under which other prefix clerk-js was served: a proxy path that was not given."""
    counts: dict[str, int] = {}
    for row in inputs:
        for prefix, count in (row.get("_foreign_prefixes") or {}).items():
            counts[prefix] = counts.get(prefix, 0) + count
    return [
        (
            f"{count:,} request{'s' if count != 1 else ''} with clerk-js' own marks lie under {prefix}, "
            "which was not given as a proxy path",
            f"Run it again with --proxy-path {prefix}.",
        )
        for prefix, count in sorted(counts.items())
        if count > 0
    ]
