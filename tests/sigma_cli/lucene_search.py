r"""The part of Lucene's query syntax that stock sigma writes, on fields of the type ``keyword``.

``field:value``, ``field:(a OR b)``, quoted values, ``*`` within words, ``\`` before a character
that means itself, ``AND``, ``OR``, ``NOT`` and parentheses. A keyword compares in its case; a
boolean is ``true`` or ``false``. ``AND`` and ``OR`` side by side mean nothing that one would
expect, so they are an error here, as is everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engines.engine import QueryError, Stored

Fields = Mapping[str, list[str]]
Test = Callable[[Fields], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<quoted>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<field>[\w@.]+):|(?P<word>(?:[^\s()"\\:/?~^+!{}\[\]&|<>=-]|\\.)+))"""
)
_WORD = re.compile(r"\\(?P<literal>.)|(?P<many>\*)|(?P<plain>.)", re.DOTALL)


class LuceneSearch:
    """Documents of an index whose fields are keywords and booleans."""

    name = "the query syntax of Lucene, as documented"

    def __init__(self) -> None:
        self._events: dict[str, Fields] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "8"

    def load(self, events: Stored) -> None:
        """Hold the documents."""
        self._events = {key: fields_of(event) for key, event in events.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the documents that a query finds."""
        test = _Parser(query).whole()
        return sorted(key for key, fields in self._events.items() if test(fields))

    def close(self) -> None:
        """Nothing is held open."""


def fields_of(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields of a document: names with dots; lists and lists of objects are flattened."""
    found: dict[str, list[str]] = {}

    def add(value: Any, name: str) -> None:
        match value:
            case dict():
                for key, each in value.items():
                    add(each, f"{name}.{key}" if name else key)
            case list():
                for each in value:
                    add(each, name)
            case None:
                pass
            case bool():
                found.setdefault(name, []).append(str(value).lower())
            case _:
                found.setdefault(name, []).append(str(value))

    add(event, "")
    return found


class _Parser:
    def __init__(self, query: str) -> None:
        self._tokens = list(_tokens(query))

    def whole(self) -> Test:
        test = self._joined(self._clause)
        if self._tokens:
            raise QueryError(f"not expected: {self._tokens[0][1]}")
        return test

    def _joined(self, item: Callable[[], Test]) -> Test:
        items, words = [item()], set[str]()
        while self._tokens and self._tokens[0] in (("word", "AND"), ("word", "OR")):
            words.add(self._tokens.pop(0)[1])
            items.append(item())
        if len(words) > 1:
            raise QueryError("AND and OR without parentheses")
        combine = any if words == {"OR"} else all
        return items[0] if not words else lambda fields: combine(each(fields) for each in items)

    def _clause(self) -> Test:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT"):
            item = self._clause()
            return lambda fields: not item(fields)
        if (kind, text) == ("paren", "("):
            item = self._joined(self._clause)
            self._close()
            return item
        if kind != "field":
            raise QueryError(f"no field: {text}")
        return self._values(text)

    def _values(self, field: str) -> Test:
        if self._tokens and self._tokens[0] == ("paren", "("):
            self._tokens.pop(0)
            test = self._joined(lambda: self._value(field))
            self._close()
            return test
        return self._value(field)

    def _value(self, field: str) -> Test:
        kind, text = self._next()
        if kind not in ("word", "quoted") or text in ("AND", "OR", "NOT"):
            raise QueryError(f"no value: {text}")
        pattern = _quoted(text) if kind == "quoted" else _word(text)
        return lambda fields: any(pattern.fullmatch(value) for value in fields.get(field, ()))

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise QueryError("the query ends too early")
        return self._tokens.pop(0)

    def _close(self) -> None:
        if (found := self._next()) != ("paren", ")"):
            raise QueryError(f") expected, not {found[1]}")


def _quoted(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(re.sub(r"\\(.)", r"\1", text[1:-1])))


def _word(text: str) -> re.Pattern[str]:
    parts = []
    for part in _WORD.finditer(text):
        literal = part["literal"] or part["plain"]
        parts.append(".*" if part["many"] else re.escape(literal))
    return re.compile("".join(parts), re.DOTALL)


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(query.rstrip())
    while place < end:
        found = _TOKEN.match(query, place)
        if found is None:
            raise QueryError(f"not known here: {query[place : place + 40]!r}")
        assert found.lastgroup is not None
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()
