"""Texts that are looked for before a regular expression is: they are in whatever it finds."""

from __future__ import annotations

from typing import Any

import pytest
import re2

from jumpsigma.codegen import generate
from jumpsigma.codegen.found import words_of
from jumpsigma.ir.nodes import LogSource, Regex, RuleIR, Test
from jumpsigma.matcher.program import Program
from jumpsigma.matcher.searching import compile_regex

#: An expression, what is looked for, texts in which it finds something, and others.
CASES: dict[str, tuple[Regex, list[tuple[str, ...]], list[Any], list[Any]]] = {
    "one text": (Regex(("power",)), [("power",)], ["xpower"], ["POWER", "powe", None]),
    "as it is written": (Regex(("PoWer",)), [("power",)], ["PoWer"], ["power"]),
    "ignoring case": (Regex(("mode",), ignore_case=True), [("mode",)], ["MODE", "mOde"], ["mod"]),
    "letters with a third case": (
        Regex(("tasklist",), ignore_case=True),
        [("ta",)],
        ["ta\u017f\u212alist", "TASKLI\u017fT"],
        ["task"],
    ),
    "the same by a flag": (
        Regex(("x(?m-s:y)(?i)unlock",)),
        [("xyunloc",)],
        ["xyunloc\u212a"],
        ["yunlock"],
    ),
    "several": (Regex(("abc.*def[0-9]",)), [("abc",), ("def",)], ["abcdef1"], ["def1abc"]),
    "alternatives": (Regex(("(?:abc|de|fgh)x",)), [("abcx", "dex", "fghx")], ["dex"], ["abc"]),
    "one of which may be anything": (Regex(("abc|.",)), [], ["x", "abc"], [""]),
    "too short": (Regex(("a[0-9]",)), [], ["a1"], ["a"]),
    "numbers": (Regex(("^123$",)), [("123",)], [123, "123", [5, 123]], [1234, True]),
    "lists": (Regex(("abc",)), [("abc",)], [["x", "abc"], [["abc"]]], [["ab", "c"]]),
    "beyond ASCII": (Regex(("na\u00efve",)), [("na",)], ["na\u00efve"], ["naive"]),
    "surrogates": (Regex(("ab.",)), [("ab",)], ["ab\ud800"], ["\ud800"]),
    "nothing between": (Regex(("ab\\x00cd",)), [("ab",)], ["ab\0cd"], [["ab", "cd"]]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_an_expression_finds_has_these_texts(name: str) -> None:
    value, words, found, others = CASES[name]
    assert words_of(value) == words
    rule = RuleIR("id", "title", "rule.yml", LogSource(), "sigma", Test("a", value))
    program = Program(generate([rule]).source)
    for each in found:
        assert program.holding({"a": each}).numbers == [0], each
    for each in others:
        assert program.holding({"a": each}).numbers == [], each


def test_an_expression_says_whether_it_finds_anything() -> None:
    finder = compile_regex("(a)(b)?\\x{e9}")
    assert finder.search("xa\u00e9") is True
    assert finder.search("") is False
    with pytest.raises(UnicodeEncodeError):
        finder.search("\ud800")
    with pytest.raises(re2.error):
        compile_regex("(")
