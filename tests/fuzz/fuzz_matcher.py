"""Generated matchers against the interpreter: the same rules hold, satisfied by the same values.

Bytes are read as choices from a small vocabulary: texts of a rule and of an event often meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from choices import Choices

from jumpsigma.api.lists import plain_lists
from jumpsigma.codegen import generate
from jumpsigma.interpret import matched, trace
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    CompareOp,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    KeywordValue,
    LogSource,
    Network,
    Not,
    Null,
    Number,
    Or,
    Placeholder,
    Regex,
    RuleIR,
    Selection,
    Test,
    Text,
    TextPart,
    TimePart,
    TimeUnit,
    Value,
    Wildcard,
)
from jumpsigma.matcher.program import Program

KEYS = ("a", "b", "c", "a.b", "field", "from", "to", "")
FIELDS = ("a", "b", "c", "a.b", "a.c", "b.a", "a.b.c", "changes", "changes.from")
ELEMENT_FIELDS = ("", "field", "from", "to", "a.b")
NAMES = (None, "x", "Xy", "1")
LISTS = {"none": [], "one": ["x"], "two": ["Xy", "a*b"]}
WORDS = (
    "x",
    "X",
    "xy",
    "Y",
    "1",
    "1.5",
    "true",
    "NaN",
    "a*b",
    "?",
    "\n",
    "ß",
    "İ",
    "\u017f",
    "\ud800",
    "\0",
    '"{{',
)
NETWORKS = ("192.0.2.0/24", "198.51.100.255/32", "0.0.0.0/0", "2001:db8::/32", "fe80::/10")
ADDRESSES = ("192.0.2.1", "198.51.100.255", "2001:DB8::1", "::ffff:192.0.2.1", "fe80::1%eth0")
TIMES = ("2024-02-29T23:59:59Z", "2024-12-30T01:30:00+02:00", "2021-01-01 00:00:60", "2024-13-01")
NUMBERS = (0, 1, -1, 1.0, 1.5, 5, 23, 2024, 1e22, 2**53, 2**53 + 1, 1700000000, 1700000000000)
PATTERNS = (
    "x",
    "^x",
    "y$",
    "x.y",
    "^$",
    "[0-9]+",
    "(x|1)y?",
    "\\w",
    "\\bx",
    "^[^x]*$",
    "(?i)\u017f",
)
HOW: tuple[Literal["equals", "startswith", "endswith", "contains"], ...] = (
    "equals",
    "startswith",
    "endswith",
    "contains",
)
MAX_DEPTH = 4


def one_input(data: bytes) -> None:
    made = Made(Choices(data))
    exprs = [made.expr() for _ in range(1 + made.choices.number(3))]
    events = [made.event() for _ in range(1 + made.choices.number(3))]
    module = generate(
        [RuleIR("id", "rule", "rule.yml", LogSource(), "sigma", expr) for expr in exprs]
    )
    program = Program(module.source, plain_lists(LISTS))
    for event in events:
        judged = [trace(expr, event, LISTS) for expr in exprs]
        expected = [(number, matched(one)) for number, one in enumerate(judged) if one.holds]
        # repr: NaN is itself, and 1 is not True
        assert repr(program.hits(event)) == repr(expected), (exprs, event)


class Made:
    """Expressions and events that a row of choices stands for."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def expr(self, depth: int = 0) -> Expr:
        c = self.choices
        if depth < MAX_DEPTH:
            match c.number(8):
                case 1:
                    return And(self._items(depth))
                case 2:
                    return Or(self._items(depth))
                case 3:
                    return Not(self.expr(depth + 1))
                case 4:
                    return Selection("selection", self.expr(depth + 1))
                case 5:
                    return Element(c.one_of(FIELDS), c.one_of(NAMES), self._within(depth + 1))
                case 6:
                    return Keyword(self._anywhere())
                case _:
                    pass
        return Test(c.one_of(FIELDS), self._value(FIELDS))

    def _items(self, depth: int) -> tuple[Expr, ...]:
        return tuple(self.choices.some(lambda: self.expr(depth + 1), 3))

    def _within(self, depth: int) -> Expr:
        """A condition on one element of a list: neither keywords nor elements are in there."""
        c = self.choices
        if depth < MAX_DEPTH:
            match c.number(6):
                case 1:
                    return And(tuple(c.some(lambda: self._within(depth + 1), 2)))
                case 2:
                    return Or(tuple(c.some(lambda: self._within(depth + 1), 2)))
                case 3:
                    return Not(self._within(depth + 1))
                case _:
                    pass
        return Test(c.one_of(ELEMENT_FIELDS), self._value(ELEMENT_FIELDS))

    def _value(self, fields: tuple[str, ...]) -> Value:
        c = self.choices
        match c.number(8):
            case 1:
                return Null()
            case 2:
                return Exists(c.flag())
            case 3:
                return Compare(c.one_of(get_args(CompareOp)), c.one_of(NUMBERS))
            case 4:
                ops = (*get_args(CompareOp), "eq")
                return TimePart(c.one_of(get_args(TimeUnit)), c.one_of(ops), c.one_of(NUMBERS))
            case 5:
                return FieldRef(c.one_of(fields), c.one_of(HOW), c.flag())
            case _:
                return self._anywhere()

    def _anywhere(self) -> KeywordValue:
        c = self.choices
        match c.number(8):
            case 1:
                return Number(c.one_of(NUMBERS))
            case 2:
                return Boolean(c.flag())
            case 3:
                return Network(c.one_of(NETWORKS))
            case 4:
                flags = (c.flag() for _ in range(5))
                return Regex((c.one_of(PATTERNS),), *flags)
            case _:
                return Text(_joined(self._parts()), c.flag())

    def _parts(self) -> list[TextPart]:
        """The shapes that the generator tells apart, and any."""
        c = self.choices
        match c.number(6):
            case 1:
                return [c.one_of(WORDS), Wildcard.MANY]
            case 2:
                return [Wildcard.MANY, c.one_of(WORDS)]
            case 3:
                return [Wildcard.MANY, c.one_of(WORDS), Wildcard.MANY]
            case 4:
                return c.some(self._part, 4)
            case _:
                return c.some(lambda: c.one_of(WORDS), 2)

    def _part(self) -> TextPart:
        c = self.choices
        match c.number(8):
            case 1 | 2:
                return Wildcard.MANY
            case 3:
                return Wildcard.ONE
            case 4:
                return Placeholder(c.one_of((*LISTS, "not given")), c.flag())
            case _:
                return c.one_of(WORDS)

    def event(self) -> dict[str, Any]:
        c = self.choices
        event = self._object(0)
        if c.flag():
            event["changes"] = c.some(lambda: self._object(1), 3)
        return event

    def _object(self, depth: int) -> dict[str, Any]:
        return dict(self.choices.some(lambda: (self.choices.one_of(KEYS), self._json(depth)), 4))

    def _json(self, depth: int) -> Any:
        c = self.choices
        scalars: tuple[Callable[[], Any], ...] = (
            lambda: "".join(c.some(lambda: c.one_of(WORDS), 3)),
            lambda: c.one_of(NUMBERS),
            lambda: c.one_of((True, False, None, float("nan"), float("inf"))),
            lambda: c.one_of(ADDRESSES),
            lambda: c.one_of(TIMES),
            lambda: str(c.one_of(NUMBERS)),
        )
        kind = c.number(len(scalars) + 2)
        if kind < len(scalars):
            return scalars[kind]()
        if depth == MAX_DEPTH:
            return []
        if kind == len(scalars):
            return c.some(lambda: self._json(depth + 1), 3)
        return self._object(depth + 1)


def _joined(parts: list[TextPart]) -> tuple[TextPart, ...]:
    """Neighbouring literals are one, as in the IR."""
    joined: list[TextPart] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
