"""Whether every event that satisfies one condition satisfies another, by structural rules.

The rules are sound and not complete: what they prove holds for every event, and what they do not
prove may hold all the same.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network
from typing import Final

from jumpsigma.interpret import ABSENT, holds
from jumpsigma.interpret.values import satisfies
from jumpsigma.ir.nodes import (
    And,
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
    Test,
    Text,
    TextPart,
    Value,
    Wildcard,
)

#: Pairs of conditions that are looked at for one question; wide conditions have many.
_MOST: Final = 200_000


class _TooWideError(Exception):
    """The conditions are too wide for structural rules."""


def implies(left: Expr, right: Expr) -> bool:
    """Whether ``left`` is proven to imply ``right``; both in normal form."""
    try:
        return _Prover().implies(left, right)
    except (_TooWideError, RecursionError):
        return False


class _Prover:
    def __init__(self) -> None:
        self._steps = 0

    def implies(self, left: Expr, right: Expr) -> bool:
        self._steps += 1
        if self._steps > _MOST:
            raise _TooWideError
        if left == right:
            return True
        if isinstance(left, Or):
            return all(self.implies(item, right) for item in left.items)
        if isinstance(right, And):
            return all(self.implies(left, item) for item in right.items)
        if isinstance(right, Or) and any(self.implies(left, item) for item in right.items):
            return True
        if isinstance(left, And):
            return any(self.implies(item, right) for item in left.items)
        return self._leaf(left, right)

    def _leaf(self, left: Expr, right: Expr) -> bool:
        match left, right:
            case Not(a), Not(b):
                return self.implies(b, a)
            case Element(field, name, a), Element(other, wanted, b):
                if field != other or not self.implies(a, b):
                    return False
                # Where there is no element, one is judged that is absent (S254).
                return wanted == name or (wanted is None and not holds(a, ABSENT))
            case Test(field, a), Test(other, b):
                return field == other and narrower(a, b)
            case Keyword(a), Keyword(b):
                if isinstance(a, Text) and isinstance(b, Text):
                    return _is_within(_anywhere(a), _anywhere(b))
                return a == b
            case _:
                return False


def narrower(left: Value, right: Value) -> bool:
    """Whether each value that satisfies ``left`` satisfies ``right``."""
    if left == right:
        return True
    match left, right:
        case (Null(), _) | (_, Null()) | (FieldRef(), FieldRef()):
            return False
        case Exists(expected), _:
            return False if expected else right == Exists(expected=False)
        case _, Exists(expected):
            return expected
        case Text(), Text():
            return _is_within(left, right)
        case Text(), Regex() | Network() | Compare() | Number():
            return _literal_satisfies(left, right)
        case Number(number), Compare():
            return satisfies(right, number)
        case Compare(op, number), Compare(other, bound):
            return _bounded(op, number, other, bound)
        case Network(str(inner)), Network(str(outer)):
            return _is_subnet(inner, outer)
        case _:
            return False


def _literal_satisfies(left: Text, right: Value) -> bool:
    literal = left.literal
    if literal is None or any(isinstance(part, Placeholder) for part in left.parts):
        return False
    has_case = not left.cased and literal.lower() != literal.upper()
    if isinstance(right, Regex):
        if any(isinstance(part, Placeholder) for part in right.parts):
            return False
        # Beyond ASCII, RE2 folds case in another way than S302.
        if has_case and not (right.ignore_case and literal.isascii()):
            return False
    elif isinstance(right, Network) and not isinstance(right.cidr, str):
        return False
    return satisfies(right, literal)


def _bounded(op: str, number: float, other: str, bound: float) -> bool:
    if op[0] != other[0]:
        return False
    if number == bound:
        return op == other or other.endswith("e")
    return number < bound if op[0] == "l" else number > bound


def _is_subnet(inner: str, outer: str) -> bool:
    a, b = ip_network(inner), ip_network(outer)
    if a.version == 4 and b.version == 4:
        return a.subnet_of(b)
    return a.version == 6 and b.version == 6 and a.subnet_of(b)


def _anywhere(text: Text) -> Text:
    return Text((Wildcard.MANY, *text.parts, Wildcard.MANY), text.cased)


@lru_cache(maxsize=65536)
def _is_within(left: Text, right: Text) -> bool:
    """Whether every text that fits ``left`` fits ``right`` (S303).

    The wildcards of ``left`` are letters that only wildcards of ``right`` take, which may miss an
    inclusion and never invents one.
    """
    if right.cased and not left.cased:
        has_case = any(part.lower() != part.upper() for part in left.parts if type(part) is str)
        if has_case:
            return False
    lower = not right.cased
    mine, theirs = _letters(left.parts, lower=lower), _letters(right.parts, lower=lower)
    # Which places of `right` can be reached when so much of `left` is read.
    places = _past_stars({0}, theirs)
    for letter in mine:
        reached: set[int] = set()
        for place in places:
            if place == len(theirs):
                continue
            taker = theirs[place]
            if taker is Wildcard.MANY:
                reached.add(place)
            elif taker == letter or (taker is Wildcard.ONE and type(letter) is str):
                reached.add(place + 1)
        places = _past_stars(reached, theirs)
        if not places:
            return False
    return len(theirs) in places


def _letters(parts: tuple[TextPart, ...], *, lower: bool) -> list[TextPart]:
    found: list[TextPart] = []
    for part in parts:
        found.extend((part.lower() if lower else part) if type(part) is str else (part,))
    return found


def _past_stars(places: set[int], letters: list[TextPart]) -> set[int]:
    found = set(places)
    for place in sorted(places):
        at = place
        while at < len(letters) and letters[at] is Wildcard.MANY:
            at += 1
            found.add(at)
    return found
