"""The few values of lists that one event has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jumpsigma.codegen.order import keyword_value
from jumpsigma.interpret import Lists, event_time, leaves
from jumpsigma.ir.bind import has_placeholder, placeholders_of
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import (
    Expr,
    Keyword,
    Network,
    Placeholder,
    Regex,
    Test,
    Text,
    TextPart,
    Wildcard,
)
from jumpsigma.ir.regex import escape, from_source, parts_of
from jumpsigma.matcher.indicators import MatchedIndicator
from jumpsigma.matcher.lookups import IndicatorLists, LookUp, Piece
from jumpsigma.matcher.runtime import MANY, ONE


class ListsInView:
    """What the interpreter needs of lists: the few values that one event has to do with.

    It writes values out, which for a million of them takes a second an event. Values with
    which nothing in the event fits change no verdict, so they can be left away; only where all
    values are demanded they are all given.
    """

    def __init__(self, expr: Expr, lists: IndicatorLists) -> None:
        self._lists = lists
        self._look_ups = [_look_up(each, lists) for each in _placeholder_tests(expr)]

    def of(self, event: dict[str, Any], *, ever: bool = False) -> Lists:
        """The values that count for the event, or ``ever`` would, and that something in it fits."""
        when = None if ever else event_time(event)
        everything = [value for _, value in leaves(event)]
        found: dict[str, dict[str, None]] = {}
        for look_up in self._look_ups:
            if look_up.every:
                for each in look_up.lists:
                    found.setdefault(each.name, {}).update(dict.fromkeys(each.counting(when)))
                continue
            for text in look_up.texts(everything):
                for choice in look_up.find(text):
                    for each, value in zip(look_up.lists, choice, strict=True):
                        if each.counts(value, when):
                            found.setdefault(each.name, {})[value] = None
        return {name: tuple(values) for name, values in found.items()}

    def described(
        self,
        entries: Iterable[tuple[str, str]],
        event: dict[str, Any],
        *,
        counting: bool = True,
    ) -> tuple[MatchedIndicator, ...]:
        """What is known of values of lists that count for the event, or just do not."""
        when = event_time(event)
        known = (each for name, value in entries for each in self._lists.load(name).details(value))
        return tuple(dict.fromkeys(each for each in known if each.is_valid_at(when) is counting))


def _placeholder_tests(expr: Expr) -> Iterator[Test | Keyword]:
    if isinstance(expr, Test | Keyword) and has_placeholder(expr.value):
        yield expr
    for child in children(expr):
        yield from _placeholder_tests(child)


def _look_up(expr: Test | Keyword, lists: IndicatorLists) -> LookUp:
    """The look-up that a generated matcher would use."""
    value = expr.value if isinstance(expr, Test) else keyword_value(expr)
    every = any(part.every for part in placeholders_of(value))
    match value:
        case Text(parts, cased):
            return lists.text([_piece(part) for part in parts], cased, every)
        case Network(Placeholder(name)):
            return lists.network(name, every)
        case Regex():
            pieces = [p if isinstance(p, str) else (p.name,) for p in parts_of(value)]
            return lists.regex(pieces, every, from_source, escape)
        case _:
            raise AssertionError(f"{value!r} has no placeholder")


def _piece(part: TextPart) -> Piece:
    if isinstance(part, Placeholder):
        return (part.name,)
    if isinstance(part, Wildcard):
        return MANY if part is Wildcard.MANY else ONE
    return part
