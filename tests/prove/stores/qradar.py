"""What IBM QRadar has of a JumpCloud event: properties, each the text of one value.

A JSON expression takes what stands at a path of names, or an element of a list by its number. What
is no list where JumpCloud has one, or a list where it has none, is no property of anything here.
"""

from __future__ import annotations

from typing import Any

#: Where JumpCloud's events have lists of objects.
LISTS = {
    "auth_context.policies_applied",
    "available_os_updates",
    "changes",
    "config",
    "error_chain",
    "profile_list",
    "profile_list.payload_content",
    "resource.resources",
}


def store(event: dict[str, Any]) -> dict[str, Any]:
    """The event with the text of every value, and no lists but these."""
    return _object(event, "")


def _object(value: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(inner, list) != (here in LISTS):
            continue
        if isinstance(inner, list):
            found[key] = [_object(each, here) for each in inner if isinstance(each, dict)]
        elif isinstance(inner, dict):
            found[key] = _object(inner, here)
        else:
            found[key] = _text(inner)
    return found


def _text(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():  # JumpCloud writes no fraction that is zero
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            return value
