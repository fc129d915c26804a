"""What an engine is to a proof: something that holds events and answers a query with their ids."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

#: Events by id, as the product stores them.
Stored = Mapping[str, dict[str, Any]]

#: SQL engines hold the events in this table: ``id`` (a text) and ``event`` (the JSON document).
TABLE = "events"


class QueryError(Exception):
    """The engine does not take the query; says why in its own words."""


class Engine(Protocol):
    """An engine. Its module imports the engine's package in functions only."""

    name: str

    def available(self) -> str | None:
        """The engine's version, or None where it is not installed."""

    def load(self, events: Stored) -> None:
        """Hold these events, and no others."""

    def run(self, query: str) -> list[str]:
        """The ids of what the query returns, sorted; an id that comes twice stands there twice.

        Raises :class:`QueryError`.
        """

    def close(self) -> None:
        """Give back what the engine holds."""


@runtime_checkable
class Tabled(Protocol):
    """An engine that holds look-up tables beside the events."""

    def hold(self, files: Mapping[str, str]) -> None:
        """Load tables as the target's README says: the files of an export, by path."""


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of its columns."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def ids_of(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """The column ``id`` of a result.

    Raises :class:`QueryError` when it has none: nobody could tell which events it is about.
    """
    try:
        place = [column.lower() for column in columns].index("id")
    except ValueError:
        raise QueryError(f"the result has no column id, but {', '.join(columns)}") from None
    return sorted(str(row[place]) for row in rows)
