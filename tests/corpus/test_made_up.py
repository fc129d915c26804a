"""The makers of events on expressions made by hand, of kinds that the corpus has few or none of."""

from __future__ import annotations

from typing import Any

import pytest
from cases import leaf_truths
from reading import reads
from witness import as_event, mutations, placeholder_lists, witness

from jumpsigma.interpret import holds, trace
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Placeholder,
    Regex,
    Test,
    Text,
    TimePart,
    Wildcard,
)

MANY, ONE = Wildcard.MANY, Wildcard.ONE
A = Test("a", Text(("one",)))

EXPRESSIONS: dict[str, Expr] = {
    "text": A,
    "wildcards": Test("a.b", Text(("x", ONE, MANY, "y\\z", MANY))),
    "literal asterisk": And((Test("a", Text(("*",))), Test("b", Text(("?",), cased=True)))),
    "cased beside uncased": And(
        (Test("a", Text((MANY, "AbC", MANY), cased=True)), Not(Test("a", Text((MANY, "X", MANY)))))
    ),
    "several on one field": And(
        (
            Test("a", Text(("C:\\", MANY))),
            Test("a", Text((MANY, "\\x.exe"))),
            Test("a", Text((MANY, "temp", MANY))),
            Not(Test("a", Text((MANY, "temp\\x.exe")))),
        )
    ),
    "exclusive values": Or((A, Test("a", Text(("two",))), Test("a", Text(("three",))))),
    "values of a list": And((A, Test("a", Text(("two",))))),
    "numbers": And((Test("n", Number(7)), Not(Test("m", Number(7))), Test("m", Exists(True)))),
    "comparisons": And(
        (Test("n", Compare("gt", 3)), Test("n", Compare("lte", 4)), Not(Test("n", Number(4))))
    ),
    "booleans": And((Test("a", Boolean(True)), Not(Test("b", Boolean(False))))),
    "null and exists": And((Test("a", Null()), Test("a", Exists(True)), Test("b", Exists(False)))),
    "regex": And(
        (
            Test("a", Regex((r"^[a-f]{3}\d+(?:x|y)\b",))),
            Test("a", Text((MANY, "tail"))),
            Not(Test("b", Regex(("Q",), ignore_case=True))),
        )
    ),
    "regex with anchors": Test("a", Regex(("b|c",), anchor_start=True, anchor_end=True)),
    "networks": And(
        (
            Test("ip", Network("192.0.2.0/24")),
            Not(Test("ip", Network("192.0.2.0/31"))),
            Test("v6", Network("2001:db8::/32")),
        )
    ),
    "time parts": And(
        (
            Test("t", TimePart("hour", "gte", 22)),
            Test("t", TimePart("month", "eq", 2)),
            Not(Test("t", TimePart("day", "lt", 20))),
        )
    ),
    "week": Test("t", TimePart("week", "eq", 31)),
    "field reference": And((Test("a", FieldRef("b")), Test("b", Text(("x", MANY))))),
    "negated field reference": And((Not(Test("a", FieldRef("b"))), Test("a", Exists(True)))),
    "keywords": And(
        (
            Keyword(Text(("needle",))),
            Keyword(Number(4711)),
            Keyword(Regex(("z{3}",))),
            Not(Keyword(Text(("hay",)))),
            A,
        )
    ),
    "placeholder": Test("a", Text((MANY, Placeholder("admins"), MANY))),
    "element": And(
        (
            Element(
                "changes",
                "totp",
                And((Test("from", Boolean(False)), Test("to", Boolean(True)))),
            ),
            Not(Element("changes", None, Test("to", Text(("gone",))))),
        )
    ),
    "absent element": Element("changes", "totp", Test("to", Null())),
    "negated absent element": Not(Element("changes", "totp", Test("to", Null()))),
    "whole element": And((Element("changes", "x", Test("", Exists(True))), A)),
    "names that begin alike": And((A, Test("a.b", Text(("two",))))),
}


@pytest.mark.parametrize("expr", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_witness_and_mutations(expr: Expr) -> None:
    lists = placeholder_lists(expr)
    row = witness(expr, lists, "seed")
    assert row is not None
    event = as_event(row)
    assert holds(expr, event, lists)
    truths = leaf_truths(trace(expr, event, lists))
    assert all(reads(leaf, row, lists) is truth for leaf, truth in truths.items())
    made = list(mutations(expr, row, truths, lists, seed="seed", most=100))
    assert {mutation.leaf for mutation in made} == truths.keys()
    for mutation in made:
        assert holds(expr, as_event(mutation.row), lists) is mutation.expected, mutation


@pytest.mark.parametrize(
    "expr",
    [
        And((A, Not(A))),
        And((Test("a", Null()), A, Test("a", Exists(False)))),
        And((Test("n", Compare("lt", 3)), Not(Test("n", Compare("lte", 3))), Not(A), A)),
    ],
)
def test_what_nothing_satisfies_has_no_witness(expr: Expr) -> None:
    assert witness(expr, {}, "seed") is None


@pytest.mark.parametrize(
    ("row", "event"),
    [
        ({"a.b": 1, "a.c": 2, "d": None}, {"a": {"b": 1, "c": 2}, "d": None}),
        ({"a": 1, "a.b": 2}, {"a": 1, "a.b": 2}),
        ({"a.b": 2, "a.b.c": 1}, {"a.b": 2, "a.b.c": 1}),
        ({"a": (1, 2), "l": [{"x.y": 1}]}, {"a": [1, 2], "l": [{"x": {"y": 1}}]}),
    ],
)
def test_rows_become_events(row: dict[str, Any], event: dict[str, Any]) -> None:
    assert as_event(row) == event
