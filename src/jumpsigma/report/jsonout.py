"""JSON text of anything that was read as an event, always valid and never failing.

orjson does it where it can. It cannot write lone surrogates, integers beyond 64 bits and deep
nesting; those take the slow way here. Numbers that JSON does not have (NaN, the infinities) are
written as null on both ways, since no strict reader takes anything else.
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson


def to_json(value: Any) -> str:
    """One line of JSON for what :mod:`jumpsigma.intake` reads; tuples are arrays.

    :raises TypeError: for objects that JSON has no word for.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # orjson.JSONEncodeError is one
        return _slow(value)


def _slow(value: Any) -> str:
    """Like :func:`to_json`, without recursion: nesting only costs memory."""
    out: list[str] = []
    todo: list[tuple[bool, Any]] = [(False, value)]  # (is finished text, text or value)
    while todo:
        finished, item = todo.pop()
        if finished:
            out.append(item)
            continue
        match item:
            case dict():
                todo.append((True, "}"))
                members: list[tuple[bool, Any]] = []
                for index, (key, member) in enumerate(item.items()):
                    comma = "," if index else ""
                    members.append((True, f"{comma}{_string(key)}:"))
                    members.append((False, member))
                todo += reversed(members)
                out.append("{")
            case list() | tuple():
                todo.append((True, "]"))
                for index in range(len(item) - 1, -1, -1):
                    todo.append((False, item[index]))
                    if index:
                        todo.append((True, ","))
                out.append("[")
            case _:
                out.append(_scalar(item))
    return "".join(out)


def _scalar(value: Any) -> str:
    match value:
        case str():
            return _string(value)
        case bool() | None:
            return json.dumps(value)
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else "null"
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


def _string(value: str) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value)  # lone surrogates, escaped
