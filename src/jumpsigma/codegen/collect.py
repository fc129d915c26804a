"""The lines that note what satisfied a rule, from the same expressions as its condition.

That is the values of the event (S702), and the indicators by which they did (S704).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple, assert_never

from jumpsigma.codegen.emit import (
    Emitter,
    Line,
    keyword_value,
    tabs,
    text_shape,
    text_word,
    tuple_source,
)
from jumpsigma.ir.bind import has_placeholder
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
)


class _At(NamedTuple):
    """Where lines stand; ``prefix`` names the element that they are in."""

    indent: int = 1
    scope: str = "event"
    prefix: str = ""

    def deeper(self) -> _At:
        return self._replace(indent=self.indent + 1)


#: The lines that note what one test has to say.
_Note = Callable[[Emitter, Test | Keyword, _At], list[Line]]


def collect_values(emitter: Emitter, expr: Expr) -> list[Line]:
    """The lines that add to ``found`` what satisfied an expression that holds (S702)."""
    return _collect(emitter, expr, _values, _At())


def collect_indicators(emitter: Emitter, expr: Expr) -> list[Line]:
    """The lines that add indicators to ``noted``; none for an expression without placeholders."""
    return _collect(emitter, expr, _indicators, _At())


def needed_lists(emitter: Emitter, expr: Expr) -> str | None:
    """The code for whether lists have what the expression needs to hold at all, None for nothing.

    That is known when the lists are loaded: of a rule whose lists are empty nothing is evaluated.
    """
    match expr:
        case And(items):
            needs = [need for item in items if (need := needed_lists(emitter, item)) is not None]
            return _one_of(needs, " and ")
        case Or(items):
            each = [needed_lists(emitter, item) for item in items]
            needs = [need for need in each if need is not None]
            return _one_of(needs, " or ") if len(needs) == len(each) else None
        case Not():
            return None
        case Selection(item=item) | Element(item=item):
            return needed_lists(emitter, item)
        case Test() | Keyword():
            return f"{emitter.look_up(expr)}.live" if has_placeholder(expr.value) else None
        case _:
            assert_never(expr)


def _one_of(needs: list[str], word: str) -> str | None:
    distinct = list(dict.fromkeys(needs))
    return f"({word.join(distinct)})" if len(distinct) > 1 else next(iter(distinct), None)


def _collect(emitter: Emitter, expr: Expr, note: _Note, at: _At) -> list[Line]:
    """The lines for an expression that holds."""
    match expr:
        case And(items):
            parts = (_collect(emitter, item, note, at) for item in items)
            return [line for part in parts for line in part]
        case Or(items):
            return _collect_any(emitter, items, note, at)
        case Not():
            return []
        case Selection(item=item):
            return _collect(emitter, item, note, at)
        case Test() | Keyword():
            return note(emitter, expr, at)
        case Element(field, name):
            label = f"{field}[{'*' if name is None else name}]"
            inside = _collect(emitter, expr.item, note, _At(at.indent, "element", label))
            if not inside:
                return []
            candidates = emitter.elements_of(expr, at.scope)
            found = f"first({emitter.element(expr)}, {candidates}, event, memo)"
            return [Line(f"{tabs(at.indent)}element = {found}", expr.place), *inside]
        case _:
            assert_never(expr)


def _collect_any(emitter: Emitter, items: tuple[Expr, ...], note: _Note, at: _At) -> list[Line]:
    """Alternatives: texts of one field that stand together are noted in one line."""
    lines: list[Line] = []
    for alike, group in groupby(items, key=_alike):
        members = list(group)
        if alike is not None and len(members) > 1 and note is _values:
            path, shape = alike
            kind, _, cased = shape.partition(" ")
            words = [text_word(test.value) for test in members if isinstance(test, Test)]
            wanted = f"wanted({kind!r}, {tuple_source(words)}, {bool(cased)})"
            hits = f"{emitter.checks.name(wanted)}({emitter.values(path, at.scope)})"
            lines.append(_noted(emitter, members[0], hits, at))
            continue
        for item in members:
            if isinstance(item, Test | Keyword):  # notes nothing when it does not hold
                lines += note(emitter, item, at)
            elif inside := _collect(emitter, item, note, at.deeper()):
                lines.append(Line(f"{tabs(at.indent)}if ("))
                lines += emitter.condition(item, at.indent + 1, at.scope)
                lines += [Line(f"{tabs(at.indent)}):"), *inside]
    return lines


def _values(emitter: Emitter, expr: Test | Keyword, at: _At) -> list[Line]:
    if isinstance(expr, Test):
        hits = _hits(emitter, expr, at.scope)
        return [] if hits is None else [_noted(emitter, expr, hits, at)]
    if has_placeholder(expr.value):
        found = f"{emitter.look_up(expr)}.located(w(event, memo), event, memo)"
        return [
            Line(f"{tabs(at.indent)}for path, value in {found}:", expr.place),
            Line(f"{tabs(at.indent + 1)}add(found, path, (value,))"),
        ]
    check = emitter.check(keyword_value(expr))
    return [
        Line(f"{tabs(at.indent)}for path, value in w(event, memo):", expr.place),
        Line(f"{tabs(at.indent + 1)}if {check}(value):"),
        Line(f"{tabs(at.indent + 2)}add(found, path, (value,))"),
    ]


def _indicators(emitter: Emitter, expr: Test | Keyword, at: _At) -> list[Line]:
    if not has_placeholder(expr.value):
        return []
    found = emitter.values_of(expr, at.scope)
    code = f"{emitter.look_up(expr)}.note(noted, {found}, event, memo)"
    return [Line(f"{tabs(at.indent)}{code}", expr.place)]


def _alike(expr: Expr) -> tuple[str, str] | None:
    """What tests for texts must have in common to be noted together."""
    shape = text_shape(expr.value) if isinstance(expr, Test) else None
    return (expr.field, shape) if isinstance(expr, Test) and shape is not None else None


def _noted(emitter: Emitter, test: Expr, hits: str, at: _At) -> Line:
    path = test.field if isinstance(test, Test) else ""
    label = ascii(".".join(part for part in (at.prefix, path) if part))
    place = test.place if isinstance(test, Test) else None
    return Line(f"{tabs(at.indent)}add(found, {emitter.constants.name(label)}, {hits})", place)


def _hits(emitter: Emitter, test: Test, scope: str) -> str | None:
    """The code for the values that satisfy a test, None when no value can (S702)."""
    found = emitter.values(test.field, scope)
    match test.value:
        case Null():
            return f"[value for value in {found} if value is None]"
        case Exists(expected):
            return found if expected else None
        case FieldRef():
            return emitter.referring(test.field, test.value, scope)
        case _ if has_placeholder(test.value):
            return f"{emitter.look_up(test)}.hits({found}, event, memo)"
        case _:
            return f"filter({emitter.check(test.value)}, {found})"
