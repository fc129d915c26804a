"""What an event must have for a rule to be worth evaluating: the dispatch of a generated matcher.

A gate is a necessary condition that is cheap to look up. A rule has one: values of a field (an
equality that the rule demands), else a field (some test on it must hold), else none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

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
    Text,
)

#: What a rule demands of a field: these texts (in lower case), or None for any value at all.
Demands = dict[str, frozenset[str] | None]

#: A gate with more values than this is worth less than the memory of its table.
MAX_VALUES = 64


@dataclass(frozen=True, slots=True)
class Gate:
    """A field that must have a value, one of ``texts`` where that is not None."""

    field: str
    texts: frozenset[str] | None


def demands(expr: Expr) -> Demands:
    """What must be true of fields whenever the expression holds."""
    match expr:
        case Test(field, value):
            if isinstance(value, Null) or (isinstance(value, Exists) and not value.expected):
                return {}  # a missing field satisfies these
            if isinstance(value, Exists):
                return {}  # an empty list exists, and has no value
            if isinstance(value, Text) and value.literal is not None:
                return {field: frozenset({value.literal.lower()})}
            return {field: None}
        case And(items):
            merged: Demands = {}
            for item in items:
                for field, texts in demands(item).items():
                    known = merged.get(field)
                    # Of two lists for one field either is necessary; the shorter says more.
                    if known is None or (texts is not None and len(texts) < len(known)):
                        merged[field] = texts
            return merged
        case Or(items):
            return _either([demands(item) for item in items])
        case Selection(item=item):
            return demands(item)
        case Not() | Keyword() | Element():
            return {}
        case _:
            assert_never(expr)


def _either(all_demands: Sequence[Demands]) -> Demands:
    if not all_demands:
        return {}
    shared = set.intersection(*(set(each) for each in all_demands))
    merged: Demands = {}
    for field in sorted(shared):
        parts = [each[field] for each in all_demands]
        texts = [part for part in parts if part is not None]
        merged[field] = frozenset().union(*texts) if len(texts) == len(parts) else None
    return merged


def choose_gates(conditions: Iterable[Expr]) -> list[Gate | None]:
    """One gate for each rule, the one that the fewest events are expected to pass.

    Of what the values of a field are, the rules are all that is known: a field of which they name
    many is taken to have many, so that ``event_type`` tells more than ``service``. Of equal fields
    the one that more rules share is preferred, for one look-up.
    """
    found = [demands(condition) for condition in conditions]
    usable = [
        (field, texts)
        for each in found
        for field, texts in each.items()
        if texts is not None and len(texts) <= MAX_VALUES
    ]
    valued = Counter(field for field, _ in usable)
    named: dict[str, set[str]] = {}
    for field, texts in usable:
        named.setdefault(field, set()).update(texts)
    plain = Counter(field for each in found for field in each)
    return [_best(each, valued, named, plain) for each in found]


def _best(
    each: Demands, valued: Counter[str], named: dict[str, set[str]], plain: Counter[str]
) -> Gate | None:
    # Ties are broken by name, so that the same rules always give the same bytes.
    with_values = sorted(
        (len(texts) / len(named[field]), -valued[field], field)
        for field, texts in each.items()
        if texts is not None and len(texts) <= MAX_VALUES
    )
    if with_values:
        field = with_values[0][2]
        return Gate(field, each[field])
    fields = sorted(((-plain[field], field) for field in each), key=lambda pair: pair)
    return Gate(fields[0][1], None) if fields else None
