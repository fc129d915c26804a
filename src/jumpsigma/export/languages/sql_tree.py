"""Databases with ``json_tree``: a row for each value of a document, at any depth.

SQLite and DuckDB have the same columns: ``key``, ``value``, ``type``, ``atom`` and ``fullkey``, the
path from the root. What the types are called differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jumpsigma.export.languages.sql import Predicate, SqlLanguage
from jumpsigma.export.refusals import CannotSayError

#: A row that is the root itself or stands below lists only: a key would leave its dot.
_LISTS_ONLY = "ltrim({row}.fullkey, '$[]0123456789') = ''"


class SqlTree(SqlLanguage):
    """A value is a row of ``json_tree``."""

    array: ClassVar[str]
    object: ClassVar[str]
    null: ClassVar[str]

    def some(self, field: str, predicate: Predicate | None) -> str:
        """A chain of ``json_tree``, one for each part of the path."""
        rows, conditions, value = self._rows(field.split("."), self.value_name())
        conditions.append(f"{value}.type <> '{self.array}'")
        if predicate is not None:
            conditions.append(f"({predicate(value)})")
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {' AND '.join(conditions)})"

    def _rows(self, parts: list[str], name: str) -> tuple[str, list[str], str]:
        document, value = self.document, ""
        rows: list[str] = []
        conditions: list[str] = []
        for number, part in enumerate(parts):
            value = name if number == len(parts) - 1 else f"{name}_{number}"
            rows.append(f"json_tree({document} -> {self._key(part)}) AS {value}")
            conditions.append(_LISTS_ONLY.format(row=value))
            document = self.as_document(value)
        return ", ".join(rows), conditions, value

    def _key(self, part: str) -> str:
        if '"' in part or "\\" in part:  # no version of either can write them in a path
            raise CannotSayError(f"a field with the name {part!r}")
        return self.literal(f'$."{part}"')

    def has(self, field: str) -> str:
        """The key of the last part in an object that the others lead to."""
        *before, last = field.split(".")
        if not before:
            return f"({self.document} -> {self._key(last)}) IS NOT NULL"
        rows, conditions, value = self._rows(before, self.value_name())
        conditions.append(f"({self.as_document(value)} -> {self._key(last)}) IS NOT NULL")
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {' AND '.join(conditions)})"

    def source(self, fields: Sequence[tuple[str, str]]) -> tuple[str, list[str]]:
        """A join of trees."""
        found, every = [self.table], []
        for name, field in fields:
            rows, conditions, value = self._rows(field.split("."), name)
            found.append(rows)
            every += [*conditions, f"{value}.type <> '{self.array}'"]
        return ", ".join(found), every

    def scalar(self, key: str) -> str:
        """As text."""
        return f"({self.document} ->> {self._key(key)})"

    def anywhere(self, predicate: Predicate) -> str:
        """Any row of the tree."""
        value = self.value_name()
        rows = f"json_tree({self.document}) AS {value}"
        return f"EXISTS (SELECT 1 FROM {rows} WHERE {predicate(value)})"

    def is_null(self, value: str) -> str:
        """By the type."""
        return f"{value}.type = '{self.null}'"

    def is_object(self, value: str) -> str:
        """By the type."""
        return f"{value}.type = '{self.object}'"

    def as_document(self, value: str) -> str:
        """The object; of anything else nothing, for ``->`` fails on what is no JSON."""
        return f"CASE {value}.type WHEN '{self.object}' THEN {value}.value END"
