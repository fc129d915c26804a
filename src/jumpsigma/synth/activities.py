"""What can happen in the company, and how its event looks: one row an activity.

A row names who does it, the event's service and type, and the body with slots (see
:mod:`jumpsigma.synth.templates`). How often it happens stands in :mod:`jumpsigma.synth.rates`,
under the same name. Shapes follow the intake's schema, ``mappings/directory_insights.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jumpsigma.synth.templates import slot

Crew = Literal["everybody", "admins", "mac", "windows", "linux"]
#: Digits after the second of `timestamp`; at 9, trailing zeros are left out as Go does.
Digits = Literal[0, 3, 9]

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Activity:
    """One row: the bodies are equally likely, and so are the values of each choice."""

    name: str
    by: Crew
    bodies: tuple[Body, ...]
    digits: Digits = 3
    choices: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


def envelope(service: str, event_type: str, *, event_id: str = "id") -> Body:
    """What every event has."""
    return {
        # A string in every real event, although the specification says integer.
        "@version": "1",
        "id": slot(event_id),
        "timestamp": slot("timestamp"),
        "service": service,
        "event_type": event_type,
        "organization": slot("organization"),
    }


def origin() -> Body:
    """From where a request came."""
    return {"client_ip": slot("client_ip"), "geoip": slot("geoip")}


def change(name: str, **values: object) -> Body:
    """An element of `changes`; ``before`` is absent for what is new."""
    words = {"before": "from", "after": "to"}
    return {"field": name, **{words[key]: value for key, value in values.items()}}


def by_admin(event_type: str, **more: Any) -> tuple[Body, ...]:
    """A change in the admin portal; one time in four through the API, with a key."""
    common = {
        **envelope("directory", event_type),
        **origin(),
        "initiated_by": slot("admin"),
        "provider": None,
        **more,
    }
    session = {**common, "auth_method": "session", "useragent": slot("useragent")}
    # `api key` with a space, which the specification writes with a hyphen.
    with_key = {**common, "auth_method": "api key", "useragent": slot("curl")}
    return (session, session, session, with_key)


def by_user(service: str, event_type: str, *, actor: str = "user", **more: Any) -> tuple[Body, ...]:
    """Something that a user does, from somewhere."""
    return ({**envelope(service, event_type), **origin(), "initiated_by": slot(actor), **more},)


def by_system(service: str, event_type: str, **more: Any) -> tuple[Body, ...]:
    """Something that happens without anybody asking for it."""
    return ({**envelope(service, event_type), **more},)


def rows() -> Iterable[Activity]:
    """Every activity."""
    from jumpsigma.synth import activities_admin, activities_device, activities_user

    yield from activities_user.ROWS
    yield from activities_admin.ROWS
    yield from activities_device.ROWS
