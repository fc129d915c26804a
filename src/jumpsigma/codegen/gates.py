"""What an event must have for a rule to be worth evaluating: the dispatch of a generated matcher.

A gate is a necessary condition that is cheap to look up: one of some fields has a value, or one of
some values. A rule has one, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never

from jumpsigma.codegen.order import spellings
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
)

#: Fields of which at least one has one of these texts (in lower case), or any value (None).
Gate = Mapping[str, frozenset[str] | None]

#: A gate with more values of a field than this is worth less than the memory of its table.
MAX_VALUES = 64


def choose_gates(conditions: Sequence[Expr]) -> list[Gate | None]:
    """One gate for each rule, the one that the fewest events are expected to pass.

    Of what the values of a field are, the rules are all that is known: a field of which they name
    many is taken to have many, so that ``event_type`` tells more than ``service``.
    """
    named: dict[str, set[str]] = {}
    shared: Counter[str] = Counter()
    for condition in conditions:
        for field, texts in _tests(condition):
            shared[field] += 1
            named.setdefault(field, set()).update(texts or ())

    def score(gate: Gate) -> tuple[float, int, list[str]]:
        parts = (
            2 if texts is None else len(texts) / len(named[field]) for field, texts in gate.items()
        )
        # Of equal ones that of which the rules speak more; then by name: the same bytes every time.
        return sum(parts), -sum(shared[field] for field in gate), sorted(gate)

    return [_gate(condition, score) for condition in conditions]


def _gate(expr: Expr, score: Callable[[Gate], Any]) -> Gate | None:
    match expr:
        case Test():
            return dict(_tests(expr)) or None
        case And(items):
            gates = [gate for item in items if (gate := _gate(item, score)) is not None]
            return min(gates, key=score, default=None)
        case Or(items):
            found = [_gate(item, score) for item in items]
            gates = [gate for gate in found if gate is not None]
            return _union(gates) if gates and len(gates) == len(found) else None
        case Selection(item=item):
            return _gate(item, score)
        case Not() | Keyword() | Element():
            return None
        case _:
            assert_never(expr)


def _tests(expr: Expr) -> Iterator[tuple[str, frozenset[str] | None]]:
    """The fields that tests need to have a value, and which one if they say so."""
    match expr:
        case Test(_, Null() | Exists(expected=False)):
            return  # a missing field satisfies these
        case Test(field, value):
            texts = spellings(value)
            yield field, None if texts is None else frozenset(texts)
        case And(items) | Or(items):
            for item in items:
                yield from _tests(item)
        case Selection(item=item):
            yield from _tests(item)
        case Not() | Keyword() | Element():
            return
        case _:
            assert_never(expr)


def _union(gates: Iterable[Gate]) -> Gate:
    """What lets through what any of these does."""
    merged: dict[str, frozenset[str] | None] = {}
    for gate in gates:
        for field, texts in gate.items():
            known = merged.get(field, frozenset())
            both = None if known is None or texts is None else known | texts
            merged[field] = both if both is None or len(both) <= MAX_VALUES else None
    return merged
