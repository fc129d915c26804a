"""What the events of one service carry: the schema, asked by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jumpsigma.intake.schema import PROVENANCES, Field, Provenance, Schema
from jumpsigma.intake.schema_reader import fits

#: What is stated in public code or was seen is a fact; a documented list may turn out longer.
_HARD: frozenset[Provenance] = frozenset({"seen", "read-in-code"})


def weakest(provenances: Iterator[Provenance] | tuple[Provenance, ...]) -> Provenance:
    """The least sure of them; ``seen`` of none."""
    return max(provenances, key=PROVENANCES.index, default="seen")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the schema says of a path. ``field`` is None below an object that is free in form."""

    field: Field | None
    provenance: Provenance
    is_object: bool = False
    is_guess: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether a value is of the field's type and inside its domain."""
        known = self.field
        if known is None:
            return isinstance(value, dict) if self.is_object else True
        if value is None:
            return known.nullable or known.type == "any"
        if isinstance(value, list) and known.type != "any":
            return known.is_list and all(self._accepts_one(known, each) for each in value)
        return (not known.is_list or known.type == "any") and self._accepts_one(known, value)

    def _accepts_one(self, known: Field, value: Any) -> bool:
        if not fits(value, known.type):
            return False
        domain = known.domain
        if domain.kind in ("closed", "observed"):
            return _folded(value) in {_folded(each) for each in domain.values}
        return domain.kind == "open" or isinstance(value, dict) or domain.accepts(value)

    @property
    def is_hard(self) -> bool:
        """Whether no value outside the domain is possible, as far as anything is certain."""
        domain = None if self.field is None else self.field.domain
        return domain is not None and domain.kind == "closed" and domain.provenance in _HARD

    @property
    def sure(self) -> Provenance:
        """The provenance of the field and of its domain together."""
        if self.field is None or self.field.domain.kind == "open":
            return self.provenance
        return weakest((self.provenance, self.field.domain.provenance))


def _folded(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).lower()


@dataclass(frozen=True, slots=True)
class Intake:
    """A place where events of JumpCloud are kept, and what it calls their parts.

    ``service_field`` is None where the place has no name for the service. Without
    ``is_service_kept`` rules may still ask for it where their event types say as much. Of the
    lists in ``kept_elements`` only elements of these names are kept whole, and the lists in
    ``unpaired`` do not keep what stands in one element together.
    """

    name: str
    title: str
    schema: Schema
    service_field: str | None = "service"
    type_field: str = "event_type"
    time_field: str = "timestamp"
    id_field: str = "id"
    is_service_kept: bool = True
    kept_elements: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unpaired: frozenset[str] = frozenset()
    _views: dict[tuple[str, bool], View] = field(default_factory=dict, repr=False, compare=False)
    _types: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def view(self, service: str, *, named: bool = False) -> View:
        """The events of a service; ``named``: a rule asks for it by its name."""
        key = (service, named)
        if key not in self._views:
            self._views[key] = View(self, service, named)
        return self._views[key]

    def types_of(self, service: str) -> list[str]:
        """The event types that may come from a service, the surest first."""
        if not self._types:
            known = self.schema.event_types.values()
            ordered = sorted(known, key=lambda each: PROVENANCES.index(each.provenance))
            strays = [each.name for each in ordered if not each.services]
            for name in self.schema.services:
                own = [each.name for each in ordered if name in each.services]
                # A type that no source ties to a service may be of one that has none of its own.
                self._types[name] = own or strays
        return self._types.get(service, [])

    def type_provenance(self, name: str) -> Provenance:
        """How sure it is that there are events of that type, from whichever service."""
        known = self.schema.event_types.get(name) or self.schema.event_type(name)
        if known is None:
            return "assumed"
        if not known.services:
            return weakest((known.provenance, "assumed"))
        if known.service_provenance == "assumed" or known.name != name:
            group = next((g for g in self.schema.alias_groups if name in g.names), None)
            aside = (
                group.provenance if group is not None and group.sent != name else known.provenance
            )
            return weakest((known.provenance, known.service_provenance, aside))
        return known.provenance

    def implies(self, name: str | None, service: str) -> bool:
        """Whether events of a type come from this service alone."""
        known = None if name is None else self.schema.event_type(name)
        return known is not None and known.services == (service,)

    def spelled(self, name: str) -> str:
        """The event type as events are known to carry it, where there are several spellings."""
        group = next((each for each in self.schema.alias_groups if name in each.names), None)
        if group is None:
            return name
        return group.sent or next(each for each in group.names if each in self.schema.event_types)

    def sends(self, service: str, name: str) -> bool:
        """Whether nothing speaks against a service sending events of that type."""
        known = self.schema.event_type(name)
        if known is None or not known.services or known.service_provenance == "assumed":
            return True
        return service in known.services or self.schema.service(service) is None


@dataclass(frozen=True, slots=True)
class View:
    """The fields of the events of one service.

    Of a service that nobody knows, or of which no source describes the fields, a rule that names
    it may ask for what any service carries: that is assumed, not impossible.
    """

    intake: Intake
    service: str
    named: bool = False
    _claims: dict[str, Claim | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_known(self) -> bool:
        """Whether the service is one of the schema's."""
        return self.service in self.intake.schema.services

    @property
    def is_described(self) -> bool:
        """Whether some source describes the fields of the service."""
        known = self.intake.schema.services.get(self.service)
        return known is not None and known.fields_known

    def claim(self, path: str) -> Claim | None:
        """What is known of a path; None for what no event of the service carries."""
        if path not in self._claims:
            self._claims[path] = self._find(path)
        return self._claims[path]

    def lists_above(self, path: str) -> list[str]:
        """The lists of objects that a path goes through, the outermost first."""
        parts = path.split(".")
        above = (".".join(parts[:cut]) for cut in range(1, len(parts)))
        return [each for each in above if self._is_list(each)]

    def _is_list(self, path: str) -> bool:
        claim = self.claim(path)
        return claim is not None and claim.field is not None and claim.field.is_list

    def _find(self, path: str) -> Claim | None:
        if self.is_known and (claim := _claim(self.intake.schema, path, self.service)) is not None:
            return claim
        if self.is_described or not self.named:
            return None
        for service in self.intake.schema.services:
            claim = _claim(self.intake.schema, path, service)
            if claim is not None:
                return Claim(claim.field, "assumed", claim.is_object)
        return Claim(None, "assumed", is_guess=True)


def _claim(schema: Schema, path: str, service: str) -> Claim | None:
    known = schema.field(path, service)
    if known is not None:
        is_object = known.type == "object" and not known.is_list
        return Claim(known, known.provenance, is_object)
    if schema.is_object(path, service):
        below = [f.provenance for f in schema.fields_of(service) if f.path.startswith(f"{path}.")]
        return Claim(None, min(below, key=PROVENANCES.index), is_object=True)
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        above = ".".join(parts[:cut])
        free = schema.field(above, service)
        if free is not None:
            # An object of which no part is listed, and `any`, may hold anything.
            is_free = free.type == "any" or (
                free.type == "object" and not schema.is_object(above, service)
            )
            return Claim(None, "assumed") if is_free else None
    return None


def carriers(intake: Intake, path: str) -> list[str]:
    """The services whose events carry a path."""
    return [service for service in intake.schema.services if _claim(intake.schema, path, service)]


def known_services(schema: Schema) -> Mapping[str, tuple[str, ...]]:
    """The names that events of each service may carry, the canonical one first."""
    return {name: (name, *each.aliases) for name, each in schema.services.items()}
