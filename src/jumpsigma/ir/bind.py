"""Placeholders replaced by the values of their lists (S471-S473)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import product
from typing import assert_never

import re2

from jumpsigma.ir.nodes import (
    And,
    Element,
    Expr,
    Keyword,
    Not,
    Or,
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    TextPart,
)


def bind(expr: Expr, lists: Mapping[str, Collection[str]]) -> Expr:
    """The expression with every placeholder written out.

    A test becomes the alternatives (or, with ``all``, the conjunction) of the values of its list;
    of a list that is empty or not given it becomes ``Or(())``, which never holds.
    """
    match expr:
        case Test() | Keyword():
            return _bound_leaf(expr, lists)
        case And(items):
            return And(tuple(bind(item, lists) for item in items))
        case Or(items):
            return Or(tuple(bind(item, lists) for item in items))
        case Not(item):
            return Not(bind(item, lists))
        case Selection() | Element():
            return replace(expr, item=bind(expr.item, lists))
        case _:
            assert_never(expr)


def _bound_leaf(expr: Test | Keyword, lists: Mapping[str, Collection[str]]) -> Expr:
    value = expr.value
    if not isinstance(value, Text | Regex):
        return expr
    names = [part for part in value.parts if isinstance(part, Placeholder)]
    if not names:
        return expr
    choices = product(*(lists.get(part.name, ()) for part in names))
    items = tuple(replace(expr, value=_written(value, choice)) for choice in choices)
    if not items:
        return Or(())
    return And(items) if any(part.every for part in names) else Or(items)


def _written(value: Text | Regex, choice: tuple[str, ...]) -> Text | Regex:
    words = iter(choice)
    if isinstance(value, Text):
        parts = tuple(next(words) if isinstance(p, Placeholder) else p for p in value.parts)
        merged: list[TextPart] = []
        for part in parts:
            if merged and isinstance(part, str) and isinstance(merged[-1], str):
                merged[-1] = merged[-1] + part
            elif part != "":
                merged.append(part)
        return replace(value, parts=tuple(merged))
    source = "".join(
        re2.escape(next(words)) if isinstance(p, Placeholder) else p for p in value.parts
    )
    return replace(value, parts=(source,))
