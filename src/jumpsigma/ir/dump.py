"""The IR as text: what ``explain`` prints and goldens hold. Stable, one line a node."""

from __future__ import annotations

from typing import assert_never

from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
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
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    TimePart,
    Value,
    Wildcard,
)

_SIGNS = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_ESCAPES = {"\\": "\\\\", "*": "\\*", "?": "\\?"}


def dump(expr: Expr, depth: int = 0) -> str:
    """The whole tree, two spaces a level, a line a node, ending in a newline."""
    lines = [f"{'  ' * depth}{label(expr)}\n"]
    lines += [dump(child, depth + 1) for child in children(expr)]
    return "".join(lines)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The nodes right below a node."""
    match expr:
        case And(items) | Or(items):
            return items
        case Not(item) | Selection(item=item) | Element(item=item):
            return (item,)
        case Test() | Keyword():
            return ()
        case _:
            assert_never(expr)


def label(expr: Expr) -> str:
    """One node without its children: ``and``, ``not``, a selection's name, or a test."""
    match expr:
        case And():
            return "and"
        case Or():
            return "or"
        case Not():
            return "not"
        case Selection(name):
            return f"selection {name}"
        case Element(field, name):
            return f"element {field}[{'*' if name is None else name}]"
        case Test(field, value):
            return f"{field or '(element)'}: {describe(value)}"
        case Keyword(value):
            return f"keyword: {describe(value)}"
        case _:
            assert_never(expr)


def describe(value: Value) -> str:
    """A value as a rule's author would write it, on one line."""
    match value:
        case Text(parts, cased):
            text = "".join(_part(part) for part in parts)
            return f"{'cased ' if cased else ''}{text!r}"
        case Number(number):
            return repr(number)
        case Boolean(boolean):
            return "true" if boolean else "false"
        case Null():
            return "null"
        case Exists(expected):
            return "exists" if expected else "does not exist"
        case Regex():
            return _regex(value)
        case Network(cidr):
            return f"in {cidr if isinstance(cidr, str) else _part(cidr)}"
        case Compare(op, number):
            return f"{_SIGNS[op]} {number!r}"
        case TimePart(unit, op, number):
            return f"{unit} {_SIGNS[op]} {number!r}"
        case FieldRef(field, how, cased):
            return f"{'cased ' if cased else ''}{how} field {field}"
        case _:
            assert_never(value)


def _part(part: str | Wildcard | Placeholder) -> str:
    if isinstance(part, Placeholder):
        return f"%{part.name}%{' (all)' if part.every else ''}"
    if isinstance(part, Wildcard):
        return str(part.value)
    return "".join(_ESCAPES.get(char, char) for char in part)


def _regex(value: Regex) -> str:
    source = "".join(p if isinstance(p, str) else f"%{p.name}%" for p in value.parts)
    named = {"i": value.ignore_case, "m": value.multi_line, "s": value.dot_all}
    flags = "".join(flag for flag, is_set in named.items() if is_set)
    start = " at the start" if value.anchor_start else ""
    end = " at the end" if value.anchor_end else ""
    return f"re {source!r}{flags}{start}{end}"
