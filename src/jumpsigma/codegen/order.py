"""A condition as what is asked of an event, in the order in which it is asked: cheap things first.

Tests have no effects, so that their order changes nothing but the time. Alternatives that look for
texts at one place in the same way become one look. What satisfied a rule is noted in the order of
the rule all the same: from the expression itself (:mod:`jumpsigma.codegen.collect`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final, Literal, NamedTuple, assert_never

from jumpsigma.ir.bind import has_placeholder
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
    Place,
    Regex,
    Selection,
    Test,
    Text,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.matcher.runtime import SEPARATOR, text_of

Shape = Literal["equals", "starts", "finishes", "contains"]

#: What costs as much is evaluated once an event for all rules that ask it. One unit is what
#: comparing two texts takes, about 40 ns; to remember an answer takes ten of them.
SHARED_COST: Final = 8


class Look(NamedTuple):
    """A search for one of several texts without inner wildcards.

    ``field`` is None where all texts of the event are searched. ``words`` are in lower case
    unless ``cased``, each once.
    """

    field: str | None
    shape: Shape
    cased: bool
    words: tuple[str, ...]


Question = Look | Test | Keyword | Element


class Ask(NamedTuple):
    """One thing that is asked, and the place in a rule file that it comes from."""

    question: Question
    place: Place | None
    cost: int


class Joined(NamedTuple):
    """Things that must all hold, or one of which must; none is true, and false."""

    word: Literal["and", "or"]
    items: tuple[Step, ...]
    cost: int


class Negated(NamedTuple):
    """What must not hold."""

    item: Step
    cost: int


Step = Ask | Joined | Negated

_cost = attrgetter("cost")


def ordered(expr: Expr) -> Step:
    """The steps of an expression."""
    match expr:
        case And():
            return _joined("and", [ordered(item) for item in _flat(expr)])
        case Or():
            return _joined("or", list(_merged(_flat(expr))))
        case Not(item):
            step = ordered(item)
            return Negated(step, step.cost)
        case Selection(item=item):
            return ordered(item)
        case Test() | Keyword() | Element():
            question = look_of(expr) or expr
            return Ask(question, expr.place, _cost_of(question))
        case _:
            assert_never(expr)


def shareable(step: Step) -> Iterator[Question]:
    """What is asked of the event and costs enough to be worth remembering."""
    match step:
        case Ask(question, _, cost):
            if cost >= SHARED_COST and not isinstance(question, Element):
                yield question
        case Joined(_, items):
            for item in items:
                yield from shareable(item)
        case Negated(item):
            yield from shareable(item)
        case _:
            assert_never(step)


def _flat(expr: And | Or) -> Iterator[Expr]:
    """The items of an expression, and of those of its kind directly within it."""
    for item in expr.items:
        inner = item
        while isinstance(inner, Selection):
            inner = inner.item
        if type(inner) is type(expr):
            yield from _flat(inner)
        else:
            yield inner


def _joined(word: Literal["and", "or"], steps: list[Step]) -> Step:
    if len(steps) == 1:
        return steps[0]
    steps.sort(key=_cost)
    return Joined(word, tuple(steps), sum(map(_cost, steps)))


def _merged(items: Iterable[Expr]) -> Iterator[Step]:
    looks: dict[tuple[str | None, Shape, bool], list[tuple[Look, Place | None]]] = {}
    for item in items:
        look = look_of(item)
        if look is None:
            yield ordered(item)
        else:
            place = item.place if isinstance(item, Test | Keyword) else None
            looks.setdefault(look[:3], []).append((look, place))
    for key, found in looks.items():
        words = dict.fromkeys(word for look, _ in found for word in look.words)
        look = Look(*key, tuple(words))
        yield Ask(look, found[0][1], _cost_of(look))


def look_of(expr: Expr) -> Look | None:
    """The look that a test is, None for one of another kind."""
    if isinstance(expr, Test):
        field, value = expr.field, expr.value
    elif isinstance(expr, Keyword):
        field, value = None, keyword_value(expr)
    else:
        return None
    found = plain_text(value)
    if found is None or not isinstance(value, Text):
        return None
    shape, word = found
    # The texts of an event are searched as one, with this character between them.
    if field is None and (shape != "contains" or SEPARATOR in word):
        return None
    return Look(field, shape, value.cased, (word if value.cased else word.lower(),))


def plain_text(value: Value) -> tuple[Shape, str] | None:
    """How a text without inner wildcards is looked for, and which; None for every other value."""
    if not isinstance(value, Text):
        return None
    # Asked of every value of every rule; patterns of sequences take five times as long.
    parts, many = value.parts, Wildcard.MANY
    match len(parts):
        case 0:
            return "equals", ""
        case 1 if isinstance(parts[0], str):
            return "equals", parts[0]
        case 2 if isinstance(parts[0], str) and parts[1] is many:
            return "starts", parts[0]
        case 2 if isinstance(parts[1], str) and parts[0] is many:
            return "finishes", parts[1]
        case 3 if isinstance(parts[1], str) and parts[0] is many and parts[2] is many:
            return "contains", parts[1]
        case _:
            return None


def spellings(value: Value) -> tuple[str, ...] | None:
    """The lower-case texts that a value satisfying a test can have; None where they are many.

    A number equals numbers that JSON may write in another way (S351).
    """
    match value:
        case Text() if value.literal is not None:
            return (value.literal.lower(),)
        case Boolean(wanted):
            return ("true" if wanted else "false",)
        case Number(wanted) if isinstance(wanted, int) or math.isfinite(wanted):
            return _spelled(wanted)
        case _:
            return None


def _spelled(number: float) -> tuple[str, ...]:
    texts = {str(text_of(number)).lower()}
    if number == int(number):
        texts.add(str(int(number)))
    try:
        same = float(number)
    except OverflowError:  # an integer that no float equals
        return tuple(texts)
    texts |= {repr(same), "-0.0"} if same == 0 else {repr(same)}
    return tuple(sorted(texts))


def keyword_value(keyword: Keyword) -> Text | Regex | Network:
    """A keyword as the value that one value of the event must satisfy (S452)."""
    match keyword.value:
        case Text(parts, cased):
            return Text((Wildcard.MANY, *parts, Wildcard.MANY), cased)
        case Number(number):
            return Text((Wildcard.MANY, repr(number), Wildcard.MANY))
        case Boolean(boolean):
            return Text((Wildcard.MANY, "true" if boolean else "false", Wildcard.MANY))
        case Regex() | Network():
            return keyword.value
        case _:
            assert_never(keyword.value)


def _cost_of(question: Question) -> int:
    match question:
        case Look(field, shape, _, words):
            if shape == "contains":
                return len(words) * (2 if field is not None else 6)
            return 1 if shape == "equals" and len(words) == 1 else 2
        case Keyword():
            return 60
        case Element():
            return 40
        case Test(value=value):
            return _cost_of_value(value)
        case _:
            assert_never(question)


def _cost_of_value(value: Value) -> int:
    match value:
        case Null() | Exists() | Number() | Boolean():
            return 6
        case Compare():
            return 9
        case _ if has_placeholder(value):
            return 15
        case Text():
            return 12
        case Regex() | FieldRef():
            return 25
        case Network() | TimePart():
            return 35
        case _:
            assert_never(value)
