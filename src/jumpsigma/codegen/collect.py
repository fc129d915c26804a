"""The lines that note what satisfied a rule (S702), from the same expressions as its condition."""

from __future__ import annotations

from itertools import groupby
from typing import assert_never

from jumpsigma.codegen.emit import (
    Emitter,
    Line,
    keyword_value,
    tabs,
    text_shape,
    text_word,
    tuple_source,
)
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


def collect(
    emitter: Emitter, expr: Expr, indent: int = 1, scope: str = "event", prefix: str = ""
) -> list[Line]:
    """The lines for an expression that holds; ``prefix`` names the element that they are in."""
    match expr:
        case And(items):
            return [
                line for item in items for line in collect(emitter, item, indent, scope, prefix)
            ]
        case Or(items):
            return _collect_any(emitter, items, indent, scope, prefix)
        case Not():
            return []
        case Selection(item=item):
            return collect(emitter, item, indent, scope, prefix)
        case Test():
            hits = _hits(emitter, expr, scope)
            return [] if hits is None else [_noted(emitter, expr, prefix, hits, indent)]
        case Keyword():
            check = emitter.check(keyword_value(expr))
            return [
                Line(f"{tabs(indent)}for path, value in w(event, memo):", expr.place),
                Line(f"{tabs(indent + 1)}if {check}(value):"),
                Line(f"{tabs(indent + 2)}add(found, path, (value,))"),
            ]
        case Element(field, name):
            label = f"{field}[{'*' if name is None else name}]"
            inside = collect(emitter, expr.item, indent, "element", label)
            if not inside:
                return []
            found = f"first({emitter.element(expr)}, {emitter.elements_of(expr, scope)})"
            return [Line(f"{tabs(indent)}element = {found}", expr.place), *inside]
        case _:
            assert_never(expr)


def _collect_any(
    emitter: Emitter, items: tuple[Expr, ...], indent: int, scope: str, prefix: str
) -> list[Line]:
    """Alternatives: texts of one field that stand together are noted in one line."""
    lines: list[Line] = []
    for alike, group in groupby(items, key=_alike):
        members = list(group)
        if alike is not None and len(members) > 1:
            path, shape = alike
            kind, _, cased = shape.partition(" ")
            words = [text_word(test.value) for test in members if isinstance(test, Test)]
            wanted = f"wanted({kind!r}, {tuple_source(words)}, {bool(cased)})"
            hits = f"{emitter.checks.name(wanted)}({emitter.values(path, scope)})"
            lines.append(_noted(emitter, members[0], prefix, hits, indent))
            continue
        for item in members:
            if isinstance(item, Test | Keyword):  # notes nothing when it does not hold
                lines += collect(emitter, item, indent, scope, prefix)
            elif inside := collect(emitter, item, indent + 1, scope, prefix):
                lines.append(Line(f"{tabs(indent)}if ("))
                lines += emitter.condition(item, indent + 1, scope)
                lines += [Line(f"{tabs(indent)}):"), *inside]
    return lines


def _alike(expr: Expr) -> tuple[str, str] | None:
    """What tests for texts must have in common to be noted together."""
    shape = text_shape(expr.value) if isinstance(expr, Test) else None
    return (expr.field, shape) if isinstance(expr, Test) and shape is not None else None


def _noted(emitter: Emitter, test: Expr, prefix: str, hits: str, indent: int) -> Line:
    path = test.field if isinstance(test, Test) else ""
    label = ascii(".".join(part for part in (prefix, path) if part))
    place = test.place if isinstance(test, Test) else None
    return Line(f"{tabs(indent)}add(found, {emitter.constants.name(label)}, {hits})", place)


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
        case _:
            return f"filter({emitter.check(test.value)}, {found})"
