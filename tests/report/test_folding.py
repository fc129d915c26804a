"""Lines are folded as rich folds them."""

from __future__ import annotations

import os
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from jumpsigma.report.folding import folded, terminal_width

PRINTABLE = st.characters(codec="utf-8").filter(str.isprintable)
TEXTS = st.lists(
    st.sampled_from(["a", "word", " ", "  ", "漢字", "e\u0301", "\uff41", "👩"]) | PRINTABLE
)


@given(TEXTS.map("".join), st.integers(20, 60))
@example("", 20)
@example(" " * 50, 20)
@example("x" * 50 + " " * 30 + "y", 20)
@example("漢" * 50, 21)
@example("a" * 20 + " b", 20)
@example(" " * 19 + "word", 20)
def test_lines_are_those_of_rich(text: str, width: int) -> None:
    lines = Text(text).wrap(Console(file=StringIO()), width, overflow="fold")
    expected = [line.plain.rstrip() for line in lines]
    assert [line.rstrip() for line in folded(text, width)] == expected
    assert "".join(folded(text, width)) == text


@pytest.mark.parametrize(
    ("columns", "width"), [("100", 100), ("0", 80), ("", 80), ("wide", 80), ("²", 80), ("-1", 80)]
)
def test_the_width_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    def refuse(_: int) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", refuse)
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == width


def test_any_standard_stream_may_be_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_errors(stream: int) -> os.terminal_size:
        if stream < 2:
            raise OSError
        return os.terminal_size((120, 40))

    monkeypatch.setattr(os, "get_terminal_size", only_errors)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width() == 120
