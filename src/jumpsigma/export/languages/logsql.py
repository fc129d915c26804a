"""VictoriaLogs: regular expressions on fields.

A word filter finds whole words and knows case, so a part of a text is an expression, and so is a
whole text in any case. A value that is empty is as good as missing; a list is the text of its JSON.
"""

from __future__ import annotations

import re

from jumpsigma.export.language import Binds, Clause
from jumpsigma.export.languages.flat import FlatLanguage
from jumpsigma.export.languages.logql import quoted
from jumpsigma.export.languages.patterns import PLAIN_DECIMAL, Pattern, as_it_stands
from jumpsigma.export.refusals import CannotSayError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.nodes import Element, Expr, Regex, RuleIR

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*", re.ASCII)
#: Names that mean something where a field's name may stand.
_WORDS = frozenset({"and", "or", "not", "in", "options", "re", "seq", "range", "exact", "i"})
_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class LogsQl(FlatLanguage):
    """See the module."""

    def complete(self, condition: str, rule: RuleIR) -> str:  # noqa: ARG002
        """The stream and the condition."""
        return f"{self.options['stream']} AND {condition}"

    def condition(self, expr: Expr) -> str:
        """In parentheses where it has alternatives."""
        return self.within(simplified(expr), Binds.AND)

    # ---------------------------------------------------------------------------------- tests
    def _name(self, field: str) -> str:
        parts = field.split(".")
        for number in range(len(parts)):
            if (path := ".".join(parts[: number + 1])) in self.lists | self.mixed:
                raise CannotSayError(f"the field {field}: a list is kept as JSON text ({path})")
        return field if _PLAIN.fullmatch(field) and field not in _WORDS else quoted(field)

    def regex(self, value: Regex) -> Pattern:
        """As it stands."""
        return as_it_stands(value)

    def found(self, field: str, pattern: Pattern) -> Clause:
        """An expression, found anywhere unless it has anchors."""
        name = self._name(field)
        if not pattern.source and not (pattern.start or pattern.end):
            return Clause(f"{name}:*")
        flags = ("i" if pattern.ignore_case else "") + ("s" if pattern.any_character else "")
        source = pattern.anchored(self.dialect)
        test = f"{name}:~{quoted(f'(?{flags}){source}' if flags else source)}"
        if not pattern.matches_empty:
            return Clause(test)
        return Clause(f"{name}:* AND {test}", Binds.AND)

    def has(self, field: str) -> Clause:
        """Any value."""
        return Clause(f"{self._name(field)}:*")

    def lacks(self, field: str) -> Clause:
        """The empty value."""
        return Clause(f'{self._name(field)}:""')

    def compares(self, field: str, op: str, number: float) -> Clause:
        """As a number, where the text is one in plain digits."""
        name = self._name(field)
        plain = quoted(f"^{PLAIN_DECIMAL}$")
        return Clause(f"{name}:~{plain} AND {name}:{_SIGNS[op]}{number!r}", Binds.AND)

    def element(self, element: Element) -> Clause:
        """A list is a text."""
        raise CannotSayError(f"an element of {element.field}: a list is kept as JSON text")

    def constant(self, *, holds: bool) -> Clause:
        """Everything, or the contrary of it."""
        return Clause("*" if holds else "NOT *", Binds.ATOM if holds else Binds.NOT)
