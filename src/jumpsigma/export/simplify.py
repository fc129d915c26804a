"""A condition as query languages want it: flat, and without what changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from jumpsigma.ir.nodes import And, Element, Expr, Keyword, Not, Or, Selection, Test


def simplified(expr: Expr) -> Expr:
    """The same condition without selections, nested ``and``/``or``, repetitions and constants.

    ``And(())`` always holds and ``Or(())`` never; one of them is left only where it is the whole
    condition, or the whole of what an element has to satisfy.
    """
    match expr:
        case Test() | Keyword():
            return expr
        case Element():
            item = simplified(expr.item)
            # An absent element is looked at too (S254): `always` holds of it, `never` does not.
            return item if item in (And(()), Or(())) else replace(expr, item=item)
        case Selection(item=item):
            return simplified(item)
        case Not(item):
            inner = simplified(item)
            match inner:
                case Not(item=twice):
                    return twice
                case And(()):
                    return Or(())
                case Or(()):
                    return And(())
                case _:
                    return Not(inner)
        case And(items) | Or(items):
            return _joined(type(expr), items)
        case _:
            assert_never(expr)


def _joined(kind: type[And | Or], items: tuple[Expr, ...]) -> Expr:
    neutral, absorbing = (And(()), Or(())) if kind is And else (Or(()), And(()))
    found: dict[Expr, None] = {}
    for item in map(simplified, items):
        if item == absorbing:
            return absorbing
        parts = item.items if isinstance(item, And | Or) and isinstance(item, kind) else (item,)
        found.update(dict.fromkeys(parts))
    found.pop(neutral, None)
    kept = tuple(found)
    return kept[0] if len(kept) == 1 else kind(kept)
