"""What is known of the intake: services, event types and fields; and the mappings there are."""

from __future__ import annotations

from jumpsigma.intake.listing import Row, event_rows, field_rows, service_rows
from jumpsigma.intake.schema import load_schema
from jumpsigma.mapping import available_mappings


def list_events(*, service: str | None = None, text: str | None = None) -> list[Row]:
    """The event types of Directory Insights, those of one service, or those that mention a text."""
    return event_rows(load_schema(), service=service, text=text)


def list_fields(*, service: str | None = None, text: str | None = None) -> list[Row]:
    """The fields of Directory Insights events, those of one service, or those about a text."""
    return field_rows(load_schema(), service=service, text=text)


def list_services() -> list[Row]:
    """The services that events come from."""
    return service_rows(load_schema())


def list_mappings() -> list[Row]:
    """The mappings on the search path, the shipped ones among them."""
    return [
        {"name": name, "description": description, "path": str(path)}
        for name, path, description in available_mappings()
    ]
