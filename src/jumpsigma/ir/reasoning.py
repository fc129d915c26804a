"""What follows from what: expressions compared by their meaning, without any event.

Everything here errs on one side: a yes is proven, a no means that no proof was found. A proof
looks at an expression as a formula over its tests, and knows of single tests which of them imply
which (``contains: net user`` implies ``contains: net``). It never assumes that a field has a single
value, because a list satisfies a test by any of its elements (S203).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import ip_network
from typing import Final, assert_never

from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Compare,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    KeywordValue,
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
    TextPart,
    TimePart,
    Value,
    Wildcard,
)

#: How many alternatives a proof may try, one after the other.
MAX_SPLITS: Final = 64
#: Patterns longer than this are only compared for being equal.
_MAX_TOKENS: Final = 256


class _Atom:
    """A test that remembers its hash: it is looked up far more often than made."""

    __slots__ = ("about", "hashed", "test")

    def __init__(self, test: Test | Keyword | Element) -> None:
        self.test = test
        self.about = "" if isinstance(test, Keyword) else test.field
        self.hashed = hash(test)

    def __hash__(self) -> int:
        return self.hashed

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, _Atom) and self.hashed == other.hashed and self.test == other.test
        )


class _Literal:
    __slots__ = ("atom", "holds")

    def __init__(self, atom: _Atom, holds: bool) -> None:  # noqa: FBT001 - made by the million
        self.atom = atom
        self.holds = holds


@dataclass(frozen=True, slots=True)
class _All:
    items: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Any:
    items: tuple[_Node, ...]


_Node = _Literal | _All | _Any


class Formula:
    """An expression made ready for proofs; worth keeping where it takes part in several."""

    def __init__(self, expression: Expr) -> None:
        self.expression = expression

    @cached_property
    def positive(self) -> _Node:
        """The expression with negations at the tests alone."""
        return _normal(self.expression, holds=True)

    @cached_property
    def negative(self) -> _Node:
        """Its negation in the same form."""
        return _normal(self.expression, holds=False)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that it tests; ``""`` for keywords."""
        return _fields(self.positive)

    @cached_property
    def demands(self) -> frozenset[str]:
        """The fields of which something must hold whenever it does."""
        return _demands(self.positive)

    @cached_property
    def unnegated(self) -> bool:
        """Whether nothing in it is negated, so that it does not contradict itself."""
        return _unnegated(self.positive)


def implies(first: Expr | Formula, second: Expr | Formula) -> bool:
    """Whether it is proven that each event that satisfies the first satisfies the second."""
    one, other = _formula(first), _formula(second)
    if other.demands - one.fields and one.unnegated:
        return False  # the first says nothing of what the second asks for
    return _refuted([one.positive, other.negative])


def equivalent(first: Expr | Formula, second: Expr | Formula) -> bool:
    """Whether both hold for the same events, as far as can be proven."""
    one, other = _formula(first), _formula(second)
    return implies(one, other) and implies(other, one)


def unsatisfiable(*expressions: Expr | Formula) -> bool:
    """Whether it is proven that no event satisfies all of the expressions."""
    formulas = [_formula(each) for each in expressions]
    if all(each.unnegated for each in formulas):
        return False
    return _refuted([each.positive for each in formulas])


def tautology(expression: Expr | Formula) -> bool:
    """Whether it is proven that every event satisfies the expression."""
    formula = _formula(expression)
    if formula.demands:
        return False  # an event without fields does not satisfy it
    return _refuted([formula.negative])


def _formula(given: Expr | Formula) -> Formula:
    return given if isinstance(given, Formula) else Formula(given)


def _fields(node: _Node) -> frozenset[str]:
    if isinstance(node, _Literal):
        return frozenset((node.atom.about,))
    return frozenset().union(*map(_fields, node.items))


def _demands(node: _Node) -> frozenset[str]:
    match node:
        case _Literal():
            return frozenset((node.atom.about,)) if _is_demand(node) else frozenset()
        case _All(items):
            return frozenset().union(*map(_demands, items))
        case _Any((first, *rest)):
            return _demands(first).intersection(*map(_demands, rest))
        case _Any():
            return frozenset()
        case _:
            assert_never(node)


def _is_demand(literal: _Literal) -> bool:
    test = literal.atom.test
    return literal.holds and not (isinstance(test, Test) and isinstance(test.value, Null))


def _unnegated(node: _Node) -> bool:
    if isinstance(node, _Literal):
        return node.holds
    return bool(node.items) and all(map(_unnegated, node.items))


def _normal(node: Expr, *, holds: bool) -> _Node:
    """The expression or its negation, with negations at the tests alone."""
    match node:
        case Test(value=Exists(expected=False)):
            return _Literal(_Atom(Test(node.field, Exists(expected=True))), not holds)
        case Test():
            return _Literal(_Atom(Test(node.field, _plain(node.value))), holds)
        case Keyword():
            return _Literal(_Atom(Keyword(_plain_keyword(node.value))), holds)
        case Element():
            return _Literal(_Atom(node), holds)
        case Not(item):
            return _normal(item, holds=not holds)
        case Selection(item=item):
            return _normal(item, holds=holds)
        case And(items) | Or(items):
            parts = tuple(_normal(item, holds=holds) for item in items)
            return _All(parts) if isinstance(node, And) == holds else _Any(parts)
        case _:
            assert_never(node)


def _plain(value: Value) -> Value:
    """One spelling for values that are equal to the same (S301, S306, S351, S352)."""
    match value:
        case Text() | Number() | Boolean():
            return _plain_text(value)
        case Null() | Exists() | Regex() | Network() | Compare() | TimePart() | FieldRef():
            return value
        case _:
            assert_never(value)


def _plain_keyword(value: KeywordValue) -> KeywordValue:
    match value:
        case Text() | Number() | Boolean():
            return _plain_text(value)
        case Regex() | Network():
            return value
        case _:
            assert_never(value)


def _plain_text(value: Text | Number | Boolean) -> Text | Number:
    match value:
        case Text(parts, cased):
            if cased:
                return value
            return Text(tuple(p.lower() if isinstance(p, str) else p for p in parts))
        case Boolean(boolean):
            return Text(("true" if boolean else "false",))
        case Number(number):
            return Text((str(number),)) if isinstance(number, int) else value
        case _:
            assert_never(value)


@dataclass(slots=True)
class _Facts:
    """The literals that a proof has so far, found by the field that they are about."""

    positive: dict[str, dict[_Atom, None]] = field(default_factory=dict)
    negative: dict[str, dict[_Atom, None]] = field(default_factory=dict)

    def add(self, literal: _Literal) -> None:
        table = self.positive if literal.holds else self.negative
        table.setdefault(literal.atom.about, {})[literal.atom] = None

    def proves(self, atom: _Atom, *, holds: bool) -> bool:
        """Whether a literal follows from a single fact."""
        facts = (self.positive if holds else self.negative).get(atom.about)
        if facts is None:
            return False
        if atom in facts:
            return True
        test = atom.test
        if holds:
            return any(_implies(fact.test, test) for fact in facts)
        return any(_implies(test, fact.test) for fact in facts)

    def refutes(self, literal: _Literal) -> bool:
        """Whether the literal contradicts a single fact."""
        return self.proves(literal.atom, holds=not literal.holds)

    def copy(self) -> _Facts:
        return _Facts(
            {name: dict(atoms) for name, atoms in self.positive.items()},
            {name: dict(atoms) for name, atoms in self.negative.items()},
        )


def _refuted(nodes: Iterable[_Node]) -> bool:
    return _search(_Facts(), list(nodes), MAX_SPLITS)


def _search(facts: _Facts, waiting: list[_Node], splits: int) -> bool:
    """Whether facts and nodes together are contradictory; unit propagation, then cases."""
    choices: list[_Any] = []
    while True:
        while waiting:
            node = waiting.pop()
            match node:
                case _Literal():
                    if facts.refutes(node):
                        return True
                    facts.add(node)
                case _All(items):
                    waiting += items
                case _Any():
                    choices.append(node)
                case _:
                    assert_never(node)
        open_choices: list[_Any] = []
        for choice in choices:
            left = _left(choice, facts)
            if left is None:
                continue  # it holds already
            if not left:
                return True
            if len(left) == 1:
                waiting.append(left[0])
            else:
                open_choices.append(_Any(tuple(left)))
        choices = open_choices
        if not waiting:
            break
    if not choices or splits <= 0:
        return False
    choice = min(choices, key=lambda each: len(each.items))
    if len(choice.items) > splits:
        return False
    rest = [each for each in choices if each is not choice]
    share = splits // len(choice.items) - 1
    return all(_search(facts.copy(), [*rest, case], share) for case in choice.items)


def _left(choice: _Any, facts: _Facts) -> list[_Node] | None:
    """The alternatives that the facts leave, None when one of them holds anyway."""
    left: list[_Node] = []
    for item in choice.items:
        state = _state(item, facts)
        if state is True:
            return None
        if state is None:
            left.append(item)
    return left


def _state(node: _Node, facts: _Facts) -> bool | None:
    """What the facts say of a node."""
    match node:
        case _Literal():
            if facts.proves(node.atom, holds=node.holds):
                return True
            return False if facts.refutes(node) else None
        case _All(items) | _Any(items):
            decisive = isinstance(node, _Any)
            unknown = False
            for item in items:
                state = _state(item, facts)
                if state is decisive:
                    return decisive
                unknown = unknown or state is None
            return None if unknown else not decisive
        case _:
            assert_never(node)


def _implies(first: Test | Keyword | Element, second: Test | Keyword | Element) -> bool:
    """Whether one test on a field implies another one, that is not equal, on the same field."""
    if isinstance(first, Keyword) and isinstance(second, Keyword):
        one, other = first.value, second.value
        # A keyword is looked for anywhere in a value.
        if isinstance(one, Text) and isinstance(other, Text):
            return text_implies(_anywhere(one), _anywhere(other))
        return False
    if not isinstance(first, Test) or not isinstance(second, Test):
        return False
    return value_implies(first.value, second.value)


def value_implies(first: Value, second: Value) -> bool:
    """Whether a value that satisfies the first always satisfies the second."""
    match second:
        case Exists(expected):
            return expected and not isinstance(first, (Null, Exists))
        case Text():
            return isinstance(first, Text) and text_implies(first, second)
        case Compare(op, bound):
            return _within(first, op, bound)
        case Network(cidr):
            return isinstance(first, Network) and _is_subnet(first.cidr, cidr)
        case Regex():
            return isinstance(first, Text) and _matches_plain(first, second)
        case Number() | Boolean() | Null() | TimePart() | FieldRef():
            return first == second
        case _:
            assert_never(second)


def _anywhere(text: Text) -> Text:
    return Text((Wildcard.MANY, *text.parts, Wildcard.MANY), text.cased)


_Token = str | Wildcard | Placeholder


@lru_cache(maxsize=65536)
def text_implies(first: Text, second: Text) -> bool:
    """Whether every text that fits the first pattern fits the second."""
    if second.cased and not first.cased:
        return False
    if first.cased and not second.cased:
        first = _folded(first)
    needed = [part for part in second.parts if isinstance(part, str)]
    given = [part for part in first.parts if isinstance(part, str)]
    if any(not any(each in part for part in given) for each in needed):
        return False  # most pairs end here
    one, other = _tokens(first.parts), _tokens(second.parts)
    if len(one) > _MAX_TOKENS or len(other) > _MAX_TOKENS:
        return one == other
    return _covers(other, one)


def _folded(text: Text) -> Text:
    return Text(tuple(p.lower() if isinstance(p, str) else p for p in text.parts))


def _tokens(parts: Iterable[TextPart]) -> list[_Token]:
    tokens: list[_Token] = []
    for part in parts:
        if isinstance(part, str):
            tokens += part
        elif part is not Wildcard.MANY or tokens[-1:] != [Wildcard.MANY]:
            tokens.append(part)
    return tokens


def _covers(pattern: list[_Token], covered: list[_Token]) -> bool:
    """Whether a pattern fits another one, whose wildcards count as characters of their own.

    ``*`` takes any run of tokens, ``?`` a character or a ``?``, all else only its equal.
    """
    reached = {0}
    reached = set(_skipping(reached, pattern))
    for token in covered:
        after: set[int] = set()
        for at in reached:
            if at == len(pattern):
                continue
            wanted = pattern[at]
            if wanted is Wildcard.MANY:
                after.add(at)
            elif wanted == token or (
                wanted is Wildcard.ONE
                and token is not Wildcard.MANY
                and not isinstance(token, Placeholder)
            ):
                after.add(at + 1)
        reached = set(_skipping(after, pattern))
        if not reached:
            return False
    return len(pattern) in reached


def _skipping(reached: Iterable[int], pattern: list[_Token]) -> Iterator[int]:
    for at in reached:
        yield at
        while at < len(pattern) and pattern[at] is Wildcard.MANY:
            at += 1  # noqa: PLW2901 - a star may be empty
            yield at


def _within(value: Value, op: str, bound: float) -> bool:
    """Whether a number or a comparison lies within another comparison."""
    match value:
        case Text(parts) if value.literal is not None and parts:
            number = _number(value.literal)
            return number is not None and _compares(number, op, bound)
        case Number(number):
            return _compares(number, op, bound)
        case Compare(own, limit):
            if own[0] != op[0]:
                return False
            if limit == bound:
                return own == op or op.endswith("e")
            return limit < bound if op[0] == "l" else limit > bound
        case _:
            return False


def _number(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isascii() and text.lstrip("-").isdigit() else None


def _compares(number: float, op: str, bound: float) -> bool:
    match op:
        case "lt":
            return number < bound
        case "lte":
            return number <= bound
        case "gt":
            return number > bound
        case _:
            return number >= bound


@lru_cache(maxsize=4096)
def _is_subnet(first: str | Placeholder, second: str | Placeholder) -> bool:
    if isinstance(first, Placeholder) or isinstance(second, Placeholder):
        return False
    one, other = ip_network(first, strict=False), ip_network(second, strict=False)
    if one.version != other.version:
        return False
    return int(one.network_address) >= int(other.network_address) and int(
        one.broadcast_address
    ) <= int(other.broadcast_address)


def _matches_plain(text: Text, regex: Regex) -> bool:
    """Whether a literal text fits an expression; what only folds to it in case is not known to."""
    literal = text.literal
    if literal is None or not literal or any(isinstance(p, Placeholder) for p in regex.parts):
        return False
    if not (text.cased or regex.ignore_case or not any(char.isalpha() for char in literal)):
        return False
    if not literal.isascii():
        return False
    return _search_re2(regex, literal)


@lru_cache(maxsize=4096)
def _search_re2(regex: Regex, literal: str) -> bool:
    from jumpsigma.ir.regex import compiled

    return compiled(regex).search(literal) is not None
