r"""Databricks SQL, which is Spark's, with events as JSON text.

A value is an element of an array of VARIANT
(https://docs.databricks.com/aws/en/sql/language-manual/functions/variant_get). Lists and objects
that stand deeper in one another than :data:`_DEPTH` are not looked into.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Final, Self

from jumpsigma.export.java import java_search
from jumpsigma.export.languages.sql import DECIMAL, Predicate, SqlLanguage
from jumpsigma.export.lookup_tables import asked_names, single_rules, slug_of
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import Regex, RuleIR

_DEPTH: Final = 16
_ELEMENTS: Final = "try_variant_get(x, '$', 'array<variant>')"
_MEMBERS: Final = "map_values(try_variant_get(x, '$', 'map<string,variant>'))"


class Databricks(SqlLanguage):
    """Its regular expressions are Java's."""

    def some(self, field: str, predicate: Predicate | None) -> str:
        """An element of the values' array."""
        values = self._values(field.split("."))
        if predicate is None:
            return f"size({values}) > 0"
        value = self.value_name()
        return f"exists({values}, {value} -> coalesce({predicate(value)}, false))"

    def _root(self) -> str:
        return f"parse_json({self.document})" if self.document == self.column else self.document

    def _values(self, parts: list[str]) -> str:
        values = ""
        for part in parts:
            path = self._path(part)
            if not values:
                values = f"array(try_variant_get({self._root()}, {path}))"
            else:
                values = f"transform({values}, x -> try_variant_get(x, {path}))"
            values = self._opened(f"filter({values}, x -> x IS NOT NULL)")
        return values

    def _path(self, part: str) -> str:
        if '"' in part or "\\" in part:
            raise CannotSayError(f"a field with the name {part!r}")
        return self.literal(f'$["{part}"]')

    def _opened(self, values: str) -> str:
        """The values of lists in place of the lists."""
        each = f"if(startswith(schema_of_variant(x), 'ARRAY'), {_ELEMENTS}, array(x))"
        return self._repeated(values, each)

    def _repeated(self, values: str, each: str) -> str:
        step = f"(found, i) -> flatten(transform(found, x -> {each}))"
        return f"aggregate(sequence(1, {_DEPTH}), {values}, {step})"

    def has(self, field: str) -> str:
        """One of the objects before the last part has its key."""
        *before, last = field.split(".")
        path = self._path(last)
        if not before:
            return f"try_variant_get({self._root()}, {path}) IS NOT NULL"
        values = self._values(before)
        return f"exists({values}, x -> try_variant_get(x, {path}) IS NOT NULL)"

    def anywhere(self, predicate: Predicate) -> str:
        """A leaf at any depth."""
        each = (
            f"CASE WHEN startswith(schema_of_variant(x), 'ARRAY') THEN {_ELEMENTS}"
            f" WHEN startswith(schema_of_variant(x), 'OBJECT') THEN {_MEMBERS} ELSE array(x) END"
        )
        value = self.value_name()
        leaves = self._repeated(f"array({self._root()})", each)
        return f"exists({leaves}, {value} -> coalesce({predicate(value)}, false))"

    def among(self, text: str, name: str) -> str:
        """In the set of the rows, which is a column: a function on an array asks no table."""
        sets = [f"array_contains({_column(key)}, {text})" for key in self.keys(name)]
        return sets[0] if len(sets) == 1 else f"({' OR '.join(sets)})"

    def rows_around(self, name: str, fits: Callable[[str], str]) -> str:
        """Likewise."""
        return f"exists({_column(name)}, row -> {fits('row')})"

    def query(self, rule: RuleIR) -> str:
        """With the sets of the lists beside each event."""
        return super(Databricks, self._with_lists(rule)).query(rule)

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The rows of the table of the events, without what stands beside them."""
        own = self.options["table"]
        columns = "*" if self.table == own else f"{own}.*"
        return f"SELECT {columns} FROM {self.table} WHERE {condition}"

    def correlation(self, correlation: CorrelationIR) -> str:
        """Likewise."""
        return super(Databricks, self._with_lists(correlation)).correlation(correlation)

    def _with_lists(self, rule: RuleIR | CorrelationIR) -> Self:
        names = {name for one in single_rules(rule) for name in asked_names(one.condition)}
        if not names:
            return self
        writer, table = copy.copy(self), self.options["lists_table"]
        writer.table += "".join(
            f" CROSS JOIN (SELECT collect_set(value) AS {_column(key)} FROM {table}"
            f" WHERE list = {self.literal(key)})"
            for name in sorted(names)
            for key in self.keys(name)
        )
        return writer

    def text(self, value: str) -> str:
        """Of objects and lists nothing."""
        return f"if({self._is(value, 'OBJECT', 'ARRAY')}, NULL, {self._as(value, 'string')})"

    def string(self, value: str) -> str:
        """By the type."""
        return f"if({self._is(value, 'STRING')}, {self._as(value, 'string')}, NULL)"

    def number(self, value: str) -> str:
        """By the types that numbers have."""
        is_number = self._is(value, "BIGINT", "DECIMAL", "DOUBLE")
        return f"if({is_number}, {self._as(value, 'double')}, NULL)"

    def _is(self, value: str, *types: str) -> str:
        return f"schema_of_variant({value}) RLIKE '^({'|'.join(types)})'"

    def _as(self, value: str, kind: str) -> str:
        return f"try_variant_get({value}, '$', '{kind}')"

    def decimal(self, text: str) -> str:
        """By an expression, for other texts are numbers to Spark too."""
        return f"if({self.regexp(text, DECIMAL)}, try_cast({text} AS double), NULL)"

    def is_null(self, value: str) -> str:
        """A function of its own."""
        return f"is_variant_null({value})"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """By the type and the word."""
        word = str(expected).lower()
        return f"{self._is(value, 'BOOLEAN')} AND {self._as(value, 'string')} = '{word}'"

    def is_object(self, value: str) -> str:
        """By the type."""
        return self._is(value, "OBJECT")

    def literal(self, text: str) -> str:
        """A backslash escapes in all literals; a variable is put in before they are read."""
        quoted = self.without_nul(text).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{quoted}'".replace("${", "\\u0024{")

    def starts_with(self, text: str, start: str) -> str:
        """A function of its own."""
        return f"startswith({text}, {start})"

    def ends_with(self, text: str, end: str) -> str:
        """A function of its own."""
        return f"endswith({text}, {end})"

    def contains(self, text: str, part: str) -> str:
        """A function of its own."""
        return f"contains({text}, {part})"

    def source(self, fields: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """A row for each element, one array after another."""
        views = "".join(
            f" LATERAL VIEW explode({self._values(field.split('.'))}) {name}s AS {name}"
            for name, field in fields
        )
        return self.table + views, []

    def scalar(self, key: str) -> str:
        """As text."""
        return f"try_variant_get({self._root()}, {self._path(key)}, 'string')"

    def seconds(self, text: str) -> str:
        """NULL for what is no time."""
        return f"unix_seconds(try_to_timestamp(concat({text}, 'Z')))"

    def integer(self, digits: str) -> str:
        """NULL for what is no number."""
        return f"try_cast({digits} AS bigint)"

    def regexp(self, text: str, source: str) -> str:
        r"""Java's dialect, in which ``$`` is also before a last newline."""
        if source.endswith("$"):
            source = source[:-1] + r"\z"
        return f"{text} RLIKE {self.literal(source)}"

    def regex(self, text: str, value: Regex) -> str:
        """RE2 in the words of Java."""
        return self.regexp(text, java_search(value))


def _column(key: str) -> str:
    return f"listed_{slug_of(key)}"
