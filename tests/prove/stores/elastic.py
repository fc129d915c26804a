"""What Elastic's integration keeps of a raw Directory Insights event.

By the ingest pipeline of the data stream ``events`` of its package ``jumpcloud``
(https://github.com/elastic/integrations/tree/main/packages/jumpcloud), without what it looks up
about addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import ip_address
from typing import Any

from near import Event
from stores.index import kept, taken

from jumpsigma.export import load_target
from jumpsigma.export.languages.kinds import Kind, Kinds

#: A field of the raw event to the place where the pipeline puts it, and takes it away.
MOVED = {
    "timestamp": "@timestamp",
    "client_ip": "client.ip",
    "src_ip": "source.ip",
    "id": "event.id",
    "message": "message",
    "event_type": "event.action",
    "service": "event.module",
    "process_name": "process.name",
    "username": "user.name",
    "system.id": "host.id",
    "system.hostname": "host.hostname",
    "initiated_by.id": "source.user.id",
    "initiated_by.email": "source.user.email",
    "initiated_by.username": "source.user.name",
    "useragent.device": "user_agent.device.name",
    "useragent.name": "user_agent.name",
    "useragent.version": "user_agent.version",
    "useragent.os_name": "user_agent.os.name",
    "useragent.os_full": "user_agent.os.full",
    "useragent.os_version": "user_agent.os.version",
}
CATEGORIES = {
    "authentication": {"ldap_bind", "user_login_attempt", "sso_auth", "admin_login_attempt"},
    "iam": {
        "user_password_warning_email",
        "user_password_reset_request",
        "user_activation_email",
        "user_unlocked",
    },
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def store(event: Event) -> Event:
    """The document of a raw event; null and empty values are dropped."""
    raw = kept(_filled(event) or {})
    document: Event = {"jumpcloud": {"event": raw}}
    for path, place in MOVED.items():
        if (value := _taken(raw, path.split("."))) is not None:
            _put(document, place.split("."), value)
    raw.pop("@version", None)
    raw.pop("useragent", None)
    outcome = "unknown"
    for name in ("sso_token_success", "success"):
        if isinstance(raw.get(name), bool):
            outcome = "success" if raw[name] else "failure"
    document.setdefault("event", {})["outcome"] = outcome
    for category, types in CATEGORIES.items():
        if (kind := document["event"].get("action")) and isinstance(kind, str) and kind in types:
            document["event"] |= {"category": [category], "type": ["info"]}
    return document


def takes(events: Mapping[str, Event]) -> set[str]:
    """The ids of the documents whose values have the types that the index has for them."""
    return taken(typed(events), _first())


def typed(events: Mapping[str, Event]) -> dict[str, Event]:
    """The documents whose values have the types that the index has for their fields."""
    kinds = kinds_of_fields()
    return {
        key: event
        for key, event in events.items()
        if all(_fits(kinds.of(path), value) for path, value in _leaves(event))
    }


def without_lists(event: Event) -> bool:
    """Whether only the fields that are known for it hold lists of several: EQL looks into none."""
    known = load_target("elasticsearch").languages["eql"].tables["lists"]
    names = [*known, *(name.removeprefix("jumpcloud.event.") for name in known)]
    names += [name.removesuffix(".*") for name in names]
    return not any(
        isinstance(value, list)
        and (len(value) > 1 or isinstance(value[0], list | dict))
        and not any(fnmatchcase(path, name) for name in names)
        for path, value in _nodes(event)
        if value != []
    )


def _nodes(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _nodes(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner, path) if isinstance(inner, dict) else ()


@cache
def kinds_of_fields() -> Kinds:
    """The types that the target relies on."""
    return Kinds(load_target("elasticsearch").languages["lucene"].tables)


@cache
def _first() -> tuple[Event, ...]:
    from events import company, of_cases
    from spaces import shipped

    cases = of_cases(shipped(), "jumpcloud").values()
    return tuple(map(store, [*company(), *(event for some in cases for event in some)]))


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.ADDRESS:
            return isinstance(value, str) and _is_address(value)
        case Kind.DATE:
            return isinstance(value, str) and _TIME.fullmatch(value) is not None
        case Kind.DYNAMIC if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.islower()  # a boolean, or its name in a field of texts
        case _:
            return not isinstance(value, str) or len(value) <= 1024


def _is_address(text: str) -> bool:
    """An address in the spelling that the README relies on."""
    try:
        return str(ip_address(text)) == text
    except ValueError:
        return False


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{path}.{key}" if path else key)
        case list():
            for inner in value:
                yield from _leaves(inner, path)
        case _:
            yield path, value


def _filled(value: Any) -> Any:
    """The value without what is null or empty, None where nothing is left."""
    match value:
        case dict():
            filled = {key: found for key, each in value.items() if _is(found := _filled(each))}
            return filled or None
        case list():
            return [found for each in value if _is(found := _filled(each))] or None
        case "":
            return None
        case _:
            return value


def _is(value: Any) -> bool:
    return value is not None


def _taken(value: Any, path: Iterable[str]) -> Any:
    *before, last = path
    for part in before:
        value = value.get(part) if isinstance(value, dict) else None
    return value.pop(last, None) if isinstance(value, dict) else None


def _put(document: Event, path: Iterable[str], value: Any) -> None:
    *before, last = path
    for part in before:
        document = document.setdefault(part, {})
    document[last] = value
