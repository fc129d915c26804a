"""What products have in common that keep an event as names with texts.

A nested field has one name (``initiated_by.email``), a value is the text that JSON has for it, and
a list is either spelled in the names, kept as JSON text, or gone. Everything that a rule says of
one value is therefore a :class:`~jumpsigma.export.languages.patterns.Pattern`.

What such a product cannot tell apart is refused: an empty value from a missing one, and where it
writes null as a text, null from that text. The option ``empties`` with the value ``dropped`` says
that null, ``''``, ``{}`` and ``[]`` never come, and then nothing is left to be told apart.

Tables: ``lists`` (the fields that hold a list), ``objects`` (those that hold an object, of which
such a product has no value), ``mixed`` (those that hold anything, a list of texts among it),
``reserved`` (an expression for the names that the product has for something else).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Self, TypeGuard, assert_never

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.languages.patterns import (
    GO,
    Dialect,
    Pattern,
    is_satisfied,
    is_text_like,
    portable,
    whole_texts,
)
from jumpsigma.export.lookup_tables import listed
from jumpsigma.export.refusals import CannotSayError, NeedsOptionError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.export.unsettled import settled_row
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
    Regex,
    Selection,
    Test,
    Text,
    TimePart,
    Value,
)
from jumpsigma.ir.regex import compiled

#: Below it doubles hold every integer.
_EXACT = 2**53


class FlatLanguage(Language):
    """See the module. A language gives what raises :class:`NotImplementedError` here."""

    dialect: ClassVar[Dialect] = GO
    #: The text that stands for null, where the product has one or may have one.
    null_text: ClassVar[str | None] = None
    #: Whether its expressions count characters, and not perhaps bytes.
    counts_characters: ClassVar[bool] = True

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        reserved = self.tables.get("reserved")
        self.reserved = re.compile(str(reserved)) if reserved else None
        self.lists = self._names("lists")
        self.objects = self._names("objects")
        self.mixed = self._names("mixed")
        self.dropped = self.options.get("empties") == "dropped"
        #: The list of whose element the fields are, if any.
        self.inside: str | None = None
        #: By a field and a list, the name of what says whether it is in the list's look-up table.
        self.looked_up: dict[tuple[str, str], str] = {}

    def _names(self, table: str) -> frozenset[str]:
        return frozenset(map(str, self.tables.get(table, ())))

    # ------------------------------------------------------------------ what languages give
    def found(self, field: str, pattern: Pattern) -> Clause:
        """A value of the field satisfies the pattern; never holds of a missing field."""
        raise NotImplementedError

    def has(self, field: str) -> Clause:
        """The field has a value."""
        raise NotImplementedError

    def lacks(self, field: str) -> Clause:
        """The field has no value."""
        return self.negative(self.has(field))

    def fresh(self) -> Self:
        """The same language for one query, of whose look-ups nothing is known yet."""
        writer = copy.copy(self)
        writer.looked_up = {}
        return writer

    def look_up(self, field: str, name: str) -> str:
        """What is to say whether a field, of one value, is in the look-up table of a list."""
        self._check_field(field)
        path = f"{self.inside}.{field}" if self.inside else field
        parts = path.split(".")
        if path in self.mixed or any(
            ".".join(parts[:number]) in self.lists for number in range(1, len(parts) + 1)
        ):
            raise NotWrittenError(
                f"the list {name!r} in a look-up table, for {path}, which may have several values"
            )
        return self.looked_up.setdefault((path, name), f"jumpsigma_{len(self.looked_up) + 1}")

    def table_value(self, value: str) -> str:
        """What the documentation leaves open of rows is refused."""
        return settled_row(value, "the documentation")

    def compares(self, field: str, op: str, number: float) -> Clause:
        """A value of the field is a number, and less or greater than this one."""
        raise NotImplementedError

    def some(self, field: str, item: Expr) -> Clause:
        """An element of the list satisfies ``item``, which is about its fields."""
        raise NotImplementedError

    def regex(self, value: Regex) -> Pattern:
        """An expression of a rule."""
        return portable(value, self.dialect)

    # --------------------------------------------------------------------------------- tests
    def test(self, test: Test) -> Clause:
        """One field and one value."""
        return self.tests(test.field, (test.value,))

    def tests(self, field: str, values: Sequence[Value]) -> Clause:
        """One field and alternatives: one value of another kind, or texts of one kind."""
        self._check_field(field)
        match values[0]:
            case Text() | Number() | Boolean() | Network():
                pattern = whole_texts(values, self.dialect)
                self._check_texts(
                    lambda text: (
                        any(is_satisfied(each, text) for each in values)
                        if text
                        else pattern.matches_empty
                    )
                )
                self._check_characters(pattern)
                return self.found(field, pattern)
            case Regex() as value:
                pattern = self.regex(value)
                self._check_texts(lambda text: bool(compiled(value).search(text)))
                self._check_characters(pattern)
                return self.found(field, pattern)
            case Null():
                self._needs_dropped("null, which it cannot tell from what is empty or missing")
                return self.lacks(field)
            case Exists(expected):
                self._needs_dropped("whether a key is there, of which it keeps no empty value")
                return self.has(field) if expected else self.lacks(field)
            case Compare(op, number):
                if abs(number) >= _EXACT:
                    raise CannotSayError(
                        f"a comparison with {number}, near which doubles have gaps"
                    )
                return self.compares(field, op, number)
            case FieldRef(other):
                raise NotWrittenError(f"a comparison with the field {other}")
            case TimePart(unit):
                raise NotWrittenError(f"the {unit} of a time")
            case _:
                assert_never(values[0])

    def negative(self, clause: Clause) -> Clause:
        """Not that."""
        inside = self.grouped(clause.text) if clause.binds < Binds.ATOM else clause.text
        return Clause(f"NOT {inside}", Binds.NOT)

    # ---------------------------------------------------------------------- what is refused
    def _check_field(self, field: str) -> None:
        path = f"{self.inside}.{field}" if self.inside else field
        if self.reserved is not None and self.reserved.fullmatch(path):
            raise CannotSayError(f"the field {field}, a name that it has for something else")
        if path in self.objects:
            raise CannotSayError(f"the field {field}, an object: only what is in it has a value")

    def _check_texts(self, matches: Callable[[str], bool]) -> None:
        if self.dropped:
            return
        if matches(""):
            self._needs_dropped("a value that may be empty, which may be as good as missing")
        if self.null_text is not None and matches(self.null_text):
            self._needs_dropped(f"a value that may be the text {self.null_text}, as null may")

    def _check_characters(self, pattern: Pattern) -> None:
        sees = self.counts_characters or self.options.get("characters") == "utf8"
        if pattern.per_character and not sees:
            reason = "a single character, which beyond ASCII may count as several bytes"
            raise NeedsOptionError(reason, "characters")

    def _needs_dropped(self, reason: str) -> None:
        if not self.dropped:
            raise NeedsOptionError(reason, "empties")

    # --------------------------------------------------------------------------------- joining
    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """Alternatives; texts of one field are one pattern, which stands where the first did."""
        if not items:
            return self.constant(holds=False)
        kinds: dict[tuple[str, bool], list[Test]] = {}
        for item in items:
            if _is_joinable(item):
                kinds.setdefault(_kind(item), []).append(item)
        parts: list[Clause] = []
        for item in items:
            if not _is_joinable(item):
                parts.append(self.clause(item))
            elif same := kinds.pop(_kind(item), None):
                parts.append(self._placed(same))
        return parts[0] if len(parts) == 1 else self.either(parts)

    def either(self, parts: Sequence[Clause]) -> Clause:
        """At least one of the parts."""
        return Clause(self.OR.join(map(self.or_part, parts)), Binds.OR)

    def _placed(self, same: list[Test]) -> Clause:
        try:
            return self.tests(same[0].field, [test.value for test in same])
        except CannotSayError as error:
            error.place = error.place or same[0].place
            raise

    # -------------------------------------------------------------------------------- elements
    def element(self, element: Element) -> Clause:
        """An element, or where none qualifies, an absent one (S254)."""
        item = _settled(element.item)
        named = (
            And((Test("field", Text((element.name,))), item)) if element.name is not None else item
        )
        one = self.some(element.field, simplified(named))
        if not holds_of_absent(element.item):
            return one
        none = (
            self.negative(self.some(element.field, Test("field", Text((element.name,)))))
            if element.name is not None
            else self.negative(self.some(element.field, And(())))
        )
        return self.either((one, none))

    def or_part(self, clause: Clause) -> str:
        """A part of a disjunction."""
        return self.grouped(clause.text) if clause.binds < Binds.OR else clause.text

    def within_element(self, field: str) -> Self:
        """The same language for the fields of an element of a list."""
        deeper = copy.copy(self)
        deeper.inside = f"{self.inside}.{field}" if self.inside else field
        return deeper


def _is_joinable(item: Expr) -> TypeGuard[Test]:
    """Whether a test can be one pattern with others."""
    return isinstance(item, Test) and is_text_like(item.value) and listed(item) is None


def _settled(expr: Expr) -> Expr:
    """What is said of an element itself, which is there and has no text, said once and for all."""
    match expr:
        case Test("", value):
            return And(()) if value == Exists(expected=True) else Or(())
        case And(items):
            return And(tuple(map(_settled, items)))
        case Or(items):
            return Or(tuple(map(_settled, items)))
        case Not(item):
            return Not(_settled(item))
        case Selection(item=item):
            return _settled(item)
        case Test() | Keyword() | Element():
            return expr
        case _:
            assert_never(expr)


def _kind(test: Test) -> tuple[str, bool]:
    return test.field, isinstance(test.value, Text) and test.value.cased
