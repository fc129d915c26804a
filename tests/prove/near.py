"""Events near a rule, for Hypothesis: they satisfy its condition, or miss it by little.

An event begins as one that exists (of a case or of the invented company) or as an empty one. What
the condition asks for is planted in it, value by value; then some of what was planted is changed in
the ways in which stores and query languages differ: another case, one character more or less,
missing, null, empty, a number or a boolean as text, a list, a list of lists.

Every event is what a product can hold: JSON without NaN, surrogates and NUL, and no key has a dot.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, assert_never

import orjson
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
from jumpsigma.reachability.samples import regex_samples

Event = dict[str, Any]
Lists = Mapping[str, Collection[str]]

#: Fields that identify an event, or say when it was: never changed.
KEPT = ("id", "timestamp", "@timestamp", "event.id")
_MANY = ("", "x", "xy", " ", "\n", "a/b", "%", "_", "\\", "é")
_ONE = ("x", "\n", "_", "é", "\\")
_OTHER: tuple[Any, ...] = (
    "",
    "x",
    "X",
    0,
    1,
    5,
    -1,
    1.5,
    True,
    False,
    None,
    [],
    {},
    "true",
    "0",
    "é",
    "[]",
    "null",
)
_TIMES = (
    "2026-11-02T09:14:27.318Z",
    "2024-02-29T23:59:59Z",
    "2024-12-30T01:30:00+02:00",
    "2021-01-01 00:00:00",
    "2024-13-01",
    1700000000,
    1700000000000,
)
_TEXTS_OF_NUMBERS = ("1e3", " 5", "5.0", "+5", "0x5", "5 ", "05", "five", "")
#: Characters that mean something to some query language.
_SPECIAL = "%_*?\\.'\"`$^[](){}|+-&!~:/<>=#@\n "


@st.composite
def near(
    draw: st.DrawFn, condition: Expr, bases: Sequence[Event] = (), lists: Lists | None = None
) -> Event:
    """An event near a condition; ``lists`` has the values of placeholders."""
    base: Event = draw(st.sampled_from((*bases, *[{}] * max(1, len(bases) // 2))))
    event: Event = orjson.loads(orjson.dumps(base))
    _satisfy(draw, condition, event, lists or {}, holds=True)
    fields = sorted({field for field in _fields(condition) if field not in KEPT})
    for _ in range(draw(st.integers(0, 2)) if fields else 0):
        _change(draw, event, draw(st.sampled_from(fields)))
    return event


def _fields(expr: Expr) -> Iterator[str]:
    match expr:
        case And(items) | Or(items):
            for item in items:
                yield from _fields(item)
        case Not(item) | Selection(item=item):
            yield from _fields(item)
        case Test(field, value):
            yield field
            if isinstance(value, FieldRef):
                yield value.field
        case Element(field):
            yield field
        case Keyword():
            return
        case _:
            assert_never(expr)


def _satisfy(draw: st.DrawFn, expr: Expr, event: Event, lists: Lists, *, holds: bool) -> None:
    """Plant what makes an expression hold, or, for what stands behind ``not``, now and then."""
    match expr:
        case And(items):
            for item in items:
                _satisfy(draw, item, event, lists, holds=holds)
        case Or(items):
            if items:
                for item in draw(st.lists(st.sampled_from(items), min_size=1, max_size=2)):
                    _satisfy(draw, item, event, lists, holds=holds)
        case Not(item):
            if draw(st.integers(0, 3)) == 0:
                _satisfy(draw, item, event, lists, holds=not holds)
        case Selection(item=item):
            _satisfy(draw, item, event, lists, holds=holds)
        case Test(field, value):
            if field not in KEPT:
                place(event, field, draw(_value(value, event, lists)))
        case Keyword(value):
            field = draw(st.sampled_from(("message", "resource.name", "changes", "n")))
            place(event, field, draw(_value(value, event, lists)))
        case Element(field, name, item):
            elements = [_element(draw, name, item, lists)]
            if draw(st.integers(0, 2)) == 0:  # what has to be in one element, in two
                elements.append(_element(draw, name, item, lists))
                del elements[0][draw(st.sampled_from(sorted(elements[0])))]
            if draw(st.booleans()):
                elements.insert(draw(st.integers(0, 1)), {"field": "other", "to": "x"})
            place(event, field, elements)
        case _:
            assert_never(expr)


def _element(draw: st.DrawFn, name: str | None, item: Expr, lists: Lists) -> Event:
    element: Event = {"field": "any" if name is None else name}
    if draw(st.integers(0, 3)) == 0:
        element["field"] = str(element["field"]).swapcase()
    _satisfy(draw, item, element, lists, holds=True)
    return element


def _value(value: Value, event: Event, lists: Lists) -> st.SearchStrategy[Any]:
    """Values that satisfy a test, or nearly."""
    match value:
        case Text(parts):
            pieces = [_piece(part, lists) for part in parts]
            return st.tuples(*pieces).map("".join).flatmap(_spelled)
        case Regex():
            return st.integers(0, 999).flatmap(lambda seed: _of_regex(value, seed))
        case Number(number):
            spellings = (number, number + 1, number - 1, str(number), float(number), -number)
            return st.sampled_from((*spellings, f"{number}0", str(float(number)), bool(number)))
        case Compare(number=number):
            near_by = (number, number + 1, number - 1, number + 0.5, number - 0.5, -number, 10**6)
            return st.sampled_from((*near_by, *map(str, near_by), *_TEXTS_OF_NUMBERS, True))
        case Boolean(boolean):
            words = (str(boolean), str(boolean).lower(), str(boolean).upper(), f"{boolean}x")
            return st.sampled_from((boolean, boolean, not boolean, *words, int(boolean), ""))
        case Null():
            return st.sampled_from((None, None, "", [], [None], {}, "null", 0, False))
        case Exists():
            return st.sampled_from((None, "", [], {}, "x", 0, False, [None]))
        case Network(cidr):
            return _address(cidr, lists)
        case TimePart():
            return st.sampled_from(_TIMES)
        case FieldRef(field):
            other = found(event, field)
            if other is None:
                other = "Same"
                place(event, field, other)
            return st.just(other) | _spelled(str(other))
        case _:
            assert_never(value)


def _piece(part: str | Wildcard | Placeholder, lists: Lists) -> st.SearchStrategy[str]:
    match part:
        case Wildcard.MANY:
            return st.sampled_from(_MANY)
        case Wildcard.ONE:
            return st.sampled_from(_ONE)
        case Placeholder(name):
            return st.sampled_from(sorted(lists.get(name, ())) or ["nothing"])
        case _:
            return st.just(part)


def _spelled(text: str) -> st.SearchStrategy[Any]:
    """The text, in another case, and its neighbours."""
    special = [place for place, character in enumerate(text) if character in _SPECIAL]
    middle = len(text) // 2
    near_by = [
        f"x{text}",
        f"{text}x",
        f"{text}\n",
        f" {text}",
        text[1:],
        text[:-1],
        f"{text[:middle]}x{text[middle:]}",
        text.replace("\\", "\\\\"),
        text.replace("\\", ""),
        *(f"{text[:place]}x{text[place + 1 :]}" for place in special[:4]),
        *(f"{text[:place]}{text[place + 1 :]}" for place in special[:4]),
    ]
    same = st.sampled_from((text, text, text, text.swapcase(), text.upper(), text.lower()))
    return same | same | st.sampled_from(near_by) | same.map(lambda each: ["z", each])


def _of_regex(value: Regex, seed: int) -> st.SearchStrategy[Any]:
    texts = list(regex_samples(value, random.Random(seed), 4))
    return st.sampled_from(texts).flatmap(_spelled) if texts else st.sampled_from(_OTHER)


def _address(cidr: str | Placeholder, lists: Lists) -> st.SearchStrategy[Any]:
    if isinstance(cidr, Placeholder):
        known = sorted(lists.get(cidr.name, ())) or ["192.0.2.1"]
        return st.sampled_from(known).flatmap(_spelled)
    network = ip_network(cidr, strict=False)
    first, last = network[0], network[-1]
    texts = [str(first), str(last), str(network[network.num_addresses // 2])]
    if int(first) > 0:
        texts.append(str(first - 1))
    if int(last) + 1 < 2**network.max_prefixlen:
        texts.append(str(last + 1))
    texts += [text.upper() for text in texts] + [f"{first}0", f"{first}/32", f" {first}", "x", ""]
    if network.version == 4:
        texts.append(f"::ffff:{first}")
    else:
        texts += [first.exploded, f"{first}%eth0"]
    return st.sampled_from(texts)


def _change(draw: st.DrawFn, event: Event, field: str) -> None:
    """Change what stands in a field, or what it stands in."""
    value = found(event, field)
    parent, _, last = field.rpartition(".")
    holder = found(event, parent) if parent else event
    ways: list[Any] = [
        None,
        "",
        [],
        {},
        [value],
        [[value]],
        ["z", value],
        [value, None],
        {"k": value},
    ]
    match value:
        case bool():
            ways += [str(value).lower(), str(value), int(value)]
        case int() | float():
            ways += [str(value), value + 1]
        case str():
            ways += [value.swapcase(), f"{value} ", value[:-1], len(value)]
        case list():
            ways += [
                value[::-1],
                value[:1],
                [*value, *value],
                {"0": value},
                orjson.dumps(value).decode(),
            ]
    match draw(st.integers(0, 3)):
        case 0 if isinstance(holder, dict):
            holder.pop(last, None)
        case 1 if parent and isinstance(holder, dict):
            other: Any = draw(
                st.sampled_from(([holder], [{}, holder], [[holder]], None, "x", {}, []))
            )
            place(event, parent, other)
        case _:
            place(event, field, draw(st.sampled_from((*ways, *_OTHER))))


def found(event: Event, field: str) -> Any:
    """What stands in a field, by objects alone; None where nothing does."""
    value: Any = event
    for part in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def place(event: Event, field: str, value: Any) -> None:
    """Put a value into a field, and objects where they are missing on the way."""
    if not field:  # the element itself
        return
    *parents, last = field.split(".")
    for parent in parents:
        inner = event.get(parent)
        if not isinstance(inner, dict):
            inner = event[parent] = {}
        event = inner
    event[last] = value
