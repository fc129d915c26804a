"""The meaning of the IR, in plain code: the slow twin that every faster path is compared with.

``holds`` answers whether an expression is true of an event; ``trace`` answers why. Numbers
S... are those of ``docs/reference/semantics.md``. Nothing here is tuned: clarity first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, assert_never

import re2

from jumpsigma.interpret.fields import ABSENT, elements, exists, leaves, values_of
from jumpsigma.interpret.values import refers, satisfies, text_of
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Null,
    Number,
    Or,
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    Value,
    Wildcard,
)

Lists = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Trace:
    """One node of an expression, judged: does it hold, what did the event have, what satisfied it.

    ``values`` are the values of the node's field (empty: the field is missing), ``hits`` those
    that satisfied the test, each with its path. For an :class:`Element` the children judge the
    element that satisfied it, else the last candidate.
    """

    node: Expr
    holds: bool
    children: tuple[Trace, ...] = ()
    values: tuple[Any, ...] = ()
    hits: tuple[tuple[str, Any], ...] = ()


def holds(expr: Expr, event: Any, lists: Lists | None = None) -> bool:
    """Whether ``expr`` is true of ``event`` (a JSON object as Python has it)."""
    given = lists or {}
    match expr:
        case And(items):
            return all(holds(item, event, given) for item in items)
        case Or(items):
            return any(holds(item, event, given) for item in items)
        case Not(item):
            return not holds(item, event, given)
        case Selection(item=item):
            return holds(item, event, given)
        case Test(field, value):
            return _judge_test(value, field, event, given)[0]
        case Keyword(value):
            return _judge_keyword(value, event, given)[0]
        case Element(field, name, item):
            return any(holds(item, element, given) for element in elements(event, field, name))
        case _:
            assert_never(expr)


def trace(expr: Expr, event: Any, lists: Lists | None = None, prefix: str = "") -> Trace:
    """Judge every node of ``expr``, without stopping early, for ``explain`` and ``matched``."""
    given = lists or {}
    match expr:
        case And(items):
            children = tuple(trace(item, event, given, prefix) for item in items)
            return Trace(expr, all(child.holds for child in children), children)
        case Or(items):
            children = tuple(trace(item, event, given, prefix) for item in items)
            return Trace(expr, any(child.holds for child in children), children)
        case Not(item):
            child = trace(item, event, given, prefix)
            return Trace(expr, not child.holds, (child,))
        case Selection(item=item):
            child = trace(item, event, given, prefix)
            return Trace(expr, child.holds, (child,))
        case Test(field, value):
            truth, hits = _judge_test(value, field, event, given)
            path = f"{prefix}.{field}" if prefix and field else prefix or field
            found = tuple((path, hit) for hit in hits)
            return Trace(expr, truth, values=tuple(values_of(event, field)), hits=found)
        case Keyword(value):
            truth, found_in = _judge_keyword(value, event, given)
            return Trace(expr, truth, hits=tuple(found_in))
        case Element(field, name, item):
            label = f"{field}[{'*' if name is None else name}]"
            candidates = elements(event, field, name)
            judged = [trace(item, element, given, label) for element in candidates]
            best = next((each for each in judged if each.holds), judged[-1])
            present = tuple(element for element in candidates if element is not ABSENT)
            return Trace(expr, best.holds, (best,), values=present)
        case _:
            assert_never(expr)


def matched(judged: Trace) -> dict[str, list[Any]]:
    """The values that satisfied a test the verdict rests on, by field (S702)."""
    found: dict[str, list[Any]] = {}
    for node in _supporting(judged):
        for path, hit in node.hits:
            values = found.setdefault(path, [])
            if not any(type(hit) is type(value) and hit == value for value in values):
                values.append(hit)
    return found


def _supporting(judged: Trace) -> Iterator[Trace]:
    """The leaves that hold in branches that hold, none of them below a ``not``."""
    if not judged.holds or isinstance(judged.node, Not):
        return
    if isinstance(judged.node, Test | Keyword):
        yield judged
    for child in judged.children:
        yield from _supporting(child)


def _judge_test(value: Value, field: str, event: Any, lists: Lists) -> tuple[bool, list[Any]]:
    """Whether a test holds, and the values that satisfied it (S206)."""
    found = values_of(event, field)
    match value:
        case Null():
            return not found or None in found, [item for item in found if item is None]
        case Exists(expected):
            present = exists(event, field)
            return present is expected, found if present and expected else []
        case FieldRef():
            others = values_of(event, value.field)
            hits = [item for item in found if any(refers(value, item, o) for o in others)]
            return bool(hits), hits
        case Text() | Regex():
            options, every = _options(value, lists)
            return _combine([[v for v in found if satisfies(o, v)] for o in options], every=every)
        case _:
            hits = [item for item in found if satisfies(value, item)]
            return bool(hits), hits


def _judge_keyword(value: Value, event: Any, lists: Lists) -> tuple[bool, list[tuple[str, Any]]]:
    """Whether a keyword is found, and where (S451-S454)."""
    match value:
        case Text(parts, cased):
            value = Text((Wildcard.MANY, *parts, Wildcard.MANY), cased)
        case Number(number):
            value = Text((Wildcard.MANY, text_of(number) or "", Wildcard.MANY))
        case Boolean(boolean):
            value = Text((Wildcard.MANY, text_of(boolean) or "", Wildcard.MANY))
        case _:
            pass
    options, every = _options(value, lists) if isinstance(value, Text | Regex) else ([value], False)
    everything = list(leaves(event))
    return _combine(
        [[leaf for leaf in everything if satisfies(o, leaf[1])] for o in options], every=every
    )


def _combine(hits: list[list[Any]], *, every: bool) -> tuple[bool, list[Any]]:
    """Join the hits of alternatives, or of values that are all required (S401, S471, S472)."""
    truth = bool(hits) and (all(hits) if every else any(hits))
    return truth, [hit for each in hits for hit in each] if truth else []


def _options(value: Text | Regex, lists: Lists) -> tuple[list[Text | Regex], bool]:
    """The values that placeholders stand for, and whether all of them are required."""
    names = [part for part in value.parts if isinstance(part, Placeholder)]
    if not names:
        return [value], False
    written: list[Text | Regex] = []
    for choice in product(*(lists.get(part.name, ()) for part in names)):
        words = iter(choice)
        if isinstance(value, Text):
            text = tuple(next(words) if isinstance(p, Placeholder) else p for p in value.parts)
            written.append(Text(text, value.cased))
        else:
            regex = "".join(
                re2.escape(next(words)) if isinstance(p, Placeholder) else p for p in value.parts
            )
            written.append(_with_source(value, regex))
    return written, any(part.every for part in names)


def _with_source(value: Regex, source: str) -> Regex:
    flags = (value.ignore_case, value.multi_line, value.dot_all)
    return Regex((source,), *flags, value.anchor_start, value.anchor_end)
