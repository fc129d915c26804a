"""Sekoia.io's Sigma dialect, as its documentation describes it.

The engine itself runs at Sekoia alone. This one reads the YAML of ``detection`` and knows the
words of https://docs.sekoia.io/xdr/features/detect/sigma/ and no others: values are texts in any
case with wildcards, expressions of RE2 have to match the whole value, the values of a field are
alternatives, what is missing satisfies nothing but ``not``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

import re2
import yaml
from engines.engine import QueryError, Stored

Event = dict[str, Any]
Holds = Callable[[Event], bool]
Matches = Callable[[str], bool]

_TOKEN = re.compile(r"\s*([()]|[A-Za-z_]\w*)", re.ASCII)


class Sekoia:
    """The events as nested objects of texts."""

    name = "a model of the dialect of Sekoia.io"

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    def available(self) -> str | None:
        """The day of the documentation that it goes by."""
        return "dialect of 2026-08-21"

    def load(self, events: Stored) -> None:
        """Hold the events."""
        self._events = dict(events)

    def run(self, query: str) -> list[str]:
        """The ids of the events of which the detection holds."""
        try:
            holds = detection(yaml.safe_load(query)["detection"])
        except (ValueError, KeyError, TypeError, yaml.YAMLError, re2.error) as error:
            raise QueryError(f"{type(error).__name__}: {error}") from error
        return sorted(key for key, event in self._events.items() if holds(event))

    def close(self) -> None:
        """Forget the events."""
        self._events = {}


def detection(given: dict[str, Any]) -> Holds:
    """The condition over the named detections.

    Raises :class:`ValueError`.
    """
    condition = given.pop("condition")
    named = {name: _search(value) for name, value in given.items()}
    tokens = _TOKEN.findall(condition)
    if "".join(tokens) != re.sub(r"\s", "", condition):
        raise ValueError(f"the condition {condition!r}")
    found = _either(tokens, named)
    if tokens:
        raise ValueError(f"{tokens[0]!r} in the condition")
    return found


def _either(tokens: list[str], named: dict[str, Holds]) -> Holds:
    items = [_both(tokens, named)]
    while tokens and tokens[0] == "or":
        del tokens[0]
        items.append(_both(tokens, named))
    return lambda event: any(item(event) for item in items)


def _both(tokens: list[str], named: dict[str, Holds]) -> Holds:
    items = [_one(tokens, named)]
    while tokens and tokens[0] == "and":
        del tokens[0]
        items.append(_one(tokens, named))
    return lambda event: all(item(event) for item in items)


def _one(tokens: list[str], named: dict[str, Holds]) -> Holds:
    if not tokens:
        raise ValueError("the condition ends too early")
    token = tokens.pop(0)
    if token == "not":
        inner = _one(tokens, named)
        return lambda event: not inner(event)
    if token == "(":
        inner = _either(tokens, named)
        if not tokens or tokens.pop(0) != ")":
            raise ValueError("a parenthesis is not closed")
        return inner
    return named[token]


def _search(value: Any) -> Holds:
    """A map, or a list of maps."""
    if isinstance(value, list):
        items = [_search(each) for each in value]
        return lambda event: any(item(event) for item in items)
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{value!r} is no map")
    tests = [_field(key, each) for key, each in value.items()]
    return lambda event: all(test(event) for test in tests)


def _field(key: str, value: Any) -> Holds:
    name, *modifiers = key.split("|")
    every = "all" in modifiers
    kinds = [each for each in modifiers if each != "all"]
    matches = [_match(each, kinds) for each in (value if isinstance(value, list) else [value])]
    path = name.split(".")

    def holds(event: Event) -> bool:
        texts = list(_texts(event, path))
        found = (any(map(match, texts)) for match in matches)
        return all(found) if every else any(found)

    return holds


def _match(value: Any, kinds: list[str]) -> Matches:
    if not isinstance(value, str) or not value:
        raise ValueError(f"the value {value!r}")
    match kinds:
        case []:
            return _pattern(value)
        case ["contains"]:
            return _pattern(f"*{value}*")
        case ["startswith"]:
            return _pattern(f"{value}*")
        case ["endswith"]:
            return _pattern(f"*{value}")
        case ["re"]:
            return lambda text: re2.fullmatch(value, text) is not None
        case ["cidr"]:
            return _network(value)
        case _:
            raise ValueError(f"the modifiers {kinds}")


def _pattern(value: str) -> Matches:
    """Wildcards; a backslash before one of them, or before a backslash, takes its meaning."""
    signs = {"*": "[^\0]*", "?": "[^\0]"}
    parts = re.findall(r"\\[\\*?]|.", value, re.DOTALL)
    source = "".join(signs.get(part) or re.escape(part[-1]) for part in parts)
    found = re.compile(source, re.IGNORECASE | re.ASCII)
    return lambda text: found.fullmatch(text) is not None


def _network(value: str) -> Matches:
    network = ipaddress.ip_network(value)

    def match(text: str) -> bool:
        try:
            return ipaddress.ip_address(text) in network
        except ValueError:
            return False

    return match


def _texts(value: Any, path: list[str]) -> Iterator[str]:
    """The texts at the end of a path, through lists of objects and lists of texts."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each, path)
    elif path:
        if isinstance(value, dict) and path[0] in value:
            yield from _texts(value[path[0]], path[1:])
    elif isinstance(value, str):
        yield value
