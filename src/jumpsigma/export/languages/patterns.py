"""Values of a rule as regular expressions, for products that keep every value as a text.

A text, a number, a boolean and a network are each the set of texts that satisfy them, and
alternatives on one field are one expression. What is written uses literals, classes, groups, counts
and anchors only; how a literal looks is a :class:`Dialect`'s. ``.`` stands for any character, also
for a line break: whoever writes a pattern into a query sets the flag for that, and for case, as
:class:`Pattern` says.

Expressions of rules are RE2's. :func:`portable` writes them for another engine and refuses what it
might read otherwise.
"""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import assert_never

from jumpsigma.codegen.charset import PERL, POSIX, CharSet
from jumpsigma.export.addresses import address_pattern
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.interpret.values import satisfies, text_of
from jumpsigma.ir.nodes import (
    Boolean,
    Network,
    Number,
    Placeholder,
    Regex,
    Text,
    TextPart,
    Value,
    Wildcard,
)
from jumpsigma.ir.regex import compiled, source_of

#: A decimal number as S353 has it.
DECIMAL = "[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
#: One that JSON writes without an exponent.
PLAIN_DECIMAL = "-?[0-9]+(?:[.][0-9]+)?"
_META = frozenset("\\.+*?()|[]{}^$")
_REPEATED = re.compile(r"\{(?:0|[1-9][0-9]{0,8})(?:,(?:0|[1-9][0-9]{0,8})?)?\}")
_CONTROLS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
#: Where RE2 sees the border of a word, for engines whose own border may know other letters.
_BORDER = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))"
_MOST_LISTED = 40
#: Letters of which one becomes two, others become letters of ASCII, and others depend on the place.
_STRANGE = "\u0130\u017f\u212a\u03a3\u03c2\u03c3"


@dataclass(frozen=True, slots=True)
class Dialect:
    r"""How an engine's expressions look.

    ``escapes``: characters and what is written for them, before the general rule that a
    metacharacter gets a backslash and a control character ``\xHH``. ``end``: the very end of the
    text. ``borders``: whether the engine looks around, which word borders need.
    """

    escapes: tuple[tuple[str, str], ...] = ()
    end: str = r"\z"
    borders: bool = False

    def literal(self, char: str) -> str:
        """One character."""
        found = dict(self.escapes).get(char)
        if found is not None:
            return found
        if char in _META:
            return f"\\{char}"
        return f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else char

    def member(self, char: str) -> str:
        """One character in a class."""
        found = dict(self.escapes).get(char)
        if found is not None:
            return found
        return f"\\{char}" if char in "\\]^-[&~" else self.literal(char)


#: Of Go, which is RE2's.
GO = Dialect(end="$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression, as a part of a query may hold it.

    ``source`` has no anchors and, where ``groups`` is set, alternatives on its outermost level;
    ``start`` and ``end`` say whether it must begin and end where the text does. ``per_character``:
    it counts characters, which an engine that sees bytes would do otherwise beyond ASCII.
    """

    source: str
    start: bool = True
    end: bool = True
    ignore_case: bool = False
    any_character: bool = False
    per_character: bool = False
    groups: bool = False
    #: Whether an empty text satisfies it, where that is known.
    empty: bool | None = None

    @property
    def matches_empty(self) -> bool:
        """Whether an empty text satisfies it."""
        return self.matches("") if self.empty is None else self.empty

    @property
    def grouped(self) -> str:
        """The source as one atom."""
        return f"(?:{self.source})" if self.groups else self.source

    def anchored(self, dialect: Dialect) -> str:
        """The source with its anchors."""
        inside = self.grouped if self.start or self.end else self.source
        return f"{'^' if self.start else ''}{inside}{dialect.end if self.end else ''}"

    def matches(self, text: str) -> bool:
        """Whether a text of ASCII satisfies it."""
        flags = (re.IGNORECASE if self.ignore_case else 0) | re.ASCII | re.DOTALL
        start, end = (r"\A" if self.start else ""), (r"\Z" if self.end else "")
        inside = self.grouped.replace(r"\z", r"\Z")
        return re.search(f"{start}{inside}{end}", text, flags) is not None


def whole_texts(values: Sequence[Value], dialect: Dialect) -> Pattern:
    """One pattern for alternatives.

    They are texts (all in any case, or all cased), numbers, booleans and networks. Raises
    :class:`CannotSayError`.
    """
    parts: list[Pattern] = [_of_value(value, dialect) for value in values]
    empty = any(is_satisfied(value, "") for value in values)
    if len(parts) == 1:
        return replace(parts[0], empty=empty)
    # Where not all are anchored alike, `.*` makes them so, that they can stand side by side.
    start, end = any(part.start for part in parts), any(part.end for part in parts)
    sources = [_beside(part, start=start, end=end) for part in parts]
    return Pattern(
        "|".join(dict.fromkeys(sources)),
        start,
        end,
        ignore_case=any(part.ignore_case for part in parts),
        any_character=any(part.any_character for part in parts)
        or any(map(operator.ne, sources, [part.source for part in parts])),
        per_character=any(part.per_character for part in parts),
        groups=True,
        empty=empty,
    )


def is_satisfied(value: Value, text: str) -> bool:
    """Whether a text that is no address satisfies a value."""
    return not isinstance(value, Network) and satisfies(value, text)


def _beside(part: Pattern, *, start: bool, end: bool) -> str:
    if not part.source and not (part.start or part.end):
        return ".*"
    before, behind = start and not part.start, end and not part.end
    return f"{'.*' if before else ''}{part.source}{'.*' if behind else ''}"


def is_text_like(value: Value) -> bool:
    """Whether a value is a set of texts."""
    return isinstance(value, Text | Number | Boolean | Network)


def _of_value(value: Value, dialect: Dialect) -> Pattern:
    match value:
        case Text(parts, cased):
            return _text(parts, dialect, cased=cased)
        case Number(number):
            spelled = text_of(number) or ""
            if "e" in spelled or "n" in spelled.lower():
                raise CannotSayError(f"the number {spelled}, which has several spellings")
            return Pattern("".join(map(dialect.literal, spelled)))
        case Boolean(boolean):
            return Pattern("true" if boolean else "false", ignore_case=True)
        case Network(str() as cidr):
            # The one character in it that a dialect may have another meaning for.
            return Pattern(address_pattern(cidr).replace("/", dialect.literal("/")))
        case _:
            raise AssertionError(value)


def _text(parts: tuple[TextPart, ...], dialect: Dialect, *, cased: bool) -> Pattern:
    many = Wildcard.MANY
    start, end = not parts or parts[0] is not many, not parts or parts[-1] is not many
    inner = parts[0 if start else 1 : len(parts) if end else -1]
    if not start and not end and len(parts) == 1:  # `*` alone
        inner = ()
    written = []
    for part in inner:
        match part:
            case str():
                written.append(literal(part, dialect, cased=cased))
            case Wildcard():
                written.append(".*" if part is many else ".")
            case Placeholder():  # bound before
                raise AssertionError(part)
            case _:
                assert_never(part)
    letters = "".join(part for part in inner if isinstance(part, str))
    return Pattern(
        "".join(written),
        start,
        end,
        ignore_case=not cased and letters.lower() != letters.upper(),
        any_character=any(isinstance(part, Wildcard) for part in inner),
        per_character=Wildcard.ONE in inner,
    )


def literal(text: str, dialect: Dialect, *, cased: bool) -> str:
    """Literal text; without ``cased`` for a place where case counts for nothing.

    Raises :class:`CannotSayError` for letters whose forms engines join otherwise than S301.
    """
    if text.isascii():
        return text.translate(_plain(dialect))
    if cased:
        return "".join(map(dialect.literal, text))
    strange = sorted({*text} & set(_STRANGE))
    if strange or "i\u0307" in text.lower():
        letters = " and ".join(strange) or "i with a dot above"
        raise CannotSayError(f"{text!r} in any case: {letters} has no single other form")
    return "".join(_folded(char, dialect) for char in text)


@cache
def _plain(dialect: Dialect) -> dict[int, str]:
    """How a dialect writes the characters of ASCII, for ``str.translate``."""
    return {code: dialect.literal(chr(code)) for code in range(128)}


def _folded(char: str, dialect: Dialect) -> str:
    if char.isascii() or (char.upper() == char == char.lower()):
        return dialect.literal(char)
    forms = _forms().get(char.lower(), set())
    if forms != _joined().get(char.casefold()):
        raise CannotSayError(f"{char!r} in any case: it has no single other form")
    return f"(?:{'|'.join(sorted(forms, reverse=True))})" if len(forms) > 1 else char


@cache
def _forms() -> dict[str, set[str]]:
    """By a lowered letter beyond ASCII, all that ``lower`` makes it of."""
    found: dict[str, set[str]] = {}
    for char in _cased():
        found.setdefault(char.lower(), set()).add(char)
    return found


@cache
def _joined() -> dict[str, set[str]]:
    """By what it is casefolded to, the letters that an engine may take for one another."""
    found: dict[str, set[str]] = {}
    for char in _cased():
        found.setdefault(char.casefold(), set()).add(char)
    return found


@cache
def _cased() -> tuple[str, ...]:
    points = map(chr, range(0x80, sys.maxunicode + 1))
    return tuple(char for char in points if char.lower() != char or char.upper() != char)


# --------------------------------------------------------------------------- expressions of rules
def as_it_stands(value: Regex) -> Pattern:
    """An expression of RE2 for Go, which has the same ones, but for some.

    Raises :class:`CannotSayError`.
    """
    source = source_of(value)
    if re.search(r"(?<!\\)(?:\\\\)*\\[CQ]", source):
        raise NotWrittenError("an expression with \\C or \\Q")
    return Pattern(source, False, False, groups=True, empty=bool(compiled(value).search("")))


def portable(value: Regex, dialect: Dialect) -> Pattern:
    """An expression of RE2 for an engine of another kind; it need not match the whole text.

    Raises :class:`CannotSayError` where the engines could differ.
    """
    flags, source = _leading_flags(source_of(value))
    if "m" in flags:
        raise CannotSayError("an expression with the flag m: engines differ about line ends")
    reader = _Reader(source, dialect, ignore_case="i" in flags, dot_all="s" in flags)
    written = reader.alternatives(0)
    if reader.at != len(source):
        raise NotWrittenError(f"the expression {source!r}")
    return Pattern(
        written,
        False,
        False,
        ignore_case="i" in flags,
        any_character=reader.any_character,
        per_character=reader.per_character,
        groups=True,
        empty=bool(compiled(value).search("")),
    )


def _leading_flags(source: str) -> tuple[str, str]:
    flags = ""
    while found := re.match(r"\(\?([ims]+)\)", source):
        flags, source = flags + found[1], source[found.end() :]
    return flags, source


class _Reader:
    """Recursive descent over an expression that RE2 accepts."""

    def __init__(self, source: str, dialect: Dialect, *, ignore_case: bool, dot_all: bool) -> None:
        self.source, self.dialect, self.at = source, dialect, 0
        self.ignore_case, self.dot_all = ignore_case, dot_all
        self.any_character = self.per_character = False

    def alternatives(self, depth: int) -> str:
        if depth > 50:
            raise NotWrittenError("an expression that is nested too deep")
        written = ""
        while self.at < len(self.source) and self.source[self.at] != ")":
            if self.source[self.at] == "|":
                self.at += 1
                written += "|"
                continue
            atom, single = self._atom(depth)
            count = self._count()
            if single and count not in ("*", "+"):
                self.per_character = True
            if count and not _is_atom(atom):
                atom = f"(?:{atom})"
            written += atom + count
        return written

    def _count(self) -> str:
        found = self.source[self.at : self.at + 1]
        if found and found in "*+?":
            self.at += 1
        else:
            bounds = _REPEATED.match(self.source, self.at)
            found = bounds[0] if bounds else ""
            self.at += len(found)
        if found and self.source[self.at : self.at + 1] == "?":
            self.at += 1  # laziness does not change whether there is a match
        return found

    def _atom(self, depth: int) -> tuple[str, bool]:
        """What is repeated, and whether it is one character out of more than ASCII."""
        char = self.source[self.at]
        self.at += 1
        match char:
            case "(":
                return self._group(depth), False
            case "[":
                return self._class()
            case ".":
                if self.dot_all:
                    self.any_character = True
                    return ".", True
                return f"[^{self.dialect.member(chr(10))}]", True
            case "^":
                return "^", False
            case "$":
                return self.dialect.end, False
            case "\\":
                return self._escape()
            case _:
                return self._literal(char), False

    def _group(self, depth: int) -> str:
        if self.source.startswith("?", self.at):
            found = re.compile(r"\?(?::|P?<[A-Za-z0-9_]+>)").match(self.source, self.at)
            if found is None:
                raise NotWrittenError("an expression with flags inside of it")
            self.at = found.end()
        inside = self.alternatives(depth + 1)
        if self.source[self.at : self.at + 1] != ")":
            raise NotWrittenError(f"the expression {self.source!r}")
        self.at += 1
        return f"(?:{inside})"

    def _escape(self) -> tuple[str, bool]:
        letter = self.source[self.at]
        if letter in "Az":
            self.at += 1
            return ("^" if letter == "A" else self.dialect.end), False
        if letter == "b" and self.dialect.borders:
            self.at += 1
            return _BORDER, False
        if letter in "bB":
            raise CannotSayError(f"\\{letter} in an expression: engines know other words")
        if letter.lower() in PERL:
            self.at += 1
            found = PERL[letter.lower()]
            return self._set(found if letter.islower() else found.negated())
        return self._literal(self._escaped()), False

    def _literal(self, char: str) -> str:
        if self.ignore_case:
            return literal(char, self.dialect, cased=False)
        return self.dialect.literal(char)

    def _escaped(self) -> str:
        """The character of an escape; ``at`` stands behind the backslash."""
        letter = self.source[self.at]
        self.at += 1
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            found = re.compile(r"\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2})").match(self.source, self.at)
            if found is not None:
                self.at = found.end()
                return chr(int(found[1] or found[2], 16))
        if letter.isalnum():
            raise NotWrittenError(f"\\{letter} in an expression")
        return letter

    def _class(self) -> tuple[str, bool]:
        negated = self.source[self.at] == "^"
        self.at += negated
        found, start = CharSet(), self.at
        while self.at == start or self.source[self.at] != "]":
            found = found.union(self._member())
        self.at += 1
        return self._set(found.negated() if negated else found)

    def _member(self) -> CharSet:
        if self.source.startswith("[:", self.at):
            end = self.source.find(":]", self.at)
            name = self.source[self.at + 2 : end]
            if name in POSIX:
                self.at = end + 2
                return POSIX[name]
            raise NotWrittenError(f"the class [:{name}:] in an expression")
        if self.source[self.at] == "\\" and self.source[self.at + 1].lower() in PERL:
            letter = self.source[self.at + 1]
            self.at += 2
            found = PERL[letter.lower()]
            return found if letter.islower() else found.negated()
        low = self._member_char()
        if self.source[self.at] == "-" and self.source[self.at + 1] != "]":
            self.at += 1
            return CharSet.of(low + self._member_char())
        return CharSet.of(low * 2)

    def _member_char(self) -> str:
        char = self.source[self.at]
        self.at += 1
        return self._escaped() if char == "\\" else char

    def _set(self, found: CharSet) -> tuple[str, bool]:
        """A set of characters: a class where it or all that is not in it is ASCII."""
        if not found.ranges:
            raise NotWrittenError("an expression with an empty class")
        if found.ranges[-1][1] < 0x80:
            return f"[{self._ranges(found)}]", False
        rest = found.negated()
        if rest.ranges and rest.ranges[-1][1] < 0x80:
            return f"[^{self._ranges(rest)}]", True
        if not rest.ranges:
            self.any_character = True
            return ".", True
        beyond = [(max(low, 0x80), high) for low, high in found.ranges if high >= 0x80]
        if sum(high - low + 1 for low, high in beyond) > _MOST_LISTED:
            raise NotWrittenError("an expression with a range of letters beyond ASCII")
        others = [chr(point) for low, high in beyond for point in range(low, high + 1)]
        listed = [self._literal(char) for char in others]
        rest = CharSet(tuple((low, min(high, 0x7F)) for low, high in found.ranges if low < 0x80))
        if rest.ranges:
            listed.insert(0, f"[{self._ranges(rest)}]")
        return f"(?:{'|'.join(listed)})", False

    def _ranges(self, found: CharSet) -> str:
        member = self.dialect.member
        return "".join(
            member(chr(low)) if low == high else f"{member(chr(low))}-{member(chr(high))}"
            for low, high in found.ranges
        )


def _is_atom(source: str) -> bool:
    """Whether a count behind it belongs to all of it."""
    if len(source) == 1:
        return source.isascii()
    if source.startswith(("[", "(?:", "(?=", "(?<")):
        return True
    return re.fullmatch(r"\\(?:x[0-9a-f]{2}|[^x])", source) is not None
