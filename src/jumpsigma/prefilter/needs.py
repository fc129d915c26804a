"""What must literally stand in the raw bytes of an event for a rule to hold.

A condition becomes a tree of necessary conditions: an :class:`Atom` must match the bytes, an
:class:`All` needs all of its items, a :class:`Some` one of them, and ``None`` says that nothing is
known. A line that misses what its rule needs cannot satisfy it, so it need not be parsed.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
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
)
from jumpsigma.prefilter import spelling
from jumpsigma.prefilter.expressions import Texts, texts_of

_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]+)?")
#: So many expressions are kept of one value.
_MOST_WORDS = 2
_WHOLE_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|(\\))")
_LITERAL = re.compile(r"(?:[^\\\[({|*+?.^$]|\\x[0-9a-f]{2}|\\\\)*")


@dataclass(frozen=True, slots=True)
class Atom:
    """A Hyperscan expression over the bytes of one event.

    ``number``: it is about a number, which some events hide.
    """

    pattern: str
    caseless: bool = True
    number: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether the expression is one text."""
        return _LITERAL.fullmatch(self.pattern) is not None

    @property
    def text(self) -> bytes:
        """The one text."""
        return _ESCAPED.sub(_unescaped, self.pattern).encode("ascii")


def _unescaped(found: re.Match[str]) -> str:
    return found[2] or chr(int(found[1], 16))


@dataclass(frozen=True, slots=True)
class Listed:
    """The value of a field consists of these parts, of which some are values of lists (S471-S476).

    ``pattern`` matches the key up to the value; what is on a list is known at run time. Without a
    pattern all that is known is that an empty list gives no value.
    """

    pattern: str
    parts: tuple[TextPart, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The lists."""
        return tuple(part.name for part in self.parts if isinstance(part, Placeholder))

    @property
    def atom(self) -> Atom:
        """What matches where such a field has any value."""
        return Atom(self.pattern, caseless=False)


@dataclass(frozen=True, slots=True)
class All:
    """All of the items are needed."""

    items: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the items is needed; of none, nothing ever suffices."""

    items: tuple[Need, ...]


Need = Atom | Listed | All | Some


def keys_of(expr: Expr) -> Need | None:
    """As :func:`needs_of`, of the fields alone: what settles the matter for most rules."""
    return _Derivation(values=False).needs(expr)


def needs_of(expr: Expr) -> Need | None:
    """What an event must have in its bytes for the condition to hold, None when it may be anything.

    Soundness rests on two things: escapes that could hide a text are looked for apart
    (:data:`jumpsigma.prefilter.spelling.HIDING`), and a missing field satisfies nothing but what is
    left out here (``null``, ``exists: false``, ``not``).
    """
    return _Derivation(values=True).needs(expr)


def denied_of(expr: Expr) -> Need | None:
    """What an event must have in its bytes for the condition *not* to hold.

    One without it satisfies the condition, which is known without parsing it. None: not known.
    """
    return _Derivation(values=True).denied(expr)


class _Derivation:
    """What conditions need: of their fields, and with ``values`` of their values too."""

    def __init__(self, *, values: bool) -> None:
        self._values = values

    def needs(self, expr: Expr) -> Need | None:
        match expr:
            case And(items):
                return both(map(self.needs, items))
            case Or(items):
                return either(map(self.needs, items))
            case Not(item):
                return self.denied(item)
            case Selection(item=item):
                return self.needs(item)
            case Test(field, value):
                return self.test(field, value)
            case Keyword(value):
                return _keyword_needs(value) if self._values else None
            case Element(field, name, item):
                inside = self.needs(item)
                if inside is None:  # it may hold of an absent element (S254)
                    return None
                named = None if name is None else self.test("field", Text((name,)))
                return both([_path_needs(field), named, inside])
            case _:
                assert_never(expr)

    def denied(self, expr: Expr) -> Need | None:
        """What an event must have for the condition *not* to hold."""
        match expr:
            case And(items):
                return either(map(self.denied, items))
            case Or(items):
                return both(map(self.denied, items))
            case Not(item):
                return self.needs(item)
            case Selection(item=item):
                return self.denied(item)
            case Test(field, Null()) | Test(field, Exists(expected=False)):
                return _path_needs(field)
            case Test() | Keyword() | Element():
                return None
            case _:
                assert_never(expr)

    def test(self, field: str, value: Value) -> Need | None:
        match value:
            case Null():
                return None
            case Exists(expected):
                return _path_needs(field) if expected else None
            case FieldRef(other):
                return both([_path_needs(field), _path_needs(other)])
            case _:
                return both(
                    [_path_needs(field), _value_needs(field, value) if self._values else None]
                )


def written(need: Need | None, values: Callable[[str], Collection[str] | None]) -> Need | None:
    """A need with the values of lists written out, of those for which ``values`` gives them."""
    match need:
        case None | Atom():
            return need
        case Listed(pattern, parts):
            if len(need.names) > 1:
                return need
            known = values(need.names[0])
            if not known or (pattern and len(parts) == 1 and any(map(_ADDRESS.fullmatch, known))):
                return need  # an address has many spellings (S474)
            texts = (_words(value.lower(), None, last=False) for value in known)
            return both([need, either(_longest(words, caseless=True) for words in texts)])
        case All(items):
            return both(written(item, values) for item in items)
        case Some(items):
            return either(written(item, values) for item in items)
        case _:
            assert_never(need)


def both(needs: Iterable[Need | None]) -> Need | None:
    """All that is known of several needs together."""
    known: dict[Need, None] = {}
    for need in needs:
        if isinstance(need, All):
            known.update(dict.fromkeys(need.items))
        elif need is not None:
            known[need] = None
    return All(tuple(known)) if len(known) > 1 else next(iter(known), None)


def either(needs: Iterable[Need | None]) -> Need | None:
    """What is known when one of several needs is met."""
    known: dict[Need, None] = {}
    for need in needs:
        if need is None:
            return None
        if isinstance(need, Some):
            known.update(dict.fromkeys(need.items))
        else:
            known[need] = None
    return next(iter(known)) if len(known) == 1 else Some(tuple(known))


@lru_cache(maxsize=4096)  # the same object each time: less to pickle
def _path_needs(field: str) -> Need | None:
    """The keys on the way to a field. The empty path is an element itself (S255)."""
    *before, last = field.split(".")
    needs: list[Need | None] = []
    for name in before:
        if pattern := spelling.key(name):
            # In a key that has dots there is one behind it (S202).
            dotted = Atom(f"{pattern[:-1]}\\x2e", caseless=False)
            needs.append(Some((Atom(pattern, caseless=False), dotted)))
    if pattern := spelling.key(last, alone=not before):
        needs.append(Atom(pattern, caseless=False))
    return both(needs)


def _value_needs(field: str, value: Value) -> Need | None:
    """What the value of a field needs, besides its keys."""
    last, alone = field.rpartition(".")[2], "." not in field
    match value:
        case Text((Placeholder() as part,)) | Network(Placeholder() as part):
            return Listed(spelling.any_value(last, alone=alone), (part,))
        case Text((str(text),)) if _WHOLE_NUMBER.fullmatch(text):
            return _number_needs(last, int(text), alone=alone)
        case Text(() | ("",)):
            pattern = spelling.no_text(last, alone=alone)
            return Atom(pattern, caseless=False) if pattern else None
        case Text(parts, cased):
            return _text_needs(parts, spelling.any_value(last, alone=alone), caseless=not cased)
        case Boolean(boolean):
            pattern = spelling.truth(last, value=boolean, alone=alone)
            return Atom(pattern) if pattern else None
        case Regex():
            return _regex_needs(value)
        case Network(str(cidr)):
            return _network_needs(cidr)
        case Number(number):
            return _number_needs(last, number, alone=alone)
        case Compare() | TimePart() | Null() | Exists() | FieldRef():
            return None
        case Network():
            raise AssertionError(value)
        case _:
            assert_never(value)


def _number_needs(last: str, number: float, *, alone: bool) -> Need | None:
    pattern = spelling.whole_number(last, number, alone=alone) if math.isfinite(number) else ""
    return Atom(pattern, caseless=False, number=True) if pattern else None


def _text_needs(parts: tuple[TextPart, ...], value: str, *, caseless: bool) -> Need | None:
    """What a text needs; ``value`` matches the field's key up to it."""
    words: list[str] = []
    for number, part in enumerate(parts, 1):
        if isinstance(part, str):
            text = _spelled(part, caseless=caseless)
            begun = spelling.beginning(text, whole=len(parts) == 1) if number == 1 else None
            if begun is not None and begun.endswith('"'):
                return Atom(begun, caseless)  # that is all of it
            words += _words(text, begun, last=number == len(parts))
    listed = Listed(value, parts) if any(isinstance(part, Placeholder) for part in parts) else None
    beyond = _beyond_ascii(_spelled(p, caseless=caseless) for p in parts if isinstance(p, str))
    return both([_lists_needs(parts), listed, _longest(words, caseless=caseless), beyond])


def _beyond_ascii(spelled: Iterable[str]) -> Need | None:
    """What an event has in which texts are, if one of them is not ASCII as it is compared."""
    if all(map(str.isascii, spelled)):
        return None
    return Atom(spelling.BEYOND_ASCII, caseless=False)


def _words(text: str, begun: str | None, *, last: bool) -> list[str]:
    """Expressions for the runs of a text that is a part of a value: its end, where it is last."""
    found = [run for run in spelling.runs(text) if spelling.stands(run)]
    words = [spelling.word(run) for run in found]
    if last and found and text.endswith(found[-1]):
        words[-1] = spelling.ending(found[-1])
    if begun is None:
        return words
    return [begun, *(word for word in words if word != begun[1:])]


def _longest(words: list[str], *, caseless: bool) -> Need | None:
    return both(Atom(word, caseless) for word in _rarest(words))


def _rarest(words: list[str]) -> list[str]:
    """Of many alternatives each expression counts; the longest are the rarest."""
    return sorted(words, key=len, reverse=True)[:_MOST_WORDS]


def _lists_needs(parts: Iterable[TextPart]) -> Need | None:
    """Values of lists are not looked for in part, but an empty list ends the matter."""
    return both(Listed("", (part,)) for part in parts if isinstance(part, Placeholder))


def _spelled(part: str, *, caseless: bool) -> str:
    """The part as it is compared (S301): what is lowered to ASCII is ASCII in the event."""
    return part.lower() if caseless else part


def _network_needs(cidr: str) -> Need | None:
    """What is common to the texts of all addresses in a network."""
    network = ipaddress.ip_network(cidr)
    if network.version == 6:
        pattern = spelling.groups(network.network_address.packed[: network.prefixlen // 16 * 2])
        return Atom(pattern) if pattern else None
    whole = network.prefixlen // 8
    if not whole:
        return None
    shared = ".".join(str(octet) for octet in network.network_address.packed[:whole])
    four = Atom(spelling.word(f"{shared}." if whole < 4 else shared))
    # As an IPv4-mapped IPv6 address, its octets may be written in hexadecimal digits.
    return Some((four, Atom("ffff:")))


def _regex_needs(value: Regex) -> Need | None:
    if not all(isinstance(part, str) for part in value.parts):
        return _lists_needs(value.parts)
    source = "".join(part for part in value.parts if isinstance(part, str))
    return _of_texts(texts_of(source))


def _of_texts(texts: str | Texts | None) -> Need | None:
    """Texts that an expression needs, as needs."""
    match texts:
        case None:
            return None
        case str():
            return _longest(_words(texts.lower(), None, last=False), caseless=True)
        case Texts(how, items):
            return (both if how == "all" else either)(map(_of_texts, items))
        case _:
            assert_never(texts)


def _keyword_needs(value: KeywordValue) -> Need | None:
    match value:
        case Text(parts, cased):
            spelled = [
                _spelled(part, caseless=not cased) for part in parts if isinstance(part, str)
            ]
            runs = [run for text in spelled for run in spelling.runs(text) if spelling.stands(run)]
            words = map(spelling.word_of_value, _rarest(runs))
            found = [Atom(word, not cased) for word in words]
            return both([_lists_needs(parts), *found, _beyond_ascii(spelled)])
        case Number():
            return None
        case Boolean(boolean):
            return Atom("true" if boolean else "false")
        case Regex():
            return _regex_needs(value)
        case Network(Placeholder() as part):
            return Listed("", (part,))
        case Network():
            return None
        case _:
            assert_never(value)
