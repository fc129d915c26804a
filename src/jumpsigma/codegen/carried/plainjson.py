"""JSON text with the standard library alone: any nesting, any number, lone surrogates too."""

from __future__ import annotations

import json
import math
from typing import Any


def plain_json(value: Any) -> str:
    """One line of JSON, without recursion: nesting only costs memory.

    Numbers that JSON does not have are written as null, since no strict reader takes anything
    else; tuples are arrays. Raises :class:`TypeError` for objects that JSON has no word for.
    """
    out: list[str] = []
    todo: list[tuple[bool, Any]] = [(False, value)]  # (is finished text, text or value)
    while todo:
        finished, item = todo.pop()
        if finished:
            out.append(item)
        elif isinstance(item, dict):
            out.append("{")
            todo.append((True, "}"))
            members: list[tuple[bool, Any]] = []
            for index, (key, member) in enumerate(item.items()):
                comma = "," if index else ""
                members.append((True, f"{comma}{scalar_json(key)}:"))
                members.append((False, member))
            todo += reversed(members)
        elif isinstance(item, list | tuple):
            out.append("[")
            todo.append((True, "]"))
            for index in range(len(item) - 1, -1, -1):
                todo.append((False, item[index]))
                if index:
                    todo.append((True, ","))
        else:
            out.append(scalar_json(item))
    return "".join(out)


def scalar_json(value: Any) -> str:
    """A string, number, boolean or null as JSON."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return json.dumps(value)  # lone surrogates, escaped
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "null"
    raise TypeError(f"{type(value).__name__} is not JSON")
