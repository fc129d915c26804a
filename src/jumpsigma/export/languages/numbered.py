"""Languages of products that take an element of a list by its number, or not at all.

What a condition says of a list is written out for each number
(:mod:`jumpsigma.export.unroll`). The documentation of these products leaves open what binds
stronger and what ``not`` makes of a field that is not there, so that parentheses stand wherever it
could matter, and a test knows whether it stands behind a ``not``.
"""

from __future__ import annotations

from collections.abc import Sequence

from jumpsigma.export.language import Binds, Clause, Language, LanguageSettings
from jumpsigma.export.refusals import NeedsOptionError
from jumpsigma.export.unroll import Lists, unrolled
from jumpsigma.ir.nodes import Expr


class Numbered(Language):
    """See the module.

    Tables: ``lists`` and ``list_values``, the fields of an event that are lists
    (:class:`~jumpsigma.export.unroll.Lists`). Option: ``elements``, how many a list has at most.
    """

    #: Before the parentheses of what is negated.
    NOT = "NOT "

    def __init__(self, settings: LanguageSettings) -> None:
        super().__init__(settings)
        self._lists: tuple[str, ...] = tuple(self.tables.get("lists", ()))
        #: Behind how many negations a test stands.
        self.negated = 0

    def unrolled(self, condition: Expr) -> Expr:
        """The condition with the elements of lists by number, where it is known how many."""
        if "elements" not in self.options:
            return condition
        return unrolled(condition, Lists.of(self.tables, int(self.options["elements"])))

    def lies_in_list(self, name: str) -> bool:
        """Whether a field is, or leads through, a list."""
        return any(name == each or name.startswith(f"{each}.") for each in self._lists)

    def refuse_list(self, name: str, why: str) -> None:
        """Refuse a field in a list, of which it is not known how many elements there are.

        ``why`` completes *NAME lies in a list, ...*. Raises :class:`NeedsOptionError`.
        """
        if self.lies_in_list(name):
            raise NeedsOptionError(
                f"{name} lies in a list, {why}; it has to be known how many there are", "elements"
            )

    def disjunction(self, items: Sequence[Expr]) -> Clause:
        """With parentheses around a conjunction, whatever binds stronger."""
        if not items:
            return self.constant(holds=False)
        return Clause(self.OR.join(self.within(item, Binds.NOT) for item in items), Binds.OR)

    def negation(self, item: Expr) -> Clause:
        """Always with parentheses."""
        self.negated += 1
        try:
            return Clause(f"{self.NOT}({self.clause(item).text})", Binds.NOT)
        finally:
            self.negated -= 1


__all__ = ["Numbered"]
