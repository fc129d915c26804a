"""``directory_insights.yaml`` as a :class:`~jumpsigma.intake.schema_model.Schema`.

The format is described by the comments of that file. What it says is checked here: names that
refer to nothing, fields that stand twice for one service, examples that do not fit.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from jumpsigma.intake.schema_model import (
    CATALOGUES,
    DEVIATION_KINDS,
    FIELD_TYPES,
    PROVENANCES,
    AliasGroup,
    Catalogue,
    DeviationKind,
    Domain,
    EventType,
    Field,
    FieldType,
    KnownDeviation,
    Provenance,
    Scalar,
    Schema,
    Service,
    VirtualField,
)
from jumpsigma.intake.schema_nodes import Node, read_document

_FROM_CATALOGUE: dict[Catalogue, Provenance] = {
    "documented": "documented",
    "observed": "seen",
    "newer": "read-in-code",
}

_FIELD_PARTS = (
    *("example", "nullable", "key", "values", "closed", "pattern", "domain_provenance"),
    *("provenance", "services", "aliases"),
)

_Places = list[tuple[Provenance, tuple[str, ...]]]


def read_schema(path: Path) -> Schema:
    """Read a schema file.

    Raises
    ------
    DiagnosticError
        ``JS060`` with file, line and column of the first thing that is wrong.

    """
    top = read_document(path).record(
        ("version", "services", "event_types", "fields"),
        ("patterns", "aliases", "virtual_fields", "known_deviations"),
    )
    top["version"].one_of(("1",))
    services = {key.text(): _service(key, node) for key, node in top["services"].items()}
    patterns = {key.text(): _regex(node) for key, node in _items(top, "patterns")}
    groups = [_alias_group(node) for node in _entries(top, "aliases")]
    event_types = _event_types(top["event_types"], services, dict(_by_name(groups)))
    for node, group in zip(_entries(top, "aliases"), groups, strict=True):
        if not any(name in event_types for name in group.names):
            node.fail("none of these names is an event type", "list one of them in event_types")
    fields = _fields(top["fields"], services, patterns)
    return Schema(
        services=services,
        event_types=event_types,
        fields=fields,
        alias_groups=tuple(groups),
        virtual_fields=tuple(_virtual(node, fields) for node in _entries(top, "virtual_fields")),
        known_deviations=tuple(_known(node) for node in _entries(top, "known_deviations")),
    )


def _items(top: dict[str, Node], key: str) -> list[tuple[Node, Node]]:
    return top[key].items() if key in top else []


def _entries(top: dict[str, Node], key: str) -> list[Node]:
    return top[key].entries() if key in top else []


def _provenance(node: Node) -> Provenance:
    return cast("Provenance", node.one_of(PROVENANCES))


def _regex(node: Node) -> re.Pattern[str]:
    try:
        return re.compile(node.sentence(), re.ASCII)
    except re.error as error:
        node.fail(f"{node.what} is no regular expression: {error}")


def _service(key: Node, node: Node) -> Service:
    parts = node.record(("meaning", "provenance"), ("aliases", "fields"))
    if "fields" in parts:
        parts["fields"].one_of(("unknown",))
    return Service(
        name=key.text(),
        aliases=parts["aliases"].texts() if "aliases" in parts else (),
        meaning=parts["meaning"].sentence(),
        provenance=_provenance(parts["provenance"]),
        fields_known="fields" not in parts,
    )


# --- event types


def _alias_group(node: Node) -> AliasGroup:
    parts = node.record(("names", "provenance", "reason"), ("sent",))
    names = parts["names"].texts()
    if len(names) < 2:
        parts["names"].fail("an alias needs two names at least")
    return AliasGroup(
        names=names,
        sent=parts["sent"].one_of(names) if "sent" in parts else None,
        provenance=_provenance(parts["provenance"]),
        reason=parts["reason"].sentence(),
    )


def _by_name(groups: list[AliasGroup]) -> list[tuple[str, AliasGroup]]:
    return [(name, group) for group in groups for name in group.names]


def _event_types(
    node: Node, services: dict[str, Service], groups: dict[str, AliasGroup]
) -> dict[str, EventType]:
    found: dict[str, EventType] = {}
    for group in node.entries():
        parts = group.record(("services", "events"), ("theme", "catalogue", "service_provenance"))
        theme = parts["theme"].sentence() if "theme" in parts else None
        catalogue: Catalogue = "documented"
        if "catalogue" in parts:
            catalogue = cast("Catalogue", parts["catalogue"].one_of(CATALOGUES))
        sure: Provenance | None = None
        if "service_provenance" in parts:
            sure = _provenance(parts["service_provenance"])
        for key, value in parts["events"].items():
            name = key.text()
            if name in found:
                key.fail(f"the event type {name} stands twice", "list it once, with all services")
            own = value.record(("meaning",), ("provenance", "services")) if value.is_mapping else {}
            provenance = _FROM_CATALOGUE[catalogue]
            if "provenance" in own:
                provenance = _provenance(own["provenance"])
            alias = groups.get(name)
            found[name] = EventType(
                name=name,
                services=_service_names(own.get("services", parts["services"]), services),
                meaning=own.get("meaning", value).sentence(),
                provenance=provenance,
                catalogue=catalogue,
                aliases=tuple(each for each in alias.names if each != name) if alias else (),
                sent=alias.sent if alias else None,
                theme=theme,
                service_provenance=sure or provenance,
            )
    return found


def _service_names(node: Node, services: dict[str, Service]) -> tuple[str, ...]:
    names = node.texts()
    for entry, name in zip(node.entries(), names, strict=True):
        if name not in services:
            entry.fail(f"{name!r} is no service of this schema", "list it under services first")
    return names


# --- fields


def _fields(
    node: Node, services: dict[str, Service], patterns: dict[str, re.Pattern[str]]
) -> tuple[Field, ...]:
    found: list[Field] = []
    taken: set[tuple[str, str]] = set()
    used: list[tuple[Node, Field]] = []
    for group in node.entries():
        parts = group.record(("services", "fields"), ("provenance",))
        places = _places(parts["services"], parts.get("provenance"), services)
        for key, value in parts["fields"].items():
            for each in _field(key, value, places, services, patterns):
                for service in each.services:
                    if (service, each.path) in taken:
                        key.fail(f"{each.path} stands twice for {service}", "keep one of the two")
                    taken.add((service, each.path))
                found.append(each)
                used.append((key, each))
    for key, each in used:
        head, _, rest = each.path.partition(".")
        bare = [service for service in each.services if (service, head) not in taken]
        if rest and bare:
            key.fail(
                f"{each.path} is part of {head}, which {bare[0]} does not have",
                f"add a field {head} for {bare[0]}, or correct the name",
            )
    return tuple(found)


def _places(node: Node, provenance: Node | None, services: dict[str, Service]) -> _Places:
    """Which services have a field, and how sure that is: one entry for each provenance."""
    if node.is_mapping:
        if provenance is not None:
            provenance.fail("services already say their provenance")
        listed: _Places = []
        others: Provenance | None = None
        for key, value in node.items():
            sure = _provenance(key)
            if value.is_list:
                listed.append((sure, _service_names(value, services)))
            else:
                value.one_of(("others",))
                others = sure
        if others is not None:
            named = {name for _, names in listed for name in names}
            listed.append((others, tuple(name for name in services if name not in named)))
        return listed
    if provenance is None:
        node.fail("these services need a provenance", "add provenance: beside services:")
    if node.is_list:
        return [(_provenance(provenance), _service_names(node, services))]
    node.one_of(("all",))
    return [(_provenance(provenance), tuple(services))]


def _field(
    key: Node,
    node: Node,
    places: _Places,
    services: dict[str, Service],
    patterns: dict[str, re.Pattern[str]],
) -> list[Field]:
    parts = node.record(
        ("type", "meaning"),
        _FIELD_PARTS,
    )
    own = parts.get("provenance")
    if "services" in parts:
        places = _places(parts["services"], own, services)
    elif own is not None:
        names = tuple(name for _, group in places for name in group)
        places = [(_provenance(own), names)]
    type_name, is_list = _type(parts["type"])
    found = []
    for provenance, names in places:
        field = Field(
            path=key.text(),
            type=type_name,
            is_list=is_list,
            services=names,
            domain=_domain(parts, provenance, patterns),
            provenance=provenance,
            example=_example(parts, type_name),
            meaning=parts["meaning"].sentence(),
            nullable="nullable" in parts and parts["nullable"].flag(),
            key=parts["key"].sentence() if "key" in parts else None,
            aliases=parts["aliases"].texts() if "aliases" in parts else (),
        )
        _check_example(parts, field)
        found.append(field)
    if not is_list and "key" in parts:
        parts["key"].fail("only a list of objects has a key")
    if type_name != "object" and "example" not in parts:
        node.fail(f"{key.text()} needs an example")
    return found


def _type(node: Node) -> tuple[FieldType, bool]:
    text = node.text()
    name = text.removeprefix("list of ")
    if name not in FIELD_TYPES:
        node.fail(
            f"{text!r} is no type", f"write one of {', '.join(FIELD_TYPES)}, or `list of` one"
        )
    return name, name != text


def _domain(
    parts: dict[str, Node], provenance: Provenance, patterns: dict[str, re.Pattern[str]]
) -> Domain:
    sure = provenance
    if "domain_provenance" in parts:
        sure = _provenance(parts["domain_provenance"])
    if "pattern" in parts:
        if "values" in parts:
            parts["pattern"].fail("a field has values or a pattern, not both")
        name = parts["pattern"].one_of(tuple(patterns))
        return Domain("pattern", (), patterns[name], name, sure)
    if "values" not in parts:
        if "closed" in parts:
            parts["closed"].fail("only values can be closed", "add values:")
        return Domain("open", provenance=sure)
    values = tuple(value for value in parts["values"].scalars() if value is not None)
    if not values:
        parts["values"].fail("values is empty", "leave it out when any value is possible")
    closed = "closed" in parts and parts["closed"].flag()
    return Domain("closed" if closed else "observed", values, provenance=sure)


def _example(parts: dict[str, Node], type_name: FieldType) -> Scalar | None:
    if "example" not in parts:
        return None
    if type_name == "object":
        parts["example"].fail("an object needs no example: its parts have theirs")
    return parts["example"].scalar()


def _check_example(parts: dict[str, Node], field: Field) -> None:
    if "example" not in parts:
        return
    value = field.example
    if value is None:
        if not field.nullable:
            parts["example"].fail("the example is null, which the field cannot be")
    elif not fits(value, field.type):
        parts["example"].fail(f"the example is not of type {field.type}")
    elif not field.domain.accepts(value):
        parts["example"].fail("the example is outside the field's own values or pattern")


def fits(value: object, type_name: FieldType) -> bool:
    """Whether a JSON value other than null has the type. A boolean is no number."""
    match type_name:
        case "any":
            return True
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)


# --- the rest


def _virtual(node: Node, fields: tuple[Field, ...]) -> VirtualField:
    parts = node.record(("name", "list", "part", "meaning"))
    head = parts["list"].sentence()
    if not any(field.path == head and field.is_list and field.key for field in fields):
        parts["list"].fail(f"{head} is no list with a key", "give the field a key:")
    part = parts["part"].sentence()
    if not any(field.path == f"{head}.{part}" for field in fields):
        parts["part"].fail(f"the elements of {head} have no {part}")
    name = parts["name"].one_of((f"{head}[NAME].{part}", f"{head}[*].{part}"))
    return VirtualField(name, parts["meaning"].sentence())


def _known(node: Node) -> KnownDeviation:
    parts = node.record(("kind", "reason", "provenance"), ("path",))
    return KnownDeviation(
        kind=cast("DeviationKind", parts["kind"].one_of(DEVIATION_KINDS)),
        path=parts["path"].sentence() if "path" in parts else "*",
        reason=parts["reason"].sentence(),
        provenance=_provenance(parts["provenance"]),
    )
