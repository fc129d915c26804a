"""JumpCloud's own API: a request that returns every event of a rule, and what it leaves undone.

Of each condition two formulas can be made: one that all its events satisfy and one that only its
events satisfy. Where a test cannot be asked for, the first takes anything and the second nothing;
``not`` turns one into the other. The request is the first; it alone is the rule where both are
the same.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, assert_never

from jumpsigma.diagnostics import Diagnostic, DiagnosticError
from jumpsigma.export.features import Feature, features_of_value
from jumpsigma.export.language import Clause, Language, LanguageSettings
from jumpsigma.export.languages.jumpcloud_terms import (
    ANYTHING,
    NOTHING,
    Formula,
    Has,
    both,
    either,
    given,
    lacks,
    search_term,
    values_of,
)
from jumpsigma.export.refusals import NotWrittenError, Support
from jumpsigma.export.simplify import simplified
from jumpsigma.export.texts import to_json
from jumpsigma.intake.schema import load_schema
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children, label
from jumpsigma.ir.nodes import (
    And,
    Boolean,
    Element,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Or,
    Placeholder,
    RuleIR,
    Selection,
    Test,
    Text,
)

#: The most rows that one answer can have; there are more pages behind it.
LIMIT = 10_000
#: What every event is read by, whatever a rule looks at.
ENVELOPE = ("id", "timestamp", "service", "event_type", "organization")
_SERVICE = "service"
_SEARCHED = frozenset({"string", "boolean"})
#: Signs of which the documentation does not say whether a search takes them as they are.
_PLAIN = re.compile(r"[ -)+->@-~]+")


class DirectoryInsights(Language):
    """The body of ``POST /insights/directory/v1/events``, as JSON with what it leaves.

    Options: ``start_time``, ``end_time``, ``fields``, ``negation``. Tables: ``services`` (the
    names that the API takes), ``not_asked`` (fields that are not searched, with the reason).
    """

    leaves_lists: ClassVar[bool] = True

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self._services = frozenset(map(str, self.tables["services"]))
        self._not_asked: Mapping[str, str] = self.tables["not_asked"]
        self._negation = self.options.get("negation") == "schema"
        start, end = (_moment(name, self.options.get(name)) for name in ("start_time", "end_time"))
        if start is not None and end is not None and end <= start:
            message = "the option end_time is not after start_time"
            raise DiagnosticError(Diagnostic("JS090", message))

    # ------------------------------------------------------------------------- whole requests
    def query(self, rule: RuleIR) -> str:
        """The request, the rule that it is for, and what it leaves to the matcher."""
        condition = simplified(rule.condition)
        fields = None if _has_keyword(condition) else _roots(condition)
        return self._written(rule, self.bound(condition), self._left(condition), fields)

    def correlation(self, correlation: CorrelationIR) -> str:
        """A request for the events of all rules below it; counting them is left."""
        rules = list(_base_rules(correlation))
        conditions = [simplified(rule.condition) for rule in rules]
        left = [each for condition in conditions for each in self._left(condition)]
        left.append(f"{correlation.type} within {correlation.timespan} seconds")
        fields: set[str] | None = {name.split(".")[0] for name in _correlated(correlation)}
        if fields is not None and any(map(_has_keyword, conditions)):
            fields = None
        elif fields is not None:
            fields = fields.union(*map(_roots, conditions))
        formula = either(self.bound(condition) for condition in conditions)
        return self._written(correlation, formula, left, fields)

    def _written(
        self,
        rule: RuleIR | CorrelationIR,
        formula: Formula,
        left: list[str],
        fields: set[str] | None,
    ) -> str:
        services = values_of(formula, _SERVICE)
        known = services is not None and services <= self._services
        if services is not None and known:
            formula = given(formula, _SERVICE, services)
        request: dict[str, Any] = {
            "service": sorted(services) if services and known else ["all"],
            "start_time": self.options["start_time"],
        }
        if "end_time" in self.options:
            request["end_time"] = self.options["end_time"]
        request["limit"] = LIMIT
        if self.options.get("fields") == "needed" and fields is not None:
            request["fields"] = [*ENVELOPE, *sorted(fields.difference(ENVELOPE))]
        if formula == NOTHING:
            raise NotWrittenError("a condition that never holds: nothing has to be fetched")
        if (term := search_term(formula)) is not None:
            request["search_term"] = term
        document = {
            "rule": {
                "id": rule.id,
                "title": rule.title,
                "level": rule.level,
                "author": rule.author,
                "license": rule.license,
            },
            "request": request,
            "remainder": list(dict.fromkeys(left)) or None,
        }
        return to_json(document, indent=2)

    # ------------------------------------------------------------------------------- formulas
    def bound(self, expr: Expr, *, outer: bool = True) -> Formula:
        """What all events of a condition satisfy; not ``outer``: what only they satisfy."""
        match expr:
            case And(items):
                return both(self.bound(item, outer=outer) for item in items)
            case Or(items):
                return either(self.bound(item, outer=outer) for item in items)
            case Not(item):
                if not self._negation:
                    return ANYTHING if outer else NOTHING
                return lacks(self.bound(item, outer=not outer))
            case Selection(item=item):
                return self.bound(item, outer=outer)
            case Test() | Keyword() | Element():
                asked, why = self._leaf_of(expr)
                if asked is not None and (outer or why is None):
                    return asked
                return ANYTHING if outer else NOTHING
            case _:
                assert_never(expr)

    def _leaf_of(self, expr: Test | Keyword | Element) -> tuple[Has | None, str | None]:
        """What can be asked of a test, and why that is not all of it."""
        match expr:
            case Keyword():
                return None, self._reason(Feature.KEYWORD)
            case Element():
                return None, self._reason(Feature.ELEMENT)
            case Test(field, value):
                pass
            case _:
                assert_never(expr)
        for feature in features_of_value(value):
            if (verdict := self.settings.features[feature]).support is Support.LEFT:
                asked = _lowered(value) if feature is Feature.CASED else None
                if asked is not None and self._field_reason(field) is None:
                    return Has(field, frozenset({asked})), verdict.reason
                return None, verdict.reason
        if (reason := self._field_reason(field)) is not None:
            return None, reason
        text = _lowered(value)
        if isinstance(value, Text) and any(isinstance(p, Placeholder) for p in value.parts):
            return None, "the list is too long for a request, or its values hold only for a time"
        if text is None:
            return None, "only whole values of ASCII characters are asked for, without * and ?"
        return Has(field, frozenset({text})), _spelling_reason(text)

    def _reason(self, feature: Feature) -> str:
        return self.settings.features[feature].reason

    def _field_reason(self, field: str) -> str | None:
        for name, reason in self._not_asked.items():
            if field == name or field.startswith(f"{name}."):
                return reason
        types = _types().get(field)
        if types is None:
            return "only fields that are known are asked for"
        return None if types <= _SEARCHED else "only fields with one text or boolean are asked for"

    # -------------------------------------------------------------------------------- the rest
    def _left(self, expr: Expr, *, outer: bool = True) -> list[str]:
        """The tests that the formula does not say, each with the reason."""
        if self.bound(expr, outer=outer) == (ANYTHING if outer else NOTHING):
            return [self._told(leaf, holds=outer == holds) for leaf, holds in _leaves(expr)]
        match expr:
            case And(items) | Or(items):
                return [each for item in items for each in self._left(item, outer=outer)]
            case Not(item):
                return self._left(item, outer=not outer)
            case Selection(item=item):
                return self._left(item, outer=outer)
            case Test() | Keyword() | Element():
                said = self._leaf_of(expr)[1] is None
                return [] if said else [self._told(expr, holds=outer)]
            case _:
                assert_never(expr)

    def _told(self, leaf: Test | Keyword | Element, *, holds: bool) -> str:
        why = self._leaf_of(leaf)[1]
        if why is None and not (holds or self._negation):
            why = self._reason(Feature.NOT)
        word = "" if holds else "not "
        return f"{word}{label(leaf)} ({why or 'what stands beside it cannot be asked for'})"

    def test(self, test: Test) -> Clause:
        """Unused: a request is no text of clauses."""
        raise NotImplementedError


def _moment(name: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise DiagnosticError(Diagnostic("JS090", f"the option {name}: {error}")) from None


def _lowered(value: object) -> str | None:
    """The text that is asked for, or None where nobody knows how it is searched."""
    match value:
        case Boolean(boolean):
            return str(boolean).lower()
        case Text() if value.literal and _PLAIN.fullmatch(value.literal):
            return value.literal.lower()
        case _:
            return None


def _spelling_reason(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return "an IPv6 address has several spellings" if address.version == 6 else None


@cache
def _types() -> dict[str, frozenset[str]]:
    """By field, the types that the schema gives it in any service; ``list`` is one below lists."""
    found: dict[str, set[str]] = {}
    lists: set[str] = set()
    for field in load_schema().fields:
        for path in (field.path, *field.aliases):
            found.setdefault(path, set()).add(str(field.type))
            if field.is_list:
                lists.add(path)
    for path, types in found.items():
        parts = path.split(".")
        if any(".".join(parts[:length]) in lists for length in range(1, len(parts) + 1)):
            types.add("list")
    return {path: frozenset(types) for path, types in found.items()}


def _leaves(expr: Expr, *, holds: bool = True) -> Iterator[tuple[Test | Keyword | Element, bool]]:
    """The tests of a condition, each with whether it has to hold."""
    if isinstance(expr, Test | Keyword | Element):
        yield expr, holds
        return
    for child in children(expr):
        yield from _leaves(child, holds=holds != isinstance(expr, Not))


def _has_keyword(expr: Expr) -> bool:
    return isinstance(expr, Keyword) or any(map(_has_keyword, children(expr)))


def _roots(expr: Expr) -> set[str]:
    """The top-level fields that a condition without keywords looks at."""
    found: set[str] = set()
    for leaf, _ in _leaves(expr):
        if isinstance(leaf, Test | Element):
            found.add(leaf.field.split(".")[0])
        if isinstance(leaf, Test) and isinstance(leaf.value, FieldRef):
            found.add(leaf.value.field.split(".")[0])
    return found


def _base_rules(correlation: CorrelationIR) -> Iterator[RuleIR]:
    for reference in correlation.references:
        if isinstance(reference.rule, RuleIR):
            yield reference.rule
        else:
            yield from _base_rules(reference.rule)


def _correlated(correlation: CorrelationIR) -> Iterable[str]:
    for reference in correlation.references:
        yield from (*reference.group_by, *reference.fields)
        if isinstance(reference.rule, CorrelationIR):
            yield from _correlated(reference.rule)


__all__ = ["DirectoryInsights"]
