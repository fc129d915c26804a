"""What KQL can say of one value: of a column of each type, and of a value within JSON.

A condition written here is never null, so that ``not`` of it is right: in KQL a comparison with
null is null, unless it is ``==`` or ``!=``
(https://learn.microsoft.com/kusto/query/scalar-data-types/null-values).

A column of the type string has no null: what is missing, null or empty reads as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, assert_never

from jumpsigma.export.languages import kql_text
from jumpsigma.export.languages.kql_text import literal
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.interpret.values import satisfies, text_of
from jumpsigma.ir.nodes import (
    Boolean,
    Compare,
    Exists,
    FieldRef,
    Network,
    Null,
    Number,
    Regex,
    Text,
    TimePart,
    Value,
)

#: A decimal number as S353 has it.
DECIMAL: Final = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NUMBERS: Final = '("int", "long", "double")'
_NO_TEXT: Final = '("null", "array", "dictionary")'
_SIGNS: Final = {"eq": "==", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

#: What a query may define before its table, by the name of the function.
FUNCTIONS: Final[dict[str, str]] = {
    # A list without elements has a null, and what is no list is one element: each event stays.
    "values_of": "let values_of = (value: dynamic) { case(array_length(value) > 0, value, "
    "array_length(value) == 0, dynamic([null]), pack_array(value)) };",
    "text_of": f"let text_of = (value: dynamic) {{ iff(gettype(value) in {_NO_TEXT}, "
    '"", tostring(value)) };',
    "number_of": f"let number_of = (value: dynamic) {{ iff(gettype(value) in {_NUMBERS}, "
    "todouble(value), real(null)) };",
    "decimal_of": f"let decimal_of = (value: dynamic) {{ iff(gettype(value) in {_NUMBERS} or "
    f'(gettype(value) == "string" and tostring(value) matches regex @"{DECIMAL}"), '
    "todouble(value), real(null)) };",
    "address_of": "let address_of = (value: string) { iff(value matches regex "
    f'@"^({_OCTET}\\.){{3}}{_OCTET}$" or value matches regex '
    '@"^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[^%/]+)?$", '
    'parse_ipv6(tostring(split(value, "%")[0])), "") };',
}
#: Notes that a query needs one of the functions, and returns its call.
Calls = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that tests are written on: ``name`` is an expression of KQL."""

    name: str
    call: Calls

    kind: ClassVar[str] = ""

    def test(self, value: Value) -> str:
        """The condition that it satisfies a value of a rule; binds as an operand of ``and``."""
        raise NotImplementedError

    def texts(self) -> str:
        """An expression for its text, where it has one."""
        raise NotWrittenError(f"a text of {self.kind}")

    def has_text(self) -> str:
        """The condition that it has a text."""
        raise NotWrittenError(f"a text of {self.kind}")

    def numbers(self) -> str | None:
        """An expression for its number, or null; None where it never is one."""
        return None

    def decimal(self) -> str:
        """An expression for its number, also of a decimal text, or null (S353)."""
        raise NotWrittenError(f"the number of {self.kind}")

    def time(self, unit: str) -> str:
        """An expression for a part of its time."""
        raise NotWrittenError(f"the {unit} of {self.kind}")


class TextColumn(Operand):
    """A column of the type string."""

    kind = "a text"

    def test(self, value: Value) -> str:
        """Refuses what holds of an empty text and not of a missing one, or the other way."""
        x = self.name
        match value:
            case Text() | Regex():
                if kql_text.fits_empty(value):
                    raise CannotSayError("an empty text: a column of text has it where it has none")
                return _on_text(x, value)
            case Null():
                raise CannotSayError("null: a column of text is empty where it is missing or empty")
            case Number(number):
                return f"{x} == {literal(text_of(number) or '')}"
            case Boolean(boolean):
                return f"{x} =~ {literal(str(boolean).lower())}"
            case Compare(op, number):
                return (
                    f'({x} matches regex @"{DECIMAL}" and '
                    f"coalesce(todouble({x}) {_SIGNS[op]} {kql_text.number(number)}, false))"
                )
            case Network(str() as cidr):
                return kql_text.in_network(self.call("address_of", x), cidr)
            case _:
                return _unusual(self, value)

    def texts(self) -> str:
        """Itself."""
        return self.name

    def has_text(self) -> str:
        """It is not empty."""
        return f"isnotempty({self.name})"

    def decimal(self) -> str:
        """Of what is one: to Kusto other texts are numbers too."""
        x = self.name
        return f'iff({x} matches regex @"{DECIMAL}", todouble({x}), real(null))'


class BooleanColumn(Operand):
    """A column of the type bool: a test is one on true, on false, on both or on none."""

    kind = "a boolean"

    def test(self, value: Value) -> str:
        """By what holds of the two values."""
        match value:
            case Null():
                return f"isnull({self.name})"
            case TimePart() | Exists() | FieldRef():
                return _unusual(self, value)
            case _:
                return self._one_of(satisfies(value, True), satisfies(value, False))

    def _one_of(self, true: bool, false: bool) -> str:  # noqa: FBT001 - of the two values
        if true and false:
            return f"isnotnull({self.name})"
        return f"{self.name} == {str(true).lower()}" if true or false else "false"

    def texts(self) -> str:
        """Kusto spells it with a capital."""
        return f"tolower(tostring({self.name}))"

    def has_text(self) -> str:
        """It is not null."""
        return f"isnotnull({self.name})"


class NumberColumn(Operand):
    """A column of the type int or long, or of the type real, in which 5 and 5.0 are one number."""

    kind = "a number"
    is_integer: ClassVar[bool] = False

    def test(self, value: Value) -> str:
        """Numbers as such; the text of one only where the type says how it is spelled."""
        x = self.name
        match value:
            case Null():
                return f"isnull({x})"
            case Number(number):
                return f"{x} == {kql_text.number(number)}"
            case Compare(op, number):
                return f"coalesce({x} {_SIGNS[op]} {kql_text.number(number)}, false)"
            case Boolean() | Network():
                return "false"
            case Text(parts) if not any(c.isdigit() for c in str(parts)) and value.literal:
                return "false"
            case Text() if (whole := _integer(value)) is not None:
                return f"{x} == {whole}"
            case Text() | Regex():
                return f"(isnotnull({x}) and {_on_text(self.texts(), value)})"
            case _:
                return _unusual(self, value)

    def texts(self) -> str:
        """Of an integer its decimal text."""
        if not self.is_integer:
            raise CannotSayError("the text of a number in a column of the type real")
        return f"tostring({self.name})"

    def has_text(self) -> str:
        """It is not null."""
        return f"isnotnull({self.name})"

    def numbers(self) -> str | None:
        """Itself."""
        return f"todouble({self.name})"

    def decimal(self) -> str:
        """Itself."""
        return f"todouble({self.name})"


class IntegerColumn(NumberColumn):
    """A column of the type int or long."""

    is_integer = True


class TimeColumn(Operand):
    """A column of the type datetime."""

    kind = "a time"

    def test(self, value: Value) -> str:
        """Parts of it; its text is not what the event had."""
        match value:
            case Null():
                return f"isnull({self.name})"
            case Boolean() | Network():
                return "false"
            case Exists() | FieldRef() | TimePart():
                return _unusual(self, value)
            case _:
                raise CannotSayError("a time compared with a text or a number: the column has none")

    def time(self, unit: str) -> str:
        """Weeks are those of ISO 8601."""
        part = "week_of_year" if unit == "week" else unit
        return f'datetime_part("{part}", {self.name})'


@dataclass(frozen=True, slots=True)
class JsonValue(Operand):
    """A value of the type dynamic that is no list; ``inside``: the object it is in, and its key."""

    inside: tuple[str, str] | None = None

    kind: ClassVar[str] = "a value in JSON"

    def test(self, value: Value) -> str:
        """By its type, which JSON has for each value by itself."""
        x = self.name
        match value:
            case Text(()):
                return f'(gettype({x}) == "string" and tostring({x}) == "")'
            case Text() | Regex():
                test = _on_text(self.texts(), value)
                return f"({self.has_text()} and {test})" if kql_text.fits_empty(value) else test
            case Null():
                return f'gettype({x}) == "null"'
            case Number(number):
                spelled = literal(text_of(number) or "")
                equal = f"{self.numbers()} == {kql_text.number(number)}"
                return f"({equal} or {self.texts()} == {spelled})"
            case Boolean(boolean):
                return f"{self.texts()} =~ {literal(str(boolean).lower())}"
            case Compare(op, number):
                decimal = self.call("decimal_of", x)
                return f"coalesce({decimal} {_SIGNS[op]} {kql_text.number(number)}, false)"
            case Network(str() as cidr):
                return kql_text.in_network(self.call("address_of", self.texts()), cidr)
            case Exists(expected) if self.inside is not None:
                parent, key = self.inside
                has = f"coalesce(bag_has_key({parent}, {literal(key)}), false)"
                return has if expected else f"not({has})"
            case _:
                return _unusual(self, value)

    def texts(self) -> str:
        """Of an object and of null nothing."""
        return self.call("text_of", self.name)

    def has_text(self) -> str:
        """It is a text, a number or a boolean."""
        return f"gettype({self.name}) !in {_NO_TEXT}"

    def numbers(self) -> str | None:
        """Where it is one."""
        return self.call("number_of", self.name)

    def decimal(self) -> str:
        """Where it is one."""
        return self.call("decimal_of", self.name)


def whole_texts(operand: Operand, texts: Sequence[Text]) -> str:
    """The condition that a text or a value in JSON is one of several whole texts."""
    cased = texts[0].cased
    values = [text.literal or "" for text in texts]
    lower = not cased and kql_text.needs_lower("".join(values))
    spelled = ", ".join(literal(each.lower() if lower else each) for each in values)
    if lower:
        return f"tolower({operand.texts()}) in ({spelled})"
    return f"{operand.texts()} {'in' if cased else 'in~'} ({spelled})"


def refers(left: Operand, right: Operand, value: FieldRef) -> str:
    """S408: the text of the one compared with that of the other."""
    sign = "==" if value.how == "equals" else f"{value.how}_cs"
    first, second = left.texts(), right.texts()
    if not value.cased:  # operators without case know letters of ASCII only
        first, second = f"tolower({first})", f"tolower({second})"
    test = f"({left.has_text()} and {right.has_text()} and {first} {sign} {second})"
    if value.how == "equals" and (one := left.numbers()) and (other := right.numbers()):
        return f"({test} or coalesce({one} == {other}, false))"
    return test


def _on_text(expression: str, value: Text | Regex) -> str:
    match value:
        case Text():
            return kql_text.compared(expression, value)
        case Regex():
            return f"{expression} matches regex {kql_text.regex(value)}"
        case _:
            assert_never(value)


def _integer(text: Text) -> int | None:
    whole = text.literal or ""
    digits = whole.removeprefix("-")
    is_one = digits.isascii() and digits.isdigit() and str(int(whole)) == whole
    return int(whole) if is_one and len(digits) < 16 else None


def _unusual(operand: Operand, value: Value) -> str:
    match value:
        case TimePart(unit, op, number):
            part = operand.time(unit)
            return f"coalesce({part} {_SIGNS[op]} {kql_text.number(number)}, false)"
        case Exists():
            raise CannotSayError("exists: a column is there for each event, empty or null")
        case _:  # judged before, or bound
            raise AssertionError(value)
