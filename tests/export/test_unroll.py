"""Lists written out: the same events as the interpreter finds, or a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumpsigma.export.refusals import CannotSayError
from jumpsigma.export.unroll import Lists, unrolled
from jumpsigma.interpret.expressions import holds
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Exists,
    Expr,
    Keyword,
    Not,
    Null,
    Or,
    Test,
    Text,
)

COUNT = 3
LISTS = Lists(("changes", "a", "a.b"), ("changes.from",), COUNT)
TO = Test("to", Boolean(value=True))
FROM = Test("from", Boolean(value=False))
WRITTEN: dict[str, Expr] = {
    "one test": Element("changes", "x", TO),
    "of one element": Element("changes", "x", And((TO, FROM))),
    "one of two": Element("changes", "x", Or((TO, FROM))),
    "behind a not": Not(Element("changes", "x", TO)),
    "a not inside": Element("changes", "x", Not(TO)),
    "missing": Element("changes", "x", Test("to", Null())),
    "the element itself": Element("changes", "x", Test("", Exists(expected=True))),
    "no such element": Element("changes", "x", Test("", Exists(expected=False))),
    "any element": Element("changes", None, And((Test("field", Text(("y",))), TO))),
    "a field of all elements": Test("changes.field", Text(("y",))),
    "not in any element": Not(Test("changes.field", Text(("y",)))),
    "a list in a list": Test("a.b.to", Boolean(value=True)),
    "no list": Test("c.d", Text(("y",))),
    "a keyword": Keyword(Text(("y",))),
}
NESTED = "a list in a list"


def spread(value: Any, path: str = "") -> dict[str, Any]:
    """The event with a key of its own for every element of these lists."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if here in LISTS.objects:
            found |= {f"{key}[{n}]": spread(each, here) for n, each in enumerate(inner)}
        else:
            found[key] = inner
    return found


SCALARS = st.sampled_from([True, False, None, "y", "true"])
ELEMENTS = st.fixed_dictionaries(
    {},
    optional={"field": st.sampled_from(["x", "X", "y"]), "to": SCALARS, "from": SCALARS},
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "changes": st.lists(ELEMENTS, max_size=COUNT),
        "a": st.lists(
            st.fixed_dictionaries({}, optional={"b": st.lists(ELEMENTS, max_size=COUNT)}),
            max_size=COUNT,
        ),
        "c": st.fixed_dictionaries({"d": SCALARS}),
    },
)


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=150, deadline=None)
@given(event=EVENTS)
def test_the_same_events(name: str, event: dict[str, Any]) -> None:
    expr = WRITTEN[name]
    assert holds(unrolled(expr, LISTS), spread(event)) == holds(expr, event)


REFUSED: dict[str, tuple[Expr, str]] = {
    "any element without": (Element("changes", None, Not(TO)), "is not told from one that is not"),
    "not a list": (Element("c", "x", TO), "c is not known to be a list"),
    "a list of values, of any": (Element("changes", None, FROM), "changes.from may be a list"),
    "a list of values, of all": (Test("changes.from", Text(("y",))), "changes.from may be a list"),
    "an element in an element": (
        Element("changes", "x", Element("to", "x", TO)),
        "an element within an element",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_their_number_is_refused(name: str) -> None:
    expr, reason = REFUSED[name]
    with pytest.raises(CannotSayError, match=reason):
        unrolled(expr, LISTS)


def test_too_much_is_refused() -> None:
    many = Lists(LISTS.objects, (), 99)
    with pytest.raises(CannotSayError, match="more than 500 tests"):
        unrolled(WRITTEN[NESTED], many)
