"""Sigma itself, for products whose rules are Sigma detections in a dialect of their own.

What is written is the part ``detection`` of a rule, from the IR: with the words of the mapping,
filters taken in, lists and encodings written out. Modifiers are ``contains``, ``startswith``,
``endswith``, ``all``, ``re`` and ``cidr``; expressions are in RE2's syntax and have to match the
whole value (that is how Sekoia.io has it). Values are texts, quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_network
from typing import Final, assert_never

from jumpsigma.export.language import Clause, Language
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.dump import children
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
    RuleIR,
    Selection,
    Test,
    Text,
    TextPart,
    TimePart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import compiled, escape
from jumpsigma.matcher.runtime import text_of

#: A key of a map (field and modifiers) and its alternatives.
Entry = tuple[str, tuple[str, ...]]
Map = dict[str, tuple[str, ...]]

_ANY: Final = "(?s:.*)"
_NAME: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)
_WORDS: Final = frozenset({"all", "and", "any", "condition", "not", "of", "or", "them"})
#: Flags that a source begins with; Python's `re`, which parsers try it with, takes them only there.
_FLAGS: Final = re.compile(r"\(\?([ims]+)\)")
#: IPv4 addresses as IPv6 has them (S354).
_MAPPED: Final = int(ip_network("::ffff:0:0/96").network_address)
_MISSING: Final = "an empty value: Sekoia's parser drops null and empty values"


class Sigma(Language):
    """See the module."""

    def query(self, rule: RuleIR) -> str:
        """The YAML of ``detection``.

        Raises :class:`CannotSayError`.
        """
        return _Written(self, rule.condition).text()

    def test(self, test: Test) -> Clause:
        """Detections are written by :class:`_Written`."""
        raise AssertionError(f"{test!r} is no text by itself")

    def entry(self, test: Test | Keyword | Element) -> Entry:
        """One test as a key and its alternatives.

        Raises :class:`CannotSayError`.
        """
        try:
            match test:
                case Keyword():
                    self.keyword(test)
                    raise AssertionError("keywords are refused")
                case Element():
                    self.element(test)
                    raise AssertionError("elements are refused")
                case Test(name, Text() as value):
                    return _text(name, value)
                case Test(name, value):
                    return _other(name, value)
                case _:
                    assert_never(test)
        except CannotSayError as error:
            error.place = error.place or test.place
            raise


@dataclass
class _Written:
    """The detections of one rule, in the order in which its condition names them."""

    language: Sigma
    condition: Expr
    detections: dict[str, Map | list[Map]] = field(default_factory=dict)
    names: dict[Expr, str] = field(default_factory=dict)
    """What the rule's author called some parts."""

    def text(self) -> str:
        self.names = {
            simplified(each.item): each.name
            for each in _selections(self.condition)
            if _NAME.fullmatch(each.name) and each.name.lower() not in _WORDS
        }
        condition = self._expression(simplified(self.condition), "selection")
        lines = ["detection:"]
        for name, detection in self.detections.items():
            lines += [f"  {name}:", *_lines(detection)]
        return "\n".join([*lines, f"  condition: {condition}"])

    def _expression(self, expr: Expr, kind: str, *, alone: bool = True) -> str:
        """A condition over detections; in parentheses where it does not stand alone."""
        match expr:
            case And(()) | Or(()):
                self.language.constant(holds=isinstance(expr, And))
                raise AssertionError("constants are refused")
            case Not(item):
                return f"not {self._expression(item, 'filter', alone=False)}"
            case And(items):
                return self._conjunction(items, kind, alone=alone)
            case Or(items):
                return self._disjunction(expr, items, kind, alone=alone)
            case Test() | Keyword() | Element():
                return self._named(dict([self.language.entry(expr)]), expr, kind)
            case Selection(item=item):
                return self._expression(item, kind, alone=alone)
            case _:
                assert_never(expr)

    def _conjunction(self, items: Sequence[Expr], kind: str, *, alone: bool) -> str:
        entries = [(item, self._entry(item)) for item in items]
        packed = _packed(entry for _, entry in entries if entry is not None)
        rest = [item for item, entry in entries if entry is None]
        said = tuple(item for item, entry in entries if entry is not None)
        whole = said[0] if len(said) == 1 else And(said)
        parts = [self._named(each, whole if len(packed) == 1 else None, kind) for each in packed]
        parts += [self._expression(item, kind, alone=False) for item in rest]
        return _joined("and", parts, alone=alone)

    def _disjunction(self, expr: Expr, items: Sequence[Expr], kind: str, *, alone: bool) -> str:
        entry = self._entry(expr)
        if entry is not None:
            return self._named(dict([entry]), expr, kind)
        maps: dict[Expr, Map] = {}
        rest: list[Expr] = []
        for item in items:
            found = self._maps(item)
            if found is None or len(found) > 1:
                rest.append(item)
            else:
                maps[item] = found[0]
        whole = expr if not rest else next(iter(maps)) if len(maps) == 1 else None
        parts = [self._named(_merged([*maps.values()]), whole, kind)] if maps else []
        parts += [self._expression(item, kind, alone=False) for item in rest]
        return _joined("or", parts, alone=alone)

    def _maps(self, expr: Expr) -> list[Map] | None:
        """A conjunction as maps that all hold; None where something of it is no entry."""
        entries = [self._entry(item) for item in (expr.items if isinstance(expr, And) else (expr,))]
        if not entries or any(entry is None for entry in entries):
            return None
        return _packed(entry for entry in entries if entry is not None)

    def _entry(self, expr: Expr) -> Entry | None:
        """A test, or alternatives of one field, as an entry of a map."""
        match expr:
            case Test() | Keyword() | Element():
                return self.language.entry(expr)
            case Or(items) if items and all(isinstance(item, Test) for item in items):
                found = [self.language.entry(item) for item in items if isinstance(item, Test)]
                if len({key for key, _ in found}) > 1:
                    return None
                return found[0][0], tuple(dict.fromkeys(v for _, values in found for v in values))
            case _:
                return None

    def _named(self, detection: Map | list[Map], expr: Expr | None, kind: str) -> str:
        """The name under which a detection stands."""
        wanted = self.names.get(expr, kind) if expr is not None else kind
        name, number = wanted, 2
        while name in self.detections and self.detections[name] != detection:
            name, number = f"{wanted}_{number}", number + 1
        self.detections[name] = detection
        return name


def _joined(word: str, parts: list[str], *, alone: bool) -> str:
    text = f" {word} ".join(parts)
    return text if alone or len(parts) == 1 else f"({text})"


def _packed(entries: Iterator[Entry]) -> list[Map]:
    """Entries in as few maps as have them all; values that must all be there with ``all``."""
    maps: list[Map] = []
    for key, values in entries:
        every = f"{key}|all"
        first = next((each for each in maps if len(each.get(key, ())) == 1 or every in each), None)
        if first is not None and len(values) == 1 and key.partition("|")[2] != "":
            before = first.pop(key, ()) or first.pop(every)
            first[every] = tuple(dict.fromkeys((*before, *values)))
            continue
        free = next((each for each in maps if key not in each), None)
        if free is None:
            maps.append(free := {})
        free[key] = values
    return maps


def _merged(maps: list[Map]) -> list[Map] | Map:
    """Alternatives, those of one key joined where the first of them stood."""
    found: list[Map] = []
    places: dict[str, int] = {}
    for each in maps:
        (key, values), *more = each.items()
        if more or key.endswith("|all"):
            found.append(each)
        elif key in places:
            at = places[key]
            found[at] = {key: tuple(dict.fromkeys((*found[at][key], *values)))}
        else:
            places[key] = len(found)
            found.append(each)
    return found[0] if len(found) == 1 else found


# --- tests ----------------------------------------------------------------------------------


def _text(name: str, value: Text) -> Entry:
    if all(part is Wildcard.MANY for part in value.parts):
        raise CannotSayError(_MISSING)
    if value.cased:
        middle = "".join(map(_expression_of, value.parts))
        return _key(name, "re"), (middle,)
    if any(not char.isascii() and char.lower() != char.upper() for char in _letters(value.parts)):
        raise CannotSayError("letters outside ASCII in any case")
    many = Wildcard.MANY
    match value.parts:
        case (first, str() as text, last) if first is many and last is many:
            return _key(name, "contains"), (_escaped(text),)
        case (str() as text, last) if last is many:
            return _key(name, "startswith"), (_escaped(text),)
        case (first, str() as text) if first is many:
            return _key(name, "endswith"), (_escaped(text),)
        case parts:
            return _key(name), ("".join(map(_escaped, parts)),)


def _other(name: str, value: Value) -> Entry:
    match value:
        case Number(wanted) | Boolean(wanted):
            return _key(name), (str(text_of(wanted)),)
        case Regex():
            return _key(name, "re"), (_whole(value),)
        case Network(str(cidr)):
            return _key(name, "cidr"), _networks(cidr)
        case Null() | Exists():
            raise CannotSayError(_MISSING)
        case Text() | Network() | Compare() | TimePart() | FieldRef():
            raise CannotSayError(f"a {type(value).__name__.lower()}")
        case _:
            assert_never(value)


def _whole(value: Regex) -> str:
    """An expression that matches the whole value where this one finds something."""
    if compiled(value).search(""):
        raise CannotSayError(_MISSING)
    source = "".join(part for part in value.parts if isinstance(part, str))
    flags = "".join(
        letter
        for letter, is_set in zip(
            "ims", (value.ignore_case, value.multi_line, value.dot_all), strict=True
        )
        if is_set
    )
    if found := _FLAGS.match(source):
        flags, source = "".join(dict.fromkeys(flags + found[1])), source[found.end() :]
    start, end = "" if value.anchor_start else _ANY, "" if value.anchor_end else _ANY
    return f"{start}(?{flags}:{source}){end}"


def _networks(cidr: str) -> tuple[str, ...]:
    network = ip_network(cidr)
    if not isinstance(network, IPv4Network):
        return (cidr,)
    mapped = ip_network((_MAPPED + int(network.network_address), 96 + network.prefixlen))
    return cidr, str(mapped)


def _expression_of(part: TextPart) -> str:
    match part:
        case str():
            return escape(part)
        case Wildcard():
            return _ANY if part is Wildcard.MANY else "(?s:.)"
        case Placeholder():
            raise AssertionError("lists are written out before")
        case _:
            assert_never(part)


def _escaped(part: TextPart) -> str:
    match part:
        case str():
            return re.sub(r"[\\*?]", r"\\\g<0>", part)
        case Wildcard():
            return part.value
        case Placeholder():
            raise AssertionError("lists are written out before")
        case _:
            assert_never(part)


def _letters(parts: Sequence[TextPart]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


def _selections(expr: Expr) -> Iterator[Selection]:
    if isinstance(expr, Selection):
        yield expr
    for child in children(expr):
        yield from _selections(child)


# --- YAML -----------------------------------------------------------------------------------


def _key(name: str, modifier: str = "") -> str:
    if not re.fullmatch(r"[\w.@-]+", name):
        raise CannotSayError(f"the field name {name!r}")
    return f"{name}|{modifier}" if modifier else name


def _lines(detection: Map | list[Map]) -> Iterator[str]:
    if isinstance(detection, dict):
        yield from _map_lines(detection, "    ", "    ")
        return
    for each in detection:
        yield from _map_lines(each, "  - ", "    ")


def _map_lines(entries: Map, first: str, margin: str) -> Iterator[str]:
    for number, (key, values) in enumerate(entries.items()):
        head = f"{margin if number else first}{key}:"
        if len(values) == 1:
            yield f"{head} {_quoted(values[0])}"
        else:
            yield head
            yield from (f"{margin}- {_quoted(value)}" for value in values)


def _quoted(text: str) -> str:
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = "".join(
        f"\\{char}" if char in '"\\' else char if char.isprintable() else f"\\U{ord(char):08x}"
        for char in text
    )
    return f'"{escaped}"'
