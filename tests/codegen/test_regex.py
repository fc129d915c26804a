# ruff: noqa: RUF001 - letters that only look alike are the point
"""RE2 expressions translated to ``re`` match the same texts, or are refused."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumpsigma.codegen.regex import CannotTranslateError, translate
from jumpsigma.ir.regex import from_source

ATOMS = [
    r"a",
    r"k",
    r"K",
    r"s",
    r"S",
    r".",
    r"^",
    r"$",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\b",
    r"\A",
    r"\z",
    r"\.",
    r"\n",
    r"\v",
    r"\t",
    r"\x41",
    r"\x{212a}",
    r"\101",
    r"\Qa.b\E",
    r"[a-z]",
    r"[^k]",
    r"[[:alpha:]_]",
    r"[[:^digit:]]",
    r"[\W]",
    r"[^\s]",
    r"[]a]",
    r"[^]a]",
    r"[a-]",
    r"[k\d-]",
    r"(?i)",
    r"(?i:k)",
    r"(?s)",
    r"(?m)",
    r"(?-i)",
    r"(?U)",
    r"(?P<n>a)",
    r"(?<m>a)",
    r"(",
    r"(?:",
    r")",
    r")",
    r"|",
    r"*",
    r"+",
    r"?",
    r"*?",
    r"{2}",
    r"{1,2}",
    r"{2,}",
    r"{x}",
    r"{,3}",
    r"{",
    r"-",
    r"é",
    r"ſ",
    r"İ",
]
TEXTS = "akKsSſ\u212aéÉİı1_ .\n\x0b\tAB-]{},x3"


@settings(max_examples=1500)
@given(
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=7).map("".join),
    st.lists(st.text(TEXTS, max_size=6), min_size=8, max_size=8),
)
def test_matches_the_same(source: str, texts: list[str]) -> None:
    try:
        expected = from_source(source)
    except Exception:  # noqa: BLE001 - RE2 refuses it: no rule has it
        return
    try:
        written = translate(source)
    except CannotTranslateError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = re.compile(written)
    assert written.isascii()
    for text in texts:
        assert bool(found.search(text)) is bool(expected.search(text)), (written, text)


HARD = {
    "a dollar is the very end": ("a$", ["a", "a\n"]),
    "word characters are ASCII": (r"\w\b", ["é", "e", "eé"]),
    "white space has no vertical tab": (r"\s", ["\x0b", "\x0c"]),
    "two letters fold beyond ASCII": ("(?i)[k-s]+$", ["\u212a\u017f", "KS", "ı"]),
    "i does not fold to its Turkish neighbours": ("(?i)^i$", ["İ", "ı", "I"]),
    "a flag holds to the end of the group": ("(a(?i)b|c)d", ["aBd", "Cd", "ABd", "cD"]),
    "braces that are no count are literal": ("a{,3}b{x}", ["a{,3}b{x}", "b"]),
    "an anchor may be repeated": ("(^)*a", ["ba"]),
    "a class of everything": (r"[\s\S]", ["", "\n", "\U0010ffff"]),
    "a quoted run, its last character repeated": (r"\Qa.\E+b", ["a..b", "axb"]),
}


KEPT = [r"(ab)*c", r"(\s*\d{1,3}\s*,){2}", r"([0-9a-f]{2}\s?){2,20}", r"(a|b)?c", r"(?:[a-z]{4})+="]


@pytest.mark.parametrize("source", KEPT)
def test_a_repetition_that_cannot_explode_is_kept(source: str) -> None:
    re.compile(translate(source))


@pytest.mark.parametrize("name", HARD)
def test_hard_cases(name: str) -> None:
    source, texts = HARD[name]
    written, expected = re.compile(translate(source)), from_source(source)
    verdicts = [bool(written.search(text)) for text in texts]
    assert verdicts == [bool(expected.search(text)) for text in texts]


REFUSED = {
    r"\pL": "escape",
    r"\C": "escape",
    r"a\Bb": "within a character",
    "(?i)é": "beyond ASCII",
    "(?i)[à-ü]": "beyond ASCII",
    "(" * 70 + ")" * 70: "nested too deep",
    "a(?i){0,3}b": "apart from what it repeats",
    r"a\Q\E{2}": "apart from what it repeats",
    "(a*)*b": "repeats",
    "(a|a)*b": "alternatives",
    r"^(\w+\s?)*$": "repeats",
    "(x+x+)+y": "repeats",
    "((a{1,2}){1,2}b?){40}": "repeats",
}


@pytest.mark.parametrize("source", REFUSED)
def test_refused(source: str) -> None:
    from_source(source)  # RE2 takes it
    with pytest.raises(CannotTranslateError, match=REFUSED[source]):
        translate(source)
