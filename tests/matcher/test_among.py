"""Rules that were chosen beforehand: the same answers as all rules, for just these."""

from __future__ import annotations

from typing import Any

import pytest

from jumpsigma import api
from jumpsigma.api.lists import plain_lists
from jumpsigma.codegen import generate
from jumpsigma.ir.nodes import (
    And,
    Expr,
    Keyword,
    LogSource,
    Not,
    Null,
    Or,
    Placeholder,
    RuleIR,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.matcher.program import Program

X = Text(("x",))
RULES: list[Expr] = [
    Test("a", X),
    Test("b.c", Text((Wildcard.MANY, "y"))),
    Not(Test("a", X)),
    Test("a", Text((Placeholder("listed"),))),
    Test("a", Text((Placeholder("empty"),))),
    Or((Test("a", Null()), And((Test("a", X), Keyword(Text(("y",))))))),
]
EVENTS: list[dict[str, Any]] = [
    {},
    {"a": "X"},
    {"a": "X", "b": {"c": "ay"}},
    {"a": ["x", "z"], "b.c": "y"},
    {"a": "z", "b": [{"c": "yes"}, {"c": "sY"}]},
]
CHOICES = [(), (0,), (5, 2, 0), (4,), (1, 3), range(6), {3, 4, 5}]


@pytest.fixture(scope="module")
def program() -> Program:
    rules = [
        RuleIR("id", f"rule {number}", "rule.yml", LogSource(), "sigma", expr)
        for number, expr in enumerate(RULES)
    ]
    module = generate(rules)
    return Program(module.source, plain_lists({"listed": ["z"], "empty": []}))


def test_some_rule_holds_and_some_does_not_on_every_event(program: Program) -> None:
    seen = {number for event in EVENTS for number in program.holding(event).numbers}
    assert seen == {0, 1, 2, 3, 5}


@pytest.mark.parametrize("event", EVENTS, ids=repr)
@pytest.mark.parametrize("chosen", CHOICES, ids=repr)
def test_among_is_holding_restricted(program: Program, event: dict[str, Any], chosen: Any) -> None:
    whole, some = program.holding(event), program.among(event, chosen)
    assert some.numbers == [number for number in whole.numbers if number in chosen]
    for number in some.numbers:
        assert program.matched(number, some) == program.matched(number, whole)
        assert program.indicators(number, some) == program.indicators(number, whole)


def test_among_the_shipped_rules() -> None:
    matcher = api.compile(api.load_pack(cases=False))
    shipped = Program(generate(matcher.rules).source, matcher.lists)
    everyone, held = range(len(matcher.rules)), set()
    for event in api.synthesize(400, seed=5, attack=["all"]):
        numbers = shipped.holding(event).numbers
        held.update(numbers)
        assert shipped.among(event, everyone).numbers == numbers
        for some in (everyone[::2], everyone[1::2], numbers[:1]):
            expected = [number for number in numbers if number in some]
            assert shipped.among(event, some).numbers == expected
    assert len(held) > 30
