"""What a rule needs stands in the bytes of every event that satisfies it, however it is written.

And what it needs not to hold stands in those of every event that does not.

Here the tree of needs is judged whole. Which part of it a scan looks for is chosen by frequencies,
and any choice is sound when the whole is. ``JUMPSIGMA_EXAMPLES`` multiplies the number of
examples, for a nightly run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import assert_never

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from material import LISTS, any_expressions, events_for, random_event
from spelling import Spelling, random_spelling, spelled, spellings

from jumpsigma.intake.jsontext import decode_object
from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Expr, Keyword, Text
from jumpsigma.prefilter.needs import All, Atom, Listed, Need, Some, denied_of, needs_of
from jumpsigma.prefilter.spelling import HIDING, HIDING_NUMBERS, WRAPPED

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))


@cache
def _finder(pattern: str, *, caseless: bool) -> Callable[[bytes], object]:
    return re.compile(pattern.encode("latin-1"), re.IGNORECASE if caseless else 0).search


_ALWAYS = [_finder(pattern, caseless=False) for pattern in (*HIDING, *WRAPPED)]
_NUMBERS = [_finder(pattern, caseless=False) for pattern in HIDING_NUMBERS]


def is_candidate(need: Need | None, raw: bytes) -> bool:
    """Whether the bytes have what is needed, or may hide it."""
    return met(need, raw) or any(find(raw) for find in _ALWAYS)


def met(need: Need | None, raw: bytes) -> bool:
    match need:
        case None:
            return True
        case Atom(pattern, caseless, number=number):
            hidden = number and any(find(raw) for find in _NUMBERS)
            return hidden or bool(_finder(pattern, caseless=caseless)(raw))
        case Listed(key):
            some = all(map(LISTS.get, need.names))
            return some and (not key or bool(_finder(key, caseless=False)(raw)))
        case All(items):
            return all(met(item, raw) for item in items)
        case Some(items):
            return any(met(item, raw) for item in items)
        case _:
            assert_never(need)


@settings(max_examples=1500 * TIMES, suppress_health_check=list(HealthCheck))
@given(any_expressions(), spellings(), st.integers(0, 9999))
def test_whatever_satisfies_a_rule_has_what_it_needs(
    expr: Expr, spelling: Spelling, seed: int
) -> None:
    rng = Random(seed)
    need, denied = needs_of(expr), denied_of(expr)
    for event in (*events_for(expr, rng), random_event(rng)):
        for chosen in (spelling, random_spelling(rng)):
            raw = spelled(event, chosen)
            is_held = holds(expr, decode_object(raw), LISTS)
            assert is_candidate(need if is_held else denied, raw), raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"username":1}', False),
        (b'{"username" \n: "x"}', False),
        (b'{"a":{"my_username_type":{"b":[null]}}}', False),
        (b'{"a":"username"}', True),
        (b'{"a":["some USERNAME here" \t]}', True),
        (b'{"username":"username"}', True),
        (b'{"a":"username\\":"}', True),
        (b'{"a":"username\\\\"}', True),
        (b'{"username\\n":1}', True),  # a key, but one that is not clear without a parse
    ],
)
def test_a_keyword_is_looked_for_in_values(raw: bytes, *, expected: bool) -> None:
    assert is_candidate(needs_of(Keyword(Text(("username",)))), raw) is expected


@pytest.mark.parametrize("word", ["tru", "true", "INFINITY", "nan", "fals"])
def test_a_keyword_may_be_the_text_of_a_value_without_quotation_marks(word: str) -> None:
    need = needs_of(Keyword(Text((word,))))
    for raw in (b'{"a":true,":":"b"}', b'{"a":false,":":"b"}', b'{"a":NaN,":":"b"}'):
        if holds(Keyword(Text((word,))), decode_object(raw)):
            assert is_candidate(need, raw), raw
