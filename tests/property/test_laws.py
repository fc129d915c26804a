"""Laws of the interpreter, on generated expressions and events."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    FIELDS,
    LISTS,
    Event,
    events,
    expressions,
    field_tests,
    json_values,
    pairs,
    scalars,
)

from jumpsigma.interpret import holds, leaves, matched, trace, values_of
from jumpsigma.ir.nodes import And, Exists, Expr, Not, Null, Or, Test

Pair = tuple[Expr, Event]


@given(pairs())
def test_double_negation(pair: Pair) -> None:
    expr, event = pair
    assert holds(Not(Not(expr)), event, LISTS) is holds(expr, event, LISTS)


@given(pairs())
def test_something_or_its_negation(pair: Pair) -> None:
    expr, event = pair
    assert holds(Or((expr, Not(expr))), event, LISTS)
    assert not holds(And((expr, Not(expr))), event, LISTS)


@given(st.lists(expressions(), min_size=1, max_size=4), events())
def test_de_morgan(items: list[Expr], event: Event) -> None:
    negated = tuple(Not(item) for item in items)
    assert holds(Not(And(tuple(items))), event, LISTS) is holds(Or(negated), event, LISTS)
    assert holds(Not(Or(tuple(items))), event, LISTS) is holds(And(negated), event, LISTS)


@given(st.lists(expressions(), min_size=1, max_size=4), events(), st.randoms())
def test_the_order_of_items_is_irrelevant(items: list[Expr], event: Event, random: Any) -> None:
    shuffled = random.sample(items, len(items))
    for join in (And, Or):
        assert holds(join(tuple(items)), event, LISTS) is holds(join(tuple(shuffled)), event, LISTS)


@given(pairs())
def test_the_order_of_keys_is_irrelevant(pair: Pair) -> None:
    expr, event = pair
    assert holds(expr, _reversed_keys(event), LISTS) is holds(expr, event, LISTS)


def _reversed_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed_keys(value[key]) for key in reversed(value)}
    return [_reversed_keys(item) for item in value] if isinstance(value, list) else value


@given(pairs(keywords=False), json_values())
def test_a_field_that_the_rule_does_not_name_is_irrelevant(pair: Pair, value: Any) -> None:
    expr, event = pair
    assert holds(expr, {**event, "unnamed": value}, LISTS) is holds(expr, event, LISTS)


@given(pairs())
def test_the_trace_agrees(pair: Pair) -> None:
    expr, event = pair
    assert trace(expr, event, LISTS).holds is holds(expr, event, LISTS)


@given(pairs())
def test_matched_is_empty_unless_the_rule_holds(pair: Pair) -> None:
    expr, event = pair
    assert holds(expr, event, LISTS) or not matched(trace(expr, event, LISTS))


@given(pairs())
def test_matched_names_what_the_event_has(pair: Pair) -> None:
    expr, event = pair
    for path, found in matched(trace(expr, event, LISTS)).items():
        assert found
        have = [*_nodes(event), *values_of(event, path)]
        assert all(any(_same(value, other) for other in have) for value in found)
        if "[" not in path:  # else it is a virtual field, which only its rule can resolve
            at_path = [value for where, value in leaves(event) if where == path]
            at_path += values_of(event, path)
            assert all(any(_same(value, other) for other in at_path) for value in found)


def _nodes(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(node for item in inner for node in _nodes(item))]


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


@given(field_tests(), st.lists(scalars(), max_size=4), st.randoms())
def test_lists_neither_order_nor_nest(test: Test, items: list[Any], random: Any) -> None:
    shuffled = random.sample(items, len(items))
    middle = random.randint(0, len(items))
    flat, nested = (
        _event(test.field, items),
        _event(test.field, [shuffled[:middle], [shuffled[middle:]]]),
    )
    assert holds(test, nested, LISTS) is holds(test, flat, LISTS)


@given(
    field_tests().filter(lambda test: not isinstance(test.value, Null | Exists)),
    st.lists(scalars()),
)
def test_a_list_satisfies_what_one_of_its_elements_satisfies(test: Test, items: list[Any]) -> None:
    one = any(holds(test, _event(test.field, item), LISTS) for item in items)
    # Not the other way round: under `all` two elements may share the work.
    assert not one or holds(test, _event(test.field, items), LISTS)


@given(field_tests(), st.sampled_from((None, [], {}, [[]])), st.booleans())
def test_what_has_no_value_satisfies_only_null_and_exists(
    test: Test, nothing: Any, is_there: bool
) -> None:
    event = _event(test.field, nothing) if is_there else {}
    assert isinstance(test.value, Null | Exists) or not holds(test, event, LISTS)


@given(st.sampled_from(FIELDS), events())
def test_exists_true_is_not_exists_false(field: str, event: Event) -> None:
    there, absent = (holds(Test(field, Exists(expected)), event) for expected in (True, False))
    assert there is not absent
    assert there or holds(Test(field, Null()), event)


def _event(field: str, value: Any) -> Event:
    return {field: value}


def test_the_generator_makes_both_verdicts() -> None:
    verdicts: list[bool] = []

    @given(pairs())
    def collect(pair: Pair) -> None:
        verdicts.append(holds(*pair, LISTS))

    collect()
    share = sum(verdicts) / len(verdicts)
    assert math.isclose(share, 0.5, abs_tol=0.35)
