"""Where the values of a field stand in an event (S201-S205, S254, S451)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jumpsigma.interpret.values import moment_of, text_test
from jumpsigma.ir.nodes import Text

#: Where events have their time (S703).
_TIME_FIELDS = ("timestamp", "@timestamp", "UtcTime", "TimeCreated", "time")

#: Stands for an element of a list that is not there (S254); no field of it exists.
ABSENT: Any = object()


def values_of(event: Any, field: str) -> list[Any]:
    """The values of a field, lists opened (S201-S203); empty when it is missing (S205)."""
    return _flatten(_ends(event, tuple(field.split("."))) if field else _whole(event))


def exists(event: Any, field: str) -> bool:
    """Whether the last key of the path is present (S204)."""
    return bool(_ends(event, tuple(field.split("."))) if field else _whole(event))


def elements(event: Any, field: str, name: str | None) -> list[Any]:
    """The objects of the list ``field`` that are called ``name``, or one absent element (S254)."""
    found = [item for item in values_of(event, field) if isinstance(item, dict)]
    if name is not None:
        wanted = Text((name,))
        found = [e for e in found if any(text_test(wanted, v) for v in values_of(e, "field"))]
    return found or [ABSENT]


def event_time(event: Any) -> datetime | None:
    """The time of an event: the first value of these fields that is a time (S477)."""
    found = [moment_of(value) for field in _TIME_FIELDS for value in values_of(event, field)]
    return next((moment for moment in found if moment is not None), None)


def _whole(event: Any) -> list[Any]:
    return [] if event is ABSENT else [event]


def _ends(node: Any, parts: tuple[str, ...]) -> list[Any]:
    """What stands at the end of the path, before lists there are opened (S202, S203)."""
    if isinstance(node, list):
        return [end for item in _flatten(node) for end in _ends(item, parts)]
    if isinstance(node, dict):
        for cut in range(len(parts), 0, -1):
            key = ".".join(parts[:cut])
            if key in node:
                found = [node[key]] if cut == len(parts) else _ends(node[key], parts[cut:])
                if found:
                    return found
    return []


def _flatten(nodes: list[Any]) -> list[Any]:
    # Not recursive: an event may nest lists deeper than Python's stack.
    flat, stack = [], nodes[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node[::-1])
        else:
            flat.append(node)
    return flat


def leaves(event: Any) -> Iterator[tuple[str, Any]]:
    """Every value of the event with its path, in the order of the event (S451)."""
    stack: list[tuple[str, Any]] = [("", event)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, dict):
            items = [(f"{path}.{key}" if path else str(key), item) for key, item in node.items()]
            stack.extend(items[::-1])
        elif isinstance(node, list):
            stack.extend((path, item) for item in node[::-1])
        else:
            yield path, node
