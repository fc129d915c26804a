"""A query language: the walk over a rule's condition that all of them share.

A language says how a test, a keyword, an element, a conjunction and so on look. Parentheses
follow from how strongly what was written binds. Before the walk the condition is simplified
(:mod:`jumpsigma.export.simplify`): no selections, no nested conjunctions, no parts that always or
never hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, NamedTuple, assert_never

from jumpsigma.export.features import Feature
from jumpsigma.export.lookup_tables import around, listed
from jumpsigma.export.refusals import CannotSayError, NotWrittenError, Verdict
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.correlations import CorrelationIR
from jumpsigma.ir.nodes import (
    And,
    Element,
    Expr,
    Keyword,
    Not,
    Or,
    RuleIR,
    Selection,
    Test,
    Text,
)


class Binds(IntEnum):
    """How strongly the outermost operator of a clause binds."""

    OR = 1
    AND = 2
    NOT = 3
    ATOM = 4


class Clause(NamedTuple):
    """A piece of a query."""

    text: str
    binds: Binds = Binds.ATOM


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """What a target's file says of one of its languages.

    ``options`` has a value for every option of the target.
    """

    name: str
    tables: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[Feature, Verdict] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


class Language:
    """Base of all query languages; a subclass gives at least :meth:`test`.

    An object writes any number of rules and keeps nothing between them.
    """

    AND: ClassVar[str] = " AND "
    OR: ClassVar[str] = " OR "
    #: Whether a list with values that hold only for a time may stay a list: its query returns more.
    leaves_lists: ClassVar[bool] = False
    #: Whether look-up tables are asked for values within a text too (:meth:`around_table`).
    looks_around: ClassVar[bool] = False

    def __init__(self, settings: LanguageSettings) -> None:
        self.settings = settings
        self.options = settings.options
        self.tables = settings.tables

    # ------------------------------------------------------------------------- whole queries
    def query(self, rule: RuleIR) -> str:
        """The query of a single-event rule.

        Raises :class:`CannotSayError`.
        """
        return self.complete(self.condition(rule.condition), rule)

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The whole query around a condition."""
        return condition

    def correlation(self, correlation: CorrelationIR) -> str:
        """The query of a correlation: what completes it, once each time (S809).

        Raises :class:`CannotSayError`.
        """
        raise NotWrittenError(f"a correlation of the type {correlation.type}")

    def condition(self, expr: Expr) -> str:
        """A condition as text."""
        return self.clause(simplified(expr)).text

    # ------------------------------------------------------------------------------- the walk
    def clause(self, expr: Expr) -> Clause:
        """Any expression; knows the place of what cannot be said."""
        match expr:
            case And(items):
                return self.conjunction(items)
            case Or(items):
                return self.disjunction(items)
            case Not(item):
                return self.negation(item)
            case Selection(item=item):
                return self.clause(item)
            case Test() | Keyword() | Element():
                try:
                    return self._leaf(expr)
                except CannotSayError as error:
                    error.place = error.place or expr.place
                    raise
            case _:
                assert_never(expr)

    def _leaf(self, expr: Test | Keyword | Element) -> Clause:
        match expr:
            case Test(field, value):
                if (name := listed(expr)) is not None:
                    return self.in_table(field, name)
                if isinstance(value, Text) and (name := around(expr)) is not None:
                    return self.around_table(field, name, value)
                return self.test(expr)
            case Keyword():
                return self.keyword(expr)
            case Element():
                return self.element(expr)
            case _:
                assert_never(expr)

    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """All of them; of none: what always holds."""
        if not items:
            return self.constant(holds=True)
        return Clause(self.AND.join(self.within(item, Binds.AND) for item in items), Binds.AND)

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """One of them; of none: what never holds."""
        if not items:
            return self.constant(holds=False)
        return Clause(self.OR.join(self.within(item, Binds.OR) for item in items), Binds.OR)

    def negation(self, item: Expr) -> Clause:
        """Not that."""
        return Clause(f"NOT {self.within(item, Binds.ATOM)}", Binds.NOT)

    def within(self, item: Expr, binds: Binds) -> str:
        """A part of something that binds so strongly, in parentheses where it needs them."""
        clause = self.clause(item)
        return self.grouped(clause.text) if clause.binds < binds else clause.text

    def grouped(self, text: str) -> str:
        """In parentheses."""
        return f"({text})"

    # ------------------------------------------------------------------- what languages say
    def test(self, test: Test) -> Clause:
        """One field and one value without placeholders."""
        raise NotImplementedError

    def keyword(self, keyword: Keyword) -> Clause:  # noqa: ARG002
        """A value that is looked for in the whole event."""
        raise NotWrittenError("keywords")

    def element(self, element: Element) -> Clause:
        """An element of a list that satisfies what is said of it."""
        raise NotWrittenError(f"fields of one element of {element.field}")

    def in_table(self, field: str, name: str) -> Clause:  # noqa: ARG002
        """A field against the look-up table of a list; for targets with the option ``lists``."""
        raise NotWrittenError(f"the list {name!r} in a look-up table")

    def around_table(self, field: str, name: str, value: Text) -> Clause:  # noqa: ARG002
        """A field against texts with a value of a list in each, where ``looks_around``."""
        raise NotWrittenError(f"the list {name!r} in a look-up table, in a longer text")

    def table_value(self, value: str) -> str:
        """A value of a list as a row of its table, which texts of events are compared with.

        Raises :class:`CannotSayError`.
        """
        return value.lower()

    def constant(self, *, holds: bool) -> Clause:
        """What always or never holds."""
        word = "always" if holds else "never"
        raise NotWrittenError(f"a condition that {word} holds")
