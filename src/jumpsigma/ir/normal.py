"""Conditions in a normal form: two that are written differently and mean the same become equal.

What is decided here is decided for every event (S301-S307, S401-S406). What is left may still
mean the same; the form is not canonical, and is not meant to be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from jumpsigma.ir.dump import dump
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Expr,
    Keyword,
    Not,
    Or,
    Regex,
    Selection,
    Test,
    Text,
    TextPart,
    Value,
    Wildcard,
)

TRUE = And(())
FALSE = Or(())


def normal(expr: Expr) -> Expr:
    """The condition without names of detections, negations moved inwards, in a fixed order."""
    return _normal(expr, positive=True)


def _normal(expr: Expr, *, positive: bool) -> Expr:
    match expr:
        case Selection(item=item):
            return _normal(item, positive=positive)
        case Not(item):
            return _normal(item, positive=not positive)
        case And(items):
            return _joined(And if positive else Or, items, positive=positive)
        case Or(items):
            return _joined(Or if positive else And, items, positive=positive)
        case Element(field, name, item):
            # `not` of an element is not an element that does not: it stays outside (S251).
            folded = None if name is None else name.lower()
            found: Expr = Element(field, folded, _normal(item, positive=True))
            return found if positive else Not(found)
        case Test(field, value):
            test: Expr = Test(field, _value(value))
            return test if positive else Not(test)
        case Keyword(value):
            kept = Keyword(replace(value, parts=_parts(value))) if isinstance(value, Text) else expr
            kept = replace(kept, place=None)
            return kept if positive else Not(kept)
        case _:
            assert_never(expr)


def _joined(kind: type[And | Or], items: tuple[Expr, ...], *, positive: bool) -> Expr:
    flat: dict[Expr, None] = {}
    for item in items:
        inner = _normal(item, positive=positive)
        flat.update(dict.fromkeys(inner.items if isinstance(inner, kind) else (inner,)))
    neutral, decisive = (TRUE, FALSE) if kind is And else (FALSE, TRUE)
    flat.pop(neutral, None)
    if decisive in flat or any(Not(item) in flat for item in flat):
        return decisive
    left = [item for item in flat if not _is_absorbed(item, flat, kind)]
    if len(left) == 1:
        return left[0]
    return kind(tuple(sorted(left, key=dump)))


def _is_absorbed(item: Expr, others: dict[Expr, None], kind: type[And | Or]) -> bool:
    """Whether ``x or (x and y)``, or the reverse, makes an item superfluous."""
    dual = Or if kind is And else And
    if not isinstance(item, dual):
        return False
    return any(
        other is not item
        and (set(other.items) if isinstance(other, dual) else {other}) < set(item.items)
        for other in others
    )


def _value(value: Value) -> Value:
    match value:
        case Text():
            return replace(value, parts=_parts(value))
        case Boolean(boolean):
            # S352: the boolean and its text are one, in any case.
            return Text(("true" if boolean else "false",))
        case Regex(parts) if all(isinstance(part, str) for part in parts):
            return replace(value, parts=("".join(str(part) for part in parts),))
        case _:
            return value


def _parts(text: Text) -> tuple[TextPart, ...]:
    """The parts in lower case unless case counts, runs joined, one ``*`` for several."""
    found: list[TextPart] = []
    for part in text.parts:
        if type(part) is str:
            written = part if text.cased else part.lower()
            if found and type(found[-1]) is str:
                found[-1] += written
            elif written:
                found.append(written)
        elif not (part is Wildcard.MANY and found and found[-1] is Wildcard.MANY):
            found.append(part)
    return tuple(found)
