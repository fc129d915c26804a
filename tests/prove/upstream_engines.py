"""The engines that queries of official backends run on: tables with a column for each field."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from engines.catalogue import ENGINES
from engines.engine import Engine, QueryError
from engines.sqlite import _regexp
from near import Event, place
from reading import Row, leaves_of

from jumpsigma.ir.nodes import Boolean, Compare, Element, Expr, FieldRef, Number, Test

#: What a column holds: what the rule compares it with decides.
Column = Literal["text", "number", "boolean"]
Columns = Mapping[str, Column]
ID = "id of the event"


class NotComparableError(Exception):
    """A rule, or its events, cannot be put before the engine; says why."""


class Upstream(Protocol):
    """Where queries of an official backend run."""

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Hold the rows, and nothing else."""

    def run(self, query: str) -> list[list[str]]:
        """The ids of what a query returns, in each reading of the documentation, an engine in one.

        Raises :class:`QueryError`.
        """


def columns_of(expr: Expr) -> dict[str, Column]:
    """The fields of a rule and what their columns hold.

    Raises :class:`NotComparableError` for what does not fit a table.
    """
    kinds: dict[str, set[Column]] = {}
    for leaf in leaves_of(expr):
        match leaf:
            case Element():
                raise NotComparableError("fields of one element of a list")
            case Test(field, value):
                kind: Column = "text"
                if isinstance(value, Number | Compare):
                    kind = "number"
                elif isinstance(value, Boolean):
                    kind = "boolean"
                kinds.setdefault(field, set()).add(kind)
                if isinstance(value, FieldRef):
                    kinds.setdefault(value.field, set()).add("text")
            case _:
                pass
    if len({name.casefold() for name in kinds}) < len(kinds):
        raise NotComparableError("fields that differ only in case")
    return {name: found.pop() if len(found) == 1 else "text" for name, found in kinds.items()}


def row_of(event: Event, columns: Columns) -> Row | None:
    """The event as a row, or None where it does not fit: lists, objects, values of other types."""
    row: Row = {}
    for field, column in columns.items():
        value: Any = event
        for part in field.split("."):
            if not isinstance(value, dict):
                return None
            if part not in value:
                break
            value = value[part]
        else:
            if not _fits(value, column):
                return None
            row[field] = int(value) if isinstance(value, float) and value.is_integer() else value
    return row


def _fits(value: Any, column: Column) -> bool:
    match column:
        case "boolean":
            return value is None or isinstance(value, bool)
        case "number":
            return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        case "text":
            return value is None or isinstance(value, str | int | bool)


class FlatTable:
    """A table ``logs`` with a column for each field, the names of nested ones with dots.

    ``begins``: what stands before a query, where the backend writes the condition alone.
    ``missing``: what a column holds without a value, where that is not NULL.
    """

    def __init__(
        self,
        execute: Callable[[str], tuple[Sequence[str], Sequence[Sequence[Any]]]],
        types: Mapping[Column, str],
        *,
        quote: str = '"',
        suffix: str = "",
        backslash: bool = False,
        begins: str = "",
        missing: Mapping[Column, Any] | None = None,
    ) -> None:
        self._execute, self._types, self._suffix = execute, types, suffix
        self._quote, self._backslash, self._begins = quote, backslash, begins
        self._missing = dict(missing or {})

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Make the table anew."""
        self._execute("DROP TABLE IF EXISTS logs")
        declared = [f"{self._name(name)} {self._types[kind]}" for name, kind in columns.items()]
        declared.insert(0, f"{self._name(ID)} {self._types['text']}")
        self._execute(f"CREATE TABLE logs ({', '.join(declared)}){self._suffix}")
        lines = [
            ", ".join(
                map(self._literal, [key, *(self._value(row, n, k) for n, k in columns.items())])
            )
            for key, row in rows.items()
        ]
        if lines:
            self._execute(f"INSERT INTO logs VALUES ({'), ('.join(lines)})")

    def run(self, query: str) -> list[list[str]]:
        """The ids of the rows."""
        names, rows = self._execute(self._begins + query)
        place = [*names].index(ID)
        return [sorted(row[place] for row in rows)]

    def _value(self, row: Row, name: str, column: Column) -> Any:
        value = row.get(name)
        return self._missing.get(column) if value is None else stored(value, column)

    def _name(self, name: str) -> str:
        return f"{self._quote}{name.replace(self._quote, self._quote * 2)}{self._quote}"

    def _literal(self, value: Any) -> str:
        match value:
            case None:
                return "NULL"
            case bool():
                return str(value).lower()
            case str():
                text = value.replace("\\", "\\\\") if self._backslash else value
                return "'" + text.replace("'", "''") + "'"
            case _:
                return repr(value)


def stored(value: Any, column: Column) -> Any:
    """In a column of text, numbers and booleans are their text."""
    if column != "text" or value is None or isinstance(value, str):
        return value
    return str(value).lower()


def sqlite() -> Upstream:
    """Columns compare without case, as programs declare them that run these queries."""
    connection = sqlite3.connect(":memory:")
    connection.create_function("regexp", 2, _regexp, deterministic=True)

    def execute(query: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        try:
            cursor = connection.execute(query)
        except sqlite3.Error as error:
            raise QueryError(str(error)) from error
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    text = "TEXT COLLATE NOCASE"
    return FlatTable(execute, {"text": text, "number": "NUMERIC", "boolean": text})


def duckdb() -> Upstream:
    """Columns of the types of DuckDB."""
    import duckdb as module

    connection = module.connect(":memory:")

    def execute(query: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        try:
            result = connection.execute(query)
            return [column[0] for column in result.description or ()], result.fetchall()
        except module.Error as error:
            raise QueryError(str(error)) from error

    return FlatTable(execute, {"text": "VARCHAR", "number": "DOUBLE", "boolean": "BOOLEAN"})


def clickhouse() -> Upstream:
    """Columns that may be NULL."""
    import json

    from engines.chdb_engine import ChDB

    engine = ChDB()
    engine._query("SET max_query_size = 10000000")

    def execute(query: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        answer = engine._query(query)
        if not answer:
            return (), ()
        found = json.loads(answer)
        return [column["name"] for column in found["meta"]], found["data"]

    types: dict[Column, str] = {
        "text": "Nullable(String)",
        "number": "Nullable(Float64)",
        "boolean": "Nullable(Bool)",
    }
    return FlatTable(execute, types, quote="`", suffix=" ENGINE = Memory", backslash=True)


def typed(rows: Mapping[str, Row], columns: Columns) -> dict[str, Row]:
    """The rows with the values that columns hold."""
    return {
        key: {name: stored(row[name], kind) for name, kind in columns.items() if name in row}
        for key, row in rows.items()
    }


def flat_texts(rows: Mapping[str, Row], columns: Columns) -> dict[str, Row]:
    """The rows as texts by name; what is null is none."""
    return {
        key: {
            name: value if isinstance(value, str) else str(value).lower()
            for name in columns
            if (value := row.get(name)) is not None
        }
        for key, row in rows.items()
    }


def documents(rows: Mapping[str, Row]) -> dict[str, Event]:
    """The rows as the events that they were made of, with an id where no field is below ``id``."""
    events: dict[str, Event] = {}
    below = any(field.startswith("id.") for row in rows.values() for field in row)
    for key, row in rows.items():
        events[key] = {} if below else {"id": key}
        for field, value in row.items():
            place(events[key], field, value)
    return events


class Documents:
    """An engine that takes the event itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:  # noqa: ARG002
        """Hold the rows as documents."""
        self._engine.load(documents(rows))

    def run(self, query: str) -> list[list[str]]:
        """The ids of the documents."""
        return [self._engine.run(query)]


def opensearch() -> Upstream:
    """The index that our template describes, which has the official backend's fields too."""
    return Documents(ENGINES["osmem-server"].start())


def splunk() -> Upstream:
    """What is documented of the command ``search``, as far as official queries need it."""
    from splunk_search import SplunkSearch

    return Documents(SplunkSearch())
