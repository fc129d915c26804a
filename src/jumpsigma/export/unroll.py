"""Fields of lists for products that take an element of a list by its number.

``changes[totp_enabled].to: false`` becomes *the first element is called totp_enabled and its to is
false, or the second ...*, for as many elements as a list may have at the most. A field of an
element is called ``changes[0].to`` then, which no field of a rule is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, assert_never

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
    Text,
)

#: A field through lists of lists is written out as at most so many tests.
MOST = 500


@dataclass(frozen=True, slots=True)
class Lists:
    """Which fields of an event are lists.

    ``objects``: of objects, such as ``changes``; ``values``: of values now and then, such as
    ``changes.to``; ``count``: how many elements a list has at the most.
    """

    objects: Collection[str]
    values: Collection[str]
    count: int

    @classmethod
    def of(cls, tables: Mapping[str, Any], count: int) -> Lists:
        """From the tables ``lists`` and ``list_values`` of a language."""
        return cls(tuple(tables.get("lists", ())), tuple(tables.get("list_values", ())), count)


def unrolled(expr: Expr, lists: Lists) -> Expr:
    """The condition without elements, and without fields that lead through a list.

    Raises :class:`CannotSayError` for what would need to know how many elements there are.
    """
    match expr:
        case And(items):
            return And(tuple(unrolled(item, lists) for item in items))
        case Or(items):
            return Or(tuple(unrolled(item, lists) for item in items))
        case Not(item):
            return Not(unrolled(item, lists))
        case Selection(item=item):
            return unrolled(item, lists)
        case Test(field, value):
            places = _places(field, lists, expr)
            if len(places) == 1 or isinstance(value, Null | Exists | FieldRef):
                return expr
            _refuse_values(field, lists, expr)
            return Or(tuple(replace(expr, field=place) for place in places))
        case Element():
            return _element(expr, lists)
        case Keyword():
            return expr
        case _:
            assert_never(expr)


def _refuse_values(field: str, lists: Lists, expr: Test) -> None:
    if field in lists.values:
        raise CannotSayError(f"{field} may be a list in a list", place=expr.place)


def _element(expr: Element, lists: Lists) -> Expr:
    if expr.field not in lists.objects:
        raise CannotSayError(f"{expr.field} is not known to be a list", place=expr.place)
    places = _places(f"{expr.field}.", lists, expr)
    absent = holds_of_absent(expr.item)
    if expr.name is None:
        for test in _tests(expr.item):
            _refuse_values(f"{expr.field}.{test.field}", lists, test)
        if absent:
            raise CannotSayError(
                f"that no element of {expr.field} has a value: an element that has none is not"
                " told from one that is not there",
                place=expr.place,
            )
        return Or(tuple(_within(expr.item, place) for place in places))
    called = [Test(f"{place}field", Text((expr.name,)), expr.place) for place in places]
    found: list[Expr] = [
        And((name, _within(expr.item, place))) for name, place in zip(called, places, strict=True)
    ]
    return Or((*found, And(tuple(map(Not, called))))) if absent else Or(tuple(found))


def _tests(expr: Expr) -> Iterator[Test]:
    if isinstance(expr, Test):
        yield expr
    for child in children(expr):
        yield from _tests(child)


def _within(item: Expr, place: str) -> Expr:
    """What is said of an element, of the fields of one place; it is known to be there."""
    match item:
        case And(items):
            return And(tuple(_within(each, place) for each in items))
        case Or(items):
            return Or(tuple(_within(each, place) for each in items))
        case Not(inner):
            return Not(_within(inner, place))
        case Selection(item=inner):
            return _within(inner, place)
        case Test("", Exists(expected)):
            return And(()) if expected else Or(())
        case Test(field):
            return replace(item, field=f"{place}{field}")
        case Element() | Keyword():
            raise CannotSayError("an element within an element", place=item.place)
        case _:
            assert_never(item)


def _places(field: str, lists: Lists, expr: Test | Element) -> Sequence[str]:
    """The field with a number behind every list that it leads through."""
    parts = field.split(".")
    through = [
        number for number in range(1, len(parts)) if ".".join(parts[:number]) in lists.objects
    ]
    if lists.count ** len(through) > MOST:
        raise CannotSayError(
            f"{field}: a list in a list, which would be more than {MOST} tests", place=expr.place
        )
    found = []
    for numbers in product(range(lists.count), repeat=len(through)):
        written = list(parts)
        for place, number in zip(through, numbers, strict=True):
            written[place - 1] += f"[{number}]"
        found.append(".".join(written))
    return found
