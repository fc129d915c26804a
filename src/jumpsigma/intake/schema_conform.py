"""How an event differs from the intake's schema.

A deviation is a remark, never a reason to drop the event: the vendor's catalogue is incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jumpsigma.intake.schema_model import DeviationKind, Field, KnownDeviation, Schema
from jumpsigma.intake.schema_reader import fits


@dataclass(frozen=True, slots=True)
class Deviation:
    """One difference. ``path`` is the dotted path without list positions, empty for none."""

    kind: DeviationKind
    path: str
    message: str
    known: KnownDeviation | None = None

    @property
    def sentence(self) -> str:
        """The message, and the reason where the difference is a known one."""
        return (
            self.message if self.known is None else f"{self.message} (known: {self.known.reason})"
        )


def deviations(schema: Schema, event: Mapping[str, Any]) -> list[Deviation]:
    """Return every difference between ``event`` and ``schema``, known ones included."""
    found = [*_names(schema, event), *_values(schema, event)]
    return [Deviation(each.kind, each.path, each.message, _reason(schema, each)) for each in found]


def _reason(schema: Schema, deviation: Deviation) -> KnownDeviation | None:
    return next(
        (
            known
            for known in schema.known_deviations
            if known.kind == deviation.kind and known.path in ("*", deviation.path)
        ),
        None,
    )


def _names(schema: Schema, event: Mapping[str, Any]) -> Iterator[Deviation]:
    service = event.get("service")
    name = event.get("event_type")
    if service is None:
        yield Deviation("missing-service", "service", "the event names no service")
    elif isinstance(service, str) and schema.service(service) is None:
        hint = _did_you_mean(schema.nearest_service(service))
        yield Deviation("unknown-service", "service", f"{service} is no known service{hint}")
    if name is None:
        yield Deviation("missing-event-type", "event_type", "the event names no event type")
        return
    if not isinstance(name, str):
        return
    event_type = schema.event_type(name)
    if event_type is None:
        hint = _did_you_mean(schema.nearest_event_type(name))
        yield Deviation("unknown-event-type", "event_type", f"{name} is no known event type{hint}")
        return
    # An inferred service is no ground to object.
    sure = event_type.services and event_type.service_provenance != "assumed"
    found = schema.service(service) if isinstance(service, str) else None
    if sure and found is not None and found.name not in event_type.services:
        usual = " or ".join(event_type.services)
        message = f"{name} is an event of {usual}, here it comes from {service}"
        yield Deviation("wrong-service", "service", message)


def _did_you_mean(name: str | None) -> str:
    return f"; did you mean {name}?" if name else ""


def _values(schema: Schema, event: Mapping[str, Any]) -> Iterator[Deviation]:
    walk = _Walk(schema, _services(schema, event))
    for key, value in event.items():
        # A name that is null has been reported as missing.
        if value is not None or key not in ("service", "event_type"):
            yield from walk.value(key, key, value)


def _services(schema: Schema, event: Mapping[str, Any]) -> tuple[str, ...]:
    """The services whose fields the event may have: its own, else its type's, else all."""
    service = event.get("service")
    found = schema.service(service) if isinstance(service, str) else None
    if found is not None:
        return (found.name,)
    name = event.get("event_type")
    event_type = schema.event_type(name) if isinstance(name, str) else None
    return (event_type.services if event_type is not None else ()) or tuple(schema.services)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through an event. ``path`` has no list positions, ``shown`` has them."""

    schema: Schema
    services: tuple[str, ...]

    def value(self, path: str, shown: str, value: Any) -> Iterator[Deviation]:
        fields = [f for s in self.services if (f := self.schema.field(path, s)) is not None]
        if not fields:
            yield from self._without_field(path, shown, value)
            return
        # Several services are possible only when the event does not say which is its own; then
        # the first field that the value fits is the one that is meant.
        tries = [list(self._against(field, path, shown, value)) for field in fields]
        yield from min(tries, key=len)

    def _without_field(self, path: str, shown: str, value: Any) -> Iterator[Deviation]:
        if any(self.schema.is_object(path, service) for service in self.services):
            if isinstance(value, dict):
                yield from self._parts(path, shown, value)
            elif value is None:
                yield Deviation("empty-as-null", path, f"{shown} is null, not an object")
            else:
                yield Deviation("wrong-type", path, f"{shown} is {_said(value)}, not an object")
        elif all(self.schema.services[service].fields_known for service in self.services):
            where = f" of {self.services[0]} events" if len(self.services) == 1 else ""
            yield Deviation("unknown-field", path, f"{shown} is no known field{where}")

    def _against(self, field: Field, path: str, shown: str, value: Any) -> Iterator[Deviation]:
        if value is None:
            if field.nullable:
                return
            if field.is_list or field.type == "object":
                kind = "a list" if field.is_list else "an object"
                yield Deviation("empty-as-null", path, f"{shown} is null, not {kind}")
            else:
                yield Deviation("null", path, f"{shown} is null, not of type {field.type}")
        elif field.is_list:
            if not isinstance(value, list):
                yield Deviation("not-a-list", path, f"{shown} is {_said(value)}, not a list")
                return
            for position, element in enumerate(value):
                yield from self._single(field, path, f"{shown}[{position}]", element)
        elif isinstance(value, list) and field.type != "any":
            yield Deviation("list", path, f"{shown} is a list, not a single {field.type}")
        else:
            yield from self._single(field, path, shown, value)

    def _single(self, field: Field, path: str, shown: str, value: Any) -> Iterator[Deviation]:
        if field.type == "any":
            return
        if not fits(value, field.type):
            yield Deviation("wrong-type", path, f"{shown} is {_said(value)}, not {_a(field.type)}")
        elif isinstance(value, dict):
            yield from self._parts(path, shown, value)
        elif not field.domain.accepts(value):
            yield Deviation("outside-domain", path, f"{shown} is {value!r}, {_expected(field)}")

    def _parts(self, path: str, shown: str, value: dict[str, Any]) -> Iterator[Deviation]:
        # An object of which no part is listed is free in form.
        if any(self.schema.is_object(path, service) for service in self.services):
            for key, part in value.items():
                yield from self.value(f"{path}.{key}", f"{shown}.{key}", part)


def _expected(field: Field) -> str:
    if field.domain.kind == "pattern":
        return f"which is no {field.domain.pattern_name}"
    return f"not one of {', '.join(repr(value) for value in field.domain.values)}"


def _a(type_name: str) -> str:
    return f"an {type_name}" if type_name[0] in "aio" else f"a {type_name}"


def _said(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int():
            return "an integer"
        case float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
