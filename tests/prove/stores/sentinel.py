"""What the HTTP Data Collector API of Log Analytics makes of an event: columns, typed by suffix.

The matcher reads a list of objects where JumpCloud has one; the engine holds it as JSON text. Any
other list is a text to both.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from near import Event
from stores.flat_text import LISTS, as_json

#: Lists that are looked into; the others are text.
OPENED: Final = LISTS - {"config", "resource.resources", "profile_list.signer_certificates"}
LONGEST: Final = 45
_GUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_]+", re.ASCII)


def store(event: Event) -> Event:
    """The columns that have something; a text that is empty is as none.

    By ``id`` and ``timestamp``, which are no columns, the matcher knows the event and its time.
    """
    columns: Event = {}
    _add(columns, "", event)
    if (time := utc(event.get("timestamp"))) is not None:
        columns["TimeGenerated"] = columns["timestamp"] = time
    return columns | ({"id": event["id"]} if "id" in event else {})


def _add(columns: Event, path: str, value: Any) -> None:
    name = path.replace(".", "_")
    if path in OPENED and not isinstance(value, dict):
        if isinstance(value, list):
            columns[f"{name}_s"] = elements(value, path)
        return
    match value:
        case dict():
            for key, inner in value.items():
                _add(columns, f"{path}.{key}" if path else key, inner)
        case bool():
            _put(columns, f"{name}_b", value)
        case int() | float():
            integral = value == int(value)
            _put(columns, f"{name}_d", int(value) if integral else value)
        case str():
            if (time := utc(value)) is not None:
                _put(columns, f"{name}_t", time)
            elif _GUID.fullmatch(value):
                _put(columns, f"{name}_g", value.lower())
            elif value:
                _put(columns, f"{name}_s", value)
        case list():
            _put(columns, f"{name}_s", as_json(value))
        case _:
            return


def _put(columns: Event, name: str, value: Any) -> None:
    if len(name) <= LONGEST and _NAME.fullmatch(name):
        columns[name] = value


def inside(value: Any, path: str) -> Any:
    """A value within JSON: a list of objects where there is one, and no other."""
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        below = f"{path}.{key}"
        if not isinstance(item, list):
            kept[key] = inside(item, below)
        elif below in OPENED or below in ("changes.from", "changes.to"):
            kept[key] = elements(item, below)
    return kept


def elements(value: list[Any], path: str) -> list[Any]:
    """What stands in a list that is looked into; no list stands in one."""
    return [inside(each, path) for each in value if not isinstance(each, list)]


def utc(value: Any) -> str | None:
    """A time in UTC, or None for what is none."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        time = datetime.fromisoformat(re.sub(r"\.(\d{6})\d+", r".\1", value))
    except ValueError:
        return None
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
