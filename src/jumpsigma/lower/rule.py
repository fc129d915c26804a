"""A loaded rule, its filters and a mapping to the IR of the rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from sigma.rule import SigmaDetections, SigmaRule

from jumpsigma.diagnostics import Diagnostic, Span
from jumpsigma.ir.nodes import Expr, LogSource, Place, RuleIR, Selection
from jumpsigma.lower.conditions import lower_condition
from jumpsigma.lower.detections import all_of, any_of, lower_detection
from jumpsigma.lower.pysigma1 import refuse_misread
from jumpsigma.lower.values import LoweringError
from jumpsigma.mapping import Mapping
from jumpsigma.pack import LoadedFilter, LoadedRule


@dataclass(frozen=True, slots=True)
class Lowered:
    """The outcome for one rule: its IR, or the diagnostics that say why there is none."""

    rule: RuleIR | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def diagnostic(self) -> Diagnostic | None:
        """The first reason why there is no IR."""
        return self.diagnostics[0] if self.diagnostics else None


class _RefusedError(Exception):
    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def lower_rule(rule: LoadedRule, mapping: Mapping, filters: Iterable[LoadedFilter] = ()) -> Lowered:
    """Map a single-event rule, and the filters that apply to it, and lower the result.

    Never raises for what a rule holds.

    Filters are lowered on their own, with the rule's log source, and joined with ``and``
    (S551-S554): pySigma would rename their detections at random and map them in place.
    """
    applying = [each for each in filters if applies(each, rule)]
    try:
        expr = _lower_sigma(cast("SigmaRule", rule.to_sigma()), mapping, rule)
        for each in applying:
            expr = all_of([expr, _lower_sigma(_filter_rule(each, rule), mapping, rule, each)])
    except _RefusedError as refused:
        return Lowered(diagnostics=refused.diagnostics)
    return Lowered(
        RuleIR(
            id=rule.id,
            title=rule.title,
            path=rule.path,
            logsource=LogSource(
                rule.logsource.category, rule.logsource.product, rule.logsource.service
            ),
            mapping=mapping.name,
            condition=expr,
            level=rule.level,
            status=rule.status,
            author=rule.author,
            license=rule.license,
            tags=rule.tags,
            filters=tuple(each.id or each.title for each in applying),
        )
    )


def applies(each: LoadedFilter, rule: LoadedRule) -> bool:
    """Whether a filter is meant for a rule (S551)."""
    named = each.refers_to is None or bool({rule.id, rule.name} & set(each.refers_to))
    return named and each.logsource.covers(rule.logsource)


def _filter_rule(each: LoadedFilter, rule: LoadedRule) -> SigmaRule:
    """A filter as a rule of its own, so that the mapping treats it like the rule it is for."""
    sigma, filtered = each.to_sigma(), cast("SigmaRule", rule.to_sigma())
    return SigmaRule(
        title=each.title,
        logsource=filtered.logsource,
        detection=SigmaDetections(sigma.filter.detections, list(sigma.filter.condition)),
    )


def _lower_sigma(
    sigma: SigmaRule, mapping: Mapping, rule: LoadedRule, origin: LoadedFilter | None = None
) -> Expr:
    written = origin or rule
    section = "detection" if origin is None else "filter"
    try:
        refuse_misread(sigma.detection)
        mapped = mapping.apply(sigma)
        if mapped.sigma is None:
            raise _RefusedError(
                *(_complete(each, rule, written, origin) for each in mapped.diagnostics)
            )
        return _lower_detections(mapped.sigma.detection, written, section)
    except LoweringError as error:
        raise _RefusedError(
            Diagnostic(
                error.code,
                error.message,
                span=_span(error.place) or written.span((section, "condition")),
                rule_id=rule.id,
                hint=error.hint,
            )
        ) from None


def _lower_detections(
    detections: SigmaDetections, written: LoadedRule | LoadedFilter, section: str
) -> Expr:
    def lower_named(name: str) -> Expr:
        detection = detections.detections[name]
        # What the document does not have, the mapping made of the log source.
        path = (section, name) if name in written.document[section] else ("logsource",)
        span = written.span(path, key=True)
        place = Place(span.path, span.line, span.column)
        return Selection(name, lower_detection(detection), place)

    return any_of(
        lower_condition(condition, lower_named) for condition in detections.parsed_condition
    )


def _complete(
    diagnostic: Diagnostic,
    rule: LoadedRule,
    written: LoadedRule | LoadedFilter,
    origin: LoadedFilter | None,
) -> Diagnostic:
    """A mapping knows neither the file nor, in a filter, which rule it was for."""
    message = diagnostic.message
    if origin is not None:
        message = f"{message} (in the filter {origin.title!r})"
    return Diagnostic(
        diagnostic.code,
        message,
        diagnostic.severity,
        diagnostic.span or written.span(("logsource",), key=True),
        rule.id,
        diagnostic.hint,
    )


def _span(place: Place | None) -> Span | None:
    if place is None:
        return None
    return Span(place.path, place.line, place.column, place.line, place.column + 1)
