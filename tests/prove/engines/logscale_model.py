"""A model of the part of LogScale that backends/crowdstrike writes, made from its documentation.

Values are texts. A list is the fields ``name[0]``, ``name[1]``; functions on lists stop at the
first number that is missing. A comparison with a field that is not there fails, and so does one of
a text that is no number in plain digits. How strongly ``and`` and ``or`` bind, on which the pages
differ, has to be said. Expressions run on Python's ``re``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engines.engine import QueryError, Stored, rows_of
from engines.spl_model import text_of
from engines.words import Words

Row = dict[str, str]
Filter = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<regex>/(?:[^/\\\n]|\\.)+/[a-z]*)|(?P<string>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign><=|>=|!=|==|[=<>(){},*])"""
    r"""|(?P<name>[A-Za-z_][A-Za-z0-9_.]*(?::[A-Za-z]+)?))"""
)
_SEARCH = re.compile(r"#[A-Za-z]+=[A-Za-z0-9_-]+")


def fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts as parseJson() has them."""
    match value:
        case dict():
            for key, item in value.items():
                yield from fields(item, f"{name}.{key}" if name else key)
        case list():
            for number, item in enumerate(value):
                yield from fields(item, f"{name}[{number}]")
        case _:
            yield name, text_of(value)


class LogScaleModel:
    """The events of one repository."""

    name = "logscale model"

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._tables: dict[str, list[dict[str, str]]] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "1.202"

    def load(self, events: Stored) -> None:
        """Parse each event."""
        self._rows = {key: dict(fields(event)) for key, event in events.items()}

    def hold(self, files: Mapping[str, str]) -> None:
        """Look-up files, by the name that they are uploaded with."""
        self._tables = {Path(path).name: rows_of(text) for path, text in files.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events that pass the filter behind the tag."""
        search, *between, condition = query.split("\n| ")
        if not _SEARCH.fullmatch(search):
            raise QueryError(f"not understood: {search!r}")
        marks = [_marked(each, self._tables) for each in between]
        test = _Parser(condition).whole()
        return sorted(
            key
            for key, row in self._rows.items()
            if test(row | {mark: "yes" for mark, found in marks if found(row)})
        )

    def close(self) -> None:
        """Forget the events."""
        self._rows = {}


_MARK = re.compile(
    r'case \{ match\(file="([\w.]+)", field=([\w.]+), column=(\w+), ignoreCase=true, include=\[\]\)'
    r' \| (\w+) := "yes"; \* \}'
)


def _marked(text: str, tables: Mapping[str, list[dict[str, str]]]) -> tuple[str, Filter]:
    """A mark for the events whose field is in a column, whatever the case; the others pass too."""
    found = _MARK.fullmatch(text)
    if found is None or found[1] not in tables:
        raise QueryError(f"not understood: {text!r}")
    field, values = found[2], {row[found[3]].lower() for row in tables[found[1]]}
    return found[4], lambda row: row.get(field, "").lower() in values


class _Parser(Words):
    pattern = _TOKEN

    def whole(self) -> Filter:
        """The condition, to the last token."""
        found = self.joined()
        self.ended("a condition")
        return found

    def next(self, kind: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != kind:
            raise QueryError(f"a {kind} is missing before {self.tokens[self.at :][:2]}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def joined(self) -> Filter:
        """Parts joined by one and the same word."""
        parts = [self.part()]
        word = ""
        while self.at < len(self.tokens) and self.tokens[self.at][1] in ("and", "or"):
            if word not in ("", self.tokens[self.at][1]):
                raise QueryError("and beside or, without parentheses")
            word = self.tokens[self.at][1]
            self.at += 1
            parts.append(self.part())
        if word == "or":
            return lambda row: any(part(row) for part in parts)
        return lambda row: all(part(row) for part in parts)

    def part(self) -> Filter:
        if self.take("not"):
            self.need("(")
            inner = self.joined()
            self.need(")")
            return lambda row: not inner(row)
        if self.take("("):
            inner = self.joined()
            self.need(")")
            return inner
        name = self.next("name")
        if name in ("array:exists", "objectArray:exists"):
            return self.exists(name)
        if name == "test":
            return self.numbers()
        return self.comparison(name)

    def numbers(self) -> Filter:
        self.need("(")
        left = float(self.next("number"))
        self.need("==")
        right = float(self.next("number"))
        self.need(")")
        return lambda _row: left == right

    def comparison(self, name: str) -> Filter:
        sign = self.next("sign")
        if sign == "=" and self.take("*"):
            return lambda row: name in row
        if sign == "=":
            found = _expression(self.next("regex"))
            return lambda row: name in row and found.search(row[name]) is not None
        if sign not in _SIGNS:
            raise QueryError(f"no comparison {sign!r}")
        number, compare = float(self.next("number")), _SIGNS[sign]
        return lambda row: name in row and compare(_number(row[name]), number)

    def exists(self, function: str) -> Filter:
        """An element of the list satisfies the condition, in which it has the name of the list."""
        self.need("(")
        self.need("array")
        self.need("=")
        array = self.next("string").strip('"')
        self.need(",")
        self.need("condition")
        self.need("=")
        self.need("{")
        condition = self.joined()
        self.need("}")
        self.need(")")
        if not array.endswith("[]"):
            raise QueryError(f"the name of an array ends in []: {array!r}")
        name, structured = array.removesuffix("[]"), function.startswith("object")
        return lambda row: any(
            condition(one) for one in _elements(row, name, structured=structured)
        )


def _elements(row: Row, name: str, *, structured: bool) -> Iterator[Row]:
    number = 0
    while True:
        prefix = f"{name}[{number}]"
        fields_of = {key: value for key, value in row.items() if key.startswith(prefix)}
        if not fields_of:
            return
        if structured or prefix in row:
            found = {name + key.removeprefix(prefix): value for key, value in fields_of.items()}
            yield row | found if structured else row | {name: row[prefix]}
        number += 1


def _expression(literal: str) -> re.Pattern[str]:
    source, flags = literal[1:].rsplit("/", 1)
    if set(flags) - {"i", "d"}:
        raise QueryError(f"flags {flags!r}")
    found = re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", _very_end, source)
    if "(?" in found.replace("(?:", ""):
        raise QueryError("a group of a kind that is not documented")
    options = (re.IGNORECASE if "i" in flags else 0) | (re.DOTALL if "d" in flags else 0)
    try:
        return re.compile(found.replace("\\/", "/"), options)
    except re.error as error:
        raise QueryError(f"no expression: {source!r}") from error


def _very_end(found: re.Match[str]) -> str:
    r"""``$`` as the end of the text, which Python's also finds before a last line break."""
    return r"\Z" if found[0] == "$" else found[0]


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text) else float("nan")


_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
