"""KQL: checked by Microsoft's Kusto language service, and run by duckdb-kql on DuckDB.

The language service (npm, run by node) parses each query as it was written, and knows the types of
the table's columns. Of the constructs that duckdb-kql has not, it gets another spelling:

- ``column_ifexists("c", d)``, which Kusto replaces before it runs a query, becomes ``c`` or ``d``;
- ``mv-apply x = list on (summarize …)`` becomes ``mv-expand`` and ``summarize … by`` all columns;
- ``bag_has_key(object, "k")`` becomes a function of DuckDB's JSON;
- ``_GetWatchlist("x")``, a function of Sentinel, becomes a table, for the language service too;
- ``ingestion_time() > ago(1h)`` becomes ``true``: all events came just now.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from engines.engine import QueryError, Stored, ids_of, rows_of

#: The table of both schemas.
TABLE: Final = "JumpCloud_CL"
#: Types of columns in KQL and in DuckDB.
_SQL: Final = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "long": "BIGINT",
    "real": "DOUBLE",
    "datetime": "TIMESTAMP",
    "dynamic": "VARCHAR",
}
_SUFFIXES: Final = {"_b": "bool", "_d": "real", "_t": "datetime", "_s": "string", "_g": "string"}
_KINDS: Final = {"boolean": "bool", "integer": "long", "time": "datetime"}
_IF_EXISTS: Final = re.compile(r'column_ifexists\("(\w+)", ([^()]*(?:\([^()]*\))?)\)')
_APPLY: Final = re.compile(
    r"\| mv-apply (.+) on \(\n((?:    (?:\| )?mv-expand .+\n)*)"
    r"    (?:\| )?summarize (.+(?:\n    .+)*)\n\)"
)
_COUNTED: Final = re.compile(r"(match_\d+) = countif")
_WATCHLIST: Final = re.compile(r'_GetWatchlist\("(\w+)"\)')
_INGESTED: Final = re.compile(r"ingestion_time\(\) > ago\(\w+\)")
_ADDED: Final = re.compile(r"(?:^\| extend |^    )(\w+) = ", re.MULTILINE)


def node_modules() -> Path:
    """Where npm puts packages for this environment."""
    return Path(sys.prefix, "node_modules")


class Kusto:
    """The events in one table, whose columns have the types that the target's tables give them."""

    name = "duckdb-kql"

    def __init__(self) -> None:
        import duckdb_kql  # type: ignore[import-not-found]
        from duckdb_kql.translate.functions import (  # type: ignore[import-not-found]
            SCALAR_FUNCTIONS,
            FunctionSpec,
        )

        from jumpsigma.export import load_target

        self._kql = duckdb_kql
        has_key = "list_contains(json_keys(CAST({0} AS JSON)), {1})"
        SCALAR_FUNCTIONS["bag_has_key"] = FunctionSpec("bag_has_key", "template", has_key, (2,))
        self._connection = duckdb_kql.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        schemas = load_target("sentinel").languages["kql"].tables["schemas"]
        self._names: Mapping[str, str] = schemas["dcr"]["names"]
        self._columns: dict[str, str] = {}
        self._watchlists: list[str] = []
        self._service: subprocess.Popen[str] | None = None

    def available(self) -> str | None:
        """The versions of both packages."""
        package = node_modules() / "@kusto" / "language-service-next" / "package.json"
        try:
            service = json.loads(package.read_text(encoding="utf-8"))["version"]
            if shutil.which("node") is None:
                return None
            return f"{version('duckdb-kql')} with language-service-next {service}"
        except (PackageNotFoundError, OSError):
            return None

    def load(self, events: Stored) -> None:
        """Hold the events; a list or an object is JSON text."""
        self._columns = {"id": "string", "TimeGenerated": "datetime"}
        for event in events.values():
            for name, value in event.items():
                if name != "timestamp" and self._columns.get(name, "null") == "null":
                    self._columns[name] = self._type(name, value)
        self._columns = {n: "string" if t == "null" else t for n, t in self._columns.items()}
        listed = ", ".join(f'"{name}" {_SQL[kind]}' for name, kind in self._columns.items())
        self._connection.execute(f"CREATE OR REPLACE TABLE {TABLE} ({listed})")
        rows = [self._row(key, event) for key, event in events.items()]
        if rows:
            marks = ", ".join("?" * len(self._columns))
            self._connection.execute("BEGIN")
            self._connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)
            self._connection.execute("COMMIT")
        # The table of the collector has no `id`; it is here to tell the rows.
        hidden = "id" if {"id_s", "id_g"} & {*self._columns} else ""
        kinds = [[name, kind] for name, kind in self._columns.items() if name != hidden]
        key = [["SearchKey", "string"]]
        tables = [[TABLE, kinds], *([name, key] for name in self._watchlists)]
        self._asked({"tables": tables})

    def hold(self, files: Mapping[str, str]) -> None:
        """Watchlists, of which the column `value` was chosen as the key."""
        for path, text in files.items():
            name = Path(path).stem
            self._connection.execute(f'CREATE OR REPLACE TABLE {name} ("SearchKey" VARCHAR)')
            rows = [[row["value"]] for row in rows_of(text)]
            self._connection.executemany(f"INSERT INTO {name} VALUES (?)", rows)
            self._watchlists.append(name)

    def _type(self, name: str, value: Any) -> str:
        ends = [kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)]
        if ends or name in self._names:
            kind = ends[0] if ends else self._names[name]
            return _KINDS.get(kind, "string" if kind == "json" else kind)
        match value:
            case None:
                return "null"
            case bool():
                return "bool"
            case int():
                return "long"
            case float():
                return "real"
            case _:
                return "string"

    def _row(self, key: str, event: Mapping[str, Any]) -> list[Any]:
        row = []
        for name in self._columns:
            value = key if name == "id" else event.get(name)
            row.append(_json(value) if isinstance(value, list | dict) else value)
        return row

    def run(self, query: str) -> list[str]:
        """The ids of the rows, of a query in which the language service finds no error."""
        import duckdb

        query = _WATCHLIST.sub(r"\1", query)
        if found := self._asked({"query": query}):
            raise QueryError("; ".join(f"{code} {message}" for code, message, _ in found))
        try:
            result = self._kql.query(self._connection, self._spelled(query))
            return ids_of(result.columns, result.fetchall())
        except (self._kql.KqlError, duckdb.Error) as error:
            raise QueryError(str(error)) from error

    def _spelled(self, query: str) -> str:
        statements = _INGESTED.sub("true", query).split(";\n")
        return ";\n".join(map(self._statement, statements))

    def _statement(self, query: str) -> str:
        def column(match: re.Match[str]) -> str:
            return match[1] if match[1] in self._columns else match[2]

        def apply(match: re.Match[str]) -> str:
            more = re.sub(r"^ *(?:\| )?", "| ", match[2].rstrip("\n"), flags=re.MULTILINE)
            more = more + "\n" if match[2] else ""
            return f"| mv-expand {match[1]}\n{more}| summarize {match[3]}\n    by {_names(known)}"

        known = dict.fromkeys(self._columns)
        parts = []
        for part in _stages(_IF_EXISTS.sub(column, query)):
            parts.append(_APPLY.sub(apply, part))
            found = _APPLY.search(part)
            names = _ADDED.findall(part) if found is None else _COUNTED.findall(found[3])
            known |= dict.fromkeys(names)
        return "".join(parts)

    def _asked(self, question: Mapping[str, Any]) -> list[tuple[str, str, int]]:
        if self._service is None:
            node = shutil.which("node") or "node"
            script = Path(__file__).with_suffix(".js")
            self._service = subprocess.Popen(
                [node, str(script), str(node_modules())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        stdin, stdout = self._service.stdin, self._service.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise QueryError(f"the language service ended: {self._service.wait()}")
        answer: list[tuple[str, str, int]] = json.loads(line)
        return answer

    def close(self) -> None:
        """Close the database and end the language service."""
        self._connection.close()
        if self._service is not None:
            assert self._service.stdin is not None
            assert self._service.stdout is not None
            self._service.stdin.close()
            self._service.wait()
            self._service.stdout.close()


def _stages(query: str) -> Iterator[str]:
    """The query in pieces, each ``mv-apply`` in one of its own."""
    end = 0
    for match in _APPLY.finditer(query):
        yield query[end : match.start()]
        yield match[0]
        end = match.end()
    yield query[end:]


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f"['{column}']" for column in columns)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
