"""EQL, as Elastic's own Python package evaluates it (AGPL: for tests only, and not needed)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from engines.engine import QueryError, Stored

from jumpsigma.export.languages.kinds import Kind, Kinds
from jumpsigma.interpret.values import text_of


class Eql:
    """The events as nested objects; every event is of any category.

    What an index has as a keyword is a text, whatever it was, and a list of one is that one.
    """

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
        from stores.elastic import kinds_of_fields

        kinds = kinds_of_fields()
        self._events = [
            eql.Event("any", place, {**_indexed(event, kinds), "prove_id": key})
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
            with _as_elasticsearch():
                engine.add_query(parsed)
                engine.stream_events(self._events)
        except eql.EqlError as error:
            raise QueryError(str(error)) from error
        return sorted(found)

    def close(self) -> None:
        """Forget the events."""
        self._events = []


def _indexed(value: Any, kinds: Kinds, path: str = "") -> Any:
    match value:
        case dict():
            return {
                key: _indexed(inner, kinds, f"{path}.{key}" if path else key)
                for key, inner in value.items()
            }
        case list():
            inside = [_indexed(inner, kinds, path) for inner in value]
            return inside if len(inside) > 1 else next(iter(inside), None)
        case _:
            return text_of(value) if kinds.of(path) in (Kind.KEYWORD, Kind.DYNAMIC) else value


@contextmanager
def _as_elasticsearch() -> Iterator[None]:
    """`==` and `regex` know the case, `:` does not, and all of them are about the whole text.

    The package takes Endgame's dialect for the rest, in which a text may end in a line break more.
    """
    from eql import functions, utils

    kept = [
        (utils, "CASE_INSENSITIVE", utils.CASE_INSENSITIVE),
        (functions.Match, "get_callback", functions.Match.__dict__["get_callback"]),
        (functions.Wildcard, "get_callback", functions.Wildcard.__dict__["get_callback"]),
    ]
    utils.CASE_INSENSITIVE = False
    functions.Match.get_callback = _callback(lambda text: re.compile(text, re.DOTALL))
    functions.Wildcard.get_callback = _callback(_wildcard)
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def _wildcard(text: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    pattern = "".join(signs.get(character) or re.escape(character) for character in text)
    return re.compile(pattern, re.DOTALL | re.IGNORECASE)


def _callback(compiled: Callable[[str], re.Pattern[str]]) -> Any:
    def get_callback(_: Any, __: Any, *literals: Any) -> Callable[..., bool | None]:
        patterns = [compiled(each.value) for each in literals]

        def callback(source: Any, *_: Any) -> bool | None:
            return None if source is None else any(p.fullmatch(source) for p in patterns)

        return callback

    return classmethod(get_callback)
