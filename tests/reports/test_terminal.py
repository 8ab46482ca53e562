"""The screen: the answer first, within its width, without a styling byte in a pipe, the verdict last."""

from __future__ import annotations

import io

import pytest
import report_documents as documents

from clerk_logscan.reports import terminal
from clerk_logscan.reports.layout import cells, cut_target, middle, wrap


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("make", [documents.exposed, documents.clean, documents.sweep, documents.hostile])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_every_line_fits_and_the_last_is_the_verdict(make, width: int) -> None:
    """No line is wider than the screen, none holds a control character."""
    report = make()
    lines = terminal.text(report, width).splitlines()
    assert max(map(cells, lines)) <= width
    assert lines[-1].strip() == f"verdict: {report.verdict}"
    assert all(line.isprintable() for line in lines)


def test_the_first_screen_answers_the_five_questions() -> None:
    """Was it exposed, when first, to whom, how sure, what now: within 24 lines of 80 columns."""
    screen = "\n".join(terminal.text(documents.exposed()).splitlines()[:24])
    for answer in ("KEY EXPOSED", "2026-03-30 04:12:07 UTC", "collect.evil.example", "how sure", "What now", "Rotate"):
        assert answer in screen


def test_a_sweep_is_a_few_lines_with_an_exact_count() -> None:
    """Thousands of hosts fill no screen, and none of them goes uncounted."""
    text = terminal.text(documents.sweep(3000))
    assert len(text.splitlines()) < 60
    assert "2,998 incidents" in text
    assert "2,998 hosts" in text


def test_noise_does_not_hide_an_incident() -> None:
    """Forty harmless clients are one line; the critical incidents stand before them."""
    text = terminal.text(documents.exposed())
    assert "40 incidents" in text
    assert text.index("Incident 1 of") < text.index("40 incidents")


def test_a_forged_verdict_stands_on_no_line_of_its_own() -> None:
    """A log line that spells the verdict line cannot end the report with it."""
    lines = [line.strip() for line in terminal.text(documents.hostile()).splitlines()]
    assert lines.count("verdict: key-exposed") == 1
    assert "verdict: no-evidence" not in lines


def test_a_pipe_gets_no_escape_and_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words either way; NO_COLOR and TERM=dumb silence a terminal too."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    pipe, screen = io.StringIO(), Screen()
    terminal.show(documents.exposed(), pipe)
    terminal.show(documents.exposed(), screen)
    assert "\x1b" not in pipe.getvalue()
    assert "\x1b[" in screen.getvalue()
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
        quiet = Screen()
        terminal.show(documents.exposed(), quiet)
        assert quiet.getvalue() == pipe.getvalue()
        monkeypatch.delenv(name)


def test_hostile_text_gives_a_terminal_only_our_own_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """In colour, too, no escape but a colour reaches the terminal, and no log text is markup."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen()
    terminal.show(documents.hostile(), screen)
    for piece in screen.getvalue().split("\x1b")[1:]:
        assert piece.startswith("[") and piece[1:].lstrip("0123456789;").startswith("m")
    assert "[bold red]x[/]" in screen.getvalue()


def test_an_ascii_terminal_gets_ascii() -> None:
    """A stream that cannot take a character gets its spelling, not an error."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    terminal.show(documents.exposed(), stream)
    assert raw.getvalue().rstrip().endswith(b"verdict: key-exposed")


def test_texts_are_cut_in_the_middle_and_hosts_stay_whole() -> None:
    """Wrapping breaks at blanks alone; a long target keeps its host."""
    assert middle("abcdefghij", 7) == "abc…hij"
    assert wrap("one collect.evil.example two", 22) == ["one", "collect.evil.example", "two"]
    cut = cut_target("/__clerk//collect.evil.example/" + "a" * 90, "collect.evil.example", 50)
    assert "//collect.evil.example/" in cut
    assert cells(cut) <= 50
    assert cut_target("/__clerk//collect.evil.example/x" * 3, "collect.evil.example", 24) == "…/collect.evil.example/…"
