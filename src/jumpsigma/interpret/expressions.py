"""The meaning of the IR, in plain code: the slow twin that every faster path is compared with.

``holds`` answers whether an expression is true of an event; ``trace`` answers why. Numbers
S... are those of ``docs/reference/semantics.md``. Nothing here is tuned: clarity first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from jumpsigma.interpret.fields import ABSENT, elements, exists, leaves, values_of
from jumpsigma.interpret.lists import (
    DatedLists,
    Lists,
    Option,
    lists_at,
    written_out,
)
from jumpsigma.interpret.values import refers, satisfies, text_of
from jumpsigma.ir.bind import placeholders_of
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Network,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Selection,
    Test,
    Text,
    Value,
    Wildcard,
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One node of an expression, judged: does it hold, what did the event have, what satisfied it.

    ``values`` are the values of the node's field (empty: the field is missing), ``hits`` those
    that satisfied the test, each with its path; ``entries`` the values of lists by which they did,
    each with the name of its list. For an :class:`Element` the children judge the element that
    satisfied it, else the last candidate.
    """

    node: Expr
    holds: bool
    children: tuple[Trace, ...] = ()
    values: tuple[Any, ...] = ()
    hits: tuple[tuple[str, Any], ...] = ()
    entries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether a test holds, what satisfied it, and through which values of lists."""

    holds: bool
    hits: tuple[Any, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()


def holds(expr: Expr, event: Any, lists: DatedLists | None = None) -> bool:
    """Whether ``expr`` is true of ``event`` (a JSON object as Python has it)."""
    return _holds(expr, event, lists_at(lists or {}, event))


def _holds(expr: Expr, event: Any, lists: Lists) -> bool:
    match expr:
        case And(items):
            return all(_holds(item, event, lists) for item in items)
        case Or(items):
            return any(_holds(item, event, lists) for item in items)
        case Not(item):
            return not _holds(item, event, lists)
        case Selection(item=item):
            return _holds(item, event, lists)
        case Test(field, value):
            return _judge_test(value, field, event, lists).holds
        case Keyword(value):
            return _judge_keyword(value, event, lists).holds
        case Element(field, name, item):
            return any(_holds(item, element, lists) for element in elements(event, field, name))
        case _:
            assert_never(expr)


def trace(expr: Expr, event: Any, lists: DatedLists | None = None) -> Trace:
    """Judge every node of ``expr``, without stopping early, for ``explain`` and ``matched``."""
    return _trace(expr, event, lists_at(lists or {}, event))


def _trace(expr: Expr, event: Any, lists: Lists, prefix: str = "") -> Trace:
    match expr:
        case And(items):
            children = tuple(_trace(item, event, lists, prefix) for item in items)
            return Trace(expr, all(child.holds for child in children), children)
        case Or(items):
            children = tuple(_trace(item, event, lists, prefix) for item in items)
            return Trace(expr, any(child.holds for child in children), children)
        case Not(item):
            child = _trace(item, event, lists, prefix)
            return Trace(expr, not child.holds, (child,))
        case Selection(item=item):
            child = _trace(item, event, lists, prefix)
            return Trace(expr, child.holds, (child,))
        case Test(field, value):
            verdict = _judge_test(value, field, event, lists)
            path = f"{prefix}.{field}" if prefix and field else prefix or field
            hits = tuple((path, hit) for hit in verdict.hits)
            found = tuple(values_of(event, field))
            return Trace(expr, verdict.holds, values=found, hits=hits, entries=verdict.entries)
        case Keyword(value):
            verdict = _judge_keyword(value, event, lists)
            return Trace(expr, verdict.holds, hits=verdict.hits, entries=verdict.entries)
        case Element(field, name, item):
            label = f"{field}[{'*' if name is None else name}]"
            candidates = elements(event, field, name)
            judged = [_trace(item, element, lists, label) for element in candidates]
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


def matched_entries(judged: Trace) -> list[tuple[str, str]]:
    """The values of lists that the verdict rests on, each once, with their lists' names (S704)."""
    return list(dict.fromkeys(entry for node in _supporting(judged) for entry in node.entries))


def _supporting(judged: Trace) -> Iterator[Trace]:
    """The leaves that hold in branches that hold, none of them below a ``not``."""
    if not judged.holds or isinstance(judged.node, Not):
        return
    if isinstance(judged.node, Test | Keyword):
        yield judged
    for child in judged.children:
        yield from _supporting(child)


def _judge_test(value: Value, field: str, event: Any, lists: Lists) -> _Verdict:
    """Whether a test holds, and the values that satisfied it (S206)."""
    found = values_of(event, field)
    match value:
        case Null():
            nulls = tuple(item for item in found if item is None)
            return _Verdict(not found or bool(nulls), nulls)
        case Exists(expected):
            present = exists(event, field)
            return _Verdict(present is expected, tuple(found) if present and expected else ())
        case FieldRef():
            others = values_of(event, value.field)
            hits = tuple(item for item in found if any(refers(value, item, o) for o in others))
            return _Verdict(bool(hits), hits)
        case _:
            return _judge_values(value, [("", item) for item in found], lists, located=False)


def _judge_keyword(value: Value, event: Any, lists: Lists) -> _Verdict:
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
    return _judge_values(value, list(leaves(event)), lists, located=True)


def _judge_values(
    value: Value, found: list[tuple[str, Any]], lists: Lists, *, located: bool
) -> _Verdict:
    """Whether values of the event, each with its path, satisfy a value of the rule.

    A value with placeholders stands for all that can be written with them: alternatives, or
    under ``all`` values that must each be satisfied, and at least one (S401, S471, S472).
    """
    names = placeholders_of(value)
    if isinstance(value, Text | Regex | Network) and names:
        options = written_out(value, lists)
        good = [option for option in options if any(_fits(option, item) for _, item in found)]
        every = any(each.every for each in names)
        if not good or (every and len(good) < len(options)):
            return _Verdict(holds=False)
        hits = [pair for pair in found if any(_fits(option, pair[1]) for option in good)]
        entries = tuple(entry for option in good for entry in option.entries)
    else:
        hits, entries = [pair for pair in found if satisfies(value, pair[1])], ()
    return _Verdict(
        bool(hits), tuple(hits) if located else tuple(item for _, item in hits), entries
    )


def _fits(option: Option, item: Any) -> bool:
    return any(satisfies(value, item) for value in option.values)
