"""The lines that note what satisfied a rule, from the same expressions as its condition.

That is the values of the event (S702), and the indicators by which they did (S704).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple, assert_never

from jumpsigma.codegen.emit import Line, Scope, Section, tabs, tuple_source
from jumpsigma.codegen.order import Shape, keyword_value, look_of, ordered, plain_text
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
from jumpsigma.matcher.runtime import LEAVES


class _At(NamedTuple):
    """Where lines stand; ``prefix`` names the element that they are in."""

    indent: int = 1
    scope: Scope = "event"
    prefix: str = ""

    def deeper(self) -> _At:
        return self._replace(indent=self.indent + 1)


#: The lines that note what one test has to say.
_Note = Callable[[Section, Test | Keyword, _At], list[Line]]


def collect_values(section: Section, expr: Expr) -> list[Line]:
    """The lines that add to ``found`` what satisfied an expression that holds (S702)."""
    return _collect(section, expr, _values, _At())


def collect_indicators(section: Section, expr: Expr) -> list[Line]:
    """The lines that add indicators to ``noted``; none for an expression without placeholders."""
    return _collect(section, expr, _indicators, _At())


def needed_lists(section: Section, expr: Expr) -> str | None:
    """The code for whether lists have what the expression needs to hold at all, None for nothing.

    That is known when the lists are loaded: of a rule whose lists are empty nothing is evaluated.
    """
    match expr:
        case And(items):
            needs = [need for item in items if (need := needed_lists(section, item)) is not None]
            return _one_of(needs, " and ")
        case Or(items):
            each = [needed_lists(section, item) for item in items]
            needs = [need for need in each if need is not None]
            return _one_of(needs, " or ") if len(needs) == len(each) else None
        case Not():
            return None
        case Selection(item=item) | Element(item=item):
            return needed_lists(section, item)
        case Test() | Keyword():
            return f"{section.look_up(expr)}.live" if has_placeholder(expr.value) else None
        case _:
            assert_never(expr)


def _one_of(needs: list[str], word: str) -> str | None:
    distinct = list(dict.fromkeys(needs))
    return f"({word.join(distinct)})" if len(distinct) > 1 else next(iter(distinct), None)


def _collect(section: Section, expr: Expr, note: _Note, at: _At) -> list[Line]:
    """The lines for an expression that holds."""
    match expr:
        case And(items):
            parts = (_collect(section, item, note, at) for item in items)
            return [line for part in parts for line in part]
        case Or(items):
            return _collect_any(section, items, note, at)
        case Not():
            return []
        case Selection(item=item):
            return _collect(section, item, note, at)
        case Test() | Keyword():
            return note(section, expr, at)
        case Element(field, name):
            label = f"{field}[{'*' if name is None else name}]"
            inside = _collect(section, expr.item, note, _At(at.indent, "element", label))
            if not inside:
                return []
            candidates = section.elements(expr, at.scope)
            found = f"first({section.emitter.element(expr)}, {candidates}, memo)"
            return [Line(f"{tabs(at.indent)}element = {found}", expr.place), *inside]
        case _:
            assert_never(expr)


def _collect_any(section: Section, items: tuple[Expr, ...], note: _Note, at: _At) -> list[Line]:
    """Alternatives: texts of one field that stand together are noted in one line."""
    lines: list[Line] = []
    for same, group in groupby(items, key=_alike):
        members = list(group)
        if same is not None and len(members) > 1 and note is _values:
            path, shape, cased = same
            words = [_word(test) for test in members]
            wanted = f"wanted({shape!r}, {tuple_source(words)}, {cased})"
            hits = f"{section.pool.name('P', wanted)}({section.values(path, at.scope)})"
            lines.append(_noted(section, members[0], hits, at))
            continue
        for item in members:
            if isinstance(item, Test | Keyword):  # notes nothing when it does not hold
                lines += note(section, item, at)
            elif inside := _collect(section, item, note, at.deeper()):
                lines.append(Line(f"{tabs(at.indent)}if ("))
                lines += section.lines(ordered(item), at.indent + 1, at.scope)
                lines += [Line(f"{tabs(at.indent)}):"), *inside]
    return lines


def _values(section: Section, expr: Test | Keyword, at: _At) -> list[Line]:
    if isinstance(expr, Test):
        hits = _hits(section, expr, at.scope)
        return [] if hits is None else [_noted(section, expr, hits, at)]
    if has_placeholder(expr.value):
        found = f"{section.look_up(expr)}.located(memo[{LEAVES}], memo)"
        return [
            Line(f"{tabs(at.indent)}for path, value in {found}:", expr.place),
            Line(f"{tabs(at.indent + 1)}add(found, path, (value,))"),
        ]
    check = section.check(keyword_value(expr))
    return [
        Line(f"{tabs(at.indent)}for path, value in memo[{LEAVES}]:", expr.place),
        Line(f"{tabs(at.indent + 1)}if {check}(value):"),
        Line(f"{tabs(at.indent + 2)}add(found, path, (value,))"),
    ]


def _indicators(section: Section, expr: Test | Keyword, at: _At) -> list[Line]:
    if not has_placeholder(expr.value):
        return []
    found = section.values_of(expr, at.scope)
    code = f"{section.look_up(expr)}.note(noted, {found}, memo)"
    return [Line(f"{tabs(at.indent)}{code}", expr.place)]


def _alike(expr: Expr) -> tuple[str, Shape, bool] | None:
    """What tests for texts must have in common to be noted together."""
    look = look_of(expr) if isinstance(expr, Test) else None
    return (look.field, look.shape, look.cased) if look and look.field is not None else None


def _word(expr: Expr) -> str:
    found = plain_text(expr.value) if isinstance(expr, Test) else None
    return found[1] if found is not None else ""


def _noted(section: Section, test: Expr, hits: str, at: _At) -> Line:
    path = test.field if isinstance(test, Test) else ""
    label = ascii(".".join(part for part in (at.prefix, path) if part))
    place = test.place if isinstance(test, Test) else None
    return Line(f"{tabs(at.indent)}add(found, {section.pool.name('K', label)}, {hits})", place)


def _hits(section: Section, test: Test, scope: Scope) -> str | None:
    """The code for the values that satisfy a test, None when no value can (S702)."""
    found = section.values(test.field, scope)
    match test.value:
        case Null():
            return f"[value for value in {found} if value is None]"
        case Exists(expected):
            return found if expected else None
        case FieldRef():
            return section.referring(test.field, test.value, scope)
        case _ if has_placeholder(test.value):
            return f"{section.look_up(test)}.hits({found}, memo)"
        case _:
            return f"filter({section.check(test.value)}, {found})"
