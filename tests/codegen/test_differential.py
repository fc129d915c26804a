"""The generated matcher says what the interpreter says: verdicts, and what satisfied them.

``JUMPSIGMA_EXAMPLES`` multiplies the number of examples, for a nightly run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strategies import LISTS, pairs

from jumpsigma.api.lists import plain_lists
from jumpsigma.codegen import generate
from jumpsigma.interpret import matched, trace
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    Keyword,
    LogSource,
    Network,
    Not,
    Null,
    Number,
    Or,
    RuleIR,
    Selection,
    Test,
    Text,
    Wildcard,
)
from jumpsigma.matcher.program import Program

TIMES = int(os.environ.get("JUMPSIGMA_EXAMPLES", "1"))
RULES, EXAMPLES = 6, 600  # every rule meets every event of an example: 6 * 6 * 600 = 21,600 pairs


def rule(expr: Expr, title: str = "rule") -> RuleIR:
    return RuleIR("id", title, "rule.yml", LogSource(), "sigma", expr)


def program(exprs: Sequence[Expr]) -> Program:
    module = generate([rule(expr) for expr in exprs])
    return Program(module.source, plain_lists(LISTS))


def interpreted(exprs: Sequence[Expr], event: dict[str, Any]) -> list[tuple[int, Any]]:
    judged = [trace(expr, event, LISTS) for expr in exprs]
    return [(number, matched(each)) for number, each in enumerate(judged) if each.holds]


def same(left: Any, right: Any) -> bool:
    """Equality under which NaN is itself and 1 is not True."""
    return repr(left) == repr(right)


@settings(
    max_examples=EXAMPLES * TIMES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(pairs(), min_size=RULES, max_size=RULES))
@example([(Or(()), {}), (And(()), {})])
@example([(Not(Or((Test("a", Null()), Test("a", Exists(True))))), {"a": []})])
def test_generated_as_interpreted(drawn: list[tuple[Expr, dict[str, Any]]]) -> None:
    exprs = [expr for expr, _ in drawn]
    generated = program(exprs)
    for _, event in drawn:
        assert same(generated.hits(event), interpreted(exprs, event))


X, Y = Text(("x",)), Text(("Y",))
HAS_X = Text((Wildcard.MANY, "x", Wildcard.MANY))
HARD: dict[str, tuple[Expr, list[dict[str, Any]]]] = {
    "texts of one field in one test, other shapes between": (
        Or((Test("a", X), Test("a", HAS_X), Test("a", Y), Test("b", X), Test("a", Text(("z",))))),
        [{"a": ["y", "X", "axb", "z"]}, {"a": "z", "b": "x"}, {"a": ["z", "y", "x"]}, {}],
    ),
    "a test that a missing field satisfies is no gate": (
        And((Test("a", Null()), Not(Test("b", X)))),
        [{}, {"a": None}, {"a": []}, {"a": 1}, {"b": "x"}],
    ),
    "an alternative without demands is no gate": (
        Or((Test("a", X), Not(Test("b", X)))),
        [{}, {"a": "x", "b": "x"}, {"b": "x"}],
    ),
    "cased text behind a folded gate": (
        Test("a", Text(("Xy",), cased=True)),
        [{"a": "Xy"}, {"a": "xy"}, {"a": ["xy", "Xy"]}],
    ),
    "an element that is absent": (
        And((Element("c", "n", Test("to", Null())), Element("c", None, Test("", Exists(True))))),
        [{}, {"c": [{"field": "m"}]}, {"c": [{"field": "N", "to": 1}]}, {"c": [{"field": "n"}]}],
    ),
    "two elements in one rule, each noted by its own": (
        And((Element("c", "m", Test("to", X)), Element("c", "n", Test("to", Y)))),
        [{"c": [{"field": "n", "to": "y"}, {"field": "m", "to": "z"}, {"field": "M", "to": "X"}]}],
    ),
    "numbers and booleans are not each other": (
        Or((Test("a", Number(1)), Test("b", Boolean(True)), Test("a", Compare("gt", 1)))),
        [{"a": True}, {"b": 1}, {"a": 1.0}, {"a": "1"}, {"b": "TRUE"}, {"a": "2e0"}, {"a": "1 "}],
    ),
    "numbers in every spelling that JSON has for them": (
        Or((Test("a", Number(0)), Test("b", Number(1e16)), Test("c", Number(2.5)))),
        [
            {"a": -0.0},
            {"a": 0},
            {"b": 10**16},
            {"b": "1e+16"},
            {"b": "1E+16"},
            {"c": [2.5, "2.50"]},
        ],
    ),
    "a number that no float equals": (
        Or((Test("a", Number(2**64 + 1)), Test("a", Number(10**400)))),
        [{"a": 2**64 + 1}, {"a": float(2**64)}, {"a": str(10**400)}, {"a": 10**400}],
    ),
    "a boolean is no number": (
        Or((Test("a", Boolean(True)), Test("b", Boolean(False)))),
        [{"a": True}, {"a": "TRUE"}, {"a": 1}, {"b": False}, {"b": 0}, {"b": ["False"]}],
    ),
    "pieces between wildcards, in one text and in this order": (
        Or(
            (
                Test("a", Text((Wildcard.MANY, "X", Wildcard.MANY, "y", Wildcard.ONE))),
                Test("a", Text(("P", Wildcard.MANY, "q"), cased=True)),
            )
        ),
        [{"a": "xyz"}, {"a": "yxz"}, {"a": ["x", "yz"]}, {"a": ["yx", "axbyc"]}, {"a": "P-q"}, {}],
    ),
    "keywords look everywhere": (
        And((Keyword(X), Or((Keyword(Number(5)), Keyword(Boolean(False)))))),
        [{"a": {"b": ["ox", 15]}}, {"x": 5}, {"a": "x", "b": False}, {"a": "false x"}],
    ),
    "many texts at one place": (
        Or(tuple(Test("a", Text((Wildcard.MANY, f"W{n}.", Wildcard.MANY))) for n in range(60))),
        [{"a": "w7."}, {"a": ["x", "aW59.w1."]}, {"a": "w60."}, {"a": []}, {"a": "\ud800w3."}],
    ),
    "the end of a text is the end of a word": (
        And((Keyword(Text(("\u0391\u03a3",))), Keyword(Text(("b\u03a3",), cased=True)))),
        [
            {"x": "\u0391\u03a3", "y": ["b\u03a3"]},
            {"x": ["\u0391\u03a3", "b\u03a3"]},
            {"x": "\u0391\u03a3b"},
        ],
    ),
    "networks and texts that are nearly addresses": (
        Or((Test("a", Network("192.0.2.0/24")), Test("a", Network("2001:db8::/32")))),
        [
            {"a": "192.0.2.7"},
            {"a": "::ffff:192.0.2.7"},
            {"a": ["192.0.02.7", "2001:DB8::1"]},
            {"a": "2001:db8::1%eth0"},
            {"a": f"2001:db8::1%{'e' * 99}"},
            {"a": 3221225991},
        ],
    ),
    "selections change nothing": (
        Selection("s", And((Selection("t", Test("a", X)), Test("a.b", X)))),
        [{"a": "x", "a.b": "x"}, {"a": ["x", {"b": "x"}]}],
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_cases(name: str) -> None:
    expr, events = HARD[name]
    generated = program([expr, Not(expr)])
    verdicts = set()
    for event in events:
        found = generated.hits(event)
        assert same(found, interpreted([expr, Not(expr)], event)), event
        verdicts.add(found[0][0])
    assert 0 in verdicts  # some event satisfies the expression itself


def test_the_same_rules_give_the_same_bytes() -> None:
    exprs = [expr for expr, _ in HARD.values()]
    first, second = (generate([rule(expr) for expr in exprs]).source for _ in range(2))
    assert first == second


def test_a_shared_test_is_evaluated_once_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    from jumpsigma.matcher import runtime

    calls: list[Any] = []
    plain = runtime.compare

    def counting(op: str, wanted: float) -> runtime.Check:
        check = plain(op, wanted)

        def counted(value: Any) -> bool:
            calls.append(value)
            return check(value)

        return counted

    monkeypatch.setattr(runtime, "compare", counting)
    shared = Test("a", Compare("gt", 9))
    generated = program([And((shared, Test("b", Number(n)))) for n in range(5)])
    assert generated.among({"a": 8, "b": 1}, range(5)).numbers == []
    assert generated.among({"a": 10, "b": 1}, range(5)).numbers == [1]
    assert calls == [8, 10]
