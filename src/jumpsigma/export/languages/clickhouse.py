r"""ClickHouse with events as JSON text.

Its functions: https://clickhouse.com/docs/sql-reference/functions/json-functions. A value is an
element of an array, as JSON text. Functions of the query itself, in its ``WITH``, open lists and
look into objects, so that the conditions can be read. Lists and objects that stand deeper in one
another than :data:`_DEPTH` are not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from jumpsigma.export.languages.sql import DECIMAL, Predicate, SqlLanguage
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import Regex, RuleIR
from jumpsigma.ir.regex import source_of

_DEPTH: Final = 16
#: The values of lists in place of the lists; the values of a key; all values of a document.
_FUNCTIONS: Final = {
    "opened": (
        "xs -> arrayFold((found, i) -> arrayFlatten(arrayMap(x -> if(startsWith(x, '['),"
        f" JSONExtractArrayRaw(x), [x]), found)), range({_DEPTH}), xs)"
    ),
    "field": (
        "(xs, k) -> opened(arrayMap(x -> JSONExtractRaw(x, k),"
        " arrayFilter(x -> JSONHas(x, k), xs)))"
    ),
    "leaves": (
        "xs -> arrayFold((found, i) -> arrayFlatten(arrayMap(x -> multiIf(startsWith(x, '['),"
        " JSONExtractArrayRaw(x), startsWith(x, '{'), arrayMap(each -> each.2,"
        f" JSONExtractKeysAndValuesRaw(x)), [x]), found)), range({_DEPTH}), xs)"
    ),
}


class ClickHouse(SqlLanguage):
    """Its regular expressions are RE2's, but for what a dot is."""

    def complete(self, condition: str, rule: RuleIR) -> str:
        """With the functions that the condition uses."""
        return self.with_functions(super().complete(condition, rule))

    def with_functions(self, query: str) -> str:
        """A query behind the functions that it uses."""
        used = {name for name in _FUNCTIONS if f"{name}(" in query}
        used |= {"opened"} if "field" in used else set()
        written = [f"{text} AS {name}" for name, text in _FUNCTIONS.items() if name in used]
        rest = query.removeprefix("WITH ")
        return (
            f"WITH {', '.join(written)}{' ' if rest == query else ', '}{rest}" if written else query
        )

    def some(self, field: str, predicate: Predicate | None) -> str:
        """An element of the values' array."""
        values = self._values(field.split("."))
        if predicate is None:
            return f"notEmpty({values})"
        value = self.value_name()
        return f"arrayExists({value} -> ifNull({predicate(value)}, 0), {values})"

    def _values(self, parts: list[str]) -> str:
        values = f"[{self.document}]"
        for part in parts:
            values = f"field({values}, {self.literal(part)})"
        return values

    def has(self, field: str) -> str:
        """One of the objects before the last part has its key."""
        *before, last = field.split(".")
        key = self.literal(last)
        if not before:
            return f"JSONHas({self.document}, {key})"
        return f"arrayExists(x -> JSONHas(x, {key}), {self._values(before)})"

    def rows_around(self, name: str, fits: Callable[[str], str]) -> str:
        """An element of all the rows: a function on an array asks no table about its elements."""
        table = self.options["lists_table"]
        rows = f"(SELECT groupArray(value) FROM {table} WHERE list = {self.literal(name)})"
        return f"arrayExists(row -> ifNull({fits('row')}, 0), {rows})"

    def anywhere(self, predicate: Predicate) -> str:
        """A leaf at any depth."""
        value = self.value_name()
        return f"arrayExists({value} -> ifNull({predicate(value)}, 0), leaves([{self.document}]))"

    def text(self, value: str) -> str:
        """Of objects, lists and null nothing."""
        return (
            f"multiIf(startsWith({value}, '\"'), JSONExtractString({value}),"
            f" match({value}, '^[{{[n]'), NULL, {value})"
        )

    def string(self, value: str) -> str:
        """By its quote."""
        return f"if(startsWith({value}, '\"'), JSONExtractString({value}), NULL)"

    def number(self, value: str) -> str:
        """What is no number has a quote, a brace or a word."""
        return f"toFloat64OrNull({value})"

    def decimal(self, text: str) -> str:
        """By an expression, for other texts are numbers to ClickHouse too."""
        return f"if({self.regexp(text, DECIMAL)}, toFloat64OrNull({text}), NULL)"

    def is_null(self, value: str) -> str:
        """By its word."""
        return f"{value} = 'null'"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """By its word."""
        return f"{value} = '{str(expected).lower()}'"

    def is_object(self, value: str) -> str:
        """By its brace."""
        return f"startsWith({value}, '{{')"

    def literal(self, text: str) -> str:
        """A backslash escapes in all literals."""
        quoted = self.without_nul(text).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{quoted}'"

    def lower(self, text: str) -> str:
        """Beyond ASCII too."""
        return f"lowerUTF8({text})"

    def like(self, text: str, pattern: str) -> str:
        """A backslash is the only escape character."""
        return f"{text} LIKE {self.literal(pattern)}"

    def like_literal(self, text: str) -> str:
        """With a backslash before what LIKE knows."""
        return "".join(f"\\{char}" if char in "%_\\" else char for char in text)

    def starts_with(self, text: str, start: str) -> str:
        """A function of its own."""
        return f"startsWith({text}, {start})"

    def ends_with(self, text: str, end: str) -> str:
        """A function of its own."""
        return f"endsWith({text}, {end})"

    def contains(self, text: str, part: str) -> str:
        """By the place of the part."""
        return f"position({text}, {part}) > 0"

    def source(self, fields: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """A row for each element, one array after another."""
        found = self.table
        for name, field in fields:
            found = (
                f"(SELECT *, arrayJoin({self._values(field.split('.'))}) AS {name} FROM {found})"
            )
        return found, []

    def scalar(self, key: str) -> str:
        """Where it is a string."""
        return self.string(f"JSONExtractRaw({self.document}, {self.literal(key)})")

    def seconds(self, text: str) -> str:
        """NULL for what is no time."""
        return f"toInt64(parseDateTime64BestEffortOrNull({text}, 0, 'UTC'))"

    def correlation(self, correlation: CorrelationIR) -> str:
        """With the functions that the query uses."""
        return self.with_functions(super().correlation(correlation))

    def integer(self, digits: str) -> str:
        """NULL for what is no number."""
        return f"toInt64OrNull({digits})"

    def regexp(self, text: str, source: str) -> str:
        """RE2, with its own defaults."""
        return f"match({text}, {self.literal(source)})"

    def regex(self, text: str, value: Regex) -> str:
        """Here a dot is a newline too, where nothing else is said."""
        return self.regexp(text, f"(?-s){source_of(value)}")
