"""The body of a search: Lucene's syntax, and nested queries for the elements of a list.

https://opensearch.org/docs/latest/query-dsl/joining/nested/: a list that is mapped as ``nested``
(table ``nested``) can be asked for one element that satisfies a whole condition.
https://docs.opensearch.org/latest/query-dsl/term/terms/: a ``terms`` query takes its values from a
document, which is the look-up table of a list; the table ``lower`` says where the values of a
keyword field are in small letters.
"""

from __future__ import annotations

import json
from typing import Any

from jumpsigma.export.absent import holds_of_absent
from jumpsigma.export.languages.kinds import Kind
from jumpsigma.export.languages.lucene import Lucene
from jumpsigma.export.languages.lucene_regex import STATES, USUAL_STATES
from jumpsigma.export.languages.sql import NOT_SIMPLE
from jumpsigma.export.lookup_tables import listed, slug_of
from jumpsigma.export.refusals import CannotSayError, NotWrittenError
from jumpsigma.export.simplify import simplified
from jumpsigma.ir.dump import children
from jumpsigma.ir.nodes import And, Element, Exists, Expr, Not, Or, RuleIR, Test, Text

Body = dict[str, Any]


class QueryDsl(Lucene):
    """What needs no nested query is one ``query_string``."""

    def query(self, rule: RuleIR) -> str:
        """The body as JSON."""
        body = {"query": self.body(simplified(rule.condition))}
        return json.dumps(body, ensure_ascii=False, indent=2)

    def body(self, expr: Expr) -> Body:
        """A condition as a query of the DSL."""
        if not _stands_apart(expr):
            return {"query_string": {"query": self.condition(expr), **self._allowed()}}
        match expr:
            case And(items):
                plain = tuple(item for item in items if not _stands_apart(item))
                rest = [item for item in items if _stands_apart(item)]
                parts = [self.body(item) for item in ([And(plain)] if plain else []) + rest]
                return {"bool": {"filter": parts}}
            case Or(items):
                plain = tuple(item for item in items if not _stands_apart(item))
                rest = [item for item in items if _stands_apart(item)]
                parts = [self.body(item) for item in ([Or(plain)] if plain else []) + rest]
                return {"bool": {"should": parts, "minimum_should_match": 1}}
            case Not(item):
                return {"bool": {"must_not": [self.body(item)]}}
            case Test(field):
                try:
                    return self._terms(field, listed(expr) or "")
                except CannotSayError as error:
                    error.place = error.place or expr.place
                    raise
            case Element():
                try:
                    return self._element(expr)
                except CannotSayError as error:
                    error.place = error.place or expr.place
                    raise
            case _:  # a leaf that is text
                raise AssertionError(expr)

    def _terms(self, field: str, name: str) -> Body:
        """One of the values of a document."""
        if "lower" not in self.tables or self.kinds.of(field) is not Kind.KEYWORD:
            raise NotWrittenError(f"the list {name!r} in a look-up table, for {field}")
        path = str(self.tables["lower"]).format(field=field)
        index = self.options["lists_index"]
        return {"terms": {path: {"index": index, "id": slug_of(name), "path": "value"}}}

    def table_value(self, value: str) -> str:
        """As Lucene lowers the texts of events, letter by letter."""
        if strange := sorted({*value} & {*NOT_SIMPLE}):
            raise CannotSayError(
                f"{value!r} in any case: it does not lower {strange[0]} as Sigma does"
            )
        return value.lower()

    def _allowed(self) -> dict[str, int]:
        states = int(self.options.get(STATES, USUAL_STATES))
        return {} if states == USUAL_STATES else {STATES: states}

    def _element(self, element: Element) -> Body:
        """One of the list, or when there is none an absent one (S252, S254)."""
        if element.field not in self.tables.get("nested", ()):
            raise CannotSayError(
                f"fields of one element of {element.field}, which the index does not keep apart"
            )
        name = (
            ()
            if element.name is None
            else (Test(f"{element.field}.field", Text((element.name,)), element.place),)
        )
        found = self._nested(element.field, (*name, _within(element.item, element.field)))
        if not holds_of_absent(element.item):
            return found
        none = {"bool": {"must_not": [self._nested(element.field, name)]}}
        return {"bool": {"should": [found, none], "minimum_should_match": 1}}

    def _nested(self, path: str, items: tuple[Expr, ...]) -> Body:
        return {"nested": {"path": path, "query": self.body(simplified(And(items)))}}


def _stands_apart(expr: Expr) -> bool:
    """Whether a part of a condition is no text of a ``query_string``."""
    apart = isinstance(expr, Element) or listed(expr) is not None
    return apart or any(map(_stands_apart, children(expr)))


def _within(expr: Expr, path: str) -> Expr:
    """A condition on an element, with the names that its fields have in the document."""
    match expr:
        case Test("", value):  # the element itself, which is there and an object (S255)
            return And(()) if value == Exists(expected=True) else Or(())
        case Test(field, value, place):
            return Test(f"{path}.{field}", value, place)
        case And(items):
            return And(tuple(_within(item, path) for item in items))
        case Or(items):
            return Or(tuple(_within(item, path) for item in items))
        case Not(item):
            return Not(_within(item, path))
        case _:  # lists in lists, which Sigma does not have
            raise CannotSayError("an element of a list in an element")


__all__ = ["QueryDsl"]
