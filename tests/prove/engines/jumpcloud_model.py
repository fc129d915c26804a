"""The documented search of JumpCloud's Directory Insights API, as a model.

Written from the vendor's documentation (https://docs.jumpcloud.com/api/insights/directory/1.0/) and
from nothing of ours. Where that is silent, a term is neither true nor false, and an event of which
no more is known is not returned. ``not`` is in the schema only; here it is plain negation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engines.engine import QueryError, Stored

#: The enumeration of the schema.
SERVICES = [
    "alerts",
    "all",
    "directory",
    "ldap",
    "mdm",
    "notifications",
    "object_storage",
    "password_manager",
    "radius",
    "reports",
    "saas_app_management",
    "software",
    "sso",
    "systems",
    "access_management",
    "asset_management",
]
KEYS = [
    "service",
    "start_time",
    "end_time",
    "limit",
    "skip",
    "sort",
    "fields",
    "q",
    "exact_match",
    "search_after",
    "search_term",
]
#: "A majority of the Directory Insights attributes are searchable except for" these.
NOT_SEARCHED = ("changes", "useragent", "system_timestamp")
MAX_LIMIT = 10_000

Event = Mapping[str, Any]


class JumpCloudModel:
    """Events as the API holds them; a query is a JSON document with the body as ``request``."""

    name = "a model of the Directory Insights API"

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    def available(self) -> str | None:
        """The version of the documentation."""
        return "1.0"

    def load(self, events: Stored) -> None:
        """Hold the events."""
        self._events = dict(events)

    def run(self, query: str) -> list[str]:
        """The ids of all pages of the answer."""
        try:
            body = json.loads(query)["request"]
        except (ValueError, KeyError, TypeError) as error:
            raise QueryError(f"no request: {error!r}") from None
        _check(body)
        return sorted(key for key, event in self._events.items() if _is_returned(body, event))

    def close(self) -> None:
        """Nothing is held open."""


def projected(query: str, event: Event) -> dict[str, Any]:
    """What an answer has of an event: the ``fields`` that were asked for."""
    fields = json.loads(query)["request"].get("fields")
    return {k: v for k, v in event.items() if fields is None or k in fields}


def leaves_something(query: str) -> bool:
    """Whether the answer may have more events than the rule."""
    return json.loads(query)["remainder"] is not None


def _check(body: Any) -> None:
    if not isinstance(body, dict) or set(body) - set(KEYS):
        raise QueryError("the body has keys that the schema has not")
    services = body.get("service")
    if not isinstance(services, list) or not services or set(services) - set(SERVICES):
        raise QueryError(f"service is a list of {', '.join(SERVICES)}")
    start = _time(body.get("start_time"))
    end = _time(body["end_time"]) if "end_time" in body else None
    if end is not None and end <= start:
        raise QueryError("Start Time not after End Time")
    if not 0 < body.get("limit", 1) <= MAX_LIMIT:
        raise QueryError("a limit of more than 10,000 becomes the default")
    if "fields" in body and not body["fields"]:
        raise QueryError("fields without a field")
    if "search_term" in body:
        term = body["search_term"]
        if not isinstance(term, dict) or len(term) != 1 or not set(term) <= {"and", "or", "not"}:
            raise QueryError("search_term has exactly one of and, or, not")
        _check_term(term)


def _check_term(term: Any) -> None:
    if not isinstance(term, dict) or len(term) != 1:
        raise QueryError("a term is an object with one key")
    ((key, value),) = term.items()
    if key in ("and", "or", "not"):
        if not isinstance(value, list) or not value or (key == "not" and len(value) != 1):
            raise QueryError(f"{key} has a list of terms; of several under `not` nothing is said")
        names = [name for each in value if isinstance(each, dict) for name in each]
        if len(names) != len(set(names)):
            raise QueryError("a field name is repeated in a list")
        for each in value:
            _check_term(each)
        return
    if key.split(".")[0] in NOT_SEARCHED:
        raise QueryError(f"{key} is not searched")
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(v, str) and v and v == v.lower() for v in values):
        raise QueryError(f"{key} is searched for texts in lower case")


def _time(value: Any) -> datetime:
    if not isinstance(value, str) or not value.endswith("Z"):
        raise QueryError("times are RFC 3339, in UTC")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise QueryError(str(error)) from None


def _is_returned(body: Mapping[str, Any], event: Event) -> bool:
    services = body["service"]
    if "all" not in services and not _has(services, event.get("service")):
        return False
    try:
        time = datetime.fromisoformat(str(event.get("timestamp")))
    except ValueError:  # every real event has one
        pass
    else:
        if time < _time(body["start_time"]):
            return False
        if "end_time" in body and time > _time(body["end_time"]):
            return False
    return "search_term" not in body or _holds(body["search_term"], event) is True


def _holds(term: Mapping[str, Any], event: Event) -> bool | None:
    """Whether a term holds; None where the documentation does not say."""
    ((key, value),) = term.items()
    if key == "and":
        each = [_holds(item, event) for item in value]
        return False if False in each else None if None in each else True
    if key == "or":
        each = [_holds(item, event) for item in value]
        return True if True in each else None if None in each else False
    if key == "not":
        inner = _holds(value[0], event)
        return None if inner is None else not inner
    return _has(value if isinstance(value, list) else [value], _value(event, key.split(".")))


def _has(wanted: Sequence[str], value: Any) -> bool | None:
    match value:
        case str():  # "Field values are coerced to lowercase on insert"
            return value.lower() in wanted
        case bool():  # by the example {"success": "false"}
            return str(value).lower() in wanted
        case None:
            return False
        case _:
            return None


def _value(event: Any, path: Sequence[str]) -> Any:
    for key in path:
        if event is None:
            return None
        if not isinstance(event, dict):
            return ...
        event = event.get(key)
    return event


def is_documented(event: Event) -> bool:
    """Whether an event holds in each field what JumpCloud documents of it.

    That is text or a boolean where that is all there can be, and an object around fields.
    """
    from jumpsigma.intake.schema import load_schema

    types: dict[str, set[str]] = {}
    for field in load_schema().fields:
        types.setdefault(field.path, set()).add(field.type_name)
    return all(
        isinstance(_value(event, path.split(".")), str | bool | None)
        for path, names in types.items()
        if names <= {"string", "boolean"} and not _is_below_list(path, types)
    )


def _is_below_list(path: str, types: Mapping[str, set[str]]) -> bool:
    parts = path.split(".")
    above = (".".join(parts[:length]) for length in range(1, len(parts)))
    return any(name.startswith("list of") for each in above for name in types.get(each, ()))
