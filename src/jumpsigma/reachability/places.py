"""Where the events of JumpCloud are kept, and what is left of them there.

Elastic's package and Sekoia.io's intake rename some fields and leave others out. What they do is
read in their public code: github.com/elastic/integrations, packages/jumpcloud, and
github.com/SEKOIA-IO/intake-formats, Jumpcloud. Each place is there twice: in its own names, for
rules in the Elastic Common Schema, and in the raw names of what it keeps, for rules that speak
JumpCloud's names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from jumpsigma.intake.schema import Domain, Field, Schema, load_schema
from jumpsigma.reachability.carried import Intake

#: Raw names that both places give names of their own, and these names.
_COMMON: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("@timestamp",),
    "event_type": ("event.action",),
    "process_name": ("process.name",),
    "system.id": ("host.id",),
    "initiated_by.id": ("source.user.id",),
    "initiated_by.email": ("source.user.email",),
    "initiated_by.username": ("source.user.name",),
    "username": ("user.name",),
    "useragent.device": ("user_agent.device.name",),
    "useragent.name": ("user_agent.name",),
    "useragent.version": ("user_agent.version",),
    "useragent.os_name": ("user_agent.os.name",),
    "useragent.os_full": ("user_agent.os.full",),
    "useragent.os_version": ("user_agent.os.version",),
    "success": ("event.outcome",),
    "sso_token_success": ("event.outcome",),
}
_ELASTIC: Final = {
    **_COMMON,
    "id": ("event.id",),
    "message": ("message",),
    "service": ("event.module",),
    "client_ip": ("client.ip",),
    "src_ip": ("source.ip",),
    "system.hostname": ("host.hostname",),
}
_SEKOIA: Final = {
    **_COMMON,
    "id": ("jumpcloud.id",),
    "event_type": ("event.action", "jumpcloud.event_type"),
    "client_ip": ("client.ip", "source.ip"),
    "system.hostname": ("host.name",),
    "resource.username": ("user.target.name",),
    "resource.email": ("user.target.email",),
    "resource.id": ("user.target.id",),
    "application.name": ("service.name",),
    "error_message": ("action.outcome_reason",),
    "changes": ("jumpcloud.changes",),
    "changes.field": ("jumpcloud.changes.field",),
    "changes.from": ("jumpcloud.changes.from",),
    "changes.to": ("jumpcloud.changes.to",),
    **{
        f"association.{part}": (f"jumpcloud.association.{part}",)
        for part in (
            "op",
            "action_source",
            *(
                f"connection.{end}.{key}"
                for end in ("from", "to")
                for key in ("name", "type", "object_id")
            ),
        )
    },
}
#: Of these changes Sekoia.io's parser keeps the values before and after; of others only the name.
_SEKOIA_CHANGES: Final = frozenset(
    {
        "activated",
        "password_date",
        "state",
        "suspended",
        "enable_user_portal_multifactor",
        "mfa.exclusion",
        "mfa.exclusionUntil",
        "totp_enabled",
    }
)
#: What Sekoia.io's parser reads in the events of one service alone.
_SEKOIA_ONLY: Final[Mapping[str, tuple[str, ...]]] = {"application.name": ("sso",)}
#: What both places write by themselves: a closed set, because it stands in their code.
_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    "event.category": ("authentication", "iam"),
    "event.type": ("info",),
    "event.outcome": ("success", "failure", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A product that keeps events: its title, what it is to raw names, and to names in ECS."""

    name: str
    title: str
    raw: Intake
    ecs: Intake


@cache
def raw_intake() -> Intake:
    """The events as the API and the vendor's export apps give them."""
    return Intake("raw", "Raw Directory Insights", load_schema())


@cache
def elastic() -> Place:
    """Elastic's package. It drops no field, but ``changes`` loses which value is whose."""
    schema, title = load_schema(), "JumpCloud events as Elastic's package keeps them"
    kept = {each.path: (f"jumpcloud.event.{each.path}",) for each in schema.fields} | _ELASTIC
    raw = Intake("elastic", title, schema, unpaired=frozenset({"changes"}))
    ecs = Intake(
        "elastic",
        title,
        _renamed(schema, kept),
        service_field="event.module",
        type_field="event.action",
        time_field="@timestamp",
        id_field="event.id",
        unpaired=frozenset({"jumpcloud.event.changes"}),
    )
    return Place("elastic", "Elastic", raw, ecs)


@cache
def sekoia() -> Place:
    """Sekoia.io's intake. Its parser leaves out what it has no name for, the service first."""
    schema, title = load_schema(), "JumpCloud events as Sekoia.io's intake keeps them"
    kept = _with_fields(schema, _kept(schema.fields, {*_SEKOIA, "service"}, _SEKOIA_ONLY))
    raw = Intake(
        "sekoia",
        title,
        kept,
        is_service_kept=False,
        kept_elements={"changes": _SEKOIA_CHANGES},
    )
    ecs = Intake(
        "sekoia",
        title,
        _renamed(kept, _SEKOIA),
        service_field=None,
        type_field="event.action",
        time_field="@timestamp",
        id_field="jumpcloud.id",
        kept_elements={"jumpcloud.changes": _SEKOIA_CHANGES},
    )
    return Place("sekoia", "Sekoia.io", raw, ecs)


def intake_for(mapping: str) -> Intake:
    """The place whose events a mapping is about: Elastic's for ECS, else the raw events."""
    return elastic().ecs if mapping == "ecs" else raw_intake()


def _renamed(schema: Schema, names: Mapping[str, tuple[str, ...]]) -> Schema:
    """The schema in the names of a place, with what it writes by itself."""
    found: dict[tuple[str, str], Field] = {}
    for each in schema.fields:
        for path in names.get(each.path, ()):
            for service in each.services:
                if path in _WRITTEN:
                    continue
                found.setdefault(
                    (path, service),
                    replace(each, path=path, services=(service,), aliases=()),
                )
    written = (_written(schema, path, values) for path, values in _WRITTEN.items())
    return _with_fields(schema, (*_merged(found.values()), *written))


def _kept(
    fields: Iterable[Field], paths: Collection[str], only: Mapping[str, tuple[str, ...]]
) -> Iterator[Field]:
    """The fields at some paths, ``only`` of these services, and the objects that they stand in."""
    listed = list(fields)
    left = {
        (path, service)
        for each in listed
        if each.path in paths
        for service in each.services
        if service in only.get(each.path, each.services)
        for path in _upward(each.path)
    }
    for each in listed:
        services = tuple(name for name in each.services if (each.path, name) in left)
        if services:
            yield replace(each, services=services)


def _upward(path: str) -> Iterator[str]:
    """A path and those of the objects above it."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _with_fields(schema: Schema, fields: Iterable[Field]) -> Schema:
    """The same services and event types with other fields."""
    return Schema(schema.services, schema.event_types, tuple(fields), schema.alias_groups)


def _merged(fields: Iterable[Field]) -> Iterable[Field]:
    """The fields with the services of those that differ in nothing else."""
    services: dict[Field, list[str]] = {}
    for each in fields:
        services.setdefault(replace(each, services=()), []).extend(each.services)
    return [replace(each, services=tuple(names)) for each, names in services.items()]


def _written(schema: Schema, path: str, values: tuple[str, ...]) -> Field:
    return Field(
        path=path,
        type="string",
        is_list=False,
        services=tuple(schema.services),
        domain=Domain("closed", values, provenance="read-in-code"),
        provenance="read-in-code",
        example=values[0],
        meaning="written by the place itself",
    )
