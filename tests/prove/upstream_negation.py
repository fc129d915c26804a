"""Readings of a rule in which ``not`` is lost in places, or does not reach what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

from jumpsigma.ir.nodes import And, Expr, Not, Or, Selection, Test, Text

#: Of so many negations every one may be read in another way.
_CHOICES = 4


@cache
def is_list(items: tuple[Expr, ...]) -> bool:
    """Whether these are one field and several whole texts."""
    tests = [item for item in items if isinstance(item, Test)]
    whole = [t for t in tests if isinstance(t.value, Text) and t.value.literal is not None]
    return len(items) == len(whole) > 1 and len({test.field for test in tests}) == 1


def negations(item: Expr) -> Sequence[Expr]:
    """What becomes of ``not``: it is there, is lost, or is at the leaves beside the old words."""
    return [Not(item), item, _spread(item, groups=False), _spread(item, groups=True)]


def _spread(expr: Expr, *, groups: bool) -> Expr:
    match expr:
        case Selection(item=item):
            return _spread(item, groups=groups)
        case And(items) | Or(items) if not is_list(items):
            found = tuple(
                each
                if isinstance(_bare(each), And | Or) and not _is_a_list(each) and not groups
                else _spread(each, groups=groups)
                for each in items
            )
            return replace(expr, items=found)
        case _:
            return Not(expr)


def _bare(expr: Expr) -> Expr:
    return _bare(expr.item) if isinstance(expr, Selection) else expr


def _is_a_list(expr: Expr) -> bool:
    bare = _bare(expr)
    return isinstance(bare, Or) and len({t.field for t in bare.items if isinstance(t, Test)}) == 1


def negated_otherwise(expr: Expr, change: Callable[[Expr], Sequence[Expr]]) -> list[Expr]:
    """The expression with every choice for every negation; one for all where these are many."""
    count = sum(1 for _ in negated_in(expr))
    if count > _CHOICES:
        return [_chosen(expr, change, iter([choice] * count)) for choice in range(4)]
    return [_chosen(expr, change, iter(choice)) for choice in product(range(4), repeat=count)]


def negated_in(expr: Expr) -> Iterator[Not]:
    match expr:
        case Not():
            yield expr
        case And(items) | Or(items):
            for item in items:
                yield from negated_in(item)
        case Selection(item=item):
            yield from negated_in(item)
        case _:
            pass


def _chosen(expr: Expr, change: Callable[[Expr], Sequence[Expr]], choices: Iterator[int]) -> Expr:
    match expr:
        case Not(item):
            return change(item)[next(choices)]
        case And(items) | Or(items):
            return replace(expr, items=tuple(_chosen(each, change, choices) for each in items))
        case Selection(item=item):
            return _chosen(item, change, choices)
        case _:
            return expr
