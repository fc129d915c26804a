"""A condition folded over what the events of a service never carry, in three-valued logic.

What comes out is True or False where the schema decides, else the expression that is left.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from jumpsigma.interpret import ABSENT, holds
from jumpsigma.ir.nodes import (
    And,
    Element,
    Exists,
    Expr,
    FieldRef,
    Keyword,
    Not,
    Null,
    Or,
    Selection,
    Test,
)
from jumpsigma.reachability.candidates import candidates
from jumpsigma.reachability.carried import Claim, View

Folded = Expr | bool


def joined(prefix: str, path: str) -> str:
    """The path of a field of an element in the event."""
    return ".".join(filter(None, (prefix, path)))


@dataclass(frozen=True, slots=True)
class Folding:
    """Folds conditions for the events of one view.

    ``constants`` are the values of the service and the event type. ``strict`` also folds tests
    that no value inside the field's domain satisfies; otherwise only a domain of which nothing
    outside can be counts.
    """

    view: View
    constants: Mapping[str, Any]
    strict: bool
    _possible: dict[tuple[str, Test], bool] = field(default_factory=dict)
    _folded: dict[tuple[int, str], tuple[Expr, Folded]] = field(default_factory=dict)

    def fold(self, expr: Expr, prefix: str = "") -> Folded:
        """The expression without what is decided."""
        # By identity: a rule with a thousand values would take long to compare.
        key = (id(expr), prefix)
        if key not in self._folded:
            self._folded[key] = (expr, self._fold(expr, prefix))
        return self._folded[key][1]

    def _fold(self, expr: Expr, prefix: str) -> Folded:
        match expr:
            case Test():
                return self._test(expr, prefix)
            case Keyword():
                return expr
            case Element(path, _, item):
                if self._claim(joined(prefix, path)) is None:
                    return holds(item, ABSENT)
                if not self._is_kept(expr, prefix):
                    return holds(item, ABSENT)
                if self.strict and not self._is_name_known(expr, prefix):
                    return holds(item, ABSENT)
                inner = self.fold(item, joined(prefix, path))
                return inner if isinstance(inner, bool) else replace(expr, item=inner)
            case And(items):
                return self._joined(And, items, prefix, neutral=True)
            case Or(items):
                return self._joined(Or, items, prefix, neutral=False)
            case Not(item):
                inner = self.fold(item, prefix)
                return not inner if isinstance(inner, bool) else Not(inner)
            case Selection(item=item):
                inner = self.fold(item, prefix)
                return inner if isinstance(inner, bool) else replace(expr, item=inner)
            case _:
                assert_never(expr)

    def _joined(
        self, kind: type[And | Or], items: tuple[Expr, ...], prefix: str, *, neutral: bool
    ) -> Folded:
        left: list[Expr] = []
        for item in items:
            inner = self.fold(item, prefix)
            if inner is (not neutral):
                return not neutral
            if not isinstance(inner, bool):
                left.append(inner)
        if not left:
            return neutral
        return left[0] if len(left) == 1 else kind(tuple(left))

    def _test(self, test: Test, prefix: str) -> Folded:
        path = joined(prefix, test.field)
        if not prefix and path in self.constants:
            return holds(test, {path: self.constants[path]})
        if not test.field:
            return test  # the element itself
        claim = self._claim(path)
        if claim is None:
            return _of_nothing(test)
        if isinstance(test.value, FieldRef):
            known = self._claim(joined(prefix, test.value.field))
            return test if known is not None else False
        return test if self._is_possible(test, path, claim) else False

    def _claim(self, path: str) -> Claim | None:
        """What is known of a path; strictly, what is merely not impossible is not known."""
        claim = self.view.claim(path)
        return None if claim is not None and claim.is_guess and self.strict else claim

    def _is_possible(self, test: Test, path: str, claim: Claim) -> bool:
        """Whether some value that the field may have satisfies the test."""
        if isinstance(test.value, Exists | Null):
            return True
        if not (self.strict or claim.is_hard):
            return True
        key = (path, test)
        if key not in self._possible:
            rng = random.Random(path)  # noqa: S311 - samples, no secrets
            flat = replace(test, field=path)
            self._possible[key] = any(
                claim.accepts(value) and holds(flat, {path: value})
                for value in shaped(claim, candidates([test.value], claim, rng))
            )
        return self._possible[key]

    def _is_kept(self, element: Element, prefix: str) -> bool:
        """Whether the place keeps elements of that name whole."""
        kept = self.view.intake.kept_elements.get(joined(prefix, element.field))
        return kept is None or element.name is None or element.name in kept

    def _is_name_known(self, element: Element, prefix: str) -> bool:
        if element.name is None:
            return True
        claim = self.view.claim(joined(joined(prefix, element.field), "field"))
        return claim is None or claim.accepts(element.name)


def _of_nothing(test: Test) -> bool:
    """What a test says of a field that is not there (S204, S205, S207)."""
    match test.value:
        case Null():
            return True
        case Exists(expected):
            return not expected
        case _:
            return False


def shaped(claim: Claim, values: Iterator[Any]) -> Iterator[Any]:
    """The values, as a list where the field holds one."""
    is_list = claim.field is not None and claim.field.is_list
    for value in values:
        yield [value] if is_list and not isinstance(value, list) and value is not None else value


def decided(
    expr: Expr, folding: Folding, *, truth: bool, prefix: str = ""
) -> Iterator[Test | Element]:
    """The leaves for which an expression folds to ``truth``."""
    match expr:
        case Test():
            yield replace(expr, field=joined(prefix, expr.field))
        case Element(path, _, item):
            whole = joined(prefix, path)
            inside = folding.fold(item, whole)
            if folding.view.claim(whole) is None or inside is not truth:
                yield replace(expr, field=whole)
            else:
                yield from decided(item, folding, truth=truth, prefix=whole)
        case And(items) | Or(items):
            for item in items:
                if folding.fold(item, prefix) is truth:
                    yield from decided(item, folding, truth=truth, prefix=prefix)
        case Not(item):
            yield from decided(item, folding, truth=not truth, prefix=prefix)
        case Selection(item=item):
            yield from decided(item, folding, truth=truth, prefix=prefix)
        case Keyword():
            return
        case _:
            assert_never(expr)
