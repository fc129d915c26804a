"""A second reading of the IR, written apart from the interpreter, over flat rows.

The interpreter walks JSON and globs by hand; this translates every value to Python's ``re``, or
to the standard library's address and time types, and looks up flat rows. Witnesses are made with
it, so an interpreter that agrees with a witness agrees with a reading that shares no code with it.
"""

from __future__ import annotations

import ipaddress
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, assert_never

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

#: Field name to a scalar or a tuple of them, or list name to a list of elements (rows again).
#: A key that is not there is a missing field.
Row = dict[str, Any]
Leaf = Test | Keyword | Element
Lists = Mapping[str, Sequence[str]]

ABSENT: Row = {}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def leaves_of(expr: Expr) -> list[Leaf]:
    """The tests, keywords and elements of an expression, each once, in its order."""

    def walk(node: Expr) -> Iterator[Leaf]:
        match node:
            case And(items) | Or(items):
                for item in items:
                    yield from walk(item)
            case Not(item) | Selection(item=item):
                yield from walk(item)
            case _:
                yield node

    return list(dict.fromkeys(walk(expr)))


def evaluate(expr: Expr, truth: Callable[[Leaf], bool]) -> bool:
    """The Boolean value of an expression whose leaves are as ``truth`` says."""
    match expr:
        case And(items):
            return all(evaluate(item, truth) for item in items)
        case Or(items):
            return any(evaluate(item, truth) for item in items)
        case Not(item):
            return not evaluate(item, truth)
        case Selection(item=item):
            return evaluate(item, truth)
        case _:
            return truth(expr)


def judge(expr: Expr, row: Row, lists: Lists) -> bool:
    """Whether an expression is true of a row."""
    return evaluate(expr, lambda leaf: reads(leaf, row, lists))


def reads(leaf: Leaf, row: Row, lists: Lists) -> bool:
    """Whether a leaf is true of a row."""
    return reader(leaf, lists)(row)


def reader(leaf: Leaf, lists: Lists) -> Callable[[Row], bool]:
    """The leaf as a function of rows."""
    match leaf:
        case Element(field, name, item):

            def some_element(row: Row) -> bool:
                chosen = elements_of(row, field, name) or [ABSENT]
                return any(judge(item, element, lists) for element in chosen)

            return some_element
        case Keyword(value):
            wanted: Value = value
            if isinstance(value, Number | Boolean):
                wanted = Text((_text(value.value) or "",))
            if isinstance(wanted, Text):
                wanted = Text((Wildcard.MANY, *wanted.parts, Wildcard.MANY), wanted.cased)
            found = _predicate(wanted, _given(wanted, lists))
            return lambda row: any(found(item) for item in _everything(row))
        case Test(field, Exists(expected)):
            return lambda row: (field in row if field else row is not ABSENT) is expected
        case Test(field, Null()):
            return lambda row: not (v := scalars_of(row, field)) or None in v
        case Test(field, FieldRef(other, how, cased)):
            return lambda row: any(
                _refers(how, mine, others, cased=cased)
                for mine in scalars_of(row, field)
                for others in scalars_of(row, other)
            )
        case Test(field, value):
            test = _predicate(value, _given(value, lists))
            return lambda row: any(map(test, scalars_of(row, field)))
        case _:
            assert_never(leaf)


def scalars_of(row: Row, field: str) -> tuple[Any, ...]:
    """The values of a field of the row; none where it is missing. ``""`` is the row itself."""
    if not field:
        return () if row is ABSENT else (row,)
    if field not in row:
        return ()
    value = row[field]
    return value if isinstance(value, tuple) else (value,)


def elements_of(row: Row, field: str, name: str | None) -> list[Row]:
    """The elements of a list of the row, or those of one name."""
    found: list[Row] = row.get(field, [])
    return [e for e in found if name is None or str(e.get("field")).lower() == name.lower()]


def _everything(row: Row) -> Iterator[Any]:
    for value in row.values():
        if isinstance(value, list):
            for element in value:
                yield from _everything(element)
        elif isinstance(value, tuple):
            yield from value
        else:
            yield value


def _given(value: Value, lists: Lists) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Text | Regex):
        return ()
    names = sorted({part.name for part in value.parts if isinstance(part, Placeholder)})
    return tuple((name, tuple(lists.get(name, ()))) for name in names)


@cache
def _predicate(
    value: Value, given: tuple[tuple[str, tuple[str, ...]], ...]
) -> Callable[[Any], bool]:
    match value:
        case Text(parts, cased):
            flags = re.DOTALL
            source = "".join(_glob_part(part, dict(given), cased=cased) for part in parts)
            pattern = re.compile(source, flags)
            if cased:
                return lambda item: (t := _text(item)) is not None and bool(pattern.fullmatch(t))
            return lambda item: (
                (t := _text(item)) is not None and bool(pattern.fullmatch(t.lower()))
            )
        case Regex():
            found = python_regex(value)
            return lambda item: (t := _text(item)) is not None and bool(found.search(t))
        case Number(number):
            return lambda item: _equals_number(item, number)
        case Boolean(boolean):
            word = str(boolean).lower()
            return lambda item: item is boolean or (isinstance(item, str) and item.lower() == word)
        case Network(cidr):
            network = ipaddress.ip_network(str(cidr))
            return lambda item: (a := _address(item)) is not None and a in network
        case Compare(op, number):
            holds = _OPERATORS[op]
            return lambda item: (n := _number(item)) is not None and holds(n, number)
        case TimePart(unit, op, number):
            compares = _OPERATORS[op]
            return lambda item: (p := _time_part(unit, item)) is not None and compares(p, number)
        case Null() | Exists() | FieldRef():
            raise AssertionError(f"{value} is read with its field")
        case _:
            assert_never(value)


def _glob_part(
    part: str | Wildcard | Placeholder, given: dict[str, tuple[str, ...]], *, cased: bool
) -> str:
    match part:
        case Wildcard.MANY:
            return ".*"
        case Wildcard.ONE:
            return "."
        case Placeholder(name):
            words = given[name] if cased else [word.lower() for word in given[name]]
            return f"(?:{'|'.join(map(re.escape, words))})" if words else "(?!)"
        case _:
            return re.escape(part if cased else part.lower())


@cache
def python_regex(value: Regex) -> re.Pattern[str]:
    """The expression for Python's engine, whose ``$`` and classes are narrowed to RE2's."""
    source = "".join(
        part if isinstance(part, str) else re.escape(part.name) for part in value.parts
    )
    flags = re.ASCII
    for is_set, flag in (
        (value.ignore_case, re.IGNORECASE),
        (value.multi_line, re.MULTILINE),
        (value.dot_all, re.DOTALL),
    ):
        flags |= flag if is_set else re.NOFLAG
    leading = re.match(r"\(\?[ims]+\)", source)
    head = leading[0] if leading else ""
    start, end = r"\A" if value.anchor_start else "", r"\Z" if value.anchor_end else ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` may be a nested set one day
        return re.compile(f"{head}{start}(?:{source[len(head) :]}){end}", flags)


def _text(item: Any) -> str | None:
    if isinstance(item, bool):
        return str(item).lower()
    return str(item) if isinstance(item, str | int | float) else None


def _number(item: Any) -> float | None:
    if isinstance(item, bool) or not isinstance(item, str | int | float):
        return None
    if isinstance(item, str) and not re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?", item):
        return None
    return float(item)


def _equals_number(item: Any, number: float) -> bool:
    if isinstance(item, str):
        return item == str(number)
    return type(item) in (int, float) and item == number


def _address(item: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(item) if isinstance(item, str) else None
    except ValueError:
        return None


def _time_part(unit: str, item: Any) -> int | None:
    try:
        moment = datetime.fromisoformat(item).astimezone(UTC)
    except (TypeError, ValueError):
        return None
    return moment.isocalendar()[1] if unit == "week" else int(getattr(moment, unit))


def _refers(how: str, left: Any, right: Any, *, cased: bool) -> bool:
    a, b = _text(left), _text(right)
    if a is None or b is None:
        return False
    a, b = (a, b) if cased else (a.lower(), b.lower())
    match how:
        case "startswith":
            return a.startswith(b)
        case "endswith":
            return a.endswith(b)
        case "contains":
            return b in a
        case _:
            return a == b
