"""Many texts looked for at once say what they say one after another."""

from __future__ import annotations

import pytest

from jumpsigma.matcher import runtime
from jumpsigma.matcher.runtime import Texts
from jumpsigma.matcher.searching import searcher

WORDS = tuple(f"w{number:02}." for number in range(50))
TEXTS: list[str | Texts] = [
    "",
    "xw07.y",
    "xw07",
    "w7.",
    "W07.",
    "w\n49.w49.",
    "\ud800w00.",
    "\ud800",
    "\0",
    "\u20acw33.\U0001f4a9",
    Texts(),
    Texts(["x", "w01."]),
    Texts(["x", "w01", "."]),
]


@pytest.mark.parametrize(
    "more",
    [(), ("",), ("\ud800",), ("\0",), ("(",), ("\U0001f4a9", "\u20ac"), ("a|b*", "\\Q", "[^")],
    ids=ascii,
)
@pytest.mark.parametrize("found", TEXTS, ids=lambda found: ascii(getattr(found, "texts", found)))
def test_as_one_after_another(found: str | Texts, more: tuple[str, ...]) -> None:
    words = (*WORDS, *more)
    assert searcher(words)(found) is runtime.contains(found, words)


def test_more_than_re2_takes() -> None:
    words = tuple(f"{number:x}" * 40 for number in range(20_000, 60_000))
    assert searcher(words)(f"x{words[-1]}")
    assert not searcher(words)("x")
