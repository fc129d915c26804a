"""What products keep that turn an event into names with texts.

A list where none is known has another name there (``a{}``, ``a[0]``) or none, so a query in the
words of the mapping never sees it: it is left out. So is what is no list where one is known, and an
object where a value is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from near import Event

from jumpsigma.interpret.values import number_of

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)

#: Where JumpCloud's events hold lists (mappings/directory_insights.yaml).
LISTS = frozenset(
    {
        "auth_context.policies_applied",
        "available_os_updates",
        "changes",
        "config",
        "error_chain",
        "profile_list",
        "profile_list.payload_content",
        "profile_list.signer_certificates",
        "resource.resources",
    }
)
#: Of these, where the elements are texts and not objects.
LISTS_OF_TEXTS = frozenset({"profile_list.signer_certificates", "resource.resources"})
#: Where they hold objects; elsewhere an object is left out.
OBJECTS = frozenset(
    {
        "application",
        "association",
        "association.connection",
        "association.connection.from",
        "association.connection.to",
        "auth_context",
        "auth_context.auth_methods",
        "auth_context.jumpcloud_protect_device",
        "auth_context.jumpcloud_protect_device.geoip",
        "auth_context.policies_applied.metadata",
        "auth_context.system",
        "auth_meta",
        "command",
        "correlation",
        "geoip",
        "initiated_by",
        "message_chain",
        "mfa_meta",
        "outer",
        "query_responses",
        "resource",
        "resource.configuration",
        "resource.meta_data",
        "resource.search_request",
        "security_info",
        "system",
        "system_group",
        "target_resource",
        "user_agent",
        "useragent",
        "windows_meta",
        "workflow",
    }
)
#: Where they hold anything: also objects, and lists of texts.
MIXED = ("changes.from", "changes.to", "command.items", "command.queries")
_OPEN = (*MIXED, "association.attributes", "auth_context.auth_methods", "auth_meta")
GONE = object()
#: Letters that engines join with letters of ASCII, or that are two letters in their small form.
STRANGE = frozenset("\u017f\u212a\u0130\u0131")

#: What becomes of a list at a path where none is known.
OtherList = Callable[[list[Any]], Any]


def gone(value: list[Any]) -> Any:  # noqa: ARG001 - one of the kinds of OtherList
    """A list that has another name there, or none."""
    return GONE


def flat(
    event: Event,
    *,
    null: Any = GONE,
    empty: Any = "",
    lists: frozenset[str] = LISTS,
    mixed: tuple[str, ...] = MIXED,
    other_list: OtherList = gone,
) -> Event:
    """The event with what stands for null and for an empty text; :data:`GONE` leaves them out."""

    def kept(value: Any, path: str, *, element: bool = False) -> Any:
        if path in lists and not element and value is not None:
            return elements(value, path) if isinstance(value, list) else GONE
        match value:
            case None:
                return null
            case "":
                return empty
            case dict() if path and not element and not _may_be_object(path):
                return GONE
            case dict():
                below = f"{path}." if path else ""
                keys = {key: kept(item, f"{below}{key}") for key, item in value.items()}
                return {key: item for key, item in keys.items() if item is not GONE} or GONE
            case list() if path in mixed:
                found = [kept(item, path) for item in value if not isinstance(item, dict | list)]
                return [item for item in found if item is not GONE] or GONE
            case list():
                return other_list(value) if not element else GONE
            case _:
                return value

    def elements(value: list[Any], path: str) -> Any:
        texts = path in LISTS_OF_TEXTS
        items = [item for item in value if texts != isinstance(item, dict)]
        found = [kept(item, path, element=True) for item in items]
        return [item for item in found if item is not GONE] or GONE

    found = kept(event, "")
    return {} if found is GONE else found


def without_empties(event: Event) -> Event:
    """The event without null, empty texts, objects and lists."""
    found = _full(event)
    return {} if found is GONE else found


def _full(value: Any) -> Any:
    match value:
        case dict():
            full = {key: _full(item) for key, item in value.items()}
            return {key: item for key, item in full.items() if item is not GONE} or GONE
        case list():
            return [item for item in map(_full, value) if item is not GONE] or GONE
        case None | "":
            return GONE
        case _:
            return value


def _may_be_object(path: str) -> bool:
    return path in OBJECTS or any(path == each or path.startswith(f"{each}.") for each in _OPEN)


def plain_numbers(value: Any) -> bool:
    """Whether every number is spelled in one way: integral ones without fraction or exponent."""
    match value:
        case dict():
            return all(map(plain_numbers, value.values()))
        case list():
            return all(map(plain_numbers, value))
        case float():
            return not value.is_integer() and "e" not in repr(value)
        case _:
            return True


def claimed(event: Event) -> bool:
    """Whether the READMEs speak of such an event."""
    return plain_numbers(event) and not STRANGE & set(as_json(event))


def claimed_plain(event: Event) -> bool:
    """Whether they do with the option ``numbers``."""
    return plain_decimals(event) and not STRANGE & set(as_json(event))


def plain_decimals(value: Any) -> bool:
    """Whether moreover every text that is a decimal number is in plain digits."""
    match value:
        case dict():
            return all(map(plain_decimals, value.values()))
        case list():
            return all(map(plain_decimals, value))
        case float():
            return plain_numbers(value)
        case str():
            return number_of(value) is None or _PLAIN.fullmatch(value) is not None
        case _:
            return True


def as_json(value: Any) -> str:
    """JSON as exporters write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
