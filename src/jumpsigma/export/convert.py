"""Rules in the words of a mapping to the queries of a target: written, or refused with a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from jumpsigma.export.features import needs_of
from jumpsigma.export.language import Language, LanguageSettings
from jumpsigma.export.languages import language_class
from jumpsigma.export.lookup_tables import (
    LookupTable,
    around,
    asked_names,
    listed,
    single_rules,
    table_of,
    whole_problem,
)
from jumpsigma.export.model import Format, Target
from jumpsigma.export.refusals import CODES, CannotSayError, NeedsOptionError, Support
from jumpsigma.ir.bind import TooManyValuesError, bind, placeholders, placeholders_of
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import Expr, Keyword, Place, RuleIR, Test
from jumpsigma.matcher.lookups import IndicatorLists

_SIZES: Final[Mapping[str, Callable[[str], int]]] = {
    "characters": len,
    "bytes": lambda text: len(text.encode()),
}
#: A number in a table that an option of the target sets.
_OPTION: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Query:
    """What a rule is in the language of a target."""

    rule: RuleIR | CorrelationIR
    text: str
    tables: tuple[LookupTable, ...] = ()
    """The look-up tables that it asks, by name."""


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

    Tables of a language: ``inline_limit``, how many values of a list are written into a query, and
    ``longest``, how many ``characters`` or ``bytes`` a query may have (``{option}`` where an option
    of the target says so).
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
        self._values: dict[str, Sequence[str] | None] = {}
        self._tables: dict[str, LookupTable] = {}
        self._problems: dict[str, CannotSayError | None] = {}

    def convert(self, rule: RuleIR | CorrelationIR) -> Query | Diagnostic:
        """The query of a rule, or why it is not written."""
        try:
            self._check(rule)
            if isinstance(rule, RuleIR):
                bound = self._bound(rule)
                text = self._measured(self.language.query(bound))
                return Query(bound, text, self._asked(bound))
            joined = self._bound_correlation(rule)
            text = self._measured(self.language.correlation(joined))
            return Query(joined, text, self._asked(joined))
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

    def _measured(self, text: str) -> str:
        """The query, where the product takes so long a one (table ``longest``)."""
        for unit, most in self.language.tables.get("longest", {}).items():
            named = _OPTION.fullmatch(str(most))
            limit = int(self.language.options[named[1]] if named else most)
            if _SIZES[unit](text) > limit:
                reason = f"a query of more than {limit:,} {unit}"
                raise NeedsOptionError(reason, named[1]) if named else CannotSayError(reason)
        return text

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
        """The rule with its lists written out, but for those that are asked of a table."""
        names = placeholders(rule.condition)
        if not names:
            return rule
        values: dict[str, Sequence[str]] = {}
        for name in names:
            found = self._timeless(name)
            if found is None:
                if self.language.leaves_lists:
                    return rule
                raise CannotSayError(
                    f"the list {name!r} has values that hold only for a time",
                    Support.NOT_WRITTEN,
                    hint="jumpsigma scan runs the rule",
                )
            values[name] = found
        long = {name for name in names if len(values[name]) > self._limit}
        if self.language.leaves_lists and long:
            return rule
        asked = {"table": {*names}, "auto": long}.get(self.language.options.get("lists", ""), set())
        for leaf in _leaves(rule.condition):
            if (asking := self._looked_up(leaf)) is not None and asking in asked:
                self._table(asking, leaf, values[asking])
            else:
                self._refuse_long(leaf, long, asked)
        try:
            known = bind(
                rule.condition,
                values,
                limit=self._limit,
                stays=lambda leaf: self._looked_up(leaf) in asked,
            )
        except TooManyValuesError as error:
            if self.language.leaves_lists:
                return rule
            raise CannotSayError(str(error), Support.NOT_WRITTEN) from None
        return replace(rule, condition=known)

    def _timeless(self, name: str) -> Sequence[str] | None:
        """The values of a list, sorted, or None where one holds only for a time."""
        if name not in self._values:
            loaded = self._lists.load(name)
            values = sorted(loaded)
            timeless = all(map(loaded.is_timeless, values))
            self._values[name] = values if timeless else None
        return self._values[name]

    def _refuse_long(self, leaf: Test | Keyword, long: set[str], asked: set[str]) -> None:
        for part in placeholders_of(leaf.value):
            if part.name in long:
                where = ", and a look-up table is asked for whole values in any case only"
                if self.language.looks_around:
                    where = ", and a look-up table cannot be asked for this"
                raise CannotSayError(
                    f"the list {part.name!r} has too many values to be written into a query"
                    + (where if part.name in asked else ""),
                    Support.NOT_WRITTEN,
                    hint="take a shorter list, or jumpsigma scan",
                    place=leaf.place,
                )

    def _looked_up(self, leaf: Test | Keyword) -> str | None:
        """The list that a test can ask a table for."""
        return listed(leaf) or (around(leaf) if self.language.looks_around else None)

    def _table(self, name: str, leaf: Test | Keyword, values: Sequence[str]) -> None:
        """See that a list is known as a table; its rows are the same for every rule."""
        try:
            if name not in self._tables:
                product = self.target.title
                self._tables[name] = table_of(name, values, self.language, product)
            if listed(leaf) is not None:
                if name not in self._problems:
                    self._problems[name] = whole_problem(name, values, self.language)
                if (problem := self._problems[name]) is not None:
                    raise problem
        except CannotSayError as error:
            error.place = leaf.place
            raise

    def _asked(self, rule: RuleIR | CorrelationIR) -> tuple[LookupTable, ...]:
        """The tables that a rule with its lists written out asks."""
        names = {name for one in single_rules(rule) for name in asked_names(one.condition)}
        return tuple(self._tables[name] for name in sorted(names & self._tables.keys()))

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


def _leaves(expr: Expr) -> Iterator[Test | Keyword]:
    if isinstance(expr, Test | Keyword):
        yield expr
        return
    for child in children(expr):
        yield from _leaves(child)


def _span(place: Place | None, path: str) -> Span:
    if place is None:
        return Span(path)
    return Span(place.path, place.line, place.column, place.line, place.column + 1)
