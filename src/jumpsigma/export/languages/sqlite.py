"""SQLite, from 3.38 on, with events as JSON text (https://www.sqlite.org/json1.html)."""

from __future__ import annotations

import re

from jumpsigma.export.languages.sql import DECIMAL, Predicate, SqlLanguage
from jumpsigma.export.refusals import CannotSayError, NeedsOptionError
from jumpsigma.ir.nodes import Text, TextPart, Wildcard

#: Of the whole row of `json_tree`: it is the value itself or stands below lists only.
_LISTS_ONLY = "ltrim({row}.fullkey, '$[]0123456789') = ''"


class Sqlite(SqlLanguage):
    """A value is a row of ``json_tree``."""

    folds_unicode = False

    def some(self, field: str, predicate: Predicate | None) -> str:
        """A chain of ``json_tree``, one for each part of the path."""
        rows, conditions, value = self._rows(field.split("."))
        conditions.append(f"{value}.type <> 'array'")
        if predicate is not None:
            conditions.append(f"({predicate(value)})")
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {' AND '.join(conditions)})"

    def _rows(self, parts: list[str]) -> tuple[str, list[str], str]:
        document, rows, conditions, value = self.document, [], [], ""
        for number, part in enumerate(parts):
            value = self.value_name() if number == len(parts) - 1 else f"p{self.depth}_{number}"
            rows.append(f"json_tree({document} -> {self._key(part)}) AS {value}")
            conditions.append(_LISTS_ONLY.format(row=value))
            document = f"CASE {value}.type WHEN 'object' THEN {value}.value END"
        return ", ".join(rows), conditions, value

    def _key(self, part: str) -> str:
        # A quote in a key cannot be written in a path before 3.46.
        if '"' in part or "\\" in part:
            raise CannotSayError(f"a field with the name {part!r}")
        return self.literal(f'$."{part}"')

    def has(self, field: str) -> str:
        """The key of the last part in an object that the others lead to."""
        *before, last = field.split(".")
        if not before:
            return f"{self.document} -> {self._key(last)} IS NOT NULL"
        rows, conditions, value = self._rows(before)
        conditions.append(f"{self.as_document(value)} -> {self._key(last)} IS NOT NULL")
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {' AND '.join(conditions)})"

    def anywhere(self, predicate: Predicate) -> str:
        """Any row of the tree."""
        value = self.value_name()
        return (
            f"EXISTS (SELECT 1 FROM json_tree({self.document}) AS {value} WHERE {predicate(value)})"
        )

    def text(self, value: str) -> str:
        """Of booleans the type, of objects and lists nothing."""
        return (
            f"CASE WHEN {value}.type IN ('true', 'false') THEN {value}.type"
            f" ELSE CAST({value}.atom AS TEXT) END"
        )

    def string(self, value: str) -> str:
        """Only a string equals a text that no number or boolean has."""
        return f"CASE {value}.type WHEN 'text' THEN {value}.atom END"

    def number(self, value: str) -> str:
        """Of the two types that numbers have."""
        return f"CASE WHEN {value}.type IN ('integer', 'real') THEN {value}.atom END"

    def decimal(self, text: str) -> str:
        """By an expression."""
        return f"CASE WHEN {self.portable(text, DECIMAL)} THEN CAST({text} AS NUMERIC) END"

    def is_null(self, value: str) -> str:
        """By the type."""
        return f"{value}.type = 'null'"

    def is_boolean(self, value: str, *, expected: bool) -> str:
        """By the type."""
        return f"{value}.type = '{str(expected).lower()}'"

    def is_object(self, value: str) -> str:
        """By the type."""
        return f"{value}.type = 'object'"

    def as_document(self, value: str) -> str:
        """The text of the object; of anything else nothing, for `->` fails on what is no JSON."""
        return f"CASE {value}.type WHEN 'object' THEN {value}.value END"

    def fits(self, found: str, text: Text) -> str:
        """LIKE knows no case; GLOB does."""
        if not text.cased:
            return super().fits(found, text)
        return f"{found} GLOB {self.literal(''.join(map(_glob_part, text.parts)))}"

    def ends_with(self, text: str, end: str) -> str:
        """By the length, for a negative one would not do for an empty text."""
        return f"substr({text}, length({text}) - length({end}) + 1) = {end} AND length({text}) >= length({end})"

    def regexp(self, text: str, source: str) -> str:
        """The operator, for which the program around SQLite gives a function."""
        if self.options.get("functions") != "yes":
            raise NeedsOptionError(
                "a regular expression needs the function `regexp` (README)", "functions"
            )
        return f"{text} REGEXP {self.literal(source)}"


def _glob_part(part: TextPart) -> str:
    match part:
        case str():
            return re.sub(r"([*?[])", r"[\1]", part)
        case Wildcard():
            return part.value
        case _:  # bound before
            raise AssertionError(part)
