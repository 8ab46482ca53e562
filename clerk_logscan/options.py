"""What the user asked for: the options of the command and of the Python API, checked once, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, Protocol

from clerk_logscan.dates import DateError, parse_date, parse_duration, parse_zone

DEFAULT_PROXY_PATH: Final = "/__clerk"
FRAMEWORKS: Final = ("any", "express", "fastify", "hono")
AUTO: Final = "auto"


class OptionError(ValueError):
    """An option that cannot be used; its text is one sentence that names the option and says what to write."""


class Progress(Protocol):
    """Told now and then how far the reading is; must be cheap, and may be called from several threads."""

    def __call__(self, source: str, done: int, total: int | None) -> None:
        """Take the input being read, the stored bytes read so far over all inputs, and their sum (None: unknown)."""


def silent(source: str, done: int, total: int | None) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `analyze`, `convert` and the Python API; times in UTC, paths as the proxy compares them."""

    log_format: str = AUTO
    parsers: tuple[Path, ...] = ()
    proxy_paths: tuple[str, ...] = (DEFAULT_PROXY_PATH,)
    framework: str = "any"
    allow_hosts: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    vulnerable_from: datetime | None = None
    vulnerable_until: datetime | None = None
    key_rotated: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    assume_timezone: str = "UTC"
    context: timedelta = timedelta(minutes=10)
    redact: bool = False
    full: bool = False
    evidence: bool = False
    unparsed: Path | None = None
    workers: int | None = None
    notes: tuple[str, ...] = ()  # what was understood otherwise than written, a sentence each

    @classmethod
    def of(cls, **keywords: Any) -> Options:
        """Check keywords named as the command's options (`proxy_path`, `since` ...) and return the Options.

        Repeatable ones take a text or several; times a text or a datetime; `context` a text or a timedelta.
        None and an empty sequence mean the default. Raises OptionError.
        """
        unknown = sorted(set(keywords) - set(_CHECKS))
        if unknown:
            raise OptionError(f"{unknown[0]!r} is no option here: there are {', '.join(_CHECKS)}")
        notes: list[str] = []
        checked: dict[str, Any] = {}
        for name, value in keywords.items():
            if value is not None and value != () and value != []:
                field, check = _CHECKS[name]
                checked[field] = _checked(name, check, value, notes)
        options = cls(**checked, notes=tuple(notes))
        _refuse_backwards("since", options.since, "until", options.until)
        _refuse_backwards("vulnerable-from", options.vulnerable_from, "vulnerable-until", options.vulnerable_until)
        return options

    def stated(self) -> dict[str, Any]:
        """Return what differs from the defaults, as JSON values, for the report's `tool.options`."""
        default = Options()
        return {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)
            if field.name not in {"notes", "workers"} and getattr(self, field.name) != getattr(default, field.name)
        }


def check_proxy_path(text: str, notes: list[str] | None = None) -> str:
    """Return a configured proxy path as the integrations compare it: a leading slash, none at the end.

    `/`, or slashes alone, is the default `/__clerk`, as in the integrations; a note says so. Raises OptionError.
    """
    if "?" in text or "#" in text:
        alone = text.split("?")[0].split("#")[0] or DEFAULT_PROXY_PATH
        raise OptionError(f"{text!r} holds a query or fragment: give the path alone, as {alone}")
    if "://" in text:
        raise OptionError(f"{text!r} is a URL: give its path alone, as /__clerk")
    if not text:
        raise OptionError(f"an empty path matches nothing: write it as {DEFAULT_PROXY_PATH}")
    if not text.startswith("/"):
        raise OptionError(f"{text!r} does not begin with a slash: write /{text}")
    path = text.rstrip("/")
    if not path:
        if notes is not None:
            notes.append(f"The proxy path {text} means {DEFAULT_PROXY_PATH}, as it does in Clerk's integrations.")
        return DEFAULT_PROXY_PATH
    if any(ord(char) <= 0x20 or ord(char) >= 0x7F or char in '\\"<>`{}' for char in path):
        raise OptionError(
            f"{text!r} can match no request: a URL's path holds no such character, write it percent-encoded"
        )
    if path.startswith("//") or any(
        part in {".", ".."} for part in path.replace("%2e", ".").replace("%2E", ".").split("/")
    ):
        raise OptionError(
            f"{text!r} can match no request: the proxy compares a path without // in front and without dot segments"
        )
    return path


def check_host(text: str, notes: list[str] | None = None) -> str:
    """Return a host name in lower case, no port, no trailing blank; IPv6 in brackets. Raises OptionError."""
    host = text.strip().lower()
    if not host or any(char in "/?#@\\ " for char in host):
        raise OptionError(f"{text!r} is no host: give the name alone, as clerk.example.com")
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not name.endswith(":") and (":" not in name or name.endswith("]")):
        host = name
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _framework(text: str, notes: list[str]) -> str:
    """Return a framework's name."""
    if text not in FRAMEWORKS:
        raise OptionError(f"{text!r} is no framework: there are {', '.join(FRAMEWORKS)}")
    return text


def _time(*, end: bool) -> Callable[[Any, list[str]], datetime]:
    """Return the check of a time; a day alone is its end for `end`, a datetime without a zone is UTC."""

    def check(value: Any, notes: list[str]) -> datetime:
        if isinstance(value, datetime):
            zone: tzinfo = value.tzinfo or UTC
            return value.replace(tzinfo=zone).astimezone(UTC)
        return parse_date(str(value), end=end)

    return check


def _duration(value: Any, notes: list[str]) -> timedelta:
    """Return a duration of zero or more."""
    if not isinstance(value, timedelta):
        return parse_duration(str(value))
    if value < timedelta():
        raise OptionError("a duration cannot be negative")
    return value


def _zone(text: str, notes: list[str]) -> str:
    return parse_zone(text)


def _text(value: Any, notes: list[str]) -> str:
    return str(value)


def _path(value: Any, notes: list[str]) -> Path:
    return Path(value)


def _flag(value: Any, notes: list[str]) -> bool:
    return bool(value)


def _workers(value: Any, notes: list[str]) -> int:
    if int(value) < 1:
        raise OptionError("at least one worker is needed")
    return int(value)


def _each(check: Callable[[Any, list[str]], Any]) -> Callable[[Any, list[str]], tuple[Any, ...]]:
    """Return the check of a repeatable option: one value or several, each once, in their order."""

    def checks(values: Any, notes: list[str]) -> tuple[Any, ...]:
        several: Iterable[Any] = [values] if isinstance(values, str | Path) else values
        return tuple(dict.fromkeys(check(value, notes) for value in several))

    return checks


_Check = Callable[[Any, list[str]], Any]

_CHECKS: Final[Mapping[str, tuple[str, _Check]]] = {
    "log_format": ("log_format", _text),
    "parser": ("parsers", _each(_path)),
    "proxy_path": ("proxy_paths", _each(check_proxy_path)),
    "framework": ("framework", _framework),
    "allow_host": ("allow_hosts", _each(check_host)),
    "host": ("hosts", _each(check_host)),
    "vulnerable_from": ("vulnerable_from", _time(end=False)),
    "vulnerable_until": ("vulnerable_until", _time(end=True)),
    "key_rotated": ("key_rotated", _time(end=False)),
    "since": ("since", _time(end=False)),
    "until": ("until", _time(end=True)),
    "assume_timezone": ("assume_timezone", _zone),
    "context": ("context", _duration),
    "redact": ("redact", _flag),
    "full": ("full", _flag),
    "evidence": ("evidence", _flag),
    "unparsed": ("unparsed", _path),
    "workers": ("workers", _workers),
}


def _checked(name: str, check: _Check, value: Any, notes: list[str]) -> Any:
    """Check one value; an error names the option."""
    try:
        return check(value, notes)
    except (DateError, OptionError) as error:
        raise OptionError(f"--{name.replace('_', '-')}: {error}") from None


def _refuse_backwards(first: str, start: datetime | None, second: str, end: datetime | None) -> None:
    """Refuse a window that ends before it begins: it would hold nothing and look like a clean log."""
    if start and end and end < start:
        raise OptionError(
            f"--{first} ({start:%Y-%m-%d %H:%M:%S}) is after --{second} ({end:%Y-%m-%d %H:%M:%S}): no time lies between"
        )


def _plain(value: Any) -> Any:
    """Return a JSON value for an option's."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value) if isinstance(value, Path) else value
