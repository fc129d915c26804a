"""What a data collection rule keeps of an event: a column for each field at its top, of one type.

What does not fit the type of its column is left out; what Azure would make of it is not known.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from near import Event
from stores.sentinel import OPENED, elements, inside, utc

from jumpsigma.export import load_target
from jumpsigma.interpret.values import text_of


@cache
def _types() -> dict[str, str]:
    tables = load_target("sentinel").languages["kql"].tables
    names: dict[str, str] = tables["schemas"]["dcr"]["names"]
    return names


def store(event: Event) -> Event:
    """The columns that have something; a text that is empty is as none.

    By ``timestamp``, which is no column, the matcher knows the time of the event.
    """
    columns = {key: _kept(key, value) for key, value in event.items()}
    columns["TimeGenerated"] = columns["timestamp"] = utc(event.get("timestamp"))
    return {key: value for key, value in columns.items() if value is not None}


def _kept(name: str, value: Any) -> Any:
    match _types().get(name, "text"), value:
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool) and abs(value) < 2**63:
            return value
        case "time", _:
            return utc(value)
        case "json", dict():
            return inside(value, name)
        case "json", list() if name in OPENED:
            return elements(value, name)
        case "text", _:
            return text_of(value) or None
        case _:
            return None
