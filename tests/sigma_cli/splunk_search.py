"""The part of Splunk's ``search`` command that stock sigma writes, by its documentation.

``NOT`` binds tightest, then ``OR``, then ``AND``, which may be left out. Text compares in any case,
``*`` is a wildcard, a field of several values satisfies a test with one of them, and a missing one
none. Anything else raises :class:`QueryError`: what is not known here is not taken for right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from engines.engine import QueryError, Stored

Fields = Mapping[str, list[str]]
Test = Callable[[Fields], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<comma>,)|(?P<equals>=)|(?P<quoted>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<word>[^\s()=,"|<>!']+))"""
)
_ESCAPE = re.compile(r'\\(["\\])')


class SplunkSearch:
    """Events of raw JSON with the names that Splunk gives their values (``KV_MODE = json``)."""

    name = "the search command of Splunk, as documented"

    def __init__(self) -> None:
        self._events: dict[str, Fields] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "9.4"

    def load(self, events: Stored) -> None:
        """Hold the events."""
        self._events = {key: fields_of(event) for key, event in events.items()}

    def run(self, query: str) -> list[str]:
        """The ids of the events that a search finds."""
        test = _Parser(query).whole()
        return sorted(key for key, fields in self._events.items() if test(fields))

    def close(self) -> None:
        """Nothing is held open."""


def fields_of(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields of an event: names with dots, ``{}`` behind that of a list, every value a text."""
    found: dict[str, list[str]] = {}
    for name, text in _values(event, ""):
        found.setdefault(name, []).append(text)
    return found


def _values(value: Any, name: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, each in value.items():
                yield from _values(each, f"{name}.{key}" if name else key)
        case list():
            for each in value:
                yield from _values(each, f"{name}{{}}")
        case None:
            yield name, "null"
        case bool():
            yield name, str(value).lower()
        case _:
            yield name, str(value)


class _Parser:
    def __init__(self, query: str) -> None:
        self._tokens = list(_tokens(query))

    def whole(self) -> Test:
        test = self._all()
        if self._tokens:
            raise QueryError(f"not expected: {self._tokens[0][1]}")
        return test

    def _all(self) -> Test:
        items = [self._any()]
        while self._tokens and self._tokens[0] != ("paren", ")"):
            if self._tokens[0] == ("word", "AND"):
                self._next()
            items.append(self._any())
        return items[0] if len(items) == 1 else lambda fields: all(item(fields) for item in items)

    def _any(self) -> Test:
        items = [self._not()]
        while self._tokens and self._tokens[0] == ("word", "OR"):
            self._next()
            items.append(self._not())
        return items[0] if len(items) == 1 else lambda fields: any(item(fields) for item in items)

    def _not(self) -> Test:
        kind, text = self._next()
        if (kind, text) == ("word", "NOT"):
            item = self._not()
            return lambda fields: not item(fields)
        if (kind, text) == ("paren", "("):
            item = self._all()
            self._expect("paren", ")")
            return item
        if kind == "quoted":  # a name with other signs than letters, digits and dots
            text = text[1:-1]
        elif kind != "word":
            raise QueryError(f"no field: {text}")
        return self._test(text)

    def _test(self, field: str) -> Test:
        kind, text = self._next()
        if (kind, text) == ("word", "IN"):
            self._expect("paren", "(")
            patterns = [self._value()]
            while self._tokens and self._tokens[0][0] == "comma":
                self._next()
                patterns.append(self._value())
            self._expect("paren", ")")
        elif kind == "equals":
            patterns = [self._value()]
        else:
            raise QueryError(f"no comparison of {field}: {text}")
        return lambda fields: any(
            matches(value) for value in fields.get(field, ()) for matches in patterns
        )

    def _value(self) -> Callable[[str], bool]:
        kind, text = self._next()
        if kind == "quoted":
            if "\\*" in text.replace("\\\\", ""):
                raise QueryError("a backslash does not make an asterisk of a wildcard")
            text = _ESCAPE.sub(r"\1", text[1:-1])
        elif kind != "word" or not text.isalnum():
            raise QueryError(f"no value: {text}")
        if not text.strip("*"):
            raise QueryError("a test of whether there is a field")
        if (network := _network(text)) is not None:
            return lambda value: value == text or _is_in(value, network)
        parts = ".*".join(map(re.escape, text.split("*")))
        pattern = re.compile(parts, re.IGNORECASE | re.DOTALL | re.ASCII)
        return lambda value: pattern.fullmatch(value) is not None

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise QueryError("the query ends too early")
        return self._tokens.pop(0)

    def _expect(self, kind: str, text: str) -> None:
        if (found := self._next()) != (kind, text):
            raise QueryError(f"{text} expected, not {found[1]}")


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """The network that a value with a slash is; ``search`` looks for its addresses."""
    try:
        return ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def _is_in(value: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(value) in network
    except ValueError:
        return False


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(query.rstrip())
    while place < end:
        found = _TOKEN.match(query, place)
        if found is None:
            raise QueryError(f"not known here: {query[place : place + 40]!r}")
        assert found.lastgroup is not None
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()
