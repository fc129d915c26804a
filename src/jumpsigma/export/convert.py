"""Rules in the words of a mapping to the queries of a target: written, or refused with a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.export.features import needs_of
from jumpsigma.export.language import Language, LanguageSettings
from jumpsigma.export.languages import language_class
from jumpsigma.export.model import Format, Target
from jumpsigma.export.refusals import CODES, CannotSayError, Support
from jumpsigma.ir.bind import TooManyValuesError, bind, placeholders
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import Place, RuleIR
from jumpsigma.matcher.lookups import IndicatorLists


@dataclass(frozen=True, slots=True)
class Query:
    """What a rule is in the language of a target."""

    rule: RuleIR | CorrelationIR
    text: str


def chosen_format(target: Target, name: str | None) -> Format:
    """The format of a name, or the target's default.

    Raises :class:`DiagnosticError` (JS090).
    """
    if name is None:
        return target.formats[target.default]
    if name not in target.formats:
        hint = f"one of: {', '.join(target.formats)}"
        message = f"the target {target.name} has no format {name!r}"
        raise DiagnosticError(Diagnostic("JS090", message, hint=hint))
    return target.formats[name]


def chosen_options(target: Target, given: Mapping[str, str]) -> dict[str, str]:
    """A value for every option that has one.

    Raises :class:`DiagnosticError` (JS090) for an option that the target does not have, and for a
    value that it does not take.
    """
    for name, value in given.items():
        if name not in target.options:
            hint = f"one of: {', '.join(target.options)}" if target.options else "it has none"
            message = f"the target {target.name} has no option {name!r}"
            raise DiagnosticError(Diagnostic("JS090", message, hint=hint))
        if problem := target.options[name].problem(value):
            message = f"the option {name} cannot be {value!r}"
            raise DiagnosticError(Diagnostic("JS090", message, hint=problem))
    defaults = {n: o.default for n, o in target.options.items() if o.default is not None}
    return defaults | dict(given)


class Converter:
    """Writes rules in one format of a target; keeps nothing between them but the lists' values.

    ``inline_limit``: how many values of a list are written into a query.
    """

    def __init__(
        self,
        target: Target,
        format_: Format,
        options: Mapping[str, str],
        lists: IndicatorLists | None = None,
    ) -> None:
        described = target.languages[format_.language]
        settings = LanguageSettings(
            described.name, described.tables, described.features, dict(options)
        )
        self.target = target
        self.language: Language = language_class(described.base)(settings)
        self._lists = lists or IndicatorLists()
        self._limit = int(described.tables.get("inline_limit", 1_000))

    def convert(self, rule: RuleIR | CorrelationIR) -> Query | Diagnostic:
        """The query of a rule, or why it is not written."""
        try:
            self._check(rule)
            if isinstance(rule, RuleIR):
                bound = self._bound(rule)
                return Query(bound, self.language.query(bound))
            bound_correlation = self._bound_correlation(rule)
            return Query(bound_correlation, self.language.correlation(bound_correlation))
        except CannotSayError as error:
            return self._refusal(rule, error)
        except RecursionError:
            return self._refusal(rule, CannotSayError("a condition that is nested too deep"))

    def _check(self, rule: RuleIR | CorrelationIR) -> None:
        for feature, place in needs_of(rule).items():
            verdict = self.language.settings.features[feature]
            given = verdict.option is not None and verdict.option in self.language.options
            if verdict.support in (Support.YES, Support.LEFT) or given:
                continue
            hint = f"give -O {verdict.option}=…" if verdict.option else None
            raise CannotSayError(verdict.reason, verdict.support, hint=hint, place=place)

    def _refusal(self, rule: RuleIR | CorrelationIR, error: CannotSayError) -> Diagnostic:
        words = {
            Support.NOT_WRITTEN: f"jumpsigma does not write this for {self.target.title}",
            Support.CANNOT: f"{self.target.title} cannot say this",
            Support.OPTION: f"{self.target.title} needs an option for this",
        }
        return Diagnostic(
            CODES[error.support],
            f"{words[error.support]}: {error.reason}",
            Severity.WARNING,
            _span(error.place, rule.path),
            rule.id,
            error.hint,
        )

    # --------------------------------------------------------------------------------- lists
    def _bound(self, rule: RuleIR) -> RuleIR:
        """The rule with its lists written out, where they are short and no value has a time."""
        names = placeholders(rule.condition)
        if not names:
            return rule
        short: dict[str, Sequence[str]] = {}
        for name in names:
            loaded = self._lists.load(name)
            values = sorted(loaded)
            if not all(loaded.is_timeless(value) for value in values):
                if self.language.leaves_lists:
                    return rule
                raise CannotSayError(
                    f"the list {name!r} has values that hold only for a time",
                    Support.NOT_WRITTEN,
                    hint="jumpsigma scan runs the rule",
                )
            if len(values) <= self._limit:
                short[name] = values
        try:
            known = (
                bind(rule.condition, short, limit=self._limit) if len(short) == len(names) else None
            )
        except TooManyValuesError as error:
            if self.language.leaves_lists:
                return rule
            raise CannotSayError(str(error), Support.NOT_WRITTEN) from None
        return rule if known is None else replace(rule, condition=known)

    def _bound_correlation(self, rule: CorrelationIR) -> CorrelationIR:
        references = tuple(
            replace(
                each,
                rule=self._bound(each.rule)
                if isinstance(each.rule, RuleIR)
                else self._bound_correlation(each.rule),
            )
            for each in rule.references
        )
        return replace(rule, references=references)


def refused_log_source(reason: str, rule_id: str | None, span: Span) -> Diagnostic:
    """What is said of a rule whose log source a target has no words for."""
    return Diagnostic("JS050", reason, Severity.INFO, span, rule_id)


def _span(place: Place | None, path: str) -> Span:
    if place is None:
        return Span(path)
    return Span(place.path, place.line, place.column, place.line, place.column + 1)
