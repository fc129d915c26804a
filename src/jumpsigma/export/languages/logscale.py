"""CrowdStrike's LogScale: regular expressions on fields, and functions on the elements of lists.

A comparison with a field that is not there fails, and ``not`` of it holds; ``=`` knows case and
widens ``*``, so every text is an expression. The documentation has ``or`` bind more strongly than
``and`` on some pages and less on others: what stands beside the other is always in parentheses.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from jumpsigma.export.language import Binds, Clause, LanguageSettings
from jumpsigma.export.languages.flat import FlatLanguage
from jumpsigma.export.languages.patterns import PLAIN_DECIMAL, Dialect, Pattern
from jumpsigma.export.lookup_tables import slug_of
from jumpsigma.export.refusals import CannotSayError, NeedsOptionError
from jumpsigma.ir.nodes import And, Expr, Or, RuleIR

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class LogScale(FlatLanguage):
    """See the module."""

    AND: ClassVar[str] = " and "
    OR: ClassVar[str] = " or "
    dialect: ClassVar[Dialect] = Dialect((("/", r"\/"),), end="$")
    null_text: ClassVar[str | None] = "null"
    counts_characters: ClassVar[bool] = False

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        #: Whether what is written stands below ``not``.
        self.negated = False

    def query(self, rule: RuleIR) -> str:
        """Where to look; what is in look-up files gets a mark; the condition."""
        writer = self.fresh()
        condition = writer.condition(rule.condition)
        marks = [
            f'| case {{ match(file="jumpsigma_{slug_of(name)}.csv", field={path}, column=value,'
            f' ignoreCase=true, include=[]) | {mark} := "yes"; * }}'
            for (path, name), mark in writer.looked_up.items()
        ]
        return "\n".join([self.options["search"], *marks, f"| {condition}"])

    # ---------------------------------------------------------------------------------- tests
    def _path(self, field: str) -> str:
        path = f"{self.inside}.{field}" if self.inside else field
        if not _FIELD.fullmatch(path):
            raise CannotSayError(f"the field name {field!r}")
        return path

    def found(self, field: str, pattern: Pattern) -> Clause:
        """The field's value, or that of an element, matches."""
        written = _written(pattern, self.dialect)
        return self._looked(self._path(field), lambda path: Clause(f"{path}={written}"))

    def in_table(self, field: str, name: str) -> Clause:
        """A mark that a look-up gave the event."""
        self._path(field)
        return Clause(f"{self.look_up(field, name)}=*")

    def table_value(self, value: str) -> str:
        """How a quotation mark is written in a file is not said."""
        if '"' in value:
            raise CannotSayError(
                f"the value {value!r} of a list in a table: it has a quotation mark"
            )
        return super().table_value(value)

    def has(self, field: str) -> Clause:
        """Any value."""
        path = self._path(field)
        if path in self.mixed:
            raise CannotSayError(f"whether there is {field}, which may be an object or a list")
        return self._looked(path, lambda each: Clause(f"{each}=*"))

    def compares(self, field: str, op: str, number: float) -> Clause:
        """Numerically, where the text is a number in plain digits."""
        plain = _written(Pattern(PLAIN_DECIMAL), self.dialect)

        def test(path: str) -> Clause:
            return Clause(f"{path}={plain} and {path}{_SIGNS[op]}{number!r}", Binds.AND)

        return self._looked(self._path(field), test)

    def _looked(self, path: str, test: Callable[[str], Clause]) -> Clause:
        """A test on a value; on the elements of every list that is on the path to it."""
        start = len(self.inside) + 1 if self.inside else 0
        parts = path.split(".")
        heads = [".".join(parts[: number + 1]) for number in range(len(parts))]
        lists = [head for head in heads if head in self.lists and len(head) > start - 1]
        lists = [head for head in lists if head != self.inside]
        clause = test(path)
        if path in self.mixed:
            listed = self._exists("array:exists", path, clause.text)
            clause = Clause(f"{self.or_part(clause)}{self.OR}{listed.text}", Binds.OR)
        for head in reversed(lists):
            function = "array:exists" if head == path else "objectArray:exists"
            clause = self._exists(function, head, clause.text)
        return clause

    def some(self, field: str, item: Expr) -> Clause:
        """An element of the list."""
        path = self._path(field)
        if path not in self.lists:
            raise CannotSayError(f"an element of {field}, where no list is known")
        if item == Or(()):
            return self.constant(holds=False)
        if item == And(()):
            raise CannotSayError(f"an element of {field}, of which nothing is said")
        inside = self.within_element(path)
        inside.inside = path
        return self._exists("objectArray:exists", path, inside.clause(item).text)

    def _exists(self, function: str, path: str, condition: str) -> Clause:
        if self.negated and self.options.get("arrays") != "negatable":
            reason = (
                f"that no element satisfies something: {function}() is not said to be negatable"
            )
            raise NeedsOptionError(reason, "arrays")
        return Clause(f'{function}(array="{path}[]", condition={{{condition}}})')

    # --------------------------------------------------------------------------------- joining
    def conjunction(self, items: Sequence[Expr]) -> Clause:
        """With alternatives in parentheses."""
        if not items:
            return self.constant(holds=True)
        parts = map(self.clause, items)
        return Clause(self.AND.join(map(self.or_part, parts)), Binds.AND)

    def or_part(self, clause: Clause) -> str:
        """In parentheses, unless nothing can bind otherwise."""
        return self.grouped(clause.text) if clause.binds < Binds.NOT else clause.text

    def negation(self, item: Expr) -> Clause:
        """``not (...)``."""
        below = copy.copy(self)
        below.negated = True
        return Clause(f"not ({below.clause(item).text})", Binds.NOT)

    def negative(self, clause: Clause) -> Clause:
        """Likewise."""
        if ":exists(" in clause.text and self.options.get("arrays") != "negatable":
            reason = "that no element satisfies something: the function is not said to be negatable"
            raise NeedsOptionError(reason, "arrays")
        return Clause(f"not ({clause.text})", Binds.NOT)

    def constant(self, *, holds: bool) -> Clause:
        """A comparison of two numbers."""
        return Clause(f"test({int(holds)}==1)")


def _written(pattern: Pattern, dialect: Dialect) -> str:
    flags = f"{'i' if pattern.ignore_case else ''}{'d' if pattern.any_character else ''}"
    source = pattern.anchored(dialect)
    if not source:  # two slashes begin a comment
        source, flags = ".*", "d"
    return f"/{source}/{flags}"
