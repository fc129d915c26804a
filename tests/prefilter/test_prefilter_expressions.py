"""Wherever RE2 finds an expression, the texts that are read from its source stand there.

``JUMPSIGMA_EXAMPLES`` multiplies the number of examples, for a nightly run.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from random import Random
from typing import assert_never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import FOLDED

from jumpsigma.ir.nodes import Regex
from jumpsigma.ir.regex import compiled
from jumpsigma.prefilter.expressions import Texts, texts_of

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))

_TOKENS = (
    *("a", "b", "k", "s", "B", "-", "]", "{", "}", "1", ",", " ", "\u212a", "\u017f", "\u00df"),
    *(".", "^", "$", "|", "(", ")", "(?:", "(?i)", "(?i:", "(?P<n>", "(?<m>", "(?s-i:", "(?m)"),
    *("*", "+", "?", "??", "*?", "{2}", "{0}", "{0,1}", "{1,}", "{,2}", "{01}", "{2", "{1}{0}"),
    *("[ab]", "[^a]", "[a-b]", "[]a]", "[a-]", "[-a]", "[[:alpha:]]", "[\\da]", "[K\\x62]", "[a"),
    *("\\d", "\\W", "\\b", "\\B", "\\A", "\\z", "\\n", "\\x41", "\\x{6b}", "\\pL", "\\p{Greek}"),
    *("\\Q", "\\E", "\\.", "\\*", "\\-", "\\C", "\\101", "[\\]b]", "[--a]", "[[:^digit:]b]"),
)
_LETTERS = ("a", "b", "k", "K", "s", "S", "A", "1", "-", "]", "{", "}", ",", " ", "\n", ".", "*")
_MORE = (*_LETTERS, "\u212a", "\u017f", "\u00df", "\u03b1", "ab", "bab", "aa", "{,2}", "{01}")


def stand(texts: str | Texts | None, folded: str) -> bool:
    match texts:
        case None:
            return True
        case str():
            runs = re.findall(r"[\x00-\x7f]+", texts.lower())  # only ASCII is looked for
            return all(run in folded for run in runs)
        case Texts("all", items):
            return all(stand(item, folded) for item in items)
        case Texts(_, items):
            return any(stand(item, folded) for item in items)
        case _:
            assert_never(texts)


def hides(text: str) -> bool:
    """Whether the text has letters that expressions take for ASCII: such events are all parsed."""
    return any(letter in text for word in FOLDED for letter in word if not letter.isascii())


def test_what_is_found_has_the_texts() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=1500 * TIMES)
    @given(
        st.lists(st.sampled_from(_TOKENS), min_size=1, max_size=7).map("".join),
        st.booleans(),
        st.integers(0, 9999),
    )
    def holds(source: str, ignore_case: bool, seed: int) -> None:
        try:
            expression = compiled(Regex((source,), ignore_case=ignore_case))
        except ValueError:
            return
        texts, rng = texts_of(source), Random(seed)
        seen["expressions"] += 1
        seen["known"] += texts is not None
        for _ in range(40):
            text = "".join(rng.choices(_MORE, k=rng.randint(0, 8)))
            if expression.search(text) and not hides(text):
                seen["found"] += 1
                seen["told"] += texts is not None
                assert stand(texts, text.lower()), text

    holds()
    assert seen["expressions"] >= 500 * TIMES
    assert seen["known"] >= 0.3 * seen["expressions"]
    assert seen["told"] >= 500 * TIMES


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("abc", "abc"),
        ("^abc$", "abc"),
        ("ab?c", Texts("all", ("a", "c"))),
        ("ab+c", Texts("all", ("ab", "c"))),
        ("a(?:b|c)d", Texts("some", ("abd", "acd"))),
        ("(?i)[aA]b", "ab"),
        ("a.b", Texts("all", ("a", "b"))),
        ("a|", None),
        ("(?:a|b*)c", "c"),
        ("a|b*", None),
        ("x{0}y", "y"),
        ("a{,2}", "a{,2}"),
        ("a(?m)*", None),  # RE2 repeats the `a`
        ("(?i)ab", "ab"),
        ("\\Qa.b\\E", None),
        ("\\141", None),
        ("(" * 100 + "a" + ")" * 100, None),
    ],
)
def test_texts(source: str, texts: str | Texts | None) -> None:
    assert texts_of(source) == texts


def test_long_expressions_are_read_in_linear_time() -> None:
    source = "(?:" + "|".join(f"[ab]{number}[cd]" for number in range(20_000)) + ")+"
    texts = texts_of(source)
    assert isinstance(texts, Texts)
    assert texts.how == "some"
    assert all(re.search(r"\d", str(item)) for item in texts.items)
