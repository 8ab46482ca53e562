"""The words of a line of an unknown layout: what is quoted is one, and a hostile line costs no more than its length."""

from __future__ import annotations

from collections import Counter

import pytest

from clerk_logscan.parsing.inference import infer
from clerk_logscan.parsing.inference import tokens as tokens_module
from clerk_logscan.parsing.inference.tokens import tokens

LINE = "192.0.2.{n} [{n:02}/Mar/2026:10:00:00 +0000] GET /{path} 200 {n}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('a "b c" d', ["a", '"b c"', "d"]),
        (r'a="b \" c" d', [r'a="b \" c"', "d"]),
        (r'a="b \\" c', [r'a="b \\"', "c"]),
        ('a="say "hi" twice" b', ['a="say "hi" twice"', "b"]),
        ("=\"y=\"y 'z z'", ['="y="y', "'z z'"]),
        ('x="1 2" ="y z', ['x="1 2"', '="y', "z"]),
        ("[a b] {c d} e", ["[a b]", "{c d}", "e"]),
    ],
)
def test_what_is_quoted_or_bracketed_is_one_word(line: str, expected: list[str]) -> None:
    assert [token.text for token in tokens(line)] == expected


@pytest.mark.parametrize("hostile", ['="y', '="\\', "='", "=\"a'b", '{"k":"'])
def test_a_quote_that_nothing_closes_is_looked_for_once(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it opens: else a line took the square of its length."""
    calls: Counter[str] = Counter()
    closing = tokens_module._end_of_quote

    def counted(line: str, at: int) -> int | None:
        calls[line[at]] += 1
        return closing(line, at)

    monkeypatch.setattr(tokens_module, "_end_of_quote", counted)
    line = hostile * 2000
    assert "".join(token.blanks + token.text for token in tokens(line)) == line
    assert max(calls.values()) == 1


def test_lines_longer_than_any_server_takes_tell_of_no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others do, all the same."""
    longest = 0

    def seen(line: str) -> list[tokens_module.Token]:
        nonlocal longest
        longest = max(longest, len(line))
        return tokens(line)

    monkeypatch.setattr("clerk_logscan.parsing.inference.text_layout.tokens", seen)
    lines = [LINE.format(n=n, path="x" * (40_000 if n % 5 == 0 else n)) for n in range(1, 29)]
    [guess] = list(infer(lines))[:1]
    assert guess.lines == 23 and guess.explained == 23
    assert 0 < longest < 1000
