"""SQLite: the standard library's, with the functions that backends/sqlite asks its users for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from functools import cache
from typing import Any

import re2
from engines.engine import TABLE, QueryError, Stored, ids_of, rows_of


@cache
def _expression(pattern: str) -> Any:
    return re2.compile(pattern)


def _regexp(pattern: str, text: Any) -> bool | None:
    """``text REGEXP pattern``, which SQLite leaves to the program around it."""
    if text is None:
        return None
    return _expression(pattern).search(str(text)) is not None


class Sqlite:
    """The events in memory."""

    name = "sqlite3"

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.create_function("regexp", 2, _regexp, deterministic=True)

    def available(self) -> str | None:
        """The version of the library behind the module."""
        return sqlite3.sqlite_version

    def load(self, events: Stored) -> None:
        """Hold the events as JSON text."""
        rows = [(key, json.dumps(event, ensure_ascii=False)) for key, event in events.items()]
        self._connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        self._connection.execute(f"CREATE TABLE {TABLE} (id TEXT PRIMARY KEY, event TEXT)")
        self._connection.executemany(f"INSERT INTO {TABLE} VALUES (?, ?)", rows)

    def hold(self, files: Mapping[str, str]) -> None:
        """Load CSV files as the shell does."""
        self._connection.execute("DROP TABLE IF EXISTS jumpsigma_lists")
        self._connection.execute("CREATE TABLE jumpsigma_lists (list, value, UNIQUE (list, value))")
        for text in files.values():
            self._connection.executemany(
                "INSERT INTO jumpsigma_lists VALUES (:list, :value)", rows_of(text)
            )

    def run(self, query: str) -> list[str]:
        """The ids of the rows."""
        try:
            cursor = self._connection.execute(query)
            return ids_of([column[0] for column in cursor.description or ()], cursor)
        except sqlite3.Error as error:
            raise QueryError(str(error)) from error

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
