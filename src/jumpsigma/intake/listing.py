"""What ``jumpsigma list events|fields|services`` prints, as rows with stable keys.

The values of a row are text, booleans, and lists of text: ready for JSON, easy for a table.
"""

from __future__ import annotations

from collections.abc import Iterable

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.intake.schema_model import Domain, EventType, Field, Scalar, Schema

Row = dict[str, str | bool | list[str] | None]


def service_rows(schema: Schema) -> list[Row]:
    """Return a row for each service, in the order of the schema file."""
    return [
        {
            "service": service.name,
            "aliases": list(service.aliases),
            "meaning": service.meaning,
            "provenance": service.provenance,
            "fields_known": service.fields_known,
        }
        for service in schema.services.values()
    ]


def event_rows(schema: Schema, *, service: str | None = None, text: str | None = None) -> list[Row]:
    """Return a row for each event type, sorted by name.

    ``service`` (a name or alias) keeps the types that it sends. ``text`` keeps those that have it
    in name, alias, theme or meaning, without regard to case.

    Raises
    ------
    DiagnosticError
        ``JS090`` when there is no such service; the hint names the nearest one.

    """
    name = None if service is None else _service_name(schema, service)
    return [
        {
            "event_type": event_type.name,
            "services": list(event_type.services),
            "theme": event_type.theme,
            "meaning": event_type.meaning,
            "provenance": event_type.provenance,
            "service_provenance": event_type.service_provenance,
            "catalogue": event_type.catalogue,
            "aliases": list(event_type.aliases),
        }
        for event_type in sorted(schema.event_types.values(), key=lambda each: each.name)
        if (name is None or name in event_type.services) and _mentions(_words(event_type), text)
    ]


def field_rows(schema: Schema, *, service: str | None = None, text: str | None = None) -> list[Row]:
    """Return a row for each field, in the order of the schema file, then the virtual fields.

    A path has several rows where services differ in what it is or in how sure it is. ``service``
    keeps the fields of one service, and then its rows name that service only; ``text`` keeps
    those that have it in path or meaning, without regard to case.

    Raises
    ------
    DiagnosticError
        ``JS090`` when there is no such service; the hint names the nearest one.

    """
    name = None if service is None else _service_name(schema, service)
    rows = [
        _field_row(field, field.services if name is None else (name,))
        for field in (schema.fields if name is None else schema.fields_of(name))
        if _mentions((field.path, field.meaning), text)
    ]
    for virtual in schema.virtual_fields:
        real = schema.field(virtual.name, name)
        if real is not None and _mentions((virtual.name, virtual.meaning), text):
            services = [
                each for each in schema.services if schema.field(virtual.name, each) is not None
            ]
            row = _field_row(real, services if name is None else (name,))
            rows.append(row | {"field": virtual.name, "meaning": virtual.meaning, "virtual": True})
    return rows


def _field_row(field: Field, services: Iterable[str]) -> Row:
    return {
        "field": field.path,
        "type": field.type_name,
        "services": list(services),
        "values": describe_domain(field.domain),
        "values_provenance": None if field.domain.kind == "open" else field.domain.provenance,
        "nullable": field.nullable,
        "example": None if field.example is None else _shown(field.example),
        "meaning": field.meaning,
        "provenance": field.provenance,
        "virtual": False,
    }


def describe_domain(domain: Domain) -> str:
    """Say in a few words what values a domain has: ``only a, b``, ``a, b, …``, ``any``."""
    if domain.kind == "pattern":
        return domain.pattern_name or ""
    if domain.kind == "open":
        return "any"
    listed = ", ".join(_shown(value) for value in domain.values)
    return f"only {listed}" if domain.kind == "closed" else f"{listed}, …"


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value != "" else '""'


def _words(event_type: EventType) -> tuple[str, ...]:
    return (event_type.name, *event_type.aliases, event_type.theme or "", event_type.meaning)


def _mentions(texts: Iterable[str], wanted: str | None) -> bool:
    return wanted is None or any(wanted.lower() in text.lower() for text in texts)


def _service_name(schema: Schema, name: str) -> str:
    found = schema.service(name)
    if found is not None:
        return found.name
    near = schema.nearest_service(name)
    known = ", ".join(schema.services)
    raise DiagnosticError(
        Diagnostic(
            code="JS090",
            message=f"JumpCloud has no service {name!r}",
            hint=f"did you mean {near}?" if near else f"the services are: {known}",
        )
    )
