"""EQL, as Elastic's own Python package evaluates it (AGPL: for tests only, and not needed)."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engines.engine import QueryError, Stored


class Eql:
    """The events as nested objects; every event is of any category."""

    name = "eql"

    def __init__(self) -> None:
        self._events: list[Any] = []

    def available(self) -> str | None:
        """The version of the package."""
        try:
            return version("eql")
        except PackageNotFoundError:
            return None

    def load(self, events: Stored) -> None:
        """Hold the events, in their order."""
        import eql  # type: ignore[import-not-found]

        self._events = [
            eql.Event("any", place, {**event, "prove_id": key})
            for place, (key, event) in enumerate(events.items())
        ]

    def run(self, query: str) -> list[str]:
        """The ids of the events; of a sequence, of the event that completes it."""
        import eql

        found: list[str] = []

        def keep(output: Any) -> None:
            found.append(output.events[-1].data["prove_id"])

        try:
            with eql.parser.elasticsearch_syntax, eql.parser.ignore_missing_fields:
                parsed = eql.parse_query(query)
            engine = eql.PythonEngine()
            engine.add_output_hook(keep)
            engine.add_query(parsed)
            engine.stream_events(self._events)
        except eql.EqlError as error:
            raise QueryError(str(error)) from error
        return sorted(found)

    def close(self) -> None:
        """Forget the events."""
        self._events = []
