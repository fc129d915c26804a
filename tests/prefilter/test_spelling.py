"""The spellings and layouts say what they were made of: events read back are those written."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import CODINGS, FORMS, LINES, Layout, laid_out, layouts
from material import random_event
from spelling import PLAIN, Spelling, random_spelling, spelled, spellings
from wrapping import WRAPPERS, Wrapper, wrap

from jumpsigma.intake.events import read_events
from jumpsigma.intake.jsontext import decode_object
from jumpsigma.intake.wrapped import unwrap

EVENT: dict[str, Any] = {"k/é": ['<"\n>', "😀\udfff", 1.0, 7, True, None, {}], "l": float("inf")}


def same(one: Any, other: Any) -> bool:
    """Equality under which NaN is itself, 1 is not 1.0, and the order of keys is nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        (Spelling(), r'{"k/é":["<\"\n>","😀\udfff",1.0,7,true,null,{}],"l":1e400}'),
        (
            Spelling("ascii", upper=True, space=" "),
            (
                r'{ "k/\u00E9" : [ "<\"\n>" , "\uD83D\uDE00\uDFFF" , 1.0 , 7 , true , null , { } ]'
                ' , "l" : 1e400 }'
            ),
        ),
        (
            Spelling("html", slash=True),
            r'{"k\/é":["\u003c\"\n\u003e","😀\udfff",1.0,7,true,null,{}],"l":1e400}',
        ),
        (
            Spelling("dotnet"),
            (
                r'{"k/\u00e9":["\u003c\u0022\n\u003e","\ud83d\ude00\udfff",1.0,7,true,null,{}],'
                '"l":1e400}'
            ),
        ),
        (
            Spelling("all"),
            (
                r'{"\u006b\u002f\u00e9":["\u003c\u0022\u000a\u003e","\ud83d\ude00\udfff",1.0,7,true,'
                r'null,{}],"\u006c":1e400}'
            ),
        ),
        (
            Spelling(indent=2),
            (
                '{\n  "k/é": [\n    "<\\"\\n>",\n    "😀\\udfff",\n    1.0,\n    7,\n    true,\n'
                '    null,\n    {}\n  ],\n  "l": 1e400\n}'
            ),
        ),
    ],
)
def test_spellings(spelling: Spelling, text: str) -> None:
    assert spelled(EVENT, spelling).decode() == text


@pytest.mark.parametrize(
    ("value", "name", "texts"),
    [
        ({"a": 1, "b": 2}, "shuffled", {'{"a":1,"b":2}', '{"b":2,"a":1}'}),
        (
            {"a": 1},
            "repeated",
            {
                f'{{"a":{decoy},"a":1}}'
                for decoy in ("null", '""', "0", "false", "[]", "{}", '"decoy"', '[["decoy"]]')
            },
        ),
        (
            1e3,
            "numbers",
            {"1000.0", "1000.00000000000000000000", "1.00000000000000000E+003"}
            | {"1.00000000000000000e3", "1000e0", "10000e-1"}
            | {"1000.000000000000000000000001", "999.999999999999999999999999"},
        ),
        (-math.inf, "numbers", {"-Infinity", "-1e999", "-" + "9" * 310}),
    ],
)
def test_what_is_left_to_chance(value: Any, name: str, texts: set[str]) -> None:
    change: dict[str, Any] = {name: True}
    found = {spelled(value, replace(PLAIN, **change, seed=seed)).decode() for seed in range(100)}
    assert found == texts


def test_lone_surrogates_as_bytes() -> None:
    assert spelled("\udfff", Spelling(surrogates=True)) == b'"\xed\xbf\xbf"'


@given(st.integers(0, 9999), spellings(lines=False))
def test_every_spelling_reads_as_the_event(seed: int, spelling: Spelling) -> None:
    event = random_event(Random(seed))
    assert same(decode_object(spelled(event, spelling)), event)
    assert same(decode_object(spelled(event, random_spelling(Random(seed)))), event)


@given(st.integers(0, 9999), spellings(), layouts(), st.integers(1, 5))
def test_every_layout_reads_as_its_events(
    seed: int, spelling: Spelling, layout: Layout, count: int
) -> None:
    rng = Random(seed)
    events = [random_event(rng) for _ in range(count)]
    file = laid_out([(event, spelling) for event in events], layout)
    read = list(read_events(io.BytesIO(file.content)))
    assert [each.line for each in read] == list(file.numbers)
    for each, event in zip(read, events, strict=True):
        assert same(each.data, event)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@given(seed=st.integers(0, 9999), inner=spellings(lines=False), outer=spellings())
def test_every_wrapper_gives_the_event_back(
    wrapper: Wrapper, seed: int, inner: Spelling, outer: Spelling
) -> None:
    raw = {"event_type": "user_lockout", "service": "directory", "client_ip": "::1"}
    event = {**random_event(Random(seed)), "@version": "1", **raw}
    document = wrap(event, wrapper, inner)
    read = decode_object(spelled(document, outer))
    assert same(unwrap(read), event)
    assert (unwrap(read) is read) is (wrapper == "none")


def test_layouts_differ() -> None:
    names = ("crlf", "blanks", "boms", "margins", "unended")
    whims: list[dict[str, Any]] = [{name: True} for name in names]
    some = [
        *(Layout(form=form) for form in FORMS),
        *(Layout(coding=coding) for coding in CODINGS if coding != LINES.coding),
        *(replace(LINES, **whim, seed=4) for whim in whims),
    ]
    files = {laid_out([(EVENT, Spelling())] * 4, layout).content for layout in some}
    assert len(files) == len(some)
