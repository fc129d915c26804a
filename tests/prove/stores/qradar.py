"""What IBM QRadar has of a JumpCloud event: properties, each the text of one value.

A JSON expression takes what stands at a path of names. Of lists it takes one element by its number,
or all of it as one text, so that what stands in a list is no property of an element here.
"""

from __future__ import annotations

from typing import Any


def store(event: dict[str, Any]) -> dict[str, Any]:
    """The event without lists, and with the text of every value."""
    return {key: kept for key, value in event.items() if (kept := _kept(value)) is not _NOTHING}


_NOTHING = object()


def _kept(value: Any) -> Any:
    match value:
        case dict():
            return store(value)
        case list():
            return _NOTHING
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():  # JumpCloud writes no fraction that is zero
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return value
