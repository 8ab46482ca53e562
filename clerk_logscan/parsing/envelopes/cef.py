"""Peel events in ArcSight's CEF and IBM's LEEF, with whatever a relay wrote before: each becomes a record of JSON.

https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/pdfdoc/cef-implementation-standard/cef-implementation-standard.pdf
https://www.ibm.com/docs/en/dsm?topic=leef-overview. Firewalls of applications write so (Imperva, F5, Citrix, Radware).
A custom field is named by its label (`cn1=200 cn1Label=response_code`). A key that comes twice was planted, as not all
of them escape what a client sent: such a line stays as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from clerk_logscan.parsing.envelopes import times
from clerk_logscan.parsing.envelopes.entries import Entries, Row

NAME: Final = "cef"
_HEADER: Final = re.compile(
    r"(?:CEF:\s?\d|LEEF:\d(?:\.\d)?)\|((?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|(?:(?:[^|\\]|\\.)*)\|((?:[^|\\]|\\.)*)\|"
)
_CEF_REST: Final = re.compile(r"((?:[^|\\]|\\.)*)\|[^|]*\|")  # name and severity; LEEF 2.0: at most the delimiter
_LEEF_DELIMITER: Final = re.compile(r"(?:0?x([0-9A-Fa-f]{2})|([^\w\s]))?\|")
_KEY: Final = re.compile(r"(?:^|(?<=[\s|]))([A-Za-z_][\w.-]*) ?(?<!\\)=")
_LABELLED: Final = re.compile(r"(?:c[snf]\d{1,2}|c6a\d|deviceCustomDate\d|flexString\d|flexNumber\d)$")
_ESCAPE: Final = re.compile(r"\\([\\=|rn])")
_SITE: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?[/\\]")  # a URL without its scheme, as Imperva writes them
_URLS: Final = ("request", "url")


def is_cef(texts: Sequence[str]) -> bool:
    """Tell whether most of sampled `texts` are such events."""
    return sum(1 for text in texts if _HEADER.search(text)) * 2 > sum(1 for text in texts if text)


class Events(Entries):
    """The events of one input, each on a line."""

    name: Final = NAME

    def line(self, row: Row) -> Iterator[Row]:
        """Yield the record that a line is, or the line as it stands."""
        header = _HEADER.search(row["text"])
        values = _values(row["text"], header) if header else None
        if header is None or values is None:
            yield row
            return
        from clerk_logscan.parsing.envelopes.values import dump

        time = times.stated(row["text"][: header.start()])
        yield self.inner(row, dump(values), envelope_time=time or row["envelope_time"])


def _values(text: str, header: re.Match[str]) -> dict[str, str] | None:
    """Return header and extension of an event by their keys; None where a key comes twice."""
    found = {"deviceVendor": header[1], "deviceProduct": header[2], "deviceEventClassId": header[3]}
    at, delimiter = header.end(), None
    if text.startswith("CEF", header.start()):
        rest = _CEF_REST.match(text, at)
        at = rest.end() if rest else at
    elif (sign := _LEEF_DELIMITER.match(text, at)) is not None:
        at, delimiter = sign.end(), chr(int(sign[1], 16)) if sign[1] else sign[2]
    extension = text[at:].strip()
    pairs = list(_cells(extension, delimiter or "\t") if delimiter or "\t" in extension else _pairs(extension))
    names = [key for key, _ in pairs]
    if len(set(names)) < len(names):
        return None
    given = dict(pairs)
    labels = {key: given[f"{key}Label"] for key in names if _LABELLED.match(key) and given.get(f"{key}Label")}
    hidden = {f"{key}Label" for key in labels}
    found |= {labels.get(key, key): _unescape(value) for key, value in pairs if key not in hidden}
    return found | {key: _url(found[key], found.get("qstr")) for key in _URLS if key in found}


def _url(text: str, query: str | None) -> str:
    """Return a URL with the scheme that Imperva leaves out, and the query that it writes apart."""
    whole = f"http://{text}" if _SITE.match(text) else text
    return f"{whole}?{query}" if query and "?" not in whole else whole


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield keys and values; a value ends where the next key stands behind a blank."""
    keys = list(_KEY.finditer(text))
    ends = [key.start() for key in keys[1:]] + [len(text)]
    for key, end in zip(keys, ends, strict=True):
        yield key[1], text[key.end() : end].strip()


def _cells(text: str, delimiter: str) -> Iterator[tuple[str, str]]:
    for cell in text.split(delimiter):
        key, sign, value = cell.partition("=")
        if sign:
            yield key.strip(), value.strip()


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), text) if "\\" in text else text
