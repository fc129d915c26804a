"""Whether an event of the intake can satisfy a rule, and what that rests on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from jumpsigma.intake.schema import PROVENANCES, Provenance
from jumpsigma.interpret import holds, matched, trace, values_of
from jumpsigma.ir.bind import bind, placeholders
from jumpsigma.ir.dump import children, label
from jumpsigma.ir.nodes import And, Element, Expr, FieldRef, Keyword, Not, Or, Selection, Test, Text
from jumpsigma.ir.normal import FALSE, normal
from jumpsigma.reachability.carried import Intake, View, known_services, weakest
from jumpsigma.reachability.folding import Folded, Folding
from jumpsigma.reachability.reasons import missing, outside
from jumpsigma.reachability.witness import Event, Maker

Reachability = Literal["reachable", "partial", "unlikely", "unreachable"]
REACHABILITIES: Final[tuple[Reachability, ...]] = get_args(Reachability)
"""The answers, the best first."""

Lists = Mapping[str, Sequence[str]]
#: Values of a list that are tried; more of them say nothing new about the events.
_LISTED: Final = 60
#: What stands in for the values of a list that has none.
_INVENTED: Final = (
    "listed.example.com",
    "192.0.2.66",
    "https://listed.example.com/",
    "listed@example.com",
    "ab" * 32,
    "ab" * 16,
    "listed-value",
)
_VIRTUAL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Witness:
    """Events on which a rule fires, and values of lists where it needs some."""

    events: tuple[Event, ...]
    lists: Lists

    def __post_init__(self) -> None:
        if not self.events:
            raise ValueError("a witness has at least one event")


@dataclass(frozen=True, slots=True)
class Reach:
    """The answer for one rule.

    ``reachability``: ``reachable`` by events inside the domains of their fields; ``partial`` when
    parts of the rule are dead; ``unlikely`` when it takes values outside the domains;
    ``unreachable`` when no event of the intake carries what it asks for. ``provenance`` is the
    weakest that the answer rests on. ``services`` are those whose events satisfy it,
    ``event_types`` those that it asks for and that can; empty when it asks for none in
    particular. ``witness`` is None when it is unreachable, or when no event was found although
    nothing forbids it, which makes it unlikely.
    """

    reachability: Reachability
    provenance: Provenance
    services: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """An event that satisfies a condition."""

    service: str
    event_type: str | None
    is_asked: bool
    event: Event
    provenance: Provenance


def reach(
    condition: Expr, intake: Intake, lists: Mapping[str, Collection[str]] | None = None
) -> Reach:
    """Whether an event of the intake can satisfy a condition; ``lists`` are those of the pack."""
    given = _values(condition, lists or {})
    search = _Search(intake, bind(condition, given))
    found = search.strict()
    if found:
        dead = search.dead_parts(found)
        best = min(found, key=lambda each: PROVENANCES.index(each.provenance))
        witness, needed = _witness(condition, best.event, given, lists or {})
        return Reach(
            "partial" if dead else "reachable",
            best.provenance,
            _services(found),
            _event_types(found, intake),
            (*dead, *search.idle_filters(found), *search.guesses(best), *search.mixed(), *needed),
            witness,
        )
    loose = search.loose()
    if loose:
        best = loose[0]
        witness, needed = _witness(condition, best.event, given, lists or {})
        return Reach(
            "unlikely",
            best.provenance,
            _services(loose),
            _event_types(loose, intake),
            (*search.beyond(best), *needed),
            witness,
        )
    if search.is_possible():
        why = "nothing forbids it, but no event was found that satisfies it"
        return Reach("unlikely", "assumed", reasons=(why,))
    reasons, sure = search.lacking()
    return Reach("unreachable", sure, reasons=tuple(reasons))


def _witness(
    condition: Expr, event: Event, given: Lists, lists: Mapping[str, Collection[str]]
) -> tuple[Witness, list[str]]:
    """The witness with the values of lists that it takes, and which lists have none so far."""
    real = {name: tuple(lists.get(name, ())) for name in given}
    if holds(condition, event, real):
        return Witness((event,), {}), []
    empty = [name for name in given if not real[name]]
    needed = [f"the list {name} has no values yet, and the rule needs some" for name in empty]
    return Witness((event,), {name: given[name] for name in empty}), needed


def _values(condition: Expr, lists: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Values for the placeholders of a condition."""
    found = {}
    for name in placeholders(condition):
        listed = list(lists.get(name, ()))
        step = max(1, len(listed) // _LISTED)
        found[name] = tuple(listed[::step][:_LISTED]) or _INVENTED
    return found


def _services(found: Sequence[_Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.service for each in found))


def _event_types(found: Sequence[_Found], intake: Intake) -> tuple[str, ...]:
    """The types that were asked for; none when an event of any other does as well.

    Of several spellings of one type the one that events are known to carry.
    """
    if not all(each.is_asked for each in found):
        return ()
    names = (each.event_type for each in found if each.event_type is not None)
    return tuple(dict.fromkeys(map(intake.spelled, names)))


class _Search:
    """The search for events that satisfy one condition, service by service."""

    def __init__(self, intake: Intake, condition: Expr) -> None:
        self.intake, self.condition = intake, condition
        self._tests = list(_tests(condition))
        services = self._asked(intake.service_field)
        schema = intake.schema
        self._unknown = [name for name in services if schema.service(name) is None]
        self._named = {
            found.name for name in services if (found := schema.service(name)) is not None
        }

    @property
    def _needs_service(self) -> bool:
        """Whether the rule asks for a service that the place does not keep."""
        field = self.intake.service_field
        return not self.intake.is_service_kept and any(test.field == field for test in self._tests)

    def _asked(self, path: str | None) -> list[str]:
        """The texts that the condition compares a field with."""
        texts = [
            value.literal
            for test in self._tests
            if test.field == path and isinstance(value := test.value, Text)
            if value.literal
        ]
        return list(dict.fromkeys(texts))

    def strict(self, condition: Expr | None = None, *, all_of_them: bool = True) -> list[_Found]:
        """Events inside the domains."""
        return self._search(condition or self.condition, strict=True, all_of_them=all_of_them)

    def loose(self) -> list[_Found]:
        """Events of the right fields with any values."""
        return self._search(self.condition, strict=False, all_of_them=True)

    def _search(self, condition: Expr, *, strict: bool, all_of_them: bool) -> list[_Found]:
        found = []
        for view, fixed, asked in self._places(strict=strict):
            folding = Folding(view, fixed, strict)
            left = folding.fold(condition)
            if left is False:
                continue
            given = {path: value for path, value in fixed.items() if value is not None}
            event = Maker(view, strict, f"{view.service} {label(condition)}").make(
                condition, left, given
            )
            if event is not None:
                sure = self._sureness(view, condition, event)
                name = fixed.get(self.intake.type_field)
                found.append(_Found(view.service, name, asked, event, sure))
                if not all_of_them:
                    break
        return found

    def _places(self, *, strict: bool) -> Iterator[tuple[View, dict[str, Any], bool]]:
        """Every service, with every event type that makes a difference to the condition."""
        names = known_services(self.intake.schema)
        for service in (*names, *self._unknown):
            view = self.intake.view(
                service, named=service in self._named or service in self._unknown
            )
            spellings = names.get(service, (service,))
            for name, asked in self._types(service, strict=strict):
                if self._needs_service and not (asked and self.intake.implies(name, service)):
                    continue
                for spelling in spellings:
                    fixed: dict[str, Any] = {self.intake.type_field: name}
                    if self.intake.service_field is not None:
                        fixed[self.intake.service_field] = spelling
                    if Folding(view, fixed, strict=False).fold(self.condition) is not False:
                        yield view, fixed, asked
                        break

    def _types(self, service: str, *, strict: bool) -> list[tuple[str | None, bool]]:
        """Event types of a service: those that the condition asks about, and one other."""
        tests = [test for test in self._tests if test.field == self.intake.type_field]
        catalogue = self.intake.types_of(service)
        aliases = self.intake.schema.aliases
        spelled = [*catalogue, *(other for name in catalogue for other in aliases.get(name, ()))]
        literals = [name for name in self._asked(self.intake.type_field) if name not in spelled]
        usable = [name for name in literals if not strict or self.intake.sends(service, name)]

        def is_asked(name: str) -> bool:
            return any(holds(test, {test.field: name}) for test in tests)

        asked = [name for name in dict.fromkeys([*spelled, *usable]) if is_asked(name)]
        other = next((name for name in catalogue if not is_asked(name)), None)
        if other is None and not is_asked("event"):
            other = "event"
        return [*((name, True) for name in asked), *([(other, False)] if other else [])]

    def _sureness(self, view: View, condition: Expr, event: Event) -> Provenance:
        """The weakest provenance of what an event satisfies the condition with."""
        found: list[Provenance] = []
        satisfied = dict.fromkeys(matched(trace(condition, event)))
        for test in self._tests:
            if isinstance(test.value, FieldRef) and test.field in satisfied:
                satisfied[test.value.field] = None
        for path in satisfied:
            plain = _VIRTUAL.sub("", path)
            if plain == self.intake.type_field:
                found.append(self.intake.type_provenance(str(values_of(event, path)[0])))
            elif plain == self.intake.service_field:
                known = self.intake.schema.services.get(view.service)
                found.append("assumed" if known is None else known.provenance)
            elif (claim := view.claim(plain)) is not None:
                found.append(claim.sure)
            if plain != path and (claim := view.claim(f"{path.partition('[')[0]}.field")):
                found.append(claim.sure)
        return weakest(tuple(found))

    def dead_parts(self, found: Sequence[_Found]) -> list[str]:
        """Selections and alternatives of the condition that no event satisfies, and why."""
        reasons = []
        for selection in _selections(self.condition, positive=True):
            if any(holds(selection.item, each.event) for each in found):
                continue
            both = And((self.condition, selection.item))
            if not self.strict(both, all_of_them=False):
                why = self._why_dead(selection.item)
                reasons.append(f"{selection.name} is dead: {why}")
        for part in _alternatives(self.condition):
            if all(folded is False for folded in self._folded(part, strict=False)):
                line = next((t.place.line for t in _tests(part) if t.place is not None), None)
                where = f" at line {line}" if line else ""
                reasons.append(f"an alternative{where} is dead: {self._why_dead(part)}")
        return list(dict.fromkeys(reasons))

    def idle_filters(self, found: Sequence[_Found]) -> list[str]:
        """Exceptions of the condition that can never apply: they cost nothing and do nothing."""
        return [
            f"{selection.name} never applies: {self._why_dead(selection.item)}"
            for selection in _selections(self.condition, positive=False)
            if all(folded is False for folded in self._folded(selection.item, strict=False))
            and not any(holds(selection.item, each.event) for each in found)
        ]

    def _folded(self, part: Expr, *, strict: bool) -> Iterator[Folded]:
        for view, fixed, _ in self._places(strict=strict):
            yield Folding(view, fixed, strict).fold(part)

    def _why_dead(self, part: Expr) -> str:
        places = list(self._places(strict=True))
        foldings = [Folding(view, fixed, strict=False) for view, fixed, _ in places]
        why = missing(self.intake, part, foldings)
        if why:
            return "; ".join(why)
        for view, fixed, _ in places:
            folding = Folding(view, fixed, strict=True)
            if folding.fold(part) is False and (why := outside(part, folding)):
                return "; ".join(why)
        return "with the rest of the condition no event was found for it"

    def beyond(self, found: _Found) -> list[str]:
        """What of an event outside the domains is outside, and of what."""
        view = self._view(found.service)
        fixed = self._fixed(found)
        folding = Folding(view, fixed, strict=True)
        reasons = []
        name = found.event_type
        if found.is_asked and name is not None and not self.intake.sends(found.service, name):
            known = self.intake.schema.event_type(name)
            usual = " and ".join(known.services) if known is not None else "nobody"
            reasons.append(f"{name} is an event of {usual}, not of {found.service}")
        if folding.fold(self.condition) is False:
            reasons += outside(self.condition, folding)
        return reasons or ["no event inside the domains of its fields was found"]

    def guesses(self, found: _Found) -> list[str]:
        """What the answer takes for granted, because the catalogue is not complete."""
        reasons = []
        if found.service in self._unknown:
            reasons.append(f"no source knows a service {found.service}")
        name = found.event_type if found.is_asked else None
        if name is not None and self.intake.schema.event_type(name) is None:
            reasons.append(f"no catalogue has the event type {name}")
        return reasons

    def mixed(self) -> list[str]:
        """Lists of which the place does not keep together what the rule wants together."""
        return [
            f"what stands in one element of {path} is not kept together: a query matches more"
            for path in sorted(self.intake.unpaired)
            if any(element.field == path for element in _elements(self.condition))
        ]

    def _view(self, service: str) -> View:
        return self.intake.view(service, named=service in {*self._named, *self._unknown})

    def _fixed(self, found: _Found) -> dict[str, Any]:
        fixed: dict[str, Any] = {self.intake.type_field: found.event_type}
        if self.intake.service_field is not None:
            values = values_of(found.event, self.intake.service_field)
            fixed[self.intake.service_field] = values[0] if values else None
        return fixed

    def is_possible(self) -> bool:
        """Whether nothing proves that no event satisfies the condition; no search is a proof."""
        return any(
            folded is True or (folded is not False and normal(folded) != FALSE)
            for folded in self._folded(self.condition, strict=False)
        )

    def lacking(self) -> tuple[list[str], Provenance]:
        """Why no event satisfies the condition, and how sure that is."""
        foldings = []
        names = known_services(self.intake.schema)
        for service in (*names, *self._unknown):
            view = self._view(service)
            fixed: dict[str, Any] = {}
            if self.intake.service_field is not None:
                fixed[self.intake.service_field] = names.get(service, (service,))[0]
            if _without_others(self.condition, fixed) is not False:
                foldings.append(Folding(view, fixed, strict=False))
        described = all(folding.view.is_described for folding in foldings)
        why = missing(self.intake, self.condition, foldings)
        if not why and all(folding.fold(self.condition) is False for folding in foldings):
            why = [each for folding in foldings[:1] for each in outside(self.condition, folding)]
        if not why and self._needs_service:
            why = ["the service is not kept, and no event type that the rule asks for implies it"]
        return why or ["the condition contradicts itself"], "documented" if described else "assumed"


def _without_others(expr: Expr, fixed: Mapping[str, Any]) -> Folded:
    """The condition folded over these fields alone, as if anything could hold of the others."""
    match expr:
        case Test(path) if path in fixed:
            return holds(expr, dict(fixed))
        case Test() | Keyword() | Element():
            return expr
        case Not(item):
            inner = _without_others(item, fixed)
            return not inner if isinstance(inner, bool) else expr
        case Selection(item=item):
            return _without_others(item, fixed)
        case And(items) | Or(items):
            inner_ones = [_without_others(item, fixed) for item in items]
            decides = isinstance(expr, Or)
            if any(each is decides for each in inner_ones):
                return decides
            return expr if any(not isinstance(each, bool) for each in inner_ones) else not decides


def _tests(expr: Expr) -> Iterator[Test]:
    """The tests of a condition outside elements of lists."""
    if isinstance(expr, Test):
        yield expr
    elif not isinstance(expr, Element):
        for child in children(expr):
            yield from _tests(child)


def _elements(expr: Expr) -> Iterator[Element]:
    if isinstance(expr, Element):
        yield expr
    for child in children(expr):
        yield from _elements(child)


def _selections(expr: Expr, *, positive: bool, here: bool = True) -> Iterator[Selection]:
    """The named detections that have to hold, or that must not."""
    match expr:
        case Selection():
            if here is positive:
                yield expr
        case Not(item):
            yield from _selections(item, positive=positive, here=not here)
        case And(items) | Or(items):
            for item in items:
                yield from _selections(item, positive=positive, here=here)
        case Test() | Keyword() | Element():
            return


def _alternatives(expr: Expr, *, inside: bool = False) -> Iterator[Expr]:
    """The alternatives within detections that have to hold, where they are of different fields."""
    match expr:
        case Selection(item=item):
            yield from _alternatives(item, inside=True)
        case And(items):
            for item in items:
                yield from _alternatives(item, inside=inside)
        case Or(items):
            fields = {test.field for item in items for test in _tests(item)}
            for item in items:
                if inside and len(fields) > 1:
                    yield item
                else:
                    yield from _alternatives(item, inside=inside)
        case Not() | Test() | Keyword() | Element():
            return
