"""What Sekoia.io keeps of a raw Directory Insights event.

By its parser for the intake format (https://github.com/SEKOIA-IO/intake-formats, the folder
Jumpcloud) and the connector that feeds it (https://github.com/SEKOIA-IO/automation-library).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

import orjson

#: Where the parser puts a field, whatever the event is.
PLACES = {
    "event.action": "event_type",
    "jumpcloud.event_type": "event_type",
    "jumpcloud.id": "id",
    "@timestamp": "timestamp",
    "client.ip": "client_ip",
    "user.name": "username",
    "source.user.name": "initiated_by.username",
    "source.user.email": "initiated_by.email",
    "source.user.id": "initiated_by.id",
    "user.target.name": "resource.username",
    "user.target.email": "resource.email",
    "user.target.id": "resource.id",
    "host.id": "system.id",
    "host.name": "system.hostname",
    "process.name": "process_name",
    "user_agent.device.name": "useragent.device",
    "user_agent.name": "useragent.name",
    "user_agent.version": "useragent.version",
    "user_agent.os.name": "useragent.os_name",
    "user_agent.os.version": "useragent.os_version",
    "user_agent.os.full": "useragent.os_full",
    **{
        f"jumpcloud.association.{name}": f"association.{name}"
        for name in (
            "op",
            "action_source",
            *(
                f"connection.{end}.{k}"
                for end in ("from", "to")
                for k in ("name", "type", "object_id")
            ),
        )
    },
}
#: Changes of which the parser keeps both values, as text in lower case.
VALUES_KEPT = {
    "activated",
    "enable_user_portal_multifactor",
    "mfa.exclusion",
    "mfa.exclusionUntil",
    "password_date",
    "state",
    "suspended",
    "totp_enabled",
}
CATEGORIES = {
    "iam": {
        "user_activation_email",
        "user_password_reset_request",
        "user_password_warning_email",
        "user_unlocked",
    },
    "authentication": {
        "admin_login_attempt",
        "ldap_bind",
        "login_attempt",
        "sso_auth",
        "user_login_attempt",
    },
}


def store(event: dict[str, Any]) -> dict[str, Any]:
    """The document of a raw event; null and empty values are dropped."""
    kept: dict[str, Any] = {
        "message": orjson.dumps(event).decode(),
        "observer.vendor": "Jumpcloud",
        "jumpcloud.changes": [_change(each) for each in _listed(event.get("changes"))],
    }
    for place, path in PLACES.items():
        kept[place] = _at(event, path.split("."))
    kind = event.get("event_type")
    for category, kinds in CATEGORIES.items():
        if isinstance(kind, str) and kind in kinds:
            kept |= {"event.category": [category], "event.type": ["info"]}
    if _is_address(event.get("client_ip")):
        kept["source.ip"] = event["client_ip"]
    outcome = _outcome(event, kind)
    if outcome is not None:
        kept |= {"action.outcome": outcome, "event.outcome": outcome}
    if outcome == "failure":
        kept["action.outcome_reason"] = event.get("error_message")
    if kind == "sso_auth":
        kept["service.name"] = _at(event, ["application", "name"])
    document: dict[str, Any] = {}
    for place, value in kept.items():
        _put(document, place.split("."), _text(value))
    return document


def _outcome(event: dict[str, Any], kind: Any) -> str | None:
    outcome = None
    for name in ("success", *(("sso_token_success",) if kind == "sso_auth" else ())):
        if event.get(name) is True:
            outcome = "success"
        elif event.get(name) is False:
            outcome = "failure"
    return outcome


def _change(change: Any) -> Any:
    if not isinstance(change, dict):
        return None
    name = change.get("field")
    kept = {"field": name}
    if isinstance(name, str) and name in VALUES_KEPT:
        kept |= {end: str(change[end]).lower() for end in ("from", "to") if end in change}
    return kept


def _at(value: Any, path: Iterable[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_address(value: Any) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return isinstance(value, str)


def _text(value: Any) -> Any:
    """The value as fields of the type ``keyword`` have it: texts, nothing empty."""
    match value:
        case dict():
            found = {key: kept for key, each in value.items() if (kept := _text(each)) is not None}
            return found or None
        case list():
            return [kept for each in value if (kept := _text(each)) is not None] or None
        case str():
            return value or None
        case bool():
            return str(value).lower()
        case None:
            return None
        case _:
            return repr(value)


def _put(document: dict[str, Any], path: list[str], value: Any) -> None:
    if value is None:
        return
    *before, last = path
    for part in before:
        document = document.setdefault(part, {})
    document[last] = value
