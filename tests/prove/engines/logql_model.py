"""A model of the part of Loki that backends/loki writes, made from its documentation.

Labels are what ``| json`` makes of the line. A label that is not there is compared as an empty
text; a comparison with a number fails without the label, and where the text is no number it lets
the line through with ``__error__``. Predicates are read from the right: more than one word
between them without parentheses is an error here, and so is an expression that depends on whether
a dot finds a line break, of which versions differ. Expressions run on RE2.
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

Labels = dict[str, str]
Filter = Callable[[Labels], bool]

_SELECTOR = re.compile(r'\{[a-z_]+="[^"]+"(, ?[a-z_]+="[^"]+")*\}')
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>`[^`]*`|"(?:[^"\\]|\\.)*")|(?P<sign>=~|!~|!=|<=|>=|[=<>()])"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*))"""
)
_DROP = "drop __error__, __error_details__"
#: What Go's ParseFloat reads besides decimal numbers is not needed: an expression stands before.
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def labels(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts as the parser gives them; lists and null give none."""
    match value:
        case dict():
            for key, item in value.items():
                part = re.sub(r"[^A-Za-z0-9_]", "_", key)
                yield from labels(item, f"{name}_{part}" if name else part)
        case list() | None:
            return
        case _:
            yield (f"_{name}" if name[:1].isdigit() else name), text_of(value)


class LogQlModel:
    """The events of one stream, a line each."""

    name = "logql model"

    def __init__(self) -> None:
        self._rows: dict[str, Labels] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "3.5"

    def load(self, events: Stored) -> None:
        """Parse each line."""
        self._rows = {key: dict(labels(event)) for key, event in events.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the lines that pass all filters."""
        selector, *stages = query.split("\n| ")
        if not _SELECTOR.fullmatch(selector) or stages[:1] != ['json | __error__=""']:
            raise QueryError(f"not understood: {query[:60]!r}")
        dropped = stages[-1] == _DROP
        filters = [_Parser(stage).whole() for stage in stages[1 : len(stages) - dropped]]
        found = []
        for key, row in self._rows.items():
            copy = dict(row)
            if all(test(copy) for test in filters):
                if "__error__" in copy and not dropped:
                    raise QueryError("a line that passes has an error")
                found.append(key)
        return sorted(found)

    def close(self) -> None:
        """Forget the lines."""
        self._rows = {}


class _Parser(Words):
    pattern = _TOKEN

    def whole(self) -> Filter:
        """The filter, to the last token."""
        found = self.joined()
        self.ended("a filter")
        return found

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def next(self, *kinds: str) -> tuple[str, str]:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] not in kinds:
            raise QueryError(f"no {kinds[0]} before {self.tokens[self.at :][:2]}")
        self.at += 1
        return self.tokens[self.at - 1]

    def joined(self) -> Filter:
        left = self.part()
        word = self.peek()
        if word not in ("and", "or"):
            return left
        self.at += 1
        right = self.part()
        if self.peek() in ("and", "or"):
            raise QueryError("three predicates without parentheses")
        if word == "or":
            return lambda row: left(row) or right(row)
        # Both are looked at: the second may set an error whatever the first says.
        return lambda row: all([left(row), right(row)])

    def part(self) -> Filter:
        if self.peek() == "(":
            self.at += 1
            inner = self.joined()
            if self.peek() != ")":
                raise QueryError("a parenthesis is missing")
            self.at += 1
            return inner
        _, name = self.next("name")
        _, sign = self.next("sign")
        kind, value = self.next("string", "number")
        if kind == "number":
            return _numeric(name, sign, float(value))
        return _textual(name, sign, _text(value))


def _text(literal: str) -> str:
    if literal.startswith("`"):
        return literal[1:-1]
    return str(json.loads(literal))  # the escapes that Go and JSON share


def _textual(name: str, sign: str, text: str) -> Filter:
    match sign:
        case "=":
            return lambda row: row.get(name, "") == text
        case "!=":
            return lambda row: row.get(name, "") != text
        case "=~":
            return lambda row: _whole(text, row.get(name, ""))
        case "!~":
            return lambda row: not _whole(text, row.get(name, ""))
    raise QueryError(f"no {sign} of a text")


@cache
def _compiled(source: str) -> Any:
    try:
        return re2.compile(source)
    except re2.error as error:
        raise QueryError(f"no expression: {source!r}") from error


def _whole(source: str, text: str) -> bool:
    found = _compiled(f"^(?:{source})$").search(text) is not None
    if found != (_compiled(f"^(?s:{source})$").search(text) is not None):
        raise QueryError(f"it depends on the version: {source!r}")
    return found


def _numeric(name: str, sign: str, number: float) -> Filter:
    compare = _SIGNS.get(sign)
    if compare is None:
        raise QueryError(f"no {sign} of a number")

    def holds(row: Labels) -> bool:
        if name not in row:
            return False
        if not _FLOAT.fullmatch(row[name]):
            row["__error__"] = "LabelFilterErr"
            return True
        return compare(float(row[name]), number)

    return holds


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
