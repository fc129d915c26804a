"""What is proven of expressions, and what is not: rules as authors write them."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Expr
from jumpsigma.ir.reasoning import equivalent, implies, tautology, unsatisfiable
from jumpsigma.lower import lower_rule
from jumpsigma.mapping import load_mapping
from jumpsigma.pack import LoadedRule
from jumpsigma.pack.rules import load_document
from jumpsigma.pack.yaml_reader import read_text


def condition(body: str) -> Expr:
    """The condition of a rule; without a ``condition`` the selection alone."""
    text = body if "condition:" in body else f"selection: {{{body}}}, condition: selection"
    source = f"title: x\nlogsource: {{category: x}}\ndetection: {{{text}}}\n"
    (document,) = read_text(source, "x.yml").documents
    loaded = load_document(document).loaded
    assert isinstance(loaded, LoadedRule)
    lowered = lower_rule(loaded, load_mapping("sigma")).rule
    assert lowered is not None
    return lowered.condition


IMPLIED = [
    ("a: x", "a: x"),
    ("a: X", "a: x"),
    ("a: 1", "a: '1'"),
    ("a: true", "a: 'true'"),
    ("a: xy", "a|contains: x"),
    ("a: xy", "a|startswith: x"),
    ("a: xy", "a|endswith: y"),
    ("a: xy", "a: x?"),
    ("a: 'x?z'", "a: 'x*z'"),
    ("a: 'x*y*z'", "a: 'x*z'"),
    ("a|startswith: xyz", "a|contains: yz"),
    ("a|contains: xyz", "a|contains: y"),
    ("a|cased: Xy", "a: xY"),
    ("a|cased|contains: Xyz", "a|contains: yZ"),
    ("a: x", "a|exists: true"),
    ("a: x, b: y", "a: x"),
    ("a: [x, y]", "a: [x, y, z]"),
    ("a: [xa, ya]", "a|endswith: a"),
    ("a: x", "'a': [x, y]"),
    ("a|contains|all: [x, y]", "a|contains: x"),
    ("a|gt: 5", "a|gt: 3"),
    ("a|gt: 5", "a|gte: 5"),
    ("a|lt: 5", "a|lte: 5"),
    ("a: 7", "a|gt: 5"),
    ("a|cidr: 192.0.2.0/25", "a|cidr: 192.0.2.0/24"),
    ("a|cidr: '2001:db8::/48'", "a|cidr: '2001:db8::/32'"),
    ("a: '17'", "a|re: '^\\d+$'"),
    ("a: null", "a: null"),
    ("s: {a: x}, f: {b: y}, condition: s and not f", "a: x"),
    (
        "s: {a: xyz}, condition: s",
        "s: {a|contains: y}, t: {b: z}, condition: s or t",
    ),
    (
        "s: {a: x}, f: {b: y}, condition: s and not f",
        "s: {a: x}, f: {b: yz, c: z}, g: {b: y, c: z}, condition: s and not g",
    ),
    ("s: [x, y], condition: s", "s: [x, y, z], condition: s"),
    ("s: [xyz], condition: s", "s: [y], condition: s"),
]
NOT_IMPLIED = [
    ("a: x", "a: y"),
    ("a: x", "b: x"),
    ("a|contains: x", "a: x"),
    ("a: 'x*'", "a: 'x?'"),
    ("a: '*y'", "a: 'x*y'"),
    ("a|contains: x", "a|contains: xy"),
    ("a: x", "a|cased: x"),
    ("a|exists: true", "a: x"),
    ("a: null", "a|exists: true"),
    ("a: [x, y]", "a: x"),
    ("a|gt: 3", "a|gt: 5"),
    ("a|gte: 5", "a|gt: 5"),
    ("a|gt: 5", "a|lt: 9"),
    ("a|cidr: 192.0.2.0/24", "a|cidr: 192.0.2.0/25"),
    ("a|cidr: 192.0.2.0/24", "a|cidr: '2001:db8::/32'"),
    ("a: x", "a|re: 'x'"),  # the text may be X, which the expression does not match
    ("a|contains|all: [x, y]", "a: xy"),
]


@pytest.mark.parametrize(("first", "second"), IMPLIED)
def test_proven(first: str, second: str) -> None:
    assert implies(condition(first), condition(second))


@pytest.mark.parametrize(("first", "second"), NOT_IMPLIED)
def test_not_proven(first: str, second: str) -> None:
    assert not implies(condition(first), condition(second))


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("s: {a: x}, condition: s and not s", "never"),
        ("s: {a: x}, condition: s or not s", "always"),
        ("s: {a: xy}, f: {a|contains: x}, condition: s and not f", "never"),
        ("s: {a: x, a|exists: false}, condition: s", "never"),
        ("s: {a: [x, y]}, f: {a: [y, x, z]}, condition: s and not f", "never"),
        ("s: {a: x, b: [y, z]}, f: {b: y}, g: {b: z}, condition: s and not f and not g", "never"),
        ("s: {a: x, b: y}, condition: not s or s", "always"),
        ("s: {a: x}, t: {a: y}, condition: s and t", "sometimes"),  # a list has both
        ("s: {a: x}, condition: s", "sometimes"),
        ("s: {a: x}, condition: not s", "sometimes"),
        ("s: {a: null}, condition: s", "sometimes"),
        ("s: {a: null}, t: {a: x}, condition: s and t", "sometimes"),  # [null, x]
    ],
)
def test_always_and_never(body: str, verdict: str) -> None:
    expression = condition(body)
    found = (
        "never" if unsatisfiable(expression) else "always" if tautology(expression) else "sometimes"
    )
    assert found == verdict


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "s: {a: x, b: y}, condition: s",
            "s: {a: x}, t: {b: Y}, condition: all of them",
        ),
        ("s: {a: [x, y]}, condition: s", "s: {a: y}, t: {a: x}, condition: s or t"),
        (
            "s: {a: x}, f: {b: y}, g: {c: z}, condition: s and not 1 of f and not g",
            "s: {a: x}, f: {b: y}, g: {c: z}, condition: s and not (f or g)",
        ),
        ("a|startswith: x", "a: 'x*'"),
    ],
)
def test_equal_in_meaning(first: str, second: str) -> None:
    assert equivalent(condition(first), condition(second))


VALUES: list[Any] = ["x", "X", "xy", "xyz", "y", "yz", 1, "1", 7, "17", True, "192.0.2.5",
                     "2001:db8::1", None, "", ["x", "y"], [None, "x"], []]  # fmt: skip
EVENTS: list[dict[str, Any]] = [{}] + [
    {name: value for name, value in zip("abc", row, strict=True) if value != "missing"}
    for row in product([*VALUES, "missing"], ["y", "yz", "missing"], ["z", "missing"])
]


@pytest.mark.parametrize(("first", "second"), IMPLIED)
def test_no_event_contradicts_a_proof(first: str, second: str) -> None:
    one, other = condition(first), condition(second)
    assert [e for e in EVENTS if holds(one, e) and not holds(other, e)] == []


def test_proofs_hold_on_events() -> None:
    """Every pair of the tables, so that a proof nobody thought of is seen too."""
    bodies = sorted({body for pair in [*IMPLIED, *NOT_IMPLIED] for body in pair})
    expressions = {body: condition(body) for body in bodies}
    fires = {
        body: {n for n, e in enumerate(EVENTS) if holds(expressions[body], e)} for body in bodies
    }
    wrong = [
        (first, second)
        for first, second in product(bodies, bodies)
        if implies(expressions[first], expressions[second]) and fires[first] - fires[second]
    ]
    assert wrong == []
