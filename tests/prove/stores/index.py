"""What an index of Elasticsearch or OpenSearch takes: which documents do not fit into its mapping.

A field is an object in all documents or in none, and a text, a number or a boolean in the others:
the first document decides, and what disagrees is refused, not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from near import Event

#: What Java takes for a number and Sigma does not: blanks around it, a letter behind it.
_JAVA_ONLY = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*[dDfF]?\s*", re.ASCII)
_ZONED = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*%.+", re.DOTALL)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def taken(events: Mapping[str, Event], before: Iterable[Event]) -> set[str]:
    """The ids of the events that an index takes that has taken others before."""
    is_object: dict[str, bool] = {}
    for event in before:
        is_object |= {path: shape for path, shape in _shapes(event) if path not in is_object}
    found = set()
    for key, event in events.items():
        shapes = dict(is_object)
        if all(shapes.setdefault(path, shape) == shape for path, shape in _shapes(event)):
            is_object = shapes
            found.add(key)
    return found


def _shapes(value: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Each path with whether an object stands there."""
    match value:
        case dict():
            if path:
                yield path, True
            for key, inner in value.items():
                yield from _shapes(inner, f"{path}.{key}" if path else key)
        case list():
            for inner in value:
                yield from _shapes(inner, path)
        case None:
            return
        case _:
            yield path, False


def kept(value: Any) -> Any:
    """A value as an index keeps it.

    Lists in lists are one list, null in a list is nothing, and a whole number has no fraction that
    is zero, which JumpCloud does not write either. Nothing is claimed of addresses with the index
    of an interface, nor of texts in a list that Java alone takes for numbers.
    """
    match value:
        case dict():
            return {key: kept(inner) for key, inner in value.items()}
        case list():
            flat = [kept(inner) for inner in _flat(value) if inner is not None]
            return [inner for inner in flat if len(flat) == 1 or not _is_java_only(inner)]
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case str() if _ZONED.fullmatch(value):
            return value.partition("%")[0]
        case _:
            return value


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _is_java_only(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return _JAVA_ONLY.fullmatch(value) is not None and _DECIMAL.fullmatch(value) is None
