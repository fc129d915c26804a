"""ClickHouse, as chDB runs it in this process."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engines.engine import TABLE, QueryError, Stored, ids_of


class ChDB:
    """The events in memory, each as JSON text in a column of the type String."""

    name = "chdb"

    def __init__(self) -> None:
        self._session: Any = None

    def available(self) -> str | None:
        """The version of ClickHouse, with that of the package that holds it."""
        try:
            package = version("chdb")
        except PackageNotFoundError:
            return None
        return f"{self._query('SELECT version()', 'TSV').strip()} (chdb {package})"

    def _query(self, query: str, form: str = "JSONCompact") -> str:
        if self._session is None:
            from chdb import session  # type: ignore[import-not-found]

            self._session = session.Session()
        try:
            return str(self._session.query(query, form))
        except RuntimeError as error:
            raise QueryError(str(error)) from error

    def load(self, events: Stored) -> None:
        """Hold the events."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "events.ndjson")
            lines = (
                json.dumps({"id": key, "event": json.dumps(event, ensure_ascii=False)})
                for key, event in events.items()
            )
            path.write_text("\n".join(lines), encoding="utf-8")
            self._query(f"DROP TABLE IF EXISTS {TABLE}")
            self._query(f"CREATE TABLE {TABLE} (id String, event String) ENGINE = Memory")
            self._query(f"INSERT INTO {TABLE} SELECT id, event FROM file('{path}', 'JSONEachRow')")

    def hold(self, files: Mapping[str, str]) -> None:
        """Load CSV files."""
        self._query("DROP TABLE IF EXISTS jumpsigma_lists")
        self._query(
            "CREATE TABLE jumpsigma_lists (list String, value String)"
            " ENGINE = MergeTree ORDER BY (list, value)"
        )
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(files.values()):
                path = Path(folder, f"{number}.csv")
                path.write_text(text, encoding="utf-8")
                self._query(f"INSERT INTO jumpsigma_lists FROM INFILE '{path}' FORMAT CSVWithNames")

    def run(self, query: str) -> list[str]:
        """The ids of the rows."""
        answer = json.loads(self._query(query))
        return ids_of([column["name"] for column in answer["meta"]], answer["data"])

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None
