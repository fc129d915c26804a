"""Placeholders: which there are, and how their values are written out (S471-S475)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from ipaddress import ip_network
from itertools import product
from math import prod
from types import UnionType
from typing import Final, assert_never

from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import (
    And,
    Element,
    Expr,
    Keyword,
    Network,
    Not,
    Or,
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    TextPart,
    Value,
)
from jumpsigma.ir.regex import escape

#: A value with placeholders is written out as at most so many; more belong into a look-up.
INLINE_LIMIT: Final = 10_000

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+(?:/\d{1,3})?", re.ASCII)


class TooManyValuesError(ValueError):
    """A value with placeholders stands for more values than may be written out."""

    def __init__(self, names: tuple[str, ...], count: int, limit: int) -> None:
        named = " and ".join(f"%{name}%" for name in names)
        super().__init__(f"{named} would be written out as {count:,} values, more than {limit:,}")


def placeholders(expr: Expr) -> tuple[str, ...]:
    """The names of the lists that an expression needs, in the order of their first use."""
    if isinstance(expr, Test | Keyword):
        names = [part.name for part in placeholders_of(expr.value)]
    else:
        names = [name for child in children(expr) for name in placeholders(child)]
    return tuple(dict.fromkeys(names))


def placeholders_of(value: Value) -> tuple[Placeholder, ...]:
    """The placeholders in a value, in order."""
    match value:
        case Text(parts) | Regex(parts):
            return tuple(part for part in parts if isinstance(part, Placeholder))
        case Network(Placeholder() as part):
            return (part,)
        case _:
            return ()


def has_placeholder(value: Value) -> bool:
    """Whether a value has a placeholder."""
    return bool(placeholders_of(value))


def bind(
    expr: Expr,
    lists: Mapping[str, Collection[str]],
    *,
    limit: int = INLINE_LIMIT,
    kinds: type | UnionType = Text | Regex | Network,
    stays: Callable[[Test | Keyword], bool] = lambda _: False,
) -> Expr:
    """The expression with every placeholder written out, for what has no look-ups.

    A test becomes the alternatives (or, with ``all``, the conjunction) of the values of its list;
    of a list that is empty or not given it becomes ``Or(())``, which never holds. Only values of
    ``kinds`` are written out, and none of a test or keyword that ``stays``.

    Raises :class:`TooManyValuesError` where one value stands for more than ``limit``.
    """

    def again(item: Expr) -> Expr:
        return bind(item, lists, limit=limit, kinds=kinds, stays=stays)

    match expr:
        case Test() | Keyword():
            if not isinstance(expr.value, kinds) or stays(expr):
                return expr
            return _bound_leaf(expr, lists, limit)
        case And(items):
            return And(tuple(map(again, items)))
        case Or(items):
            return Or(tuple(map(again, items)))
        case Not(item):
            return Not(again(item))
        case Selection() | Element():
            return replace(expr, item=again(expr.item))
        case _:
            assert_never(expr)


def _bound_leaf(expr: Test | Keyword, lists: Mapping[str, Collection[str]], limit: int) -> Expr:
    value = expr.value
    parts = placeholders_of(value)
    if not parts or not isinstance(value, Text | Regex | Network):
        return expr
    names = tuple(part.name for part in parts)
    chosen = [lists.get(name, ()) for name in names]
    if (count := prod(map(len, chosen))) > limit:
        raise TooManyValuesError(names, count, limit)
    whole = isinstance(expr, Test)  # a keyword is looked for within values
    items = []
    for choice in product(*chosen):
        written = _written(value, choice, whole=whole)
        each = tuple(replace(expr, value=one) for one in written)
        items.append(each[0] if len(each) == 1 else Or(each))
    if not items:
        return Or(())
    return And(tuple(items)) if any(part.every for part in parts) else Or(tuple(items))


def _written(
    value: Text | Regex | Network, choice: tuple[str, ...], *, whole: bool
) -> tuple[Text | Regex | Network, ...]:
    words = iter(choice)
    match value:
        case Network():
            return network_of(choice[0])
        case Text(parts):
            text = tuple(next(words) if isinstance(p, Placeholder) else p for p in parts)
            written = replace(value, parts=_merged(text, cased=value.cased))
            alone = whole and len(parts) == 1
            return (written, *(network_of(choice[0]) if alone else ()))
        case Regex(parts):
            source = "".join(p if isinstance(p, str) else escape(next(words)) for p in parts)
            return (replace(value, parts=(source,)),)
        case _:
            assert_never(value)


def network_of(entry: str) -> tuple[Network, ...]:
    """The network that an entry of a list is, an address being one of itself; empty for others."""
    if not _ADDRESS.fullmatch(entry):
        return ()
    try:
        return (Network(str(ip_network(entry, strict=False))),)
    except ValueError:
        return ()


def _merged(parts: tuple[TextPart, ...], *, cased: bool) -> tuple[TextPart, ...]:
    merged: list[TextPart] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(before := merged[-1], str):
            apart = before.lower() + part.lower()
            # A capital sigma is lowered by its neighbours; a value of a list is not (S473).
            merged[-1] = before + part if cased or (before + part).lower() == apart else apart
        elif part != "":
            merged.append(part)
    return tuple(merged)
