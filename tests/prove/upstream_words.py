"""Readings of a rule that has lost parentheses, or ``not``, or does not negate what it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product

from jumpsigma.ir.nodes import And, Expr, Not, Or, Regex, Selection, Test, Text, Wildcard

#: Of so many negations every one may be read in another way.
_CHOICES = 4
_MANY = Wildcard.MANY


@cache
def is_list(items: tuple[Expr, ...]) -> bool:
    """Whether these are one field and several whole texts."""
    tests = [item for item in items if isinstance(item, Test)]
    whole = [t for t in tests if isinstance(t.value, Text) and t.value.literal is not None]
    return len(items) == len(whole) > 1 and len({test.field for test in tests}) == 1


def _negations(item: Expr) -> Sequence[Expr]:
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


def negated_otherwise(expr: Expr) -> list[Expr]:
    """The expression with every choice for every negation; one for all where these are many."""
    count = sum(1 for _ in negated_in(expr))
    if count > _CHOICES:
        return [_chosen(expr, iter([choice] * count)) for choice in range(4)]
    return [_chosen(expr, iter(choice)) for choice in product(range(4), repeat=count)]


def without_parentheses(expr: Expr) -> list[Expr]:
    """The expression with ``or`` of one field beside ``and``, which binds stronger."""
    count = sum(1 for _ in _lists_in(expr))
    if count > _CHOICES + 2:
        return [_flattened(expr, iter([True] * count))]
    return [_flattened(expr, iter(choice)) for choice in product((True, False), repeat=count)]


def lists_as_expressions(expr: Expr) -> list[Expr]:
    """The texts of a list as one expression without anchors; of whole texts all signs count."""
    match expr:
        case Or(items) if _is_a_list(expr) and all(_text_of(item) for item in items):
            return [Or(tuple(_anywhere(item) for item in items))]
        case And(items) | Or(items):
            found = (lists_as_expressions(item)[0] for item in items)
            return [replace(expr, items=tuple(found))]
        case Not(item):
            return [Not(lists_as_expressions(item)[0])]
        case Selection(item=item):
            return lists_as_expressions(item)
        case _:
            return [expr]


def _text_of(expr: Expr) -> bool:
    return isinstance(expr, Test) and isinstance(expr.value, Text)


def _anywhere(expr: Expr) -> Expr:
    assert isinstance(expr, Test)
    assert isinstance(expr.value, Text)
    value = expr.value
    if value.literal is None:
        return replace(expr, value=replace(value, parts=(_MANY, *value.parts, _MANY)))
    source = value.literal.replace("\\", "\\\\")
    return replace(expr, value=Regex((source,), ignore_case=not value.cased))


def _joined_by_and(items: Sequence[Expr]) -> Iterator[Expr]:
    for item in items:
        bare = _bare(item)
        if isinstance(bare, And):
            yield from _joined_by_and(bare.items)
        else:
            yield bare


def _of_list(expr: Expr) -> tuple[Expr, ...]:
    """What stands between the words ``or`` of a list, or of one that is negated; else nothing."""
    match expr:
        case Or(items) if _is_a_list(expr):
            return items
        case Not(item) if _is_a_list(item):
            bare = _bare(item)
            return tuple(map(Not, bare.items)) if isinstance(bare, Or) else ()
        case _:
            return ()


def _lists_in(expr: Expr) -> Iterator[Expr]:
    match _bare(expr):
        case And(items):
            for item in _joined_by_and(items):
                if _of_list(item):
                    yield item
                else:
                    yield from _lists_in(item)
        case Or(items):
            for item in items:
                yield from _lists_in(item)
        case Not(item):
            yield from _lists_in(item)
        case _:
            pass


def _flattened(expr: Expr, choices: Iterator[bool]) -> Expr:
    bare = _bare(expr)
    match bare:
        case And(items):
            groups: list[list[Expr]] = [[]]
            for item in _joined_by_and(items):
                found = _of_list(item)
                lost = bool(found) and next(choices)
                if lost:
                    groups[-1].append(found[0])
                    groups += [[each] for each in found[1:]]
                elif found:
                    groups[-1].append(item)
                else:
                    groups[-1].append(_flattened(item, choices))
            parts = tuple(And(tuple(each)) for each in groups)
            return parts[0] if len(parts) == 1 else Or(parts)
        case Or(items):
            return Or(tuple(_flattened(item, choices) for item in items))
        case Not(item):
            return Not(_flattened(item, choices))
        case _:
            return bare


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


def _chosen(expr: Expr, choices: Iterator[int]) -> Expr:
    match expr:
        case Not(item):
            return _negations(item)[next(choices)]
        case And(items) | Or(items):
            return replace(expr, items=tuple(_chosen(each, choices) for each in items))
        case Selection(item=item):
            return _chosen(item, choices)
        case _:
            return expr
