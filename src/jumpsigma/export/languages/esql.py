"""ES|QL, the piped query language of Elasticsearch.

https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax-reference. What was said of
:mod:`.eql` holds here too: a comparison with a missing field is null, and one with a field of
several values is as well. ``RLIKE`` has Lucene's expressions, for the whole text; ``TO_LOWER`` is
Java's, which lowers as Python does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jumpsigma.export.language import Clause
from jumpsigma.export.languages.eql import Eql
from jumpsigma.ir.nodes import RuleIR, Text


class Esql(Eql):
    """One ``WHERE`` behind ``FROM``."""

    AND: ClassVar[str] = " AND "
    OR: ClassVar[str] = " OR "
    NOT: ClassVar[str] = "NOT "
    CIDR_MATCH: ClassVar[str] = "CIDR_MATCH"
    OPTIONAL: ClassVar[str] = ""

    def complete(self, condition: str, rule: RuleIR) -> str:
        """The documents of the indices that the rule is about, with what names an alert's event."""
        native = rule.mapping in self.tables["dropped"]
        index = self.options["index" if native else "other_index"]
        return f"FROM {index} METADATA _id, _index, _version\n| WHERE {condition}"

    def missing(self, name: str) -> Clause:
        """Null."""
        return Clause(f"{name} IS NULL")

    def present(self, name: str) -> Clause:
        """Not null."""
        return Clause(f"{name} IS NOT NULL")

    def simple(self, value: Text) -> str | None:
        """A whole text, lowered."""
        literal = value.literal
        return None if value.cased or not literal else literal.lower()

    def like(self, name: str, literals: Sequence[str]) -> str:
        """Equal to one of some lowered texts."""
        if len(literals) == 1:
            return f"TO_LOWER({name}) == {literals[0]}"
        return f"TO_LOWER({name}) IN ({', '.join(literals)})"

    def matches(self, name: str, literal: str) -> str:
        """The whole text fits a Lucene expression."""
        return f"{name} RLIKE {literal}"


__all__ = ["Esql"]
