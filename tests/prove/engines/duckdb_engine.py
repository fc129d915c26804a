"""DuckDB, in this process."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engines.engine import TABLE, QueryError, Stored, ids_of


class DuckDB:
    """The events in memory, each as a value of the type JSON."""

    name = "duckdb"

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect(":memory:")
        # An answer must not depend on where the program runs, and nothing is fetched.
        self._connection.execute("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false")

    def available(self) -> str | None:
        """The version of the package."""
        try:
            return version("duckdb")
        except PackageNotFoundError:
            return None

    def load(self, events: Stored) -> None:
        """Hold the events."""
        lines = (json.dumps({"id": key, "event": event}) for key, event in events.items())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "events.ndjson")
            path.write_text("\n".join(lines), encoding="utf-8")
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {TABLE} AS SELECT id, event FROM read_json(?, "
                "format = 'newline_delimited', columns = {id: 'VARCHAR', event: 'JSON'})",
                [str(path)],
            )

    def hold(self, files: Mapping[str, str]) -> None:
        """Load CSV files."""
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(files.values()):
                Path(folder, f"{number}.csv").write_text(text, encoding="utf-8")
            self._connection.execute(
                "CREATE OR REPLACE TABLE jumpsigma_lists AS FROM read_csv(?, header = true, "
                "auto_detect = false, quote = '\"', escape = '\"', allow_quoted_nulls = false, "
                "columns = {list: 'VARCHAR', value: 'VARCHAR'})",
                [f"{folder}/*.csv"],
            )

    def run(self, query: str) -> list[str]:
        """The ids of the rows."""
        import duckdb

        try:
            result = self._connection.execute(query)
            return ids_of([column[0] for column in result.description or ()], result.fetchall())
        except duckdb.Error as error:
            raise QueryError(str(error)) from error

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
