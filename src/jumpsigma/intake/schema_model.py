"""What the intake's schema consists of, and the questions that can be put to it.

The data is read from ``mappings/directory_insights.yaml`` by
:mod:`jumpsigma.intake.schema_reader`; every claim there names its source.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Provenance = Literal["seen", "documented", "read-in-code", "assumed"]
PROVENANCES: tuple[Provenance, ...] = get_args(Provenance)
"""How sure a claim is, the strongest first."""

Catalogue = Literal["documented", "observed", "newer"]
CATALOGUES: tuple[Catalogue, ...] = get_args(Catalogue)
"""Where the name of an event type was found: the vendor's specification, only in a live tenant,
only in a later reference of the vendor."""

FieldType = Literal["string", "integer", "number", "boolean", "object", "any"]
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)

DomainKind = Literal["closed", "observed", "pattern", "open"]

DeviationKind = Literal[
    "missing-service",
    "unknown-service",
    "missing-event-type",
    "unknown-event-type",
    "wrong-service",
    "unknown-field",
    "wrong-type",
    "list",
    "not-a-list",
    "null",
    "empty-as-null",
    "outside-domain",
]
DEVIATION_KINDS: tuple[DeviationKind, ...] = get_args(DeviationKind)
"""``list`` is a list where one value is expected; ``empty-as-null`` a null object or list."""

Scalar = str | int | float | bool
"""A JSON value that is neither null, list nor object."""

_VIRTUAL = re.compile(r"(?P<list>[^\[\]]+)\[(?P<name>[^\[\]]+)\](\.(?P<part>[^\[\]]+))?")


@dataclass(frozen=True, slots=True)
class Service:
    """A part of JumpCloud that reports events; the event field ``service`` holds its name.

    ``aliases`` are other spellings in use. ``fields_known`` is false where no source describes
    the service field by field, so that only the envelope is known.
    """

    name: str
    aliases: tuple[str, ...]
    meaning: str
    provenance: Provenance
    fields_known: bool = True


@dataclass(frozen=True, slots=True)
class EventType:
    """One value of the event field ``event_type``.

    ``services`` is empty where no source says who sends it; ``service_provenance`` says how sure
    the services are. ``aliases`` are other spellings of the same event; ``sent`` is the spelling
    that events are known to carry, None where nobody has seen which one is real.
    """

    name: str
    services: tuple[str, ...]
    meaning: str
    provenance: Provenance
    catalogue: Catalogue
    aliases: tuple[str, ...] = ()
    sent: str | None = None
    theme: str | None = None
    service_provenance: Provenance = "documented"


@dataclass(frozen=True, slots=True)
class AliasGroup:
    """Names of one and the same event type, and why we believe so."""

    names: tuple[str, ...]
    sent: str | None
    provenance: Provenance
    reason: str


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a field can have.

    ``closed``: ``values`` are all there are. ``observed``: ``values`` were seen or documented and
    others may exist. ``pattern``: the whole value matches ``pattern`` (named ``pattern_name``).
    ``open``: anything of the field's type.
    """

    kind: DomainKind
    values: tuple[Scalar, ...] = ()
    pattern: re.Pattern[str] | None = None
    pattern_name: str | None = None
    provenance: Provenance = "documented"

    def accepts(self, value: Scalar) -> bool:
        """Whether ``value`` is possible.

        Text is compared without regard to case, as a rule would: RADIUS events write ``eap`` as
        well as ``EAP``.
        """
        if self.kind == "closed":
            return _folded(value) in {_folded(known) for known in self.values}
        if self.pattern is not None:
            return self.pattern.fullmatch(str(value)) is not None
        return True


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the events of ``services``.

    ``path`` is dotted and steps into objects and into every element of a list. ``type`` is that of
    the value, or of the elements when ``is_list``; ``any`` may hold anything. ``key`` names what
    tells the elements of a list of objects apart. ``aliases`` are other names of the same field.
    ``example`` is invented and fits type and domain; it is None for objects.
    """

    path: str
    type: FieldType
    is_list: bool
    services: tuple[str, ...]
    domain: Domain
    provenance: Provenance
    example: Scalar | None
    meaning: str
    nullable: bool = False
    key: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def type_name(self) -> str:
        """The type as the schema file writes it: ``list of object``."""
        return f"list of {self.type}" if self.is_list else self.type


@dataclass(frozen=True, slots=True)
class VirtualField:
    """A name that rules may use and no event holds, such as ``changes[NAME].to``.

    ``NAME`` stands for a value of the key of the list, ``*`` for any of its elements.
    """

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class KnownDeviation:
    """Why real events differ from the schema in one respect. ``path`` is ``*`` for any."""

    kind: DeviationKind
    path: str
    reason: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class _Index:
    """Look-ups over the schema, made once."""

    service_names: dict[str, str] = field(default_factory=dict)
    event_names: dict[str, str] = field(default_factory=dict)
    by_service: dict[str, dict[str, Field]] = field(default_factory=dict)
    parents: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schema:
    """The services, event types and fields of JumpCloud Directory Insights, with their sources.

    It describes and forbids nothing: the vendor's catalogue is known to be incomplete, so names
    that are not here are worth a warning, never a refusal.
    """

    services: Mapping[str, Service]
    event_types: Mapping[str, EventType]
    fields: tuple[Field, ...]
    alias_groups: tuple[AliasGroup, ...] = ()
    virtual_fields: tuple[VirtualField, ...] = ()
    known_deviations: tuple[KnownDeviation, ...] = ()
    _index: _Index = field(default_factory=_Index, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = self._index
        for service in self.services.values():
            names = (service.name, *service.aliases)
            index.service_names.update(dict.fromkeys(names, service.name))
            index.by_service[service.name] = {}
        for group in self.alias_groups:
            known = next(name for name in group.names if name in self.event_types)
            index.event_names.update(dict.fromkeys(group.names, known))
        index.event_names.update((name, name) for name in self.event_types)
        for each in self.fields:
            for name in each.services:
                index.by_service[name].update(dict.fromkeys((each.path, *each.aliases), each))
        for name, paths in index.by_service.items():
            index.parents[name] = frozenset(
                path[:dot] for path in paths for dot in range(len(path)) if path[dot] == "."
            )

    @property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """For every event type with several spellings: the others. Goes both ways."""
        return {
            name: tuple(other for other in group.names if other != name)
            for group in self.alias_groups
            for name in group.names
        }

    def service(self, name: str) -> Service | None:
        """Return the service of that name or alias (``alert`` is ``alerts``), or None."""
        canonical = self._index.service_names.get(name)
        return None if canonical is None else self.services[canonical]

    def event_type(self, name: str) -> EventType | None:
        """Return the event type of that name or alias, or None.

        A name that has an entry of its own gives that entry (``ldap_search``), one that stands in
        an alias group only gives the entry of the group (``authnpolicy_update``).
        """
        canonical = self._index.event_names.get(name)
        return None if canonical is None else self.event_types[canonical]

    def fields_of(self, service: str) -> tuple[Field, ...]:
        """Return the fields of the events of a service (name or alias), in the file's order."""
        found = self.service(service)
        return () if found is None else tuple(f for f in self.fields if found.name in f.services)

    def field(self, path: str, service: str | None = None) -> Field | None:
        """Return the field at ``path``, in ``service`` or in the first service that has it.

        ``changes[NAME].to`` gives the field of the list's part, ``changes.to``.
        """
        virtual = _VIRTUAL.fullmatch(path)
        if virtual is not None:
            path = ".".join(filter(None, (virtual["list"], virtual["part"])))
        if service is None:
            names: Iterable[str] = self.services
        else:
            found = self.service(service)
            names = () if found is None else (found.name,)
        tables = self._index.by_service
        return next((tables[name][path] for name in names if path in tables[name]), None)

    def is_object(self, path: str, service: str) -> bool:
        """Whether fields of ``service`` (its canonical name) lie below ``path``."""
        return path in self._index.parents.get(service, ())

    def nearest_service(self, name: str) -> str | None:
        """Return the service whose spelling is nearest to a misspelt ``name``, or None."""
        return _nearest(name, self._index.service_names)

    def nearest_event_type(self, name: str) -> str | None:
        """Return the event type whose spelling is nearest to a misspelt ``name``, or None."""
        return _nearest(name, self._index.event_names)

    def conforms(self, event: Mapping[str, Any]) -> list[str]:
        """Say in a sentence each how ``event`` differs from the schema; empty when it does not.

        The sentence of a known deviation ends with its reason.
        """
        from jumpsigma.intake.schema_conform import deviations

        return [deviation.sentence for deviation in deviations(self, event)]


def _folded(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).lower()


def _nearest(name: str, known: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.7)
    return found[0] if found else None
