"""A model of the part of VictoriaLogs that backends/victorialogs writes, from its documentation.

Fields are texts, of nested objects joined by dots; a list is its JSON, null and an empty value
are no field. ``NOT`` binds before ``AND``, and that before ``OR``. An expression is found
anywhere; of a field that is not there it sees the empty text. Expressions run on RE2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import re2
from engines.engine import QueryError, Stored
from engines.spl_model import text_of
from engines.words import Words

Fields = dict[str, str]
Filter = Callable[[Fields], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<stream>\{[^{}]*\})|(?P<string>`[^`]*`|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<sign>:~|:<=|:>=|:<|:>|:\*|:|[()*])|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<name>[A-Za-z][A-Za-z0-9_.]*))"""
)
_WORDS = {"AND", "OR", "NOT"}


def fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts as they are ingested."""
    match value:
        case dict():
            for key, item in value.items():
                yield from fields(item, f"{name}.{key}" if name else key)
        case list():
            yield name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        case None | "":
            return
        case _:
            yield name, text_of(value)


class LogsQlModel:
    """The events of one stream."""

    name = "logsql model"

    def __init__(self) -> None:
        self._rows: dict[str, Fields] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "1.26"

    def load(self, events: Stored) -> None:
        """Ingest each event."""
        self._rows = {key: dict(fields(event)) for key, event in events.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events that the filter selects."""
        test = _Parser(query).whole()
        return sorted(key for key, row in self._rows.items() if test(row))

    def close(self) -> None:
        """Forget the events."""
        self._rows = {}


class _Parser(Words):
    pattern = _TOKEN

    def whole(self) -> Filter:
        """The filter, to the last token."""
        if not self.tokens or self.tokens[0][0] != "stream":
            raise QueryError("no stream")
        found = self.either()
        self.ended("a filter")
        return found

    def next(self, *kinds: str) -> tuple[str, str]:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in kinds:
            raise QueryError(f"no {kinds[0]} before {self.tokens[self.at :][:2]}")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self) -> Filter:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return lambda row: any(part(row) for part in parts)

    def both(self) -> Filter:
        parts = [self.negated()]
        while self.take("AND"):
            parts.append(self.negated())
        return lambda row: all(part(row) for part in parts)

    def negated(self) -> Filter:
        if self.take("NOT"):
            inner = self.negated()
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                raise QueryError("a parenthesis is missing")
            return inner
        if self.take("*"):
            return lambda _row: True
        kind, name = self.next("stream", "name", "string")
        if kind == "stream":
            return lambda _row: True
        if name in _WORDS:
            raise QueryError(f"{name} where a field should stand")
        return self.field(_text(name) if kind == "string" else name)

    def field(self, name: str) -> Filter:
        _, sign = self.next("sign")
        if sign == ":*":
            return lambda row: name in row
        if sign == ":~":
            found = _compiled(_text(self.next("string")[1]))
            return lambda row: found.search(row.get(name, "")) is not None
        if sign == ":":
            if _text(self.next("string")[1]):
                raise QueryError("a phrase, which finds words")
            return lambda row: name not in row
        compare, number = _SIGNS[sign], float(self.next("number")[1])
        return lambda row: name in row and compare(_number(row[name]), number)


def _text(literal: str) -> str:
    if literal.startswith("`"):
        return literal[1:-1]
    return str(json.loads(literal))  # the escapes that Go and JSON share


@cache
def _compiled(source: str) -> Any:
    try:
        return re2.compile(source)
    except re2.error as error:
        raise QueryError(f"no expression: {source!r}") from error


def _number(text: str) -> float:
    """A number in plain digits; how another text compares is not needed."""
    return float(text) if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) else float("nan")


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ":<": lambda a, b: a < b,
    ":<=": lambda a, b: a <= b,
    ":>": lambda a, b: a > b,
    ":>=": lambda a, b: a >= b,
}
