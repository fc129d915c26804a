"""What an index holds of a field, where it does not hold every value as a keyword.

The table ``kinds`` of a language: a kind to the fields that have it, by their names or with a ``*``
for the rest of a name; of a field that stands nowhere, ``kind`` (else ``keyword``) is its kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from ipaddress import ip_address, ip_network
from typing import Any, Final, assert_never

from jumpsigma.export.refusals import CannotSayError
from jumpsigma.interpret.values import text_of
from jumpsigma.ir.nodes import Boolean, Compare, Network, Number, Regex, Text, Wildcard
from jumpsigma.ir.regex import compiled

_OCTETS: Final = re.compile(r"([0-9]{1,3}\.){1,3}")


class Kind(StrEnum):
    """A type of fields."""

    KEYWORD = "keyword"
    """The text of each value, exactly."""
    DYNAMIC = "dynamic"
    """What the first value was that came: a text, a number or a boolean, and no other later."""
    BOOLEAN = "boolean"
    NUMBER = "number"
    ADDRESS = "address"
    DATE = "date"
    WORDS = "words"
    """Text that is taken apart into words: what it was cannot be asked."""
    FLAT = "flat"
    """An object whose values are keywords, and cannot be looked at with expressions."""


class Kinds:
    """The kinds of a language's fields."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._default = Kind(tables.get("kind", Kind.KEYWORD))
        self.exact: dict[str, Kind] = {}
        self._patterns: list[tuple[re.Pattern[str], Kind]] = []
        for kind, names in tables.get("kinds", {}).items():
            for name in names:
                if "*" in name:
                    self._patterns.append((re.compile(translate(name)), Kind(kind)))
                else:
                    self.exact[name] = Kind(kind)

    def of(self, field: str) -> Kind:
        """The kind of a field."""
        if field in self.exact:
            return self.exact[field]
        found = (kind for pattern, kind in self._patterns if pattern.match(field))
        return next(found, self._default)


# ------------------------------------------------------------- what is asked of a field of a kind
@dataclass(frozen=True, slots=True)
class Never:
    """No value of the kind satisfies the test."""


@dataclass(frozen=True, slots=True)
class Present:
    """Every value of the kind does."""


@dataclass(frozen=True, slots=True)
class Is:
    """The field is this boolean."""

    value: bool


@dataclass(frozen=True, slots=True)
class Equals:
    """The field is this number."""

    number: int | float


@dataclass(frozen=True, slots=True)
class Whole:
    """The field is this text."""

    text: str
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Fits:
    """The field is a text with wildcards."""

    text: Text


Asked = Never | Present | Is | Equals | Whole | Fits | Regex | Network | Compare
Typed = Text | Number | Boolean | Regex | Network | Compare


def asked(kind: Kind, field: str, value: Typed) -> Asked:
    """What a test on a field is to an index that has the field as something of a kind.

    Raises :class:`CannotSayError` for what the index does not know of it any more.
    """
    match kind:
        case Kind.KEYWORD | Kind.DYNAMIC | Kind.FLAT:
            return _of_text(kind, field, value)
        case Kind.BOOLEAN:
            which = _booleans(value)
            both = Present() if len(which) == 2 else Never()
            return Is(which.pop()) if len(which) == 1 else both
        case Kind.NUMBER:
            return _of_number(field, value)
        case Kind.ADDRESS:
            return _of_address(field, value)
        case Kind.WORDS:
            raise CannotSayError(f"the text of {field}, of which the index has words only")
        case Kind.DATE:
            raise CannotSayError(f"the text of {field}, which the index has as a time")
        case _:
            assert_never(kind)


def _of_text(kind: Kind, field: str, value: Typed) -> Asked:
    match value:
        case Text(cased=cased):
            literal = value.literal
            return Fits(value) if literal is None else Whole(literal, cased)
        case Number(number):
            return Whole(text_of(number) or "", cased=True)
        case Boolean(boolean):  # where its kind is not known, it is said as for both
            return Is(boolean) if kind is Kind.DYNAMIC else Whole(str(boolean).lower())
        case Compare() if kind is Kind.DYNAMIC:
            raise CannotSayError(f"a number in {field}, which may be a text in the index")
        case _:
            return value


def _booleans(value: Typed) -> set[bool]:
    """Which booleans satisfy a test (S306, S352, S364)."""
    words = {True: "true", False: "false"}
    match value:
        case Boolean(boolean):
            return {boolean}
        case Text():
            fits = _pattern(value)
            return {b for b, word in words.items() if fits.fullmatch(word)}
        case Regex():
            found = compiled(value)
            return {b for b, word in words.items() if found.search(word)}
        case _:
            return set()


def _pattern(value: Text) -> re.Pattern[str]:
    written = ""
    for part in value.parts:
        if isinstance(part, str):
            written += re.escape(part if value.cased else part.lower())
        else:
            written += ".*" if part is Wildcard.MANY else "."
    return re.compile(written, re.DOTALL)


def _of_number(field: str, value: Typed) -> Asked:
    match value:
        case Number(number):
            return Equals(number)
        case Compare():
            return value
        case Text((Wildcard.MANY,)):
            return Present()
        case Text(cased=cased):
            if (literal := value.literal) is None:
                raise CannotSayError(f"a part of {field}, which the index has as a number")
            return _spelled(literal if cased else literal.lower())
        case Regex():
            raise CannotSayError(f"an expression over {field}, which the index has as a number")
        case _:  # a boolean is no number, and an address is text
            return Never()


def _spelled(text: str) -> Asked:
    """The number that has this text (S306)."""
    for read in (int, float):
        try:
            number = read(text)
        except (ValueError, OverflowError):
            continue
        if text_of(number) == text:
            return Equals(number)
    return Never()


def _of_address(field: str, value: Typed) -> Asked:
    match value:
        case Network():
            return value
        case Text((Wildcard.MANY,)):
            return Present()
        case Text((str() as start, Wildcard.MANY)) if _OCTETS.fullmatch(start):
            octets = start.rstrip(".").split(".")
            network = ".".join([*octets, *["0"] * (4 - len(octets))])
            return Network(f"{network}/{8 * len(octets)}") if _is_address(network) else Never()
        case Text():
            if (literal := value.literal) is None:
                raise CannotSayError(f"a part of {field}, which the index has as an address")
            # Of one with several spellings the index knows one, which the README says.
            is_one = _is_address(literal) and str(ip_address(literal)) == literal.lower()
            return Network(str(ip_network(literal))) if is_one else Never()
        case Regex():
            raise CannotSayError(f"an expression over {field}, which the index has as an address")
        case _:  # no address is a number
            return Never()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
