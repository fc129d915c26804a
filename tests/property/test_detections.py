"""Laws that relate the detections of a rule, from pySigma's reading of them to the verdict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigma.rule import SigmaDetection
from strategies import FIELDS, LISTS, Event, events, pairs, scalars

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Expr
from jumpsigma.lower.detections import lower_detection

_WORDS = st.sampled_from(("x", "Xy", "1", "true", "x*", "?", "*y*", "ab", "-x")) | st.text(
    "xXy1 -", min_size=1, max_size=4
)
#: Modifiers, and the values that they take.
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "": _WORDS | st.integers(-2, 12) | st.booleans() | st.none(),
    "|contains": _WORDS,
    "|startswith": _WORDS,
    "|endswith": _WORDS,
    "|cased": _WORDS,
    "|windash|contains": _WORDS,
    "|wide": _WORDS,
    "|base64offset|contains": st.sampled_from(("xy", "xyx", "Xy1 ")),
    "|re": st.sampled_from(("x", "^x", "y$", "[0-9]+")),
    "|re|i": st.sampled_from(("x", "^x", "y$", "[0-9]+")),
    "|cidr": st.sampled_from(("192.0.2.0/24", "::/0")),
    "|gt": st.integers(-2, 12),
    "|lte": st.integers(-2, 12),
    "|hour|gte": st.integers(0, 23),
    "|exists": st.booleans(),
    "|fieldref": st.sampled_from(FIELDS),
    "|expand": st.sampled_from(("%one%", "%two%", "x%one%", "%none%")),
}


@st.composite
def _items(draw: st.DrawFn) -> tuple[str, str, list[Any]]:
    """A field, modifiers, and values for them."""
    modifiers = draw(st.sampled_from(list(_KINDS)))
    listed = st.lists(_KINDS[modifiers], min_size=1, max_size=3)
    return draw(st.sampled_from(FIELDS)), modifiers, draw(listed)


def _lowered(definition: Any) -> Expr:
    return lower_detection(SigmaDetection.from_definition(definition))


def _events_for(values: list[Any]) -> st.SearchStrategy[Event]:
    """Events, some of them with the values of the rule in them."""
    literal = st.sampled_from([value for value in values if value is not None] or ["x"])
    return events() | st.dictionaries(
        st.sampled_from(FIELDS), literal | scalars() | st.lists(literal | scalars(), max_size=3)
    )


@pytest.mark.parametrize("every", ["", "|all"])
@given(item=_items(), data=st.data())
def test_neq_is_not(every: str, item: tuple[str, str, list[Any]], data: st.DataObject) -> None:
    field, modifiers, values = item
    event = data.draw(_events_for(values))
    plain = _lowered({f"{field}{modifiers}{every}": values})
    negated = _lowered({f"{field}{modifiers}{every}|neq": values})
    assert holds(negated, event, LISTS) is not holds(plain, event, LISTS)


@given(item=_items(), data=st.data())
def test_all_with_one_value_is_plain(item: tuple[str, str, list[Any]], data: st.DataObject) -> None:
    field, modifiers, values = item
    if modifiers == "|expand":  # under `all` every value of the list is required (S471)
        values = ["%one%"]
    event = data.draw(_events_for(values))
    for one in (values[:1], values[0]):
        plain, every = (_lowered({f"{field}{modifiers}{extra}": one}) for extra in ("", "|all"))
        assert holds(every, event, LISTS) is holds(plain, event, LISTS)


@given(item=_items(), data=st.data())
def test_values_are_alternatives_and_all_are_required(
    item: tuple[str, str, list[Any]], data: st.DataObject
) -> None:
    field, modifiers, values = item
    event = data.draw(_events_for(values))
    each = [holds(_lowered({field + modifiers: value}), event, LISTS) for value in values]
    assert holds(_lowered({field + modifiers: values}), event, LISTS) is any(each)
    if modifiers != "|expand":
        every = _lowered({f"{field}{modifiers}|all": values})
        assert holds(every, event, LISTS) is all(each)


@given(items=st.lists(_items(), min_size=1, max_size=3), event=events(), data=st.data())
def test_fields_are_required_and_maps_are_alternatives(
    items: list[tuple[str, str, list[Any]]], event: Event, data: st.DataObject
) -> None:
    maps = [{field + modifiers: values} for field, modifiers, values in items]
    each = [holds(_lowered(one), event, LISTS) for one in maps]
    assert holds(_lowered(maps), event, LISTS) is any(each)
    merged = {key: values for one in maps for key, values in one.items()}
    each = [holds(_lowered({key: values}), event, LISTS) for key, values in merged.items()]
    shuffled = dict(data.draw(st.permutations(list(merged.items()))))
    assert holds(_lowered(shuffled), event, LISTS) is all(each)


@given(words=st.lists(_WORDS, min_size=1, max_size=3), pair=pairs())
def test_keywords_are_alternatives_and_all_are_required(
    words: list[str], pair: tuple[Expr, Event]
) -> None:
    _, event = pair
    each = [holds(_lowered([word]), event) for word in words]
    assert holds(_lowered(words), event) is any(each)
    assert holds(_lowered({"|all": words}), event) is all(each)
    assert holds(_lowered({"|neq": words}), event) is not any(each)
