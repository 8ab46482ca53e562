"""Siblings: inputs of one log settle their formats once, and read what each would read alone."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from clerk_logscan import formats
from clerk_logscan.looks import Looks
from clerk_logscan.options import Options, silent
from clerk_logscan.parsing.parser import Parser
from clerk_logscan.readers import sources
from clerk_logscan.siblings import Siblings

OPTIONS = Options()
DEFINITIONS = formats.chosen(OPTIONS)
ORDER = [DEFINITIONS["nginx_combined"]]


def lines(name: str, count: int = 12) -> str:
    """Return lines as a format's sample, the first of which shows its escaping."""
    return f"{DEFINITIONS[name].samples[0].line}\n" * count


def read(folder: Path) -> dict[str, tuple[pl.DataFrame, list[str]]]:
    """Return the requests of each log and the formats that read them."""
    found, _ = sources.find([str(folder)])
    readings = Looks(OPTIONS, DEFINITIONS, silent).first(found)
    return {
        Path(one.scan.source.name).name: (one.requests.drop("source"), list(one.parser.log_formats)) for one in readings
    }


def test_every_input_of_a_log_reads_what_it_reads_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats that change from one input to the next, envelopes and lines of no format are found all the same."""
    texts = {
        "access.log.1": lines("aws_alb"),
        "access.log.2": lines("nginx_combined") + "\n" + lines("aws_alb", 1),
        "access.log.3": lines("caddy_json"),
        "access.log.4": "".join(f"web-1  | {line}\n" for line in lines("nginx_combined").splitlines()),
        "access.log.5": lines("nginx_combined", 3),
        "access.log.6": "",
        "access.log.7": lines("nginx_combined"),  # the oldest is the first
    }
    alone = {}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(text)
        alone |= read(tmp_path / name)
        (tmp_path / name / name).unlink()
        (tmp_path / name).rmdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    ranked = []
    rank = Parser._peel
    monkeypatch.setattr(Parser, "_peel", lambda self, sample: ranked.append(self.source) or rank(self, sample))
    together = read(tmp_path)
    assert together.keys() == alone.keys()
    for name, (requests, log_formats) in together.items():
        assert requests.equals(alone[name][0], null_equal=True) and log_formats == alone[name][1]
    assert {Path(name).suffix for name in ranked} == {".1", ".2", ".3", ".4", ".7"}, "what the first led is not guessed"


def test_the_others_wait_for_the_first_whatever_it_tells() -> None:
    siblings, heard = Siblings(), []

    def listen() -> None:
        with siblings.of("access.log.2") as second:
            heard.append(list(second.order))
            second.tell([])  # is no word of the first

    with siblings.of("access.log.1") as first:
        assert list(first.order) == []
        thread = threading.Thread(target=listen)
        thread.start()
        thread.join(0.05)
        assert thread.is_alive() and not heard
        first.tell(ORDER)
        first.tell([])
    thread.join()
    assert heard == [ORDER]


def test_a_first_input_that_cannot_be_read_tells_nothing() -> None:
    siblings = Siblings()
    with pytest.raises(OSError, match="gone"), siblings.of("access.log.1"):
        raise OSError("gone")
    with siblings.of("access.log.2") as second, siblings.of("other.log") as other:
        assert list(second.order) == [] and list(other.order) == []
