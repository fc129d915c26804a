"""Expressions of the IR as Python expressions over the names of a generated module.

Rule text never becomes code: every string, number and path is a constant that is written with
``ascii()`` and used by its name, and comments are written the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

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
    Placeholder,
    Regex,
    Selection,
    Test,
    Text,
    TextPart,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import parts_of

#: Stands between the texts of an event where they are searched as one.
SEPARATOR = "\0"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of generated code, and the place in a rule file that it comes from."""

    text: str
    place: Place | None = None


@dataclass(slots=True)
class Pool:
    """Constants by name, in order of first use; equal ones share a name."""

    prefix: str
    names: dict[str, str] = field(default_factory=dict)

    def name(self, literal: str) -> str:
        """The name of a constant whose Python source is ``literal``."""
        return self.names.setdefault(literal, f"{self.prefix}{len(self.names)}")

    @property
    def items(self) -> list[tuple[str, str]]:
        """Names and sources, in order."""
        return [(name, literal) for literal, name in self.names.items()]


class Emitter:
    """Collects what the functions of one module need: constants, fields, checks, elements.

    The values of lists are no part of the module: it asks ``LISTS`` for look-ups when it begins.
    """

    def __init__(self, conditions: Sequence[Expr], regex_source: Callable[[Regex], str]) -> None:
        self._regex_source = regex_source
        self.constants, self.paths = Pool("K"), Pool("F")
        self.checks, self.regexes, self.look_ups = Pool("P"), Pool("R"), Pool("L")
        self.fields: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.element_functions: list[tuple[str, list[Line]]] = []
        self._elements: dict[Element, str] = {}
        self._uses: Counter[str] = Counter()  # nothing is shared while its uses are counted
        self._uses = Counter(
            code for condition in conditions for code in dict.fromkeys(self._leaf_codes(condition))
        )

    # --- the condition ----------------------------------------------------------------------

    def condition(self, expr: Expr, indent: int = 1, scope: str = "event") -> list[Line]:
        """The lines of an expression; the first begins at ``indent`` levels."""
        match expr:
            case And(items) | Or(items):
                return self._joined(expr, items, indent, scope)
            case Not(item):
                return [
                    Line(f"{tabs(indent)}not ("),
                    *self.condition(item, indent + 1, scope),
                    Line(f"{tabs(indent)})"),
                ]
            case Selection(item=item):
                return self.condition(item, indent, scope)
            case Test() | Keyword() | Element():
                return [Line(f"{tabs(indent)}{self._leaf(expr, scope)}", expr.place)]
            case _:
                assert_never(expr)

    def _joined(
        self, expr: And | Or, items: tuple[Expr, ...], indent: int, scope: str
    ) -> list[Line]:
        if not items:
            return [Line(f"{tabs(indent)}{isinstance(expr, And)}")]
        word = "and" if isinstance(expr, And) else "or"
        lines = [Line(f"{tabs(indent)}(")]
        parts = self._merged(items, scope) if isinstance(expr, Or) else [(i, None) for i in items]
        for number, (item, code) in enumerate(parts):
            if number:
                lines.append(Line(f"{tabs(indent + 1)}{word}"))
            if code is None:
                lines += self.condition(item, indent + 1, scope)
            else:
                place = item.place if isinstance(item, Test | Keyword) else None
                lines.append(Line(f"{tabs(indent + 1)}{code}", place))
        return [*lines, Line(f"{tabs(indent)})")]

    def _merged(self, items: tuple[Expr, ...], scope: str) -> list[tuple[Expr, str | None]]:
        """Alternatives, those that look for texts at one place in the same way as one test."""
        groups: dict[tuple[str | None, str], list[Expr]] = {}
        for item in items:
            if (look := _look(item)) is not None:
                groups.setdefault(look, []).append(item)
        parts: list[tuple[Expr, str | None]] = []
        done: set[tuple[str | None, str]] = set()
        for item in items:
            look = _look(item)
            if look is None or len(groups[look]) == 1:
                parts.append((item, None))
            elif look not in done:
                done.add(look)
                code = self._look_code(look, [_looked_for(each) for each in groups[look]], scope)
                parts.append((item, self._memo(code, scope)))
        return parts

    def _look_code(self, look: tuple[str | None, str], words: list[str], scope: str) -> str:
        field, shape = look
        if field is not None:
            return self._text_code(field, shape, words, scope)
        text = "s(event, memo)" if shape.endswith(" cased") else "j(event, memo)"
        words = list(dict.fromkeys(words if shape.endswith(" cased") else map(str.lower, words)))
        if len(words) == 1:
            return f"{self.constants.name(ascii(words[0]))} in {text}"
        return f"contains(({text},), {self.constants.name(tuple_source(words))})"

    def _leaf_codes(self, expr: Expr) -> list[str]:
        """The codes of the tests of an expression outside elements, to see which are shared."""
        match expr:
            case And(items):
                return [code for item in items for code in self._leaf_codes(item)]
            case Or(items):
                merged = self._merged(items, "event")
                codes = [code for _, code in merged if code is not None]
                rest = [item for item, code in merged if code is None]
                return codes + [code for item in rest for code in self._leaf_codes(item)]
            case Not(item) | Selection(item=item):
                return self._leaf_codes(item)
            case Test() | Keyword():
                return [self._code(expr, "event")]
            case Element():
                return []
            case _:
                assert_never(expr)

    def _leaf(self, expr: Test | Keyword | Element, scope: str) -> str:
        if isinstance(expr, Element):
            function = self.element(expr)
            elements = self.elements_of(expr, scope)
            return f"any({function}(element, event, memo) for element in {elements})"
        return self._memo(self._code(expr, scope), scope)

    def _memo(self, code: str, scope: str) -> str:
        """The code itself, or a call of the function that evaluates it once for all rules."""
        if scope != "event" or self._uses[code] < 2:
            return code
        name = self.shared.setdefault(code, f"t{len(self.shared)}")
        return f"{name}(event, memo)"

    def _code(self, expr: Test | Keyword, scope: str) -> str:
        look = _look(expr)
        if look is not None:
            return self._look_code(look, [_looked_for(expr)], scope)
        if has_placeholder(expr.value):
            return self._placeholder_code(expr, scope)
        if isinstance(expr, Keyword):
            return self._keyword_code(expr)
        match expr.value:
            case Null():
                found = self.values(expr.field, scope)
                return f"(not {found} or None in {found})"
            case Exists(expected):
                return f"{'' if expected else 'not '}{self._ends(expr.field, scope)}"
            case FieldRef():
                return f"bool({self.referring(expr.field, expr.value, scope)})"
            case _:
                return f"any(map({self.check(expr.value)}, {self.values(expr.field, scope)}))"

    def _placeholder_code(self, expr: Test | Keyword, scope: str) -> str:
        look_up = self.look_up(expr)
        if isinstance(expr, Test) and isinstance(expr.value, Text) and not expr.value.cased:
            found = self._texts(expr.field, scope, cased=False)
        else:
            found = f"{look_up}.texts({self.values_of(expr, scope)})"
        return f"({look_up}.live and {look_up}.holds({found}, event, memo))"

    def _keyword_code(self, expr: Keyword) -> str:
        """Any value of the event; with wildcards inside, only where its longest part is at all."""
        value = keyword_value(expr)
        code = f"any({self.check(value)}(value) for _, value in w(event, memo))"
        parts = value.parts if isinstance(value, Text) else ()
        words = [part for part in parts if isinstance(part, str) and SEPARATOR not in part]
        if not words or not isinstance(value, Text):
            return code
        longest = max(words, key=len)
        look = (None, "contains cased" if value.cased else "contains")
        return f"({self._look_code(look, [longest], 'event')} and {code})"

    def _text_code(self, path: str, shape: str, words: list[str], scope: str) -> str:
        cased = shape.endswith(" cased")
        found = self._texts(path, scope, cased=cased)
        words = list(dict.fromkeys(words if cased else [word.lower() for word in words]))
        match shape.removesuffix(" cased"):
            case "equals" if len(words) == 1:
                return f"{self.constants.name(ascii(words[0]))} in {found}"
            case "equals":
                return f"not {self.constants.name(_set(words))}.isdisjoint({found})"
            case "starts":
                return f"starts({found}, {self.constants.name(tuple_source(words))})"
            case "finishes":
                return f"finishes({found}, {self.constants.name(tuple_source(words))})"
            case _:
                return f"contains({found}, {self.constants.name(tuple_source(words))})"

    # --- fields and checks --------------------------------------------------------------------

    def values(self, path: str, scope: str) -> str:
        """The code for the values of a field, looked up once an event outside elements."""
        if not path:
            return f"itself({scope})"
        constant = self.path(path)
        if scope != "event":
            return f"values({scope}, {constant})"
        self.fields.setdefault(path, f"{len(self.fields)}")
        return f"v{self.fields[path]}(event, memo)"

    def _texts(self, path: str, scope: str, *, cased: bool) -> str:
        found = self.values(path, scope)
        if cased:
            return f"texts({found})"
        return (
            f"x{self.fields[path]}(event, memo)"
            if scope == "event" and path
            else f"folded({found})"
        )

    def _ends(self, path: str, scope: str) -> str:
        return f"ends({scope}, {self.path(path)})" if path else f"itself({scope})"

    def path(self, path: str) -> str:
        """The constant that holds the parts of a path."""
        return self.paths.name(tuple_source(path.split(".")))

    def check(self, value: Value) -> str:
        """The constant that holds the check for a value."""
        match value:
            case Text(parts, cased):
                pieces = [
                    "MANY" if p is Wildcard.MANY else "ONE" if p is Wildcard.ONE else ascii(p)
                    for p in parts
                ]
                source = f"pattern(({''.join(f'{piece}, ' for piece in pieces)}), {cased})"
            case Number(number):
                source = f"number({number!r})"
            case Boolean(boolean):
                source = f"boolean({boolean})"
            case Regex():
                source = f"regex({self.regexes.name(ascii(self._regex_source(value)))}.search)"
            case Network(str(cidr)):
                source = f"network({cidr!a})"
            case Compare(op, number):
                source = f"compare({op!r}, {number!r})"
            case TimePart(unit, op, number):
                source = f"time_part({unit!r}, {op!r}, {number!r})"
            case Null() | Exists() | FieldRef() | Network():
                raise AssertionError(f"{value!r} is no value that is judged on its own")
            case _:
                assert_never(value)
        return self.checks.name(source)

    def look_up(self, expr: Test | Keyword) -> str:
        """The constant that holds the look-up for a value with placeholders."""
        value = keyword_value(expr) if isinstance(expr, Keyword) else expr.value
        match value:
            case Text(parts, cased):
                source = f"LISTS.text({_pieces(parts)}, {cased}, {_is_every(parts)})"
            case Network(Placeholder(name, every)):
                source = f"LISTS.network({name!a}, {every})"
            case Regex(parts):
                pieces, every = _pieces(parts_of(value)), _is_every(parts)
                source = f"LISTS.regex({pieces}, {every}, compile_regex, escape)"
            case _:
                raise AssertionError(f"{value!r} has no placeholder")
        return self.look_ups.name(source)

    def values_of(self, expr: Test | Keyword, scope: str) -> str:
        """The code for the values that a test looks at."""
        if isinstance(expr, Keyword):
            return "(value for _, value in w(event, memo))"
        return self.values(expr.field, scope)

    def referring(self, path: str, value: FieldRef, scope: str) -> str:
        """The code for the values that refer to another field's."""
        found, others = self.values(path, scope), self.values(value.field, scope)
        return f"referring({found}, {others}, {value.how!r}, {value.cased})"

    def elements_of(self, expr: Element, scope: str) -> str:
        """The code for the elements that qualify."""
        name = "None" if expr.name is None else self.constants.name(ascii(expr.name.lower()))
        return f"elements({scope}, {self.path(expr.field)}, {name})"

    def element(self, expr: Element) -> str:
        """The name of the function that tests one element of a list."""
        if expr not in self._elements:
            self._elements[expr] = f"q{len(self._elements)}"
            lines = self.condition(expr.item, 2, "element")
            self.element_functions.append((self._elements[expr], lines))
        return self._elements[expr]


def _look(expr: Expr) -> tuple[str | None, str] | None:
    """Where and how a test looks for a text without inner wildcards; field None is everywhere."""
    if isinstance(expr, Test):
        shape = text_shape(expr.value)
        return None if shape is None else (expr.field, shape)
    if isinstance(expr, Keyword):
        value = keyword_value(expr)
        # The texts of an event are searched as one, with this character between them.
        plain = text_shape(value) in ("contains", "contains cased") and SEPARATOR not in text_word(
            value
        )
        return (None, text_shape(value) or "") if plain else None
    return None


def _looked_for(expr: Expr) -> str:
    value = keyword_value(expr) if isinstance(expr, Keyword) else getattr(expr, "value", None)
    return text_word(value)


def text_shape(value: Value) -> str | None:
    """How a text without inner wildcards is looked for, None for every other value."""
    if not isinstance(value, Text) or any(part is Wildcard.ONE for part in value.parts):
        return None
    suffix = " cased" if value.cased else ""
    match value.parts:
        case () | (str(),):
            return f"equals{suffix}"
        case (str(), Wildcard.MANY):
            return f"starts{suffix}"
        case (Wildcard.MANY, str()):
            return f"finishes{suffix}"
        case (Wildcard.MANY, str(), Wildcard.MANY):
            return f"contains{suffix}"
        case _:
            return None


def text_word(value: Value | None) -> str:
    """The literal part of a text that has a shape."""
    parts = value.parts if isinstance(value, Text) else ()
    return next((part for part in parts if isinstance(part, str)), "")


def keyword_value(keyword: Keyword) -> Value:
    """A keyword as the value that one value of the event must satisfy (S452)."""
    match keyword.value:
        case Text(parts, cased):
            return Text((Wildcard.MANY, *parts, Wildcard.MANY), cased)
        case Number(number):
            return Text((Wildcard.MANY, _number_text(number), Wildcard.MANY))
        case Boolean(boolean):
            return Text((Wildcard.MANY, "true" if boolean else "false", Wildcard.MANY))
        case Regex() | Network():
            return keyword.value
        case _:
            assert_never(keyword.value)


def _pieces(parts: Sequence[TextPart]) -> str:
    """The Python source of a text's parts as look-ups take them."""
    sources = [
        "MANY"
        if part is Wildcard.MANY
        else "ONE"
        if part is Wildcard.ONE
        else f"({part.name!a},)"
        if isinstance(part, Placeholder)
        else ascii(part)
        for part in parts
    ]
    return f"({''.join(f'{source}, ' for source in sources)})"


def _is_every(parts: Sequence[TextPart]) -> bool:
    return any(part.every for part in parts if isinstance(part, Placeholder))


def _number_text(number: float) -> str:
    return repr(number)


def tuple_source(words: Sequence[str]) -> str:
    """The Python source of a tuple of texts."""
    return f"({''.join(f'{word!a}, ' for word in words).rstrip() if words else ''})"


def _set(words: Sequence[str]) -> str:
    return f"frozenset({tuple_source(sorted(words))})"


def tabs(indent: int) -> str:
    """The white space of a level of indentation."""
    return "    " * indent
