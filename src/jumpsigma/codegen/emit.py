"""What is asked of an event as Python expressions over the names of a generated module.

Rule text never becomes code: every string, number and path is a constant that is written with
``ascii()`` and used by its name, and comments are written the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, assert_never

from jumpsigma.codegen.found import words_of
from jumpsigma.codegen.order import (
    Ask,
    Joined,
    Look,
    Negated,
    Question,
    Step,
    keyword_value,
    ordered,
    shareable,
    spellings,
)
from jumpsigma.ir.bind import has_placeholder
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Element,
    Exists,
    FieldRef,
    Keyword,
    Network,
    Null,
    Number,
    Place,
    Placeholder,
    Regex,
    Test,
    Text,
    TextPart,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import parts_of
from jumpsigma.matcher.runtime import CASED, FOLDED, LEAVES, MAKERS, SEPARATOR

#: What is looked at: the event, or one element of a list in it.
Scope = Literal["event", "element"]
#: What a slot holds of a field; ``runtime`` has a function ``<kind>_at`` for each.
Kind = Literal["values", "folded", "text", "cased"]

#: So many texts are searched for one by one, in place; a call takes as long as two.
_IN_PLACE: Final = 3
#: A tuple of so many texts is compared through as fast as a set is asked.
_FEW: Final = 6


#: From so many texts on they are searched for all at once.
_MANY: Final = 40


class Line(NamedTuple):
    """One line of generated code, and the place in a rule file that it comes from."""

    text: str
    place: Place | None = None


@dataclass(slots=True)
class Pool:
    """The constants of a section by name, in order of first use; equal ones share a name."""

    prefix: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def name(self, letter: str, literal: str) -> str:
        """The name of a constant whose Python source is ``literal``."""
        return self.names.setdefault(literal, f"{letter}{self.prefix}{len(self.names)}")

    @property
    def items(self) -> list[tuple[str, str]]:
        """Names and sources, in order."""
        return [(name, literal) for literal, name in self.names.items()]


class Emitter:
    """What the sections of one module share: slots of an event, elements, look-ups.

    The values of lists are no part of the module: it asks ``LISTS`` for look-ups when it begins.
    """

    def __init__(self, steps: Iterable[Step], regex_source: Callable[[Regex], str]) -> None:
        self.regex_source = regex_source
        self.look_ups = Pool()
        self.slots: dict[tuple[Kind, str], int] = {}
        self.tests: dict[Question, int] = {}
        self.element_functions: list[tuple[str, list[Line]]] = []
        self.head = Section(self, Pool())
        self._elements: dict[Element, str] = {}
        self._uses = Counter(question for step in steps for question in set(shareable(step)))

    def slot(self, kind: Kind, path: str) -> int:
        """The slot for something of a field."""
        return self.slots.setdefault((kind, path), self._next_slot())

    def test_slot(self, question: Question) -> int | None:
        """The slot for the answer to a question that several rules ask; None for other ones."""
        if self._uses[question] < 2:
            return None
        return self.tests.setdefault(question, self._next_slot())

    def _next_slot(self) -> int:
        return len(MAKERS) + len(self.slots) + len(self.tests)

    def element(self, expr: Element) -> str:
        """The name of the function that tests one element of a list."""
        if expr not in self._elements:
            self._elements[expr] = f"q{len(self._elements)}"
            lines = self.head.lines(ordered(expr.item), 2, "element")
            self.element_functions.append((self._elements[expr], lines))
        return self._elements[expr]

    def look_up(self, value: Value) -> str:
        """The constant that holds the look-up for a value with placeholders."""
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
        return self.look_ups.name("L", source)


@dataclass(frozen=True, slots=True)
class Section:
    """Writes one part of the module, which has constants of its own."""

    emitter: Emitter
    pool: Pool

    def lines(
        self, step: Step, indent: int, scope: Scope = "event", before: str = ""
    ) -> list[Line]:
        """The lines of a step, at ``indent`` levels; ``before`` stands before the first."""
        margin = tabs(indent) + before
        match step:
            case Ask(question, place):
                return [Line(margin + self.code(question, scope), place)]
            case Negated(Ask() as item):
                return self.lines(item, indent, scope, f"{before}not ")
            case Negated(item):
                inside = self.lines(item, indent + 1, scope)
                return [Line(f"{margin}not ("), *inside, Line(f"{tabs(indent)})")]
            case Joined(word, items):
                if not items:
                    return [Line(f"{margin}{word == 'and'}")]
                lines = [Line(f"{margin}(")]
                for number, item in enumerate(items):
                    lines += self.lines(item, indent + 1, scope, f"{word} " if number else "")
                return [*lines, Line(f"{tabs(indent)})")]
            case _:
                assert_never(step)

    def code(self, question: Question, scope: Scope) -> str:
        """A question; of one that several rules ask, the slot that has the answer."""
        if scope == "event" and not isinstance(question, Element):
            slot = self.emitter.test_slot(question)
            if slot is not None:
                return f"memo[{slot}]"
        return self.plain(question, scope)

    def plain(self, question: Question, scope: Scope = "event") -> str:
        """A question itself, as an expression that needs no parentheses behind ``not``."""
        match question:
            case Look():
                return self._look(question, scope)
            case Element():
                function, elements = self.emitter.element(question), self.elements(question, scope)
                return f"any({function}(element, memo) for element in {elements})"
            case Keyword(value) | Test(value=value) if has_placeholder(value):
                return self._placeholder(question, scope)
            case Keyword():
                return self._keyword(question)
            case Test(path, value):
                return self._test(path, value, scope)
            case _:
                assert_never(question)

    def _look(self, look: Look, scope: Scope) -> str:
        words = look.words
        if look.field is None:
            found = f"memo[{CASED if look.cased else FOLDED}]"
        elif scope == "event" and look.field:
            kind: Kind = "cased" if look.cased else "text"
            found = f"memo[{self.emitter.slot(kind, look.field)}]"
        else:
            folded = "texts" if look.cased else "folded"
            found = f"as_one({folded}({self.values(look.field, scope)}))"
        match look.shape:
            case "equals" if len(words) == 1:
                return f"{found} == {self._constant(words[0])}"
            case "equals" if len(words) <= _FEW:
                return f"{found} in {self._constant(words)}"
            case "equals":
                source = f"frozenset({tuple_source(sorted(words))})"
                return f"one_of({found}, {self.pool.name('K', source)})"
            case "starts":
                return f"{found}.startswith({self._constant(words)})"
            case "finishes":
                return f"{found}.endswith({self._constant(words)})"
            case "contains" if len(words) == 1:
                return f"{self._constant(words[0])} in {found}"
            case "contains" if len(words) <= _IN_PLACE and scope == "event":
                parts = (f"{self._constant(word)} in {found}" for word in words)
                return f"({' or '.join(parts)})"
            case "contains" if len(words) < _MANY:
                return f"contains({found}, {self._constant(words)})"
            case "contains":
                source = f"searcher({tuple_source(words)})"
                return f"{self.pool.name('P', source)}({found})"
            case _:
                assert_never(look.shape)

    def _constant(self, value: str | tuple[str, ...]) -> str:
        """A text, or several; of several one alone is a text too."""
        text = value if isinstance(value, str) else value[0] if len(value) == 1 else None
        source = tuple_source(value) if text is None else ascii(text)
        return self.pool.name("K", source)

    def _test(self, path: str, value: Value, scope: Scope) -> str:
        match value:
            case Null():
                found = self.values(path, scope)
                return f"(not {found} or None in {found})"
            case Exists(expected):
                found = self._ends(path, scope)
                return f"bool({found})" if expected else f"(not {found})"
            case FieldRef():
                return f"bool({self.referring(path, value, scope)})"
            case _:
                code = f"any(map({self.check(value)}, {self.values(path, scope)}))"
                necessary = self._necessary(path, value) if scope == "event" and path else []
                return f"({' and '.join([*necessary, code])})" if necessary else code

    def _necessary(self, path: str, value: Value) -> list[str]:
        """What must hold of the texts of a field for it to have a value, and is cheap to ask."""
        if isinstance(value, Text):
            words = [part for part in value.parts if isinstance(part, str)]
            distinct = dict.fromkeys(words if value.cased else map(str.lower, words))
            looks = [Look(path, "contains", value.cased, (word,)) for word in distinct]
            return [self._look(look, "event") for look in looks[:_IN_PLACE]]
        if isinstance(value, Regex):
            looks = [Look(path, "contains", False, words) for words in words_of(value)]
            return [self._look(look, "event") for look in looks[:_IN_PLACE]]
        texts = spellings(value)
        return [] if texts is None else [self._look(Look(path, "equals", False, texts), "event")]

    def _placeholder(self, expr: Test | Keyword, scope: Scope) -> str:
        look_up = self.look_up(expr)
        if isinstance(expr, Test) and isinstance(expr.value, Text) and not expr.value.cased:
            found = (
                f"memo[{self.emitter.slot('folded', expr.field)}]"
                if scope == "event" and expr.field
                else f"folded({self.values(expr.field, scope)})"
            )
        else:
            found = f"{look_up}.texts({self.values_of(expr, scope)})"
        return f"({look_up}.live and {look_up}.holds({found}, memo))"

    def _keyword(self, expr: Keyword) -> str:
        """Any value of the event; with wildcards inside, only where its longest part is at all."""
        value = keyword_value(expr)
        code = f"any({self.check(value)}(value) for _, value in memo[{LEAVES}])"
        parts = value.parts if isinstance(value, Text) else ()
        words = [part for part in parts if isinstance(part, str) and SEPARATOR not in part]
        if not words or not isinstance(value, Text):
            return code
        longest = max(words, key=len)
        word = longest if value.cased else longest.lower()
        return f"({self._look(Look(None, 'contains', value.cased, (word,)), 'event')} and {code})"

    # --- fields and checks --------------------------------------------------------------------

    def values(self, path: str, scope: Scope) -> str:
        """The code for the values of a field, looked up once an event outside elements."""
        subject = "memo.event" if scope == "event" else scope
        if not path:
            return f"itself({subject})"
        if scope == "event":
            return f"memo[{self.emitter.slot('values', path)}]"
        return f"values({subject}, {self.path(path)})"

    def _ends(self, path: str, scope: Scope) -> str:
        subject = "memo.event" if scope == "event" else scope
        return f"ends({subject}, {self.path(path)})" if path else f"itself({subject})"

    def path(self, path: str) -> str:
        """The constant that holds the parts of a path."""
        return self.pool.name("F", tuple_source(path.split(".")))

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
                source = f"regex(compile_regex({self.emitter.regex_source(value)!a}).search)"
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
        return self.pool.name("P", source)

    def look_up(self, expr: Test | Keyword) -> str:
        """The constant that holds the look-up for a value with placeholders."""
        value = keyword_value(expr) if isinstance(expr, Keyword) else expr.value
        return self.emitter.look_up(value)

    def values_of(self, expr: Test | Keyword, scope: Scope) -> str:
        """The code for the values that a test looks at."""
        if isinstance(expr, Keyword):
            return f"(value for _, value in memo[{LEAVES}])"
        return self.values(expr.field, scope)

    def referring(self, path: str, value: FieldRef, scope: Scope) -> str:
        """The code for the values that refer to another field's."""
        found, others = self.values(path, scope), self.values(value.field, scope)
        return f"referring({found}, {others}, {value.how!r}, {value.cased})"

    def elements(self, expr: Element, scope: Scope) -> str:
        """The code for the elements that qualify."""
        name = "None" if expr.name is None else self._constant(expr.name.lower())
        subject = "memo.event" if scope == "event" else scope
        return f"elements({subject}, {self.path(expr.field)}, {name})"


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


def tuple_source(words: Iterable[str]) -> str:
    """The Python source of a tuple of texts."""
    return f"({''.join(f'{word!a}, ' for word in words).rstrip()})"


def tabs(indent: int) -> str:
    """The white space of a level of indentation."""
    return "    " * indent
