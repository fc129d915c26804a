"""Rules that were chosen beforehand: the same answers as all rules, for just these."""

from __future__ import annotations

from typing import Any

import pytest

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
        assert program.matched(number, event, some) == program.matched(number, event, whole)
        assert program.indicators(number, event, some) == program.indicators(number, event, whole)
