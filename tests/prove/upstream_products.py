"""Where queries of official backends run that ask no table in SQL: KQL, Spark, EQL and Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from engines.catalogue import ENGINES
from engines.engine import TABLE, QueryError, Stored
from engines.spark import Spark
from reading import Row
from upstream_engines import ID, Column, Columns, Documents, FlatTable, Upstream, stored

_TYPES_OF_KQL: Mapping[Column, str] = {"text": "string", "number": "real", "boolean": "bool"}
_TYPES_OF_SPARK: Mapping[Column, str] = {"text": "STRING", "number": "DOUBLE", "boolean": "BOOLEAN"}


class KustoTable(FlatTable):
    """A table of declared columns; KQL knows no text that is null. Queries are conditions.

    Microsoft's language service checks each query, and duckdb-kql runs it.
    """

    def __init__(self) -> None:
        import duckdb

        kusto: Any = ENGINES["kusto"].start()
        self._kusto = kusto
        connection, kql = kusto._connection, kusto._kql

        def execute(query: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
            try:
                if not query.startswith("logs"):
                    return (), connection.execute(query).fetchall()
                result = kql.query(connection, query)
                return result.columns, result.fetchall()
            except (kql.KqlError, duckdb.Error) as error:
                raise QueryError(str(error)) from error

        types: dict[Column, str] = {"text": "VARCHAR", "number": "DOUBLE", "boolean": "BOOLEAN"}
        super().__init__(execute, types, begins="logs | where ", missing={"text": ""})

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Make the table anew, and tell the language service of it."""
        super().load(rows, columns)
        names = [[ID, "string"], *([name, _TYPES_OF_KQL[kind]] for name, kind in columns.items())]
        self._kusto._asked({"tables": [["logs", names]]})

    def run(self, query: str) -> list[list[str]]:
        """The ids of the rows."""
        if found := self._kusto._asked({"query": self._begins + query}):
            raise QueryError("; ".join(f"{code} {message}" for code, message, _ in found))
        return super().run(query)


class SparkLiterals(Spark):
    """The events in a literal, which Spark asks without starting a job."""

    def load(self, events: Stored) -> None:
        """Hold the events."""
        lines = [
            f"{_literal(key, 'text')}, {_literal(json.dumps(event, ensure_ascii=False), 'text')}"
            for key, event in events.items()
        ]
        frame = self._started().sql(f"SELECT * FROM VALUES ({'), ('.join(lines)}) AS t(id, event)")
        frame.createOrReplaceTempView(TABLE)


class SparkTable:
    """A view whose columns are texts, numbers and booleans, or structs of them."""

    def __init__(self) -> None:
        self._spark: Any = ENGINES["pyspark"].start()

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Make the view anew, of a literal."""
        tree: dict[str, Any] = {}
        for name, kind in columns.items():
            *above, last = name.split(".")
            place: Any = reduce(lambda node, part: node.setdefault(part, {}), above, tree)
            if not isinstance(place, dict) or last in place:
                raise QueryError("a field that is a value and an object")
            place[last] = (name, kind)
        lines = [
            ", ".join([_literal(key, "text"), *(_value(node, row) for node in tree.values())])
            for key, row in rows.items()
        ]
        names = ", ".join(f"`{name}`" for name in (ID, *tree))
        values = f"VALUES ({'), ('.join(lines)}) AS given({names})"
        where = "" if lines else " WHERE false"
        self._session().sql(f"SELECT * FROM {values}{where}").createOrReplaceTempView("logs")

    def _session(self) -> Any:
        session = self._spark._started()
        session.conf.set("spark.sql.parser.escapedStringLiterals", "false")
        return session

    def run(self, query: str) -> list[list[str]]:
        """The ids of the rows, of which the query is a condition."""
        from pyspark.errors import PySparkException  # type: ignore[import-not-found]

        try:
            frame = self._session().sql(f"SELECT `{ID}` FROM logs WHERE {query}")
            return [sorted(row[0] for row in frame.collect())]
        except PySparkException as error:
            raise QueryError(str(error)) from error


def _value(node: Any, row: Row) -> str:
    match node:
        case dict():
            inner = ", ".join(f"'{name}', {_value(each, row)}" for name, each in node.items())
            return f"named_struct({inner})"
        case (name, kind):
            return _literal(stored(row.get(name), kind), kind)
    raise AssertionError(node)


def _literal(value: Any, kind: Column) -> str:
    if value is None:
        return f"CAST(NULL AS {_TYPES_OF_SPARK[kind]})"
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace("'", "\\'")
        text = text.replace("$", r"\u0024")  # Spark replaces ${name} before it reads a query
        return f"'{text}'"
    return f"CAST({str(value).lower()} AS {_TYPES_OF_SPARK[kind]})"


class PantherEvent(dict[str, Any]):
    """What official rules ask of an event; a missing value and null are the default."""

    def deep_get(self, *names: str, default: Any = None) -> Any:
        """The value below names."""
        found: Any = self
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return default if found is None else found

    def to_dict(self) -> dict[str, Any]:
        """The event."""
        return dict(self)


class PantherRules:
    """Official rules are modules; one that raises an exception finds nothing."""

    def __init__(self) -> None:
        self._events: dict[str, PantherEvent] = {}

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Hold the events; what a rule compares as text is text."""
        self._events = {key: PantherEvent() for key in rows}
        for key, row in rows.items():
            for name, kind in columns.items():
                if name in row:
                    *above, last = name.split(".")
                    place = reduce(
                        lambda node, part: node.setdefault(part, {}), above, self._events[key]
                    )
                    place[last] = stored(row[name], kind)

    def run(self, query: str) -> list[list[str]]:
        """The ids of the events of which ``rule`` says True."""
        module: dict[str, Any] = {"__name__": "a_rule"}
        try:
            exec(compile(query, "rule.py", "exec"), module)
        except Exception as error:  # whatever the module raises
            raise QueryError(f"{type(error).__name__}: {error}") from error
        return [[key for key, event in self._events.items() if _says(module["rule"], event)]]


def _says(rule: Callable[[PantherEvent], Any], event: PantherEvent) -> bool:
    try:
        return rule(event) is True
    except Exception:  # noqa: BLE001 - a rule may raise anything
        return False


def elastic() -> Upstream:
    """The index of Elastic's integration, whose other fields are keywords."""
    return Documents(ENGINES["osmem-elastic"].start())


class EqlDocuments(Documents):
    """Elastic's own package, which takes ``regex~`` for ``regex``: here it ignores case."""

    def run(self, query: str) -> list[list[str]]:
        """The ids of the documents."""
        return super().run(re.sub(r'regex~ "(?!\(\?i)', 'regex "(?i)', query))


def eql() -> Upstream:
    """Elastic's own package."""
    return EqlDocuments(ENGINES["eql"].start())
