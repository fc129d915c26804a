"""Expressions and events for Hypothesis, from one small vocabulary so that they often collide.

``pairs`` is what differential tests want: an expression and an event in which values that satisfy
some of its leaves have been planted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st

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

Event = dict[str, Any]

KEYS = ("a", "b", "c", "a.b", "field", "from", "to")
FIELDS = ("a", "b", "c", "a.b", "a.c", "b.a", "a.b.c", "changes.from")
ELEMENT_FIELDS = ("", "field", "from", "to", "a.b")
NAMES = (None, "x", "Xy", "1")
LISTS = {"none": [], "one": ["x"], "two": ["Xy", "a*b"]}

_WORDS = (
    "",
    "x",
    "X",
    "xy",
    "yx",
    "1",
    "1.5",
    "true",
    "False",
    "a*b",
    "?",
    "x\ny",
    "ß",
    "İ",
    "\u017f",
)
_ADDRESSES = ("192.0.2.1", "198.51.100.255", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0")
_TIMES = ("2024-02-29T23:59:59Z", "2024-12-30T01:30:00+02:00", "2021-01-01 00:00:00", "2024-13-01")
_NETWORKS = ("192.0.2.0/24", "198.51.100.255/32", "0.0.0.0/0", "2001:db8::/32", "fe80::/10")
_PATTERNS = ("x", "^x", "y$", "x.y", "^$", "[0-9]+", "(x|1)y?", "\\w", "\\bx", "^[^x]*$")


@cache
def _numbers() -> st.SearchStrategy[int | float]:
    return st.integers(-2, 12) | st.sampled_from((0.5, -1.5, 1.0, 1e22, 2**53, 1700000000))


@cache
def scalars() -> st.SearchStrategy[Any]:
    """Values of an event that are neither list nor object."""
    words = st.sampled_from((*_WORDS, *_ADDRESSES, *_TIMES)) | st.text("xXy1.*?", max_size=4)
    return words | _numbers() | st.booleans() | st.none() | st.just(float("nan"))


@cache
def json_values() -> st.SearchStrategy[Any]:
    """Any value of an event, nested a little."""
    return st.recursive(
        scalars(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
        ),
        max_leaves=6,
    )


def _changes() -> st.SearchStrategy[Any]:
    change = st.fixed_dictionaries(
        {},
        optional={
            "field": st.sampled_from(("x", "XY", "1", 1)),
            "from": scalars(),
            "to": scalars(),
        },
    )
    return st.lists(change | scalars(), max_size=3)


@cache
def events() -> st.SearchStrategy[Event]:
    """Events with nested and flat keys, lists of objects, and a list of named changes."""
    return st.fixed_dictionaries(
        {}, optional={**{key: json_values() for key in KEYS}, "changes": _changes()}
    )


@cache
def text_parts() -> st.SearchStrategy[tuple[str | Wildcard, ...]]:
    """What a string value of a rule consists of; neighbouring literals are joined, as in the IR."""
    part = st.sampled_from(Wildcard) | st.sampled_from(_WORDS[1:]) | st.text("xXy1", max_size=3)
    return st.lists(part, max_size=4).map(_joined)


def _joined(parts: list[str | Wildcard]) -> tuple[str | Wildcard, ...]:
    joined: list[str | Wildcard] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


@cache
def _texts() -> st.SearchStrategy[Text]:
    literal = st.sampled_from(_WORDS).map(lambda word: (word,) if word else ())
    parts = literal | text_parts() | st.builds(lambda p: (p,), _placeholders())
    return st.builds(Text, parts, st.booleans())


def _placeholders() -> st.SearchStrategy[Placeholder]:
    return st.builds(Placeholder, st.sampled_from((*LISTS, "not given")), st.booleans())


@cache
def _regexes() -> st.SearchStrategy[Regex]:
    source = st.sampled_from(_PATTERNS).map(lambda pattern: (pattern,))
    flags = st.booleans()
    return st.builds(Regex, source, flags, flags, flags, flags, flags)


@cache
def _anywhere() -> st.SearchStrategy[Text | Number | Boolean | Regex | Network]:
    return st.one_of(
        _texts(),
        st.builds(Number, _numbers()),
        st.builds(Boolean, st.booleans()),
        _regexes(),
        st.builds(Network, st.sampled_from(_NETWORKS)),
    )


@cache
def values(fields: tuple[str, ...] = FIELDS) -> st.SearchStrategy[Value]:
    """Values of a test; a field reference names one of ``fields``."""
    units = st.sampled_from(("minute", "hour", "day", "week", "month", "year"))
    comparisons = st.sampled_from(("lt", "lte", "gt", "gte"))
    part = st.integers(0, 60) | st.sampled_from((2021, 2024))
    how = st.sampled_from(("equals", "startswith", "endswith", "contains"))
    return st.one_of(
        _anywhere(),
        st.just(Null()),
        st.builds(Exists, st.booleans()),
        st.builds(Compare, comparisons, _numbers()),
        st.builds(TimePart, units, comparisons | st.just("eq"), part),
        st.builds(FieldRef, st.sampled_from(fields), how, st.booleans()),
    )


@cache
def field_tests(fields: tuple[str, ...] = FIELDS) -> st.SearchStrategy[Test]:
    """Tests of one field."""
    return st.builds(Test, st.sampled_from(fields), values(fields))


def _branches(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    items = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, items),
        st.builds(Or, items),
        st.builds(Not, inner),
        st.builds(Selection, st.just("selection"), inner),
    )


@cache
def expressions(*, keywords: bool = True) -> st.SearchStrategy[Expr]:
    """Whole conditions, with or without keywords."""
    within: st.SearchStrategy[Expr] = st.recursive(
        field_tests(ELEMENT_FIELDS), _branches, max_leaves=3
    )
    element = st.builds(Element, st.sampled_from(("changes", "a")), st.sampled_from(NAMES), within)
    leaves: st.SearchStrategy[Expr] = field_tests() | element
    if keywords:
        leaves |= st.builds(Keyword, _anywhere())
    return st.recursive(leaves, _branches, max_leaves=6)


@st.composite
def pairs(draw: st.DrawFn, *, keywords: bool = True) -> tuple[Expr, Event]:
    """An expression, and an event that has values made for some of its tests."""
    expr = draw(expressions(keywords=keywords))
    event = dict(draw(events()))
    for test in _plain_tests(expr):
        if draw(st.booleans()):
            planted = draw(_satisfying(test.value))
            _plant(event, test.field, planted, flat=draw(st.booleans()))
    return expr, event


def _plain_tests(expr: Expr) -> Iterator[Test]:
    match expr:
        case And(items) | Or(items):
            for item in items:
                yield from _plain_tests(item)
        case Not(item) | Selection(item=item):
            yield from _plain_tests(item)
        case Test():
            yield expr
        case _:
            return


def _satisfying(value: Value) -> st.SearchStrategy[Any]:
    """Values that satisfy a test, or nearly: the neighbours matter as much."""
    match value:
        case Text(parts):
            fill = {Wildcard.MANY: ("", "xy"), Wildcard.ONE: ("x", "\n")}
            pieces = [
                st.sampled_from(fill[p]) if isinstance(p, Wildcard) else st.just(str(p))
                for p in parts
            ]
            whole: st.SearchStrategy[str] = st.tuples(*pieces).map("".join)
            return whole | whole.map(str.swapcase) | whole.map(lambda text: [text, "z"])
        case Number(number) | Compare(number=number):
            return st.sampled_from((number, number - 1, number + 1, str(number)))
        case Boolean(boolean):
            return st.sampled_from((boolean, not boolean, str(boolean)))
        case Network(str(cidr)):
            return st.just(cidr.partition("/")[0])
        case TimePart():
            return st.sampled_from(_TIMES)
        case _:
            return scalars()


def _plant(event: Event, field: str, value: Any, *, flat: bool) -> None:
    *parents, last = [field] if flat else field.split(".")
    for parent in parents:
        inner = event.get(parent)
        event[parent] = dict(inner) if isinstance(inner, dict) else {}
        event = event[parent]
    event[last] = value
